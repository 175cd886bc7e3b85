import Glibc
import ReelSystem
import Testing

/// The real recordings: beside the repository, or where REELD_RECORDINGS says. Elsewhere the project's own.
enum Recordings {
    static let files: [String] = {
        let directory = path
        return ((try? SmallFile.names(in: directory)) ?? []).filter { $0.hasSuffix(".json") }.map {
            "\(directory)/\($0)"
        }
    }()

    private static var path: String {
        if let named = getenv("REELD_RECORDINGS") { return String(cString: named) }
        let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
        let shared = "\(root)/../shared/recordings"
        return SmallFile.isDirectory(shared) ? shared : "\(root)/Tests/Recordings"
    }

    /// The events of a JSON array, byte for byte, found by nothing but brackets and quotes.
    static func events(_ document: [UInt8]) -> [[UInt8]] {
        var events: [[UInt8]] = []
        var depth = 0
        var start = 0
        var isInString = false
        var isEscaped = false
        for (index, byte) in document.enumerated() {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth == 2, byte == UInt8(ascii: "{") { start = index }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 1, byte == UInt8(ascii: "}") { events.append(Array(document[start...index])) }
            default: break
            }
        }
        return events
    }
}
