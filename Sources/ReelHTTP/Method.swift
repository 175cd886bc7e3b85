/// The request methods this server knows (RFC 9110 §9, RFC 5789); every other is refused with 501.
package enum Method: String, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"

    /// Methods are case-sensitive: `get` is none of them.
    init?(_ bytes: some Collection<UInt8>) {
        guard let method = Self.allCases.first(where: { $0.rawValue.utf8.elementsEqual(bytes) }) else { return nil }
        self = method
    }

    /// Whether sending it twice does what sending it once does (RFC 9110 §9.2.2).
    package var isIdempotent: Bool { self != .post && self != .patch }
}
