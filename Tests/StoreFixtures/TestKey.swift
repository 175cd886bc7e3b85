import ReelCodec
import ReelFormat
import ReelStore

extension StoreEncryption {
    /// What tests seal their stores with, as that is what a store is like that nobody chose anything for.
    package static let test = StoreEncryption.key(key(of: 7))

    /// A key all of whose bytes are the same.
    package static func key(of byte: UInt8) -> StoreKey {
        var bytes = [UInt8](repeating: byte, count: StoreKey.sizeBytes)
        do { return try StoreKey(SecretBytes(wiping: &bytes)) } catch { preconditionFailure("libcrypto: \(error)") }
    }
}
