@testable import ReelHTTP

/// The readers of requests, chunks and answers: cut anywhere they read what they read at once, and every step gets on.
enum HTTPTarget {
    private static let limits = RequestParser.Limits(
        headSizeMaxBytes: 2_048, targetSizeMaxBytes: 512, fieldCountMax: 20)
    private static let bodySizeMaxBytes = 4_096

    static func run(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let mode = input.byte() % 3
        let cuts = (0..<input.number(below: 6)).map { _ in input.number(below: 1 << 16) }
        let stream = input.remaining()
        let pieces = cut(stream, at: cuts.map { $0 % (stream.count + 1) })
        let single = stream.map { [$0] }
        switch mode {
        case 0:
            let whole = Requests([stream])
            claim(Requests(pieces) == whole, "requests read in pieces differ")
            if stream.count < 600 { claim(Requests(single) == whole, "requests read byte by byte differ") }
            whole.check()
        case 1:
            let whole = Chunks([stream])
            claim(Chunks(pieces) == whole, "chunks read in pieces differ")
            if stream.count < 600 { claim(Chunks(single) == whole, "chunks read byte by byte differ") }
        default: claim(answer(pieces) == answer([stream]), "an answer read in pieces differs")
        }
    }

    private static func cut(_ bytes: [UInt8], at places: [Int]) -> [[UInt8]] {
        let ends = (places + [bytes.count]).sorted()
        return zip([0] + ends, ends).map { Array(bytes[$0..<$1]) }
    }

    /// What a connection's reader makes of pieces.
    private struct Requests: Equatable {
        private struct Taken: Equatable {
            var head: [UInt8]
            var fields: [String]
            var body: [UInt8]
        }
        private var taken: [Taken] = []
        private var refusal: HTTPRefusal?

        init(_ pieces: [[UInt8]]) {
            var reader = RequestReader()
            for piece in pieces where !piece.isEmpty {
                var rest = 0..<piece.count
                while true {
                    let before = rest.count
                    let step = reader.advance(piece, &rest, limits: HTTPTarget.limits)
                    claim(rest.upperBound == piece.count && rest.count <= before, "the reader goes back")
                    switch step {
                    case .needsMore:
                        claim(rest.isEmpty, "\(rest.count) bytes are not looked at")
                    case .head:
                        guard (try? reader.accept(limitBytes: HTTPTarget.bodySizeMaxBytes)) != nil else {
                            refusal = .bodyTooLarge
                            return
                        }
                        continue
                    case .whole(let head, let body):
                        claim(body.count <= HTTPTarget.bodySizeMaxBytes, "a body of \(body.count) bytes")
                        let fields = head.headers.all.map { "\($0.name): \($0.value)" }
                        taken.append(Taken(head: head.bytes, fields: fields, body: body))
                        if !rest.isEmpty { continue }
                    case .refused(let refusal):
                        self.refusal = refusal
                        return
                    }
                    break
                }
            }
        }

        /// What is true of every head that was taken.
        func check() {
            for request in taken {
                let text = request.head
                claim(text.count <= HTTPTarget.limits.headSizeMaxBytes, "a head of \(text.count) bytes")
                claim(request.fields.count <= HTTPTarget.limits.fieldCountMax, "\(request.fields.count) fields")
                let bad = text.enumerated().contains { index, byte in
                    switch byte {
                    case 0x0A: index == 0 || text[index - 1] != 0x0D
                    case 0x0D: index + 1 == text.count || text[index + 1] != 0x0A
                    case 0x09: false
                    default: byte < 0x20 || byte == 0x7F
                    }
                }
                claim(!bad, "a control character in a head")
                let lengths = request.fields.filter { $0.lowercased().hasPrefix("content-length:") }
                claim(lengths.count <= 1, "two lengths")
                if let length = lengths.first {
                    claim(Int(length.split(separator: " ").last ?? "") == request.body.count, "another length")
                }
            }
        }
    }

    private struct Chunks: Equatable {
        private var body: [UInt8] = []
        private var isEnded = false
        private var behind = 0
        private var refusal: HTTPRefusal?

        init(_ pieces: [[UInt8]]) {
            var decoder = ChunkDecoder()
            for piece in pieces {
                var rest = 0..<piece.count
                if !isEnded {
                    do {
                        isEnded = try decoder.decode(
                            piece, &rest, limitBytes: HTTPTarget.bodySizeMaxBytes, into: &body)
                    } catch {
                        refusal = error
                        return
                    }
                    claim(isEnded || rest.isEmpty, "\(rest.count) bytes are not looked at")
                    claim(body.count <= HTTPTarget.bodySizeMaxBytes, "a body of \(body.count) bytes")
                }
                behind += rest.count
            }
        }
    }

    /// What the client's parser makes of pieces, in words.
    private static func answer(_ pieces: [[UInt8]]) -> String {
        var parser = ResponseParser()
        var bytes: [UInt8] = []
        for piece in pieces {
            bytes += piece
            do throws(MalformedAnswer) {
                guard let head = try parser.parse(bytes, 0..<bytes.count) else { continue }
                claim(head.sizeBytes <= bytes.count, "a head beyond the bytes")
                return "\(head.status) \(head.sizeBytes) \(head.isChunked) \(head.closesConnection) "
                    + "\(head.lengthBytes ?? -1) \(head.headers.all)"
            } catch {
                return "malformed"
            }
        }
        return "more"
    }
}
