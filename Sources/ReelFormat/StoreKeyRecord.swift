import ReelCodec

/// How an encrypted store knows its key, and its own secrets under that key; part of the file `store`. FORMAT.md §21 "Key record".
package struct StoreKeyRecord: Equatable, Sendable {
    package static let sizeBytes = 264
    static let sealedSizeBytes = StoreSecrets.sizeBytes + XAES256GCM.tagSizeBytes
    /// The bytes that the seal covers without holding them, behind the store's id.
    private static let coveredSizeBytes = 96

    /// Where the store's key comes from.
    package enum Source: Equatable, Sendable {
        /// A file or a credential with the key itself.
        case key
        /// A passphrase.
        case passphrase(ScryptParameters)
    }

    /// Grows by one each rotation; the rings of this generation count, all others are void.
    package var generation: UInt64
    /// The version of the data keys that new recordings get.
    package var keyID: UInt64
    package var fingerprint: KeyFingerprint
    package var source: Source
    /// Checks the store's signatures without its key.
    package var publicKey: [UInt8]
    /// When the store got this key.
    package var changedMicroseconds: Int64
    package var nonce: Nonce
    /// The store's secrets and the tag.
    package var sealed: [UInt8]

    /// Seals a store's secrets under its key.
    ///
    /// - Throws: `.noRandomness`, `.unavailable`.
    package init(
        generation: UInt64, keyID: UInt64, key: StoreKey, source: Source, store: StoreID, secrets: StoreSecrets,
        changedMicroseconds: Int64
    ) throws(CryptoError) {
        self.generation = generation
        self.keyID = keyID
        fingerprint = key.fingerprint
        self.source = source
        publicKey = try Ed25519Signer(seed: secrets.signingSeed).publicKey
        self.changedMicroseconds = changedMicroseconds
        nonce = try Nonce.random()
        sealed = []
        let cipher = try XAES256GCM()
        let (nonceBytes, covered) = (nonce.bytes, covered(of: store))
        let (nonceSpan, coveredSpan) = (nonceBytes.span, covered.span)
        let sealingKey = try key.subkey(.storeSecrets, of: store)
        var output: [UInt8] = []
        secrets.joined.withBytes {
            cipher.seal(
                $0, key: sealingKey, nonce: nonceSpan.bytes, associatedData: coveredSpan.bytes, appendingTo: &output)
        }
        sealed = output
    }

    /// Opens the store's secrets.
    ///
    /// - Throws: `.wrongKey` before anything is tried with it; `.damaged` where the key is right and the record is not.
    package func secrets(with key: StoreKey, of store: StoreID) throws(StoreKeyFault) -> StoreSecrets {
        guard key.fingerprint == fingerprint else {
            throw .wrongKey(written: fingerprint, given: key.fingerprint)
        }
        let (nonceBytes, covered, sealed) = (nonce.bytes, covered(of: store), sealed)
        let (nonceSpan, coveredSpan, sealedSpan) = (nonceBytes.span, covered.span, sealed.span)
        do {
            let cipher = try XAES256GCM()
            let sealingKey = try key.subkey(.storeSecrets, of: store)
            return StoreSecrets(
                try cipher.openSecret(
                    sealedSpan.bytes, key: sealingKey, nonce: nonceSpan.bytes, associatedData: coveredSpan.bytes))
        } catch let error as CryptoError {
            throw .crypto(error)
        } catch {
            throw .damaged
        }
    }

    private func covered(of store: StoreID) -> [UInt8] {
        var writer = ByteWriter(capacityBytes: 16 + StoreKeyRecord.coveredSizeBytes)
        writer.append(store.high)
        writer.append(store.low)
        writer.append(head)
        return writer.bytes
    }

    /// Everything before the nonce.
    private var head: [UInt8] {
        var writer = ByteWriter(capacityBytes: StoreKeyRecord.coveredSizeBytes)
        writer.append(generation)
        writer.append(keyID)
        writer.append(fingerprint.bytes)
        switch source {
        case .key:
            writer.append(UInt8(1))
            writer.appendZeros(23)
        case .passphrase(let parameters):
            writer.append(UInt8(2))
            writer.append(parameters.costLog2)
            writer.append(parameters.blockSize)
            writer.append(parameters.parallelism)
            writer.appendZeros(4)
            writer.append(parameters.salt)
        }
        writer.append(publicKey)
        writer.append(changedMicroseconds)
        return writer.bytes
    }

    /// The 264 bytes of the record.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: StoreKeyRecord.sizeBytes)
        writer.append(head)
        writer.append(nonce.bytes)
        writer.append(sealed)
        precondition(writer.bytes.count == StoreKeyRecord.sizeBytes, "a key record has 264 bytes")
        return writer.bytes
    }

    /// Reads a record; the file around it has the checksum.
    ///
    /// - Returns: nil where the source is none that is known, or its parameters are not to be computed with.
    package init?(decoding span: RawSpan) {
        func bytes(_ range: Range<Int>) -> [UInt8] { range.map { span.field($0, as: UInt8.self) } }
        guard span.byteCount >= StoreKeyRecord.sizeBytes else { return nil }
        switch span.field(32, as: UInt8.self) {
        case 1: source = .key
        case 2:
            let parameters = ScryptParameters(
                costLog2: span.field(33), blockSize: span.field(34), parallelism: span.field(35), salt: bytes(40..<56))
            guard parameters.isAcceptable else { return nil }
            source = .passphrase(parameters)
        default: return nil
        }
        generation = span.field(0)
        keyID = span.field(8)
        fingerprint = KeyFingerprint(bytes(16..<32))
        publicKey = bytes(56..<88)
        changedMicroseconds = span.field(88)
        nonce = Nonce(first: span.field(96), second: span.field(104), third: span.field(112))
        sealed = bytes(120..<StoreKeyRecord.sizeBytes)
    }
}

/// Why a store's secrets do not open.
package enum StoreKeyFault: Error, Equatable, Sendable {
    /// Another key than the store was written with.
    case wrongKey(written: KeyFingerprint, given: KeyFingerprint)
    /// The key is the right one, and what it should open was changed.
    case damaged
    case crypto(CryptoError)
}
