import Foundation
import ReelCodec
import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

/// What a store that is encrypted tells to whom, and what is left of a recording that was erased.
struct SealedStoreTests {
    private static let secrets = [
        "zoe@example.org", "TICKET-4711", "a note on zoe", "vip-tag", "/checkout/step-3", "typed-text",
    ]

    /// Every kind of thing that is recorded, before and after a compaction.
    private func fill(_ store: Store) throws {
        for number: UInt64 in 1...3 {
            var metadata = RecordingMetadata()
            metadata.user = "zoe@example.org"
            metadata.ticket = "TICKET-4711"
            metadata.url = "https://shop.example/checkout/step-3"
            metadata.tags = ["vip-tag"]
            _ = try store.start(metadata)
            _ = try store.append(makeEvents(30, page: "https://shop.example/checkout/step-3"), to: number)
            _ = try store.append(
                [#"{"type":3,"timestamp":1800000000000,"data":{"source":5,"text":"typed-text","id":9}}"#], to: number)
            _ = try store.change(number) { $0.notes = "a note on zoe" }
            _ = try store.end(number)
        }
    }

    /// Each file of the store, whole.
    private func files(_ directory: TemporaryDirectory) throws -> [(name: String, bytes: Data)] {
        try FileManager.default.subpathsOfDirectory(atPath: directory.path).compactMap { name in
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: directory.file(name).path, isDirectory: &isDirectory),
                !isDirectory.boolValue
            else { return nil }
            return (name, try Data(contentsOf: directory.file(name)))
        }
    }

    @Test(arguments: [true, false]) func nothingThatWasRecordedLiesInAFile(isCompacted: Bool) throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        try fill(store)
        if isCompacted { _ = try store.vacuum() }
        _ = try store.start()
        try store.checkpoint()
        for (name, bytes) in try files(directory) {
            for secret in SealedStoreTests.secrets {
                #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(secret) lies in \(name)")
            }
            // What is deflated shows no words: no member may begin anywhere.
            #expect(bytes.range(of: Data([0x1F, 0x8B, 0x08])) == nil, "a gzip member lies in \(name)")
        }
        store.close()
        // The same search finds all of it where nothing is sealed.
        let clear = TemporaryDirectory()
        let open = try Store.forTest(clear, .off)
        try fill(open)
        try open.checkpoint()
        #expect(try files(clear).contains { $0.bytes.range(of: Data([0x1F, 0x8B, 0x08])) != nil })
        #expect(try files(clear).contains { $0.bytes.range(of: Data("/checkout/step-3".utf8)) != nil })
        open.close()
    }

