import ReelCodec

/// A recording's data key, or what stays of it: 128 bytes of a ring, four to a sector. FORMAT.md §21 "Slot".
package struct KeyringSlot: Equatable, Sendable {
    package static let sizeBytes = 128

    package var recording: UInt64
    package var content: Content

    package enum Content: Equatable, Sendable {
        /// The recording may be written and read. The time is when the key was made.
        case live(microseconds: Int64, WrappedKey)
        /// The key is gone for ever, since then.
        case destroyed(microseconds: Int64)
    }

    package init(recording: UInt64, _ content: Content) {
        self.recording = recording
        self.content = content
    }

    package var isDestroyed: Bool {
        if case .destroyed = content { true } else { false }
    }

    /// The 128 bytes of the slot; where a key was destroyed they hold nothing of it.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: KeyringSlot.sizeBytes)
        writer.append(recording)
        switch content {
        case .live(let microseconds, let key):
            writer.append(KeyringSlot.live)
            writer.appendZeros(7)
            writer.append(microseconds)
            writer.append(key.nonce.bytes)
            writer.append(key.sealed)
        case .destroyed(let microseconds):
            writer.append(KeyringSlot.destroyed)
            writer.appendZeros(7)
            writer.append(microseconds)
        }
        writer.appendZeros(KeyringSlot.sizeBytes - 4 - writer.bytes.count)
        writer.append(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    private static let live: UInt8 = 1
    private static let destroyed: UInt8 = 2

    /// What 128 bytes of a ring say.
    package enum Reading: Equatable, Sendable {
        /// Zeros: never written.
        case empty
        case sound(KeyringSlot)
        /// Damaged, torn, or another recording's.
        case unsound
    }

    private static func isZero(_ span: RawSpan) -> Bool {
        for offset in stride(from: 0, to: sizeBytes, by: 8) where span.field(offset, as: UInt64.self) != 0 {
            return false
        }
        return true
    }

    /// - Parameters:
    ///   - span: 128 bytes.
    ///   - recording: whose slot is at that place.
    package static func read(_ span: RawSpan, of recording: UInt64) -> Reading {
        if isZero(span) { return .empty }
        guard span.field(124, as: UInt32.self) == CRC32C.checksum(span.extracting(0..<124)),
            span.field(0, as: UInt64.self) == recording
        else { return .unsound }
        let microseconds: Int64 = span.field(16)
        switch span.field(8, as: UInt8.self) {
        case live:
            let nonce = Nonce(first: span.field(24), second: span.field(32), third: span.field(40))
            let sealed = (48..<48 + WrappedKey.sealedSizeBytes).map { span.field($0, as: UInt8.self) }
            let key = WrappedKey(nonce: nonce, sealed: sealed)
            return .sound(KeyringSlot(recording: recording, .live(microseconds: microseconds, key)))
        case destroyed: return .sound(KeyringSlot(recording: recording, .destroyed(microseconds: microseconds)))
        default: return .unsound
        }
    }
}

/// A data key under the store's key: ciphertext and tag, and the nonce they were made with.
package struct WrappedKey: Equatable, Sendable {
    package static let sealedSizeBytes = XAES256GCM.keySizeBytes + XAES256GCM.tagSizeBytes

    package var nonce: Nonce
    /// 48 bytes.
    package var sealed: [UInt8]

    package init(nonce: Nonce, sealed: [UInt8]) {
        precondition(sealed.count == WrappedKey.sealedSizeBytes, "a wrapped key has 48 bytes")
        self.nonce = nonce
        self.sealed = sealed
    }
}
