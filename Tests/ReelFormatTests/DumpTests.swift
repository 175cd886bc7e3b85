import ReelCodec
import ReelFormat
import Testing

/// The hex dumps in FORMAT.md are what the encoders make, and decode to what the document says of them.
@Suite struct DumpTests {
    private func expect(_ name: String, _ encoded: [UInt8]) throws -> [UInt8] {
        let dump = try FormatDocument().dump(name)
        try #require(dump == encoded, "dump \(name) should read\n\(FormatDocument.describe(encoded))")
        return dump
    }

    @Test func store() throws {
        #expect(try StoreIdentity(decoding: expect("store", Samples.identity.encoded())) == Samples.identity)
    }

    @Test func frameHeader() throws {
        let dump = try expect("frame header", Samples.header.encoded())
        #expect(try decodedHeader(dump) == Samples.header)
    }

    @Test func statePayload() throws {
        let state = try Samples.state()
        #expect(try StatePayload(decoding: expect("state payload", state.encoded())) == state)
    }

    @Test func commitPayload() throws {
        #expect(try CommitPayload(decoding: expect("commit payload", Samples.commit.encoded())) == Samples.commit)
    }

    @Test func lossPayload() throws {
        #expect(try LossPayload(decoding: expect("loss payload", Samples.loss.encoded())) == Samples.loss)
    }

    @Test func expirePayload() throws {
        #expect(try ExpirePayload(decoding: expect("expire payload", Samples.expiry.encoded())) == Samples.expiry)
    }

    @Test func batchTable() throws {
        let dump = try expect("batch table", BatchTable.encoded(Samples.batches))
        #expect(try BatchTable.decode(dump) == Samples.batches)
    }

    @Test func frameTableHeader() throws {
        let dump = try expect("frame table header", Samples.tableHeader.encoded())
        #expect(SegmentTableHeader(decoding: dump) == Samples.tableHeader)
    }

    @Test func archiveMarker() throws {
        let dump = try expect("archive marker", Samples.marker.encoded())
        #expect(ArchiveMarker(decoding: dump) == Samples.marker)
        #expect(Samples.marker.fileName == "0000000012-8a9136aa.seg")
    }

    @Test func eventDigest() throws {
        let digest = Samples.digest
        #expect(try EventDigest(decoding: expect("event digest", digest.encoded()), Samples.header) == digest)
    }

    @Test func frameEntry() throws {
        let dump = try expect("frame entry", Samples.entry.encoded())
        #expect(decodedEntry(dump) == Samples.entry)
    }

    @Test func checkpoint() throws {
        let dump = try expect("checkpoint", Samples.checkpoint.encoded())
        #expect(CheckpointHeader(decoding: dump) == Samples.checkpoint)
    }

    @Test func row() throws {
        let row = try Samples.row()
        let dump = try expect("row", row.encoded())
        #expect(decodedRow(dump) == row)
    }

    @Test func summary() throws {
        let dump = try expect("summary", Samples.summary.encoded())
        #expect(decodedSummary(dump) == Samples.summary)
    }

    @Test func ringHeader() throws {
        #expect(decodedRingHeader(try expect("ring header", Samples.ringHeader.encoded())) == Samples.ringHeader)
    }

    /// A seal has a nonce by chance, so the slot is opened and not compared with one made now.
    @Test func slot() throws {
        let dump = try FormatDocument().dump("slot")
        guard case .sound(let slot) = readSlot(dump, 5), case .live(Samples.time, let key) = slot.content else {
            Issue.record("the dump is no live slot of recording 5")
            return
        }
        #expect(slot.encoded() == dump)
        let wrapper = try KeyWrapper(Samples.storeKey(), Samples.rings)
        #expect(exposed(try wrapper.unwrap(key, of: 5)) == Array(0x20...0x3F))
    }

    @Test func keyRecord() throws {
        let dump = try FormatDocument().dump("key record")
        let record = try #require(decodedRecord(dump))
        #expect(record.encoded() == dump && record.source == .key && record.generation == 2 && record.keyID == 1)
        let secrets = try record.secrets(with: Samples.storeKey(), of: Samples.store)
        #expect(exposed(secrets.secret) == Array(repeating: 1, count: 32))
        #expect(exposed(secrets.indexKey) == Array(repeating: 2, count: 32))
        #expect(exposed(secrets.auditKey) == Array(repeating: 3, count: 32))
        #expect(exposed(secrets.signingSeed) == Array(repeating: 4, count: 32))
        #expect(record.publicKey == (try Ed25519Signer(seed: secrets.signingSeed).publicKey))
    }

    /// Compressors may choose other blocks, so the member is read and not compared with one made now.
    @Test func gzipMember() throws {
        let member = try FormatDocument().dump("gzip member")
        #expect(try Inflater().text(of: member, rawSizeBytes: 2) == Array("{}".utf8))
        var splice = GzipSplice()
        let trailer = try GzipMember.Trailer(of: member)
        var document = splice.open() + splice.add(trailer) + member[GzipSplice.blocks(ofMemberSize: member.count)]
        document += splice.add(trailer) + member[GzipSplice.blocks(ofMemberSize: member.count)] + splice.close()
        #expect(try GzipBody.inflate(document, limitBytes: 100) == Array("[{},\n{}]".utf8))
    }
}