    @Test func anErasedRecordingOpensWithNothingThatIsLeft() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        try fill(store)
        let frames = try store.snapshot(2).frames
        let metadata = try store.context.committedRow(2)
        let key = try #require(try store.context.sealer.keyring?.key(of: 2))
        let bytes = key.withBytes { span in (0..<span.byteCount).map { span.field($0, as: UInt8.self) } }
        #expect(throws: Never.self) { try frames[0].read() }
        _ = try store.erase(2)
        // Its frames are still in the log, their checksums hold, and nobody opens them: not even who found them before.
        for frame in frames {
            #expect(throws: Never.self) { try frame.readStored() }
            #expect { try frame.read() } throws: { isErased($0) }
        }
        #expect { try store.snapshot(2) } throws: { isErased($0) }
        #expect { try store.context.metadata(of: metadata) } throws: { isErased($0) }
        #expect(store.context.index.summary(2)?.firstURL == "" && store.context.index.summary(2)?.words == [])
        let row = try #require(store.context.index.row(2))
        #expect(
            [row.user, row.session, row.project, row.ticket, row.activity, row.brand, row.window]
                == Array(repeating: 0, count: 7))
        #expect(row.tags == (0, 0, 0, 0) && row.urlWords == 0 && row.eventCount == 0)
        store.close()
        // With the right key, the index made anew, and the tombstone and ledger taken out: still nothing.
        let identity = try StoreIdentity(decoding: Array(Data(contentsOf: directory.file("store"))))
        let record = try #require(identity.keyRecord)
        let rings = RingSet(store: identity.store, keyID: record.keyID, generation: record.generation)
        let files = RingFiles(StorePaths(root: directory.path), HostFileSystem())
        let pair = try files.slots(of: 2...2, in: rings)[0]
        guard case .sound(let first) = pair.first, case .sound(let second) = pair.second else {
            Issue.record("a slot is unsound")
            return
        }
        #expect(first.isDestroyed && second.isDestroyed)
        for (name, content) in try self.files(directory) {
            #expect(content.range(of: Data(bytes)) == nil, "the key lies in \(name)")
        }
        let keyring = try KeyringOpening(StorePaths(root: directory.path), HostFileSystem(), rings) { _ in }
            .readOnly(StoreEncryption.key(of: 7), clock: FakeClock())
        #expect(throws: Never.self) { try keyring.key(of: 1) }
        #expect { try keyring.key(of: 2) } throws: { error in
            if case KeyFault.destroyed? = error as? KeyFault { true } else { false }
        }
    }

    @Test func aWrongKeyIsToldByItsFingerprintAndChangesNothing() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        try fill(store)
        store.close()
        let before = try directory.listing()
        let (right, wrong) = (StoreEncryption.key(of: 7), StoreEncryption.key(of: 8))
        #expect { try Store.forTest(directory, .key(wrong)) } throws: { error in
            guard case OpenError.wrongKey(_, right.fingerprint, wrong.fingerprint)? = error as? OpenError else {
                return false
            }
            return true
        }
        #expect { try Store.forTest(directory, .off) } throws: { error in
            if case OpenError.keyNeeded(_, right.fingerprint)? = error as? OpenError { true } else { false }
        }
        #expect(try directory.listing() == before)
        let clear = TemporaryDirectory()
        try Store.forTest(clear, .off).close()
        #expect { try Store.forTest(clear) } throws: { error in
            if case OpenError.notEncrypted? = error as? OpenError { true } else { false }
        }
    }

    @Test func aPassphraseOpensTheStoreItMade() throws {
        let directory = TemporaryDirectory()
        func passphrase(_ text: String) -> StoreEncryption {
            .passphrase(SecretBytes(copying: Array(text.utf8).span.bytes))
        }
        let store = try Store.forTest(directory, passphrase("correct horse battery"))
        try fill(store)
        store.close()
        let again = try Store.forTest(directory, passphrase("correct horse battery"))
        #expect(try again.recording(1).metadata.user == "zoe@example.org")
        again.close()
        #expect { try Store.forTest(directory, passphrase("correct horse batterie")) } throws: { error in
            if case OpenError.wrongKey? = error as? OpenError { true } else { false }
        }
    }

    @Test func verifyReadsWithTheKeyAllAndWithoutItTheStructure() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        try fill(store)
        _ = try store.erase(3)
        store.close()
        let whole = try StoreVerifier(directory.path, .test).run()
        #expect(whole.isSound && whole.unopenedFrameCount == 0 && whole.recordingCount == 2)
        #expect(whole.keyCount == 31 && whole.destroyedKeyCount == 1)
        let reduced = try StoreVerifier(directory.path).run()
        #expect(reduced.isSound && reduced.unopenedFrameCount == 15 && reduced.recordingCount == 2)
        // A seal that does not hold under a checksum that does: told by who has the key only.
        try reseal(directory)
        #expect(try StoreVerifier(directory.path).run().isSound)
        #expect(try StoreVerifier(directory.path, .test).run().damage.map(\.kind) == [.seal])
    }

    /// Changes a byte of the first sealed payload and makes its checksums hold again.
    private func reseal(_ directory: TemporaryDirectory) throws {
        let path = directory.file("log/0000000001.seg")
        var log = Array(try Data(contentsOf: path))
        let header = { (at: Int) throws in try FrameHeader(decoding: log[at..<at + FrameHeader.sizeBytes].span.bytes) }
        let offset = Int(try header(0).strideBytes)
        var changed = try header(offset)
        log[offset + FrameHeader.sizeBytes] ^= 1
        let payload = offset + FrameHeader.sizeBytes..<offset + FrameHeader.sizeBytes + Int(changed.storedSizeBytes)
        changed.payloadChecksum = CRC32C.checksum(Array(log[payload]))
        log.replaceSubrange(offset..<offset + FrameHeader.sizeBytes, with: changed.encoded())
        try Data(log).write(to: path)
    }

    private func isErased(_ error: any Error) -> Bool {
        if case StoreError.erased? = error as? StoreError { true } else { false }
    }
}
