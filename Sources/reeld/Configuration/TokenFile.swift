import Glibc
import ReelCodec
import ReelSystem

/// Why there is no token to read by.
struct TokenFileError: Error, Equatable, CustomStringConvertible {
    var path: String
    var reason: String

    var description: String { "\(path): \(reason)" }
}

/// The file with the bearer token that reading over TCP wants: one line, for its owner's eyes only.
enum TokenFile {
    /// Bytes of a token; a shorter one could be guessed.
    static let tokenSizes = 20...200

    /// Reads the token; where there is no such file, makes one with a token of 256 random bits.
    ///
    /// - Throws: when others may read the file, when it holds no token, or when it can neither be read nor made.
    static func open(_ path: String) throws(TokenFileError) -> String {
        if let token = try read(path) { return token }
        try create(path)
        guard let token = try read(path) else { throw TokenFileError(path: path, reason: "it vanished again") }
        return token
    }

    /// Nil where there is no such file.
    private static func read(_ path: String) throws(TokenFileError) -> String? {
        let access: (mode: UInt32, owner: UInt32)
        let bytes: [UInt8]
        do throws(SystemError) {
            access = try SmallFile.access(of: path)
            bytes = try SmallFile.read(path, sizeMaxBytes: tokenSizes.upperBound + 2)
        } catch {
            if error.isMissing { return nil }
            throw TokenFileError(path: path, reason: error.reason)
        }
        guard access.owner == geteuid() else {
            let advice =
                "it belongs to the user with id \(access.owner), who can change it; chown it to uid \(geteuid())"
            throw TokenFileError(path: path, reason: advice)
        }
        guard access.mode & 0o077 == 0 else {
            throw TokenFileError(path: path, reason: "others may read it; 'chmod 600 \(path)' and change the token")
        }
        let token = String(decoding: bytes, as: UTF8.self).trimmedOfLineEnd
        guard tokenSizes.contains(token.utf8.count), token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            let sizes = "\(tokenSizes.lowerBound) to \(tokenSizes.upperBound)"
            let advice = "it must be one line of \(sizes) visible ASCII characters; remove it to have a new one made"
            throw TokenFileError(path: path, reason: advice)
        }
        return token
    }

    private static func create(_ path: String) throws(TokenFileError) {
        let random: [UInt8]
        do throws(CryptoError) {
            random = try SecureRandom.bytes(count: 32)
        } catch {
            throw TokenFileError(path: path, reason: "no token can be made: \(error)")
        }
        let digits = random.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        do throws(SystemError) {
            try SmallFile.createPrivate(path, holding: Array("rr_\(digits)\n".utf8))
        } catch {
            // When another process made it meanwhile, its token is as good.
            guard error.code == EEXIST else { throw TokenFileError(path: path, reason: error.reason) }
        }
    }
}

extension String {
    fileprivate var trimmedOfLineEnd: String {
        var text = self[...]
        while text.last?.isNewline == true { text.removeLast() }
        return String(text)
    }
}
