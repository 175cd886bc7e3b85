/// Path and query of a request, percent-encoded.
struct Target: CustomStringConvertible {
    private(set) var description: String
    private var hasQuery = false

    /// - Parameter path: of literals and of what `RecordingName` let through.
    init(_ path: String) { description = path }

    /// Adds `name=value`; a nil value adds nothing.
    mutating func add(_ name: String, _ value: (some CustomStringConvertible)?) {
        guard let value else { return }
        description += (hasQuery ? "&" : "?") + name + "=" + Self.encoded("\(value)")
        hasQuery = true
    }

    func adding(_ name: String, _ value: (some CustomStringConvertible)?) -> Target {
        var target = self
        target.add(name, value)
        return target
    }

    /// RFC 3986: all but the unreserved characters as `%XX` of UTF-8.
    private static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return result
    }
}
