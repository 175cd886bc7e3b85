import ReelCodec

/// The file `store`: who the store is, and what a program must know to open it. FORMAT.md §3.
package struct StoreIdentity: Equatable, Sendable {
    package static let sizeBytes = 512
    package static let magic: UInt32 = 0x3153_4C52  // "RLS1" on disk
    package static let version: UInt32 = 1
    /// Incompatible features this program knows; a store with any other bit is refused.
    package static let knownFeatures: UInt64 = sealedFeature | expiryFeature | archiveFeature
    /// The incompatible feature of a store whose payloads are sealed: it has a key record. FORMAT.md §21.
    package static let sealedFeature: UInt64 = 1 << 0

    /// The incompatible feature of a store from which retention has removed recordings: a program that does not know
    /// `expire` frames would call them damage, and tell what is gone as lost. FORMAT.md §19.
    package static let expiryFeature: UInt64 = 1 << 1

    /// The incompatible feature of a store that has an archive: to a program that does not know of it the events there would
    /// be damage, and what is read could be served as lost. FORMAT.md §25.
    package static let archiveFeature: UInt64 = 1 << 2

    private static let keyRecordOffsetBytes = 72

    package var store: StoreID
    package var incompatibleFeatures: UInt64 = 0
    package var createdMicroseconds: Int64
    /// 32 random bytes: write tokens, body hashes and filter hashes are keyed with what is derived from them. Zeros in
    /// a sealed store, which keeps them in its key record.
    package var secret: [UInt8]
    /// Of a sealed store.
    package var keyRecord: StoreKeyRecord?

    package init(store: StoreID, createdMicroseconds: Int64, secret: [UInt8]) {
        precondition(secret.count == 32)
        self.store = store
        self.createdMicroseconds = createdMicroseconds
        self.secret = secret
    }

    /// The 512 bytes of the file.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: StoreIdentity.sizeBytes)
        writer.append(StoreIdentity.magic)
        writer.append(StoreIdentity.version)
        writer.append(incompatibleFeatures)
        writer.append(store.high)
        writer.append(store.low)
        writer.append(createdMicroseconds)
        writer.append(secret)
        if let keyRecord { writer.append(keyRecord.encoded()) }
        writer.appendZeros(StoreIdentity.sizeBytes - 4 - writer.bytes.count)
        writer.append(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// - Throws: why the store must not be opened with these bytes.
    package init(decoding bytes: [UInt8]) throws(IdentityDamage) {
        try self.init(decoding: bytes, knownFeatures: StoreIdentity.knownFeatures)
    }

    init(decoding bytes: [UInt8], knownFeatures: UInt64) throws(IdentityDamage) {
        guard bytes.count == StoreIdentity.sizeBytes else { throw .damaged }
        let words = bytes.span
        let span = words.bytes
        guard span.field(0, as: UInt32.self) == StoreIdentity.magic,
            span.field(508, as: UInt32.self) == CRC32C.checksum(span.extracting(0..<508))
        else { throw .damaged }
        let version: UInt32 = span.field(4)
        guard version == StoreIdentity.version else { throw .version(version) }
        incompatibleFeatures = span.field(8)
        let unknown = incompatibleFeatures & ~knownFeatures
        guard unknown == 0 else { throw .features(unknown) }
        store = StoreID(high: span.field(16), low: span.field(24))
        createdMicroseconds = span.field(32)
        secret = Array(bytes[40..<72])
        if incompatibleFeatures & StoreIdentity.sealedFeature != 0 {
            let place = StoreIdentity.keyRecordOffsetBytes
            guard
                let record = StoreKeyRecord(decoding: span.extracting(place..<place + StoreKeyRecord.sizeBytes))
            else { throw .damaged }
            keyRecord = record
        }
    }
}

/// Why a `store` file cannot be used.
package enum IdentityDamage: Error, Equatable, Sendable {
    case damaged
    /// Written by a program of another format version.
    case version(UInt32)
    /// Feature bits this program does not know.
    case features(UInt64)
}
