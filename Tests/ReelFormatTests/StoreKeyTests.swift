import ReelCodec
import Testing

@testable import ReelFormat

@Suite struct StoreKeyTests {
    private let parameters = ScryptParameters(
        costLog2: 14, blockSize: 8, parallelism: 1, salt: Array(repeating: 3, count: 16))

    private func record(
        _ key: StoreKey, _ secrets: StoreSecrets, source: StoreKeyRecord.Source = .key
    ) throws -> StoreKeyRecord {
        try StoreKeyRecord(
            generation: 2, keyID: 1, key: key, source: source, store: Samples.store, secrets: secrets,
            changedMicroseconds: Samples.time)
    }

    /// Values computed by Python's hmac: HKDF-SHA-256 of the bytes 00 to 1f.
    @Test func fingerprintsAndSubkeysAreForEver() throws {
        let key = try Samples.storeKey()
        #expect(key.fingerprint.description == "40bc-58be-b663-6d24-4bd9-4c16-eeb3-a960")
        let dataKeys = try key.subkey(.dataKeys, of: Samples.store)
        #expect(exposed(dataKeys).prefix(8) == [0x21, 0xA4, 0x53, 0xCB, 0x1E, 0xBC, 0x3A, 0x0A])
        let secrets = try key.subkey(.storeSecrets, of: Samples.store)
        #expect(exposed(secrets).prefix(8) == [0x7C, 0xCF, 0x63, 0x1B, 0xC6, 0x3E, 0x88, 0xE5])
    }

    @Test func everyPurposeAndStoreHasAKeyOfItsOwn() throws {
        let key = try Samples.storeKey()
        let stores = [Samples.store, StoreID(high: 1, low: 2), StoreID(high: 2, low: 1)]
        let keys = try StoreKey.Purpose.allCases.flatMap { purpose in
            try stores.map { exposed(try key.subkey(purpose, of: $0)) }
        }
        #expect(Set(keys).count == StoreKey.Purpose.allCases.count * stores.count)
        #expect(try StoreKey(secret(Array(1..<33))).fingerprint != key.fingerprint)
    }

    @Test func secretsOpenWithTheKeyTheyWereSealedWith() throws {
        let key = try Samples.storeKey()
        let secrets = try StoreSecrets.new()
        let record = try record(key, secrets)
        let opened = try record.secrets(with: key, of: Samples.store)
        #expect(opened.secret == secrets.secret && opened.indexKey == secrets.indexKey)
        #expect(opened.auditKey == secrets.auditKey && opened.signingSeed == secrets.signingSeed)
        let parts = [secrets.secret, secrets.indexKey, secrets.auditKey, secrets.signingSeed]
        #expect(Set(parts.map(exposed)).count == 4, "four secrets of their own")
        let bytes = record.encoded()
        for part in parts { #expect(bytes.firstRange(of: exposed(part)) == nil) }
        #expect(exposed(try StoreSecrets.new(secret: secrets.secret).secret) == exposed(secrets.secret))
    }

    @Test func aWrongKeyIsToldByBothFingerprints() throws {
        let (key, other) = (try Samples.storeKey(), try StoreKey(secret(Array(1..<33))))
        let record = try record(key, try .new())
        #expect(throws: StoreKeyFault.wrongKey(written: key.fingerprint, given: other.fingerprint)) {
            try record.secrets(with: other, of: Samples.store)
        }
    }

    @Test func everyBitOfARecordIsSealedToItsStore() throws {
        let key = try Samples.storeKey()
        let record = try record(key, try .new(), source: .passphrase(parameters))
        let bytes = record.encoded()
        #expect(throws: StoreKeyFault.damaged) { try record.secrets(with: key, of: StoreID(high: 0, low: 0)) }
        let reserved = 36..<40
        for bit in 0..<bytes.count * 8 where !reserved.contains(bit / 8) {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let read = decodedRecord(damaged) else { continue }
            #expect(throws: StoreKeyFault.self, "bit \(bit)") { try read.secrets(with: key, of: Samples.store) }
        }
        for size in 0..<bytes.count { #expect(decodedRecord(Array(bytes[..<size])) == nil) }
    }

    @Test func aPassphraseIsAKeyByItsParameters() throws {
        let passphrase = secret(Array("correct horse battery".utf8))
        let key = try StoreKey(passphrase: passphrase, parameters)
        let record = try record(key, try .new(), source: .passphrase(parameters))
        let read = try #require(decodedRecord(record.encoded()))
        #expect(read == record && read.source == .passphrase(parameters))
        guard case .passphrase(let found) = read.source else { return }
        _ = try read.secrets(with: try StoreKey(passphrase: passphrase, found), of: Samples.store)
        var salted = parameters
        salted.salt[0] ^= 1
        #expect(try StoreKey(passphrase: passphrase, salted).fingerprint != key.fingerprint)
    }

    /// A forged record must not make a program compute for hours, nor take a key from an unknown place.
    @Test(arguments: [
        (32, 0 as UInt8), (32, 3), (33, 13), (33, 21), (33, 255), (34, 0), (34, 33), (35, 0), (35, 17),
    ]) func whatARecordMustNotSayIsRefused(offset: Int, value: UInt8) throws {
        var bytes = try record(try Samples.storeKey(), try .new(), source: .passphrase(parameters)).encoded()
        #expect(decodedRecord(bytes) != nil)
        bytes[offset] = value
        #expect(decodedRecord(bytes) == nil)
    }

    @Test func theStoreFileOfASealedStoreHasTheRecord() throws {
        let record = try record(try Samples.storeKey(), try .new())
        var identity = StoreIdentity(
            store: Samples.store, createdMicroseconds: Samples.time, secret: Array(repeating: 0, count: 32))
        identity.incompatibleFeatures = StoreIdentity.sealedFeature
        identity.keyRecord = record
        let bytes = identity.encoded()
        #expect(bytes.count == 512)
        let read = try StoreIdentity(decoding: bytes, knownFeatures: StoreIdentity.sealedFeature)
        #expect(read == identity && read.keyRecord == record)
        // A program that does not know the feature refuses the store.
        #expect(throws: IdentityDamage.features(1)) { try StoreIdentity(decoding: bytes, knownFeatures: 0) }
        // A sealed store without a record is none.
        identity.keyRecord = nil
        #expect(throws: IdentityDamage.damaged) {
            try StoreIdentity(decoding: identity.encoded(), knownFeatures: StoreIdentity.sealedFeature)
        }
    }
}
