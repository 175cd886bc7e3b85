import ReelCodec

/// Wraps data keys for the keyring and unwraps them again, each bound to its store, recording, version and generation, so that
/// a slot that was put into another's place, or a ring of another store, does not open. One a thread. FORMAT.md §21 "Slot".
package final class KeyWrapper {
    private let cipher: XAES256GCM
    private let wrappingKey: SecretBytes
    private let rings: RingSet

    /// - Throws: `.unavailable`.
    package init(_ key: StoreKey, _ rings: RingSet) throws(CryptoError) {
        cipher = try XAES256GCM()
        wrappingKey = try key.subkey(.dataKeys, of: rings.store)
        self.rings = rings
    }

    /// - Parameter key: 32 bytes.
    /// - Throws: `.noRandomness`.
    package func wrap(_ key: SecretBytes, of recording: UInt64) throws(CryptoError) -> WrappedKey {
        precondition(key.count == XAES256GCM.keySizeBytes, "a data key has 32 bytes")
        let nonce = try Nonce.random()
        var sealed: [UInt8] = []
        sealed.reserveCapacity(WrappedKey.sealedSizeBytes)
        let (nonceBytes, context) = (nonce.bytes, context(of: recording))
        let (nonceSpan, contextSpan) = (nonceBytes.span, context.span)
        key.withBytes {
            cipher.seal(
                $0, key: wrappingKey, nonce: nonceSpan.bytes, associatedData: contextSpan.bytes, appendingTo: &sealed)
        }
        return WrappedKey(nonce: nonce, sealed: sealed)
    }

    /// - Throws: where the slot is not this store's, recording's, version's or generation's, or was forged.
    package func unwrap(_ key: WrappedKey, of recording: UInt64) throws(SealBroken) -> SecretBytes {
        let (sealed, nonce, context) = (key.sealed, key.nonce.bytes, context(of: recording))
        let (sealedSpan, nonceSpan, contextSpan) = (sealed.span, nonce.span, context.span)
        return try cipher.openSecret(
            sealedSpan.bytes, key: wrappingKey, nonce: nonceSpan.bytes, associatedData: contextSpan.bytes)
    }

    /// What the seal of a slot covers: 40 bytes.
    private func context(of recording: UInt64) -> [UInt8] {
        var writer = ByteWriter(capacityBytes: 40)
        writer.append(rings.store.high)
        writer.append(rings.store.low)
        writer.append(recording)
        writer.append(rings.keyID)
        writer.append(rings.generation)
        return writer.bytes
    }
}
