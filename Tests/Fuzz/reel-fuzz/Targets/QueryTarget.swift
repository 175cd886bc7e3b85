import ReelCodec
import ReelFormat
import ReelHTTP
import ReelStore

@testable import ReelServer

/// The small texts of a request: queries, times, names, ranges, tags, codings.
enum QueryTarget {
    private static let now: Int64 = 1_800_000_000_000_000

    static func run(_ bytes: [UInt8]) {
        let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
        switch (bytes.first ?? 0) % 6 {
        case 0: time(text)
        case 1: query(text)
        case 2: request(text)
        case 3: range(text)
        case 4: names(text)
        default: words(text)
        }
    }

    private static func time(_ text: String) {
        guard let time = TimeText.microseconds(text) else { return }
        // An offset may lead out of the years that can be written.
        guard let written = TimeText.text(time) else {
            return claim(time < -62_167_219_200_000_000 || time >= 253_402_300_800_000_000, "\(time) is not written")
        }
        claim(TimeText.microseconds(written) == time, "\(text) becomes \(written)")
        // As it is written it stays, but for a leap second.
        let isWritten = text.utf8.count == 27 && text.hasSuffix("Z") && text.contains("T")
        let isLeap = text.utf8.dropFirst(17).starts(with: "60".utf8)
        claim(!isWritten || isLeap || text == written, "\(text) becomes \(written)")
        var json = JSONWriter()
        json.array { json in
            json.time(time)
            json.milliseconds(time)
        }
        let value = claimed("times are JSON") { try JSONValue(parsing: json.bytes) }
        claim(value.array?.first?.string == written, "a time is written otherwise in JSON")
    }

    private static func query(_ text: String) {
        guard let query = try? Query(text) else { return }
        for part in text.split(separator: "&") where !part.contains("%") && !part.contains("+") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides.count > 1 ? String(sides[1]) : ""
            claim(query.all(String(sides[0])).contains(value), "'\(part)' is lost")
        }
        guard let list = try? ListQuery(query, now: now) else { return }
        claim((1...1_000).contains(list.limit), "a limit of \(list.limit)")
        claim(list.below != 0, "a cursor of 0")
        for word in list.query.equalities where word.field == .urlWord { claim(!word.value.isEmpty, "an empty word") }
    }

    private static func request(_ text: String) {
        // The target's first character is the method's.
        let method = Method.allCases[Int(text.utf8.first ?? 0) % Method.allCases.count]
        guard let request = try? Request(method, "/" + text.dropFirst()) else { return }
        if let events = try? EventQuery(request) {
            claim(events.selection.types.allSatisfy { $0 < 255 }, "type 255 is asked for")
        }
        _ = try? BatchHeaders(request.head)
        guard let route = try? Route(path: request.path) else { return }
        claim(route.methods.contains(.head) == route.methods.contains(.get), "HEAD without GET")
    }

    private static func range(_ text: String) {
        let size = text.utf8.count * 3
        if case .part(let range) = ByteRange(text, sizeBytes: size) {
            claim(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size, "\(range) of \(size) bytes")
        }
        var headers = Headers()
        for line in text.split(separator: "\n") { headers.append("Accept-Encoding", String(line)) }
        _ = ContentCoding.prefersGzip(headers)
        let tag = EntityTag([text.filter { $0 != "\"" && $0 != "," }])
        var conditions = Headers()
        conditions.append("If-None-Match", "W/" + tag.text)
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        claim(!isPlain || tag.satisfies(noneMatch: conditions), "a tag does not match itself")
    }

    private static func names(_ text: String) {
        if let id = UUIDv7(text) {
            claim(id.description == text.lowercased() && UUIDv7(bytes: id.bytes) == id, "\(text) becomes \(id)")
        }
        guard let name = RecordingName(text) else { return }
        claim(RecordingName(name.description) == name, "\(text) becomes \(name)")
    }

    private static func words(_ text: String) {
        for word in URLWords.words(of: text) {
            claim(!word.isEmpty && word.utf8.count <= 64, "a word of \(word.utf8.count) bytes")
        }
        claim(URLWords.words(of: text).count <= 64, "too many words")
        _ = try? MetadataBody.start(Array(text.utf8))
        guard let change = try? MetadataBody.change(Array(text.utf8)) else { return }
        claim((change.tags?.count ?? 0) <= MetadataBody.tagCountMax, "too many tags")
        for tag in change.tags ?? [] { claim((1...MetadataBody.tagSizeMaxBytes).contains(tag.utf8.count), "'\(tag)'") }
    }
}
