import Glibc
import ReelCodec
import ReelFormat
import ReelSystem

/// Key files: made once, never written over.
enum KeyFile {
    /// Makes a file with a new random key.
    static func make(_ path: String) throws(CommandFailure) -> KeyFingerprint {
        let (secret, key): (SecretBytes, StoreKey)
        do throws(CryptoError) {
            secret = try SecretBytes.random(count: StoreKey.sizeBytes)
            key = try StoreKey(secret)
        } catch {
            throw CommandFailure(.failure, "no key can be made: \(error)")
        }
        var line = KeyText.encode(secret)
        defer { line.wipe() }
        do throws(SystemError) {
            try SmallFile.createPrivate(path, holding: line)
        } catch {
            switch error.code {
            case EEXIST:
                throw CommandFailure(
                    .failure, "\(path): it is there already, and a key is never written over; name another file")
            case ENOENT:
                throw CommandFailure(
                    .failure, "\(path): \(error.reason); make its directory first, or name another file for the key")
            case EACCES, EPERM, EROFS:
                throw CommandFailure(
                    .denied,
                    "\(path): \(error.reason); make the key as root with 'reeld key generate \(path)', "
                        + "or name another file for the key")
            default: throw CommandFailure(.failure, "\(path): \(error.reason)")
            }
        }
        return key.fingerprint
    }
}
