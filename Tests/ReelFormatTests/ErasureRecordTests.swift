import ReelCodec
import ReelFormat
import Testing

/// What an erasing leaves to be shown: the ledger and certificates.
@Suite struct ErasureRecordTests {
    private func tombstones() throws -> [Tombstone] {
        let id = try Samples.id()
        let second = try #require(UUIDv7("019c0000-0000-7abc-8def-000000000002"))
        return [
            Tombstone(recording: 2, id: id, erasedMicroseconds: Samples.time, lsn: 60),
            Tombstone(recording: 5, id: second, erasedMicroseconds: Samples.time + 1_500_000, lsn: 61),
        ]
    }

    private func ledger() throws -> [UInt8] {
        var text: [UInt8] = []
        var chain: UInt32 = 0
        for tombstone in try tombstones() {
            LedgerLine(store: Samples.store, tombstone: tombstone).append(to: &text, chain: &chain)
        }
        return text
    }

    @Test func theDocumentShowsALedger() throws {
        let text = String(decoding: try ledger(), as: UTF8.self)
        #expect(try FormatDocument().example("ledger") == text, "should read\n\(text)")
        let read = LedgerText(decoding: Array(text.utf8))
        #expect(read.lines.map(\.tombstone) == (try tombstones()) && read.damagedLines.isEmpty)
        #expect(read.wholeSizeBytes == text.utf8.count && read.tornSizeBytes == 0)
    }

    @Test func aChangedLineOfALedgerIsToldByItsNumber() throws {
        let text = try ledger()
        for place in text.indices where text[place] != UInt8(ascii: "\n") {
            var changed = text
            changed[place] ^= 1
            let read = LedgerText(decoding: changed)
            let isInFirst = place <= (text.firstIndex(of: UInt8(ascii: "\n")) ?? 0)
            let isTold = read.damagedLines.contains(isInFirst ? 1 : 2) || read.tornSizeBytes > 0
            #expect(isTold, "byte \(place)")
        }
    }

    @Test func aLineTakenOutOfALedgerIsTold() throws {
        let text = try ledger()
        let second = try #require(text.firstIndex(of: UInt8(ascii: "\n"))) + 1
        #expect(LedgerText(decoding: Array(text[second...])).damagedLines == [1])
    }

    @Test func aTornLastLineOfALedgerIsNoDamage() throws {
        let text = try ledger()
        let second = try #require(text.firstIndex(of: UInt8(ascii: "\n"))) + 1
        for end in second..<text.count {
            let read = LedgerText(decoding: Array(text[..<end]))
            #expect(read.lines.count == 1 && read.damagedLines.isEmpty && read.tornSizeBytes == end - second)
        }
    }

    @Test func theDocumentShowsAManifestOfASnapshot() throws {
        var manifest = SnapshotManifest(
            store: Samples.store, lsn: 61, recordingCount: 5, madeMicroseconds: Samples.time)
        manifest.expiresMicroseconds = Samples.time + 30 * 86_400_000_000
        manifest.files = [.init(name: "log/0000000001.seg", sizeBytes: 4_096, checksum: 0x0123_ABCD)]
        let text = String(decoding: manifest.encoded(), as: UTF8.self)
        #expect(try FormatDocument().example("manifest") == text, "should read\n\(text)")
        #expect(SnapshotManifest(decoding: Array(text.utf8)) == manifest)
        for bad in ["../store", "log/../store", "/etc/passwd", "log/a/b", "x/y", ".", "log/"] {
            let changed = text.replacing("log/0000000001.seg", with: bad)
            #expect(SnapshotManifest(decoding: Array(changed.utf8)) == nil, "\(bad) leads elsewhere")
        }
    }

    @Test func theManifestOfKeysIsNoneOfASnapshot() throws {
        var manifest = SnapshotManifest(
            store: Samples.store, lsn: 61, recordingCount: 5, madeMicroseconds: Samples.time)
        manifest.isOfKeys = true
        manifest.files = [.init(name: "0000000000.1-1a.ring", sizeBytes: 135_168, checksum: 1)]
        #expect(SnapshotManifest(decoding: manifest.encoded()) == manifest)
        manifest.isOfKeys = false
        manifest.keysDirectory = "/srv/keys/today"
        #expect(SnapshotManifest(decoding: manifest.encoded()) == manifest)
    }

