import ReelCodec
import ReelFormat
import ReelSystem

/// Seals what a recording says under its own key, and opens it again. In a store without encryption it lets all pass.
final class Sealer: Sendable {
    /// Nil in a store without encryption, and for who reads a sealed one without its key.
    let keyring: Keyring?
    private let ciphers = Pool { makeCipher() }

    init(_ keyring: Keyring?) { self.keyring = keyring }

    /// For a store without encryption, or for reading of a sealed one what is not sealed.
    static let none = Sealer(nil)

    // MARK: Frames

    /// Makes a frame as it goes into the log: sealed where the store is and its kind is one that says something.
    ///
    /// - Throws: `.damaged` where the recording's key is not to be had, `.erased`, `.system`, `.noRandomness`.
    func frame(_ draft: FrameDraft, place: @autoclosure () -> Corruption) throws(StoreError) -> StoredFrame {
        guard let keyring, draft.header.kind.isSealed else { return StoredFrame(draft) }
        let key: SecretBytes
        let nonce: Nonce
        do throws(KeyFault) { key = try keyring.key(of: draft.header.recording) } catch {
            throw StoreError(error, at: place())
        }
        do throws(CryptoError) { nonce = try Nonce.random() } catch { throw .noRandomness }
        var header = draft.header
        let plainSizeBytes = draft.prefix.count + draft.member.count
        header.flags.insert(.sealed)
        header.keyID = keyring.rings.keyID
        header.nonce = nonce
        header.prefixSizeBytes = UInt32(draft.prefix.count)
        header.storedSizeBytes = UInt32(plainSizeBytes + XAES256GCM.tagSizeBytes)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(FrameHeader.sizeBytes + plainSizeBytes + XAES256GCM.tagSizeBytes)
        let covered = header.encoded()
        bytes += covered
        let (nonceBytes, plaintext) = (nonce.bytes, draft.prefix.isEmpty ? draft.member : draft.prefix + draft.member)
        let (nonceSpan, plainSpan, coveredSpan) = (nonceBytes.span, plaintext.span, covered.span)
        ciphers.borrow { cipher in
            cipher.seal(
                plainSpan.bytes, key: key, nonce: nonceSpan.bytes,
                associatedData: coveredSpan.bytes.extracting(0..<FrameHeader.coveredSizeBytes), appendingTo: &bytes)
        }
        header.payloadChecksum = CRC32C.checksum(bytes.span.bytes.extracting(droppingFirst: FrameHeader.sizeBytes))
        bytes.replaceSubrange(0..<FrameHeader.sizeBytes, with: header.encoded())
        return StoredFrame(header: header, bytes: bytes)
    }

    /// Opens a frame whose checksums hold; one that is not sealed is given back.
    ///
    /// - Throws: as `frame`; `.damaged` where the seal does not hold.
    func open(_ frame: StoredFrame, place: @autoclosure () -> Corruption) throws(StoreError) -> StoredFrame {
        guard frame.header.flags.contains(.sealed) else { return frame }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(frame.bytes.count)
        bytes += frame.bytes[..<FrameHeader.sizeBytes]
        try open(frame.header, frame.bytes.span.bytes, appendingTo: &bytes, place: place())
        return StoredFrame(header: frame.header, bytes: bytes)
    }

    /// Opens a sealed frame's payload.
    ///
    /// - Parameter frame: header and payload as they lie on the disk.
    func open(
        _ header: FrameHeader, _ frame: RawSpan, appendingTo output: inout [UInt8],
        place: @autoclosure () -> Corruption
    ) throws(StoreError) {
        guard let keyring else { throw .noKey }
        let key: SecretBytes
        do throws(KeyFault) { key = try keyring.key(of: header.recording, keyID: header.keyID) } catch {
            throw StoreError(error, at: place())
        }
        let nonce = header.nonce.bytes
        let nonceSpan = nonce.span
        let isOpen = ciphers.borrow { cipher in
            do throws(SealBroken) {
                try cipher.open(
                    frame.extracting(droppingFirst: FrameHeader.sizeBytes), key: key, nonce: nonceSpan.bytes,
                    associatedData: frame.extracting(0..<FrameHeader.coveredSizeBytes), appendingTo: &output)
                return true
            } catch {
                return false
            }
        }
        guard isOpen else { throw .damaged(place().of(kind: .seal)) }
    }

    /// Whether a frame is sealed with an older version of its recording's key than new ones are.
    func isOutdated(_ header: FrameHeader) -> Bool {
        guard let keyring, header.flags.contains(.sealed) else { return false }
        return header.keyID < keyring.rings.keyID
    }

    // MARK: Summaries

    /// A summary as it goes into the index.
    func seal(_ summary: SummarySlot) throws(KeyFault) -> SummarySlot {
        guard let keyring, !summary.firstURL.isEmpty || !summary.lastURL.isEmpty else { return summary }
        let key = try keyring.key(of: summary.number)
        do throws(CryptoError) {
            return try ciphers.borrow { (cipher) throws(CryptoError) in
                try summary.sealed(cipher, key, keyID: keyring.rings.keyID)
            }
        } catch {
            throw .noRandomness
        }
    }

    /// Nil where it does not open: it is made anew from the log.
    func open(_ summary: SummarySlot) -> SummarySlot? {
        guard summary.isSealed else { return summary }
        guard let keyring, let key = try? keyring.key(of: summary.number, keyID: summary.keyID) else { return nil }
        return ciphers.borrow { cipher in summary.opened(cipher, key) }
    }

    /// Lets go of what idle ciphers still hold of keys, after some were destroyed: freed, they are wiped.
    func forgetKeys() { ciphers.dropIdle() }
}

/// A frame on its way to the log: what it says, before it is sealed.
struct FrameDraft {
    var header: FrameHeader
    /// The batch table of a merged chunk.
    var prefix: [UInt8] = []
    var member: [UInt8]

    init(_ header: FrameHeader, prefix: [UInt8] = [], member: [UInt8]) {
        self.header = header
        self.prefix = prefix
        self.member = member
    }
}

extension FrameKind {
    /// Whether frames of the kind are sealed in a sealed store. The others hold numbers and times, and must be readable
    /// after the recording was erased.
    var isSealed: Bool { isMetadata || self == .events || self == .digest }
}

extension StoreError {
    /// What a key that is not to be had means to who wanted to read or write a recording.
    init(_ fault: KeyFault, at place: Corruption) {
        switch fault {
        case .destroyed(let microseconds): self = .erased(at: microseconds)
        case .missing: self = .damaged(place.of(kind: .keyMissing))
        case .lost, .conflict, .forged: self = .damaged(place.of(kind: .keyDamaged))
        case .system(let error): self = error.isDiskFull ? .diskFull : .system(error)
        case .noRandomness: self = .noRandomness
        }
    }
}

// libcrypto without AES, or without memory, is nothing a store could go on with.
private func makeCipher() -> XAES256GCM {
    do { return try XAES256GCM() } catch { preconditionFailure("libcrypto: \(error)") }
}
