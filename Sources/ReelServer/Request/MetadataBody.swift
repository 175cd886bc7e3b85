import ReelCodec
import ReelHTTP
import ReelStore

/// Reads the JSON objects that start and change a recording. Every member is checked: a misspelt one would be lost in
/// silence.
enum MetadataBody {
    static let sizeMaxBytes = 256 << 10
    static let textSizeMaxBytes = 1_024
    static let notesSizeMaxBytes = 16 << 10
    static let tagCountMax = 32
    static let tagSizeMaxBytes = 128

    /// Judges a body by its head, before it is read.
    ///
    /// - Throws: `unsupported-media-type`, `unsupported-content-coding`.
    static func check(_ head: RequestHead) throws(Problem) {
        let type = head.headers["Content-Type"].map { $0.prefix { $0 != ";" }.trimmingBlanks.lowercased() } ?? ""
        guard ["", "application/json", "text/plain", "application/octet-stream"].contains(type) else {
            throw Problem(
                .unsupportedMediaType, "Content-Type '\(type)' is not taken; send application/json.",
                .field("Content-Type"))
        }
        guard head.headers["Content-Encoding"].map({ $0.lowercased() == "identity" }) ?? true else {
            throw Problem(
                .unsupportedContentCoding, "Metadata is taken as plain JSON only.", .field("Content-Encoding"))
        }
    }

    /// - Parameter body: an object; nothing at all is as good as `{}`.
    static func start(_ body: [UInt8]) throws(Problem) -> StartRequest {
        var request = StartRequest(id: nil, metadata: RecordingMetadata())
        for member in try members(of: body) {
            // Null is as good as not there.
            if member.value.isNull { continue }
            if let field = RecordingMetadata.textFields.first(where: { $0.name == member.name }) {
                request.metadata[keyPath: field.path] = try text(member)
                continue
            }
            switch member.name {
            case "id":
                guard let id = member.value.string.flatMap({ UUIDv7($0) }) else {
                    throw Problem(
                        .badID, "id must be a version 7 UUID, as in 01980a4b-7c00-7000-8000-000000000000.",
                        .member("id"))
                }
                request.id = id
            case "tags": request.metadata.tags = try tags(member)
            case "pinned": request.metadata.isPinned = try bool(member)
            case "viewport":
                request.metadata.viewportWidth = try length("width", in: member)
                request.metadata.viewportHeight = try length("height", in: member)
            default:
                let names = RecordingMetadata.textFields.map(\.name) + ["id", "tags", "pinned", "viewport"]
                throw unknown(member, names)
            }
        }
        return request
    }

    static func change(_ body: [UInt8]) throws(Problem) -> MetadataChange {
        var change = MetadataChange()
        for member in try members(of: body) {
            switch member.name {
            case "user": change.user = try text(member)
            case "ticket": change.ticket = try text(member)
            case "notes": change.notes = try text(member)
            case "tags": change.tags = try tags(member)
            case "pinned": change.isPinned = try bool(member)
            default: throw unknown(member, ["user", "ticket", "notes", "tags", "pinned"])
            }
        }
        return change
    }

    /// Of a repeated name the last counts, as in JSON.parse.
    private static func members(of body: [UInt8]) throws(Problem) -> [JSONValue.Member] {
        guard !body.isEmpty else { return [] }
        let value: JSONValue
        do { value = try JSONValue(parsing: body, sizeMaxBytes: sizeMaxBytes) } catch { throw Problem(error) }
        guard let members = value.members else {
            throw Problem(.badMetadata, "The body must be a JSON object.", .offset(0))
        }
        return members
    }

    private static func unknown(_ member: JSONValue.Member, _ names: [String]) -> Problem {
        let shown = String(member.name.prefix(64))
        return Problem(
            .badMetadata, "'\(shown)' means nothing here; there are \(names.joined(separator: ", ")).", .member(shown))
    }

    private static func bad(_ name: String, _ what: String, limit: Int? = nil) -> Problem {
        var problem = Problem(.badMetadata, "\(name) \(what).", .member(name))
        if let limit { problem.members.append(.limit(limit)) }
        return problem
    }

    private static func text(_ member: JSONValue.Member) throws(Problem) -> String {
        guard let text = member.value.string else { throw bad(member.name, "must be a string") }
        let limit = member.name == "notes" ? notesSizeMaxBytes : textSizeMaxBytes
        guard text.utf8.count <= limit else {
            throw bad(member.name, "has \(text.utf8.count) bytes; \(limit) may be", limit: limit)
        }
        return text
    }

    private static func bool(_ member: JSONValue.Member) throws(Problem) -> Bool {
        guard let value = member.value.bool else { throw bad(member.name, "must be true or false") }
        return value
    }

    private static func tags(_ member: JSONValue.Member) throws(Problem) -> [String] {
        guard let values = member.value.array else { throw bad(member.name, "must be an array of strings") }
        guard values.count <= tagCountMax else {
            throw bad(member.name, "has \(values.count) tags; \(tagCountMax) may be", limit: tagCountMax)
        }
        var tags: [String] = []
        for value in values {
            guard let tag = value.string, !tag.isEmpty else { throw bad(member.name, "must be strings with text") }
            guard tag.utf8.count <= tagSizeMaxBytes else {
                throw bad(
                    member.name, "has a tag of \(tag.utf8.count) bytes; \(tagSizeMaxBytes) may be",
                    limit: tagSizeMaxBytes)
            }
            if !tags.contains(tag) { tags.append(tag) }
        }
        return tags
    }

    private static func length(_ side: String, in member: JSONValue.Member) throws(Problem) -> UInt16 {
        guard let number = member.value[side]?.integer, let length = UInt16(exactly: number) else {
            throw bad(member.name, "must be {\"width\": …, \"height\": …} in whole pixels from 0 to 65535")
        }
        return length
    }
}
