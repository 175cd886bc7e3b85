import Glibc
import ReelCodec
import ReelSystem

/// Where a store's key comes from, the first of these that there is: a systemd credential, a key file, a passphrase file.
enum KeySource: Equatable, Sendable {
    /// A file in the directory that systemd names in `$CREDENTIALS_DIRECTORY` (systemd.exec(5), "LoadCredential=").
    case credential(path: String)
    case keyFile(path: String)
    case passphraseFile(path: String)

    static let credentialName = "reeld.key"
    /// Bytes of a passphrase without its line end.
    static let passphraseSizes = 12...1024

    /// What a source holds. A passphrase becomes a key with the store's own parameters only.
    enum Material: Equatable {
        case key(SecretBytes)
        case passphrase(SecretBytes)
    }

    /// Chooses the source.
    ///
    /// - Parameters:
    ///   - credentials: `$CREDENTIALS_DIRECTORY`; a directory without our credential is as good as none.
    ///   - keyFile: as configured.
    ///   - passphraseFile: as configured.
    /// - Returns: nil where nothing is configured.
    static func choose(credentials: String?, keyFile: String?, passphraseFile: String?) -> KeySource? {
        if let credentials {
            let path = "\(credentials)/\(credentialName)"
            // Whatever is there was meant to be used, even if it turns out to be no good.
            if isThere(path) { return .credential(path: path) }
        }
        if let keyFile { return .keyFile(path: keyFile) }
        return passphraseFile.map { .passphraseFile(path: $0) }
    }

    var path: String {
        switch self {
        case .credential(let path), .keyFile(let path), .passphraseFile(let path): path
        }
    }

    /// Reads the source.
    ///
    /// - Throws: the file, what is wrong with it, and what cures it.
    func read() throws(KeySourceError) -> Material {
        let isPassphrase = if case .passphraseFile = self { true } else { false }
        let sizeMaxBytes = isPassphrase ? KeySource.passphraseSizes.upperBound + 2 : KeyText.sizeMaxBytes
        var bytes: [UInt8]
        do throws(PrivateFileFault) {
            bytes = try PrivateFile.read(path, access: access, sizeMaxBytes: sizeMaxBytes)
        } catch {
            throw KeySourceError(self, error)
        }
        defer { bytes.wipe() }
        return isPassphrase ? .passphrase(try passphrase(&bytes)) : .key(try key(bytes))
    }

    private var access: PrivateFile.Access {
        if case .credential = self { .ownerAndReadingGroup } else { .owner }
    }

    private func key(_ bytes: [UInt8]) throws(KeySourceError) -> SecretBytes {
        do throws(BadValue) {
            return try KeyText.decode(bytes)
        } catch {
            throw KeySourceError(
                path: path,
                reason: "\(error.reason); put the key back from its backup, or make one for a new store with "
                    + "'reeld key generate NEWFILE'")
        }
    }

    private func passphrase(_ bytes: inout [UInt8]) throws(KeySourceError) -> SecretBytes {
        for end in [0x0A, 0x0D] as [UInt8] where bytes.last == end { bytes.removeLast() }
        guard KeySource.passphraseSizes.contains(bytes.count) else {
            let sizes = "\(KeySource.passphraseSizes.lowerBound) to \(KeySource.passphraseSizes.upperBound)"
            throw KeySourceError(
                path: path, reason: "the passphrase has \(bytes.count) bytes; it must be one line of \(sizes)")
        }
        guard !bytes.contains(where: { $0 == 0 || $0 == 0x0A }) else {
            throw KeySourceError(path: path, reason: "it must be one line of text; remove what follows the passphrase")
        }
        return SecretBytes(wiping: &bytes)
    }

    private static func isThere(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }
}

/// Why there is no key.
struct KeySourceError: Error, Equatable, CustomStringConvertible {
    var path: String
    var reason: String

    var description: String { "\(path): \(reason)" }
}

extension KeySourceError {
    fileprivate init(_ source: KeySource, _ fault: PrivateFileFault) {
        let path = source.path
        let user = geteuid()
        let reason: String
        switch fault {
        case .system(let error) where error.isMissing:
            reason =
                switch source {
                case .passphraseFile: "there is no such file; put the passphrase into it and 'chmod 600 \(path)'"
                case .keyFile, .credential:
                    "there is no such file; put the key back from its backup, or make one for a new store with "
                        + "'reeld key generate \(path)'"
                }
        case .system(let error) where error.code == EACCES:
            reason = "this process (user id \(user)) may not read it; 'chown \(user) \(path)' and 'chmod 600 \(path)'"
        case .system(let error): reason = error.reason
        case .notRegular: reason = "it is no regular file; name the file with the key itself"
        case .foreignOwner(let owner):
            reason =
                "it belongs to the user with id \(owner), who can change it; 'chown \(user) \(path)' and see that it is "
                + "the right one"
        case .foreignLink(let owner):
            reason =
                "it is a symbolic link of the user with id \(owner), who can point it elsewhere; name the file itself"
        case .shared(let mode):
            reason =
                "others than its owner have access (mode \(String(mode, radix: 8))); 'chmod 600 \(path)', and take "
                + "another key if somebody may have read it"
        case .tooLong(let sizeMaxBytes): reason = "it is longer than \(sizeMaxBytes) bytes, so it is something else"
        }
        self.init(path: path, reason: reason)
    }
}