    // MARK: Certificates

    private let signer: Ed25519Signer? = try? Ed25519Signer(seed: secret(Array(0..<32)))

    private func certificate() throws -> ErasureCertificate {
        let signer = try #require(signer)
        var certificate = ErasureCertificate(
            store: Samples.store, publicKey: signer.publicKey, issuedMicroseconds: Samples.time + 2_000_000,
            requester: "uid 1000 (zoe), pid 4242, over the Unix socket", machine: "web1",
            selection: "user=zoe@example.org")
        certificate.reason = "request of 2027-01-14"
        certificate.erased = try tombstones()
        return certificate
    }

    private func text(_ certificate: ErasureCertificate) throws -> String {
        try certificate.text(sign: try #require(signer).signature)
    }

    @Test func theDocumentShowsACertificate() throws {
        let text = try text(certificate())
        #expect(try FormatDocument().example("certificate") == text, "should read\n\(text)")
        var read = try CertificateReader.read(Array(text.utf8))
        // A certificate names no LSNs.
        for index in read[0].erased.indices { read[0].erased[index].lsn = 60 + UInt64(index) }
        #expect(read == [try certificate()])
        #expect(try CertificateReader.read(Array(text.utf8), publicKey: #require(signer).publicKey).count == 1)
    }

    @Test func aChangedByteOfACertificateBreaksIt() throws {
        let text = Array(try text(certificate()).utf8)
        for place in text.indices {
            var changed = text
            changed[place] ^= 1
            #expect(throws: CertificateFault.self, "byte \(place)") { try CertificateReader.read(changed) }
        }
    }

    @Test func aCertificateCutShortIsNone() throws {
        let text = Array(try text(certificate()).utf8)
        for end in 0..<text.count {
            #expect(throws: CertificateFault.self, "cut at \(end)") { try CertificateReader.read(Array(text[..<end])) }
        }
    }

    @Test func aCertificateOfAnotherKeyIsToldFromAChangedOne() throws {
        let text = Array(try text(certificate()).utf8)
        let other = try Ed25519Signer(seed: secret(Array(1...32))).publicKey
        #expect(throws: CertificateFault.otherKey(line: 3)) { try CertificateReader.read(text, publicKey: other) }
    }

    @Test func severalCertificatesStandInOneFile() throws {
        let text = Array(try text(certificate()).utf8)
        #expect(try CertificateReader.read(text + text).count == 2)
        #expect(throws: CertificateFault.self) { try CertificateReader.read(text + text.dropLast()) }
        #expect(throws: CertificateFault.self) { try CertificateReader.read(text + Array("more\n".utf8)) }
    }

    @Test func aValueThatBeginsWithACombiningMarkReadsBack() throws {
        var certificate = try certificate()
        certificate.reason = "\u{301}x"
        #expect(try CertificateReader.read(Array(try text(certificate).utf8)).first?.reason == "\u{301}x")
    }

    @Test func whatACertificateDoesNotVouchForReadsBack() throws {
        var certificate = try certificate()
        (certificate.refusedCount, certificate.unreadCount) = (3, 12)
        let text = try text(certificate)
        #expect(text.contains("\nnot-erased 3\nunread 12\nrecordings 2\n"))
        let read = try CertificateReader.read(Array(text.utf8))
        #expect(read.first?.refusedCount == 3 && read.first?.unreadCount == 12)
    }

    @Test func aReasonForgesNoLine() throws {
        var forged = try certificate()
        forged.reason = "x\nrecordings 0\nsignature 00\u{2028}y\r"
        let read = try CertificateReader.read(Array(try text(forged).utf8))
        #expect(read.count == 1 && read[0].erased.count == 2)
        #expect(read[0].reason == "x recordings 0 signature 00 y ")
    }
}
