import ReelCodec
import ReelSystem

/// What is keyed with the store's secret: writers' names, filterable strings, write tokens, the hashes of bodies.
package struct StoreDigests: Sendable {
    private let writers: Pool<KeyedDigest>
    private let filters: Pool<KeyedDigest>
    private let tokens: Pool<KeyedDigest>
    private let bodies: Pool<BodyHasher>

    /// - Parameters:
    ///   - secret: of the store, 32 bytes.
    ///   - indexKey: the same in a store without encryption.
    init(secret: SecretBytes, indexKey: SecretBytes) {
        writers = Pool { makeDigest(secret, "reeld writer") }
        filters = Pool { makeDigest(indexKey, "reeld filter") }
        tokens = Pool { makeDigest(secret, "reeld write token") }
        bodies = Pool { makeBodyHasher(secret) }
    }

    /// A writer's name as frames carry it; never 0, which stands for none.
    func writer(_ name: String) -> UInt64 { max(1, writers.borrow { $0.digest64(of: name) }) }

    /// 32 bits of a filterable field's value; 0 for the empty string only. Equal values of different fields differ.
    func filter(_ field: FilterField, _ value: String) -> UInt32 {
        guard !value.isEmpty else { return 0 }
        let digest = filters.borrow { $0.digest64(of: "\(field.rawValue)\0\(value)") }
        return max(1, UInt32(truncatingIfNeeded: digest))
    }

    func body(_ text: [UInt8]) -> UInt64 { bodies.borrow { $0.hash(of: text) } }

    /// `rw_` and 64 hexadecimal digits.
    func writeToken(for id: UUIDv7) -> String {
        let digest = tokens.borrow { $0.digest(of: id.description) }
        return "rw_" + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Compares in a time that does not depend on where they differ.
    func isWriteToken(_ token: String, for id: UUIDv7) -> Bool {
        KeyedDigest.areEqual(Array(token.utf8), Array(writeToken(for: id).utf8))
    }
}

// OpenSSL without HMAC or AES, or without memory, is nothing a store could go on with.
private func makeDigest(_ secret: SecretBytes, _ label: String) -> KeyedDigest {
    do { return try KeyedDigest(secret: secret, label: label) } catch { preconditionFailure("libcrypto: \(error)") }
}

private func makeBodyHasher(_ secret: SecretBytes) -> BodyHasher {
    do { return try BodyHasher(secret: secret) } catch { preconditionFailure("libcrypto: \(error)") }
}
