import ReelCodec
import ReelHTTP

/// One occurrence of an error: its type, a sentence for a person, and what a program may want to know of it.
struct Problem: Error, Sendable {
    /// What else is known, under names that are as stable as the types.
    enum Member: Sendable, Equatable {
        /// Where in the (inflated) body, or in a file, in bytes.
        case offset(Int)
        /// The ordinal of an event in its batch, from 0.
        case event(Int)
        /// The bad events of a batch: how many, and where the first ones are.
        case errors(BadEvents)
        case size(Int)
        case limit(Int)
        /// A query parameter, header field or JSON member by its name.
        case parameter(String)
        case field(String)
        case member(String)
        case reason(String)
        /// Server time, microseconds since 1970.
        case ended(Int64)
        case erased(Int64)
        case successor(number: UInt64, id: String, token: String)
        /// The ordinal of the first event of the batch that had the number first, and how many it had.
        case first(UInt64)
        case count(Int)
        /// The oldest batch number that is remembered.
        case oldest(UInt64)
        case generation(UInt32)
        case file(String)
    }

    var type: ProblemType
    var detail: String
    var members: [Member]
    /// Beside Content-Type and Retry-After.
    var headers = Headers()

    init(_ type: ProblemType, _ detail: String, _ members: Member...) {
        self.type = type
        self.detail = detail
        self.members = members
    }

    /// `application/problem+json` (RFC 9457).
    var response: Response {
        var headers = headers
        headers.append("Content-Type", "application/problem+json")
        headers.append("Cache-Control", "no-store")
        if let seconds = type.row.retryAfterSeconds { headers.append("Retry-After", "\(seconds)") }
        return Response(status: type.row.status, headers: headers, body: .bytes(json))
    }

    private var json: [UInt8] {
        let row = type.row
        var json = JSONWriter()
        json.object { json in
            json.member("type", ProblemType.prefix + type.rawValue)
            json.member("title", row.title)
            json.member("status", row.status)
            json.member("detail", detail)
            json.member("retry", row.isRetryable)
            for member in members { member.write(to: &json) }
        }
        return json.bytes + [0x0A]
    }
}

extension Problem.Member {
    fileprivate func write(to json: inout JSONWriter) {
        switch self {
        case .offset(let bytes): json.member("offset", bytes)
        case .event(let index): json.member("event", index)
        case .errors(let bad):
            json.member("count", bad.count)
            json.member("errors") { json in
                json.array { json in
                    for event in bad.first { event.write(to: &json) }
                }
            }
        case .size(let bytes): json.member("size", bytes)
        case .limit(let bytes): json.member("limit", bytes)
        case .parameter(let name): json.member("parameter", name)
        case .field(let name): json.member("field", name)
        case .member(let name): json.member("member", name)
        case .reason(let word): json.member("reason", word)
        case .ended(let time): json.member("ended") { $0.time(time) }
        case .erased(let time): json.member("erased") { $0.time(time) }
        case .successor(let number, let id, let token):
            json.member("successor") { json in
                json.object { json in
                    json.member("number", number)
                    json.member("id", id)
                    json.member("token", token)
                }
            }
        case .first(let ordinal): json.member("first", ordinal)
        case .count(let count): json.member("count", count)
        case .oldest(let batch): json.member("oldest", batch)
        case .generation(let generation): json.member("generation", generation)
        case .file(let path): json.member("file", path)
        }
    }
}

extension BadEvent {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("event", index)
            var offset = offsetBytes
            if case .syntax(let fault) = reason { offset = fault.offsetBytes }
            json.member("offset", offset)
            json.member("detail", reason.text)
        }
    }
}
