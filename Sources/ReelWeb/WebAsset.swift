import CReelWeb
import ReelCodec

/// A file of the page as a browser gets it: html, css, a script, or rrweb's player.
package struct WebAsset: Sendable {
    /// The file's name, `list.html`.
    package let name: String
    /// The value of Content-Type.
    package let contentType: String
    package let bytes: [UInt8]
    /// The same as one gzip member.
    package let gzip: [UInt8]
    /// Changes whenever the bytes do: hexadecimal digits.
    package let digest: String

    private init(name: String, bytes: [UInt8]) throws {
        self.name = name
        self.bytes = bytes
        contentType = WebAsset.contentType(of: name)
        gzip = try DenseDeflater().member(of: bytes)
        let hash = try SHA256()
        hash.update(bytes)
        digest = hash.digest().prefix(12).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// The asset of a name; nil where there is none.
    package static func named(_ name: String) -> WebAsset? { byName[name] }

    /// The names of all there are.
    package static var names: [String] { byName.keys.sorted() }

    /// Made when the first browser asks: a daemon that nobody watches does not compress them.
    private static let byName: [String: WebAsset] = {
        var assets: [String: WebAsset] = [:]
        var index = 0
        while true {
            let embedded = creel_web_asset(index)
            guard let cName = embedded.name, let start = embedded.bytes else { return assets }
            let name = String(cString: cName)
            let bytes = Array(UnsafeBufferPointer(start: start, count: embedded.size))
            // Without memory for a deflater there is none for an answer either.
            assets[name] = try? WebAsset(name: name, bytes: bytes)
            index += 1
        }
    }()

    private static func contentType(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "txt": "text/plain; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }
}
