import ReelCodec
import ReelFormat
import Testing

/// Damaged bytes are refused, never taken for something else.
@Suite struct DamageTests {
    /// A structure with a checksum of its own: its sound bytes, and whether a decoder takes bytes for one.
    private struct Checked {
        var name: String
        var bytes: [UInt8]
        var accepts: ([UInt8]) -> Bool
    }

    private func structures() throws -> [Checked] {
        [
            Checked(name: "store", bytes: Samples.identity.encoded()) { (try? StoreIdentity(decoding: $0)) != nil },
            Checked(name: "frame header", bytes: Samples.header.encoded()) { (try? decodedHeader($0)) != nil },
            Checked(name: "frame entry", bytes: Samples.entry.encoded()) { decodedEntry($0) != nil },
            Checked(name: "frame table header", bytes: Samples.tableHeader.encoded()) {
                SegmentTableHeader(decoding: $0) != nil
            },
            Checked(name: "checkpoint", bytes: Samples.checkpoint.encoded()) { CheckpointHeader(decoding: $0) != nil },
            Checked(name: "row", bytes: try Samples.row().encoded()) { decodedRow($0) != nil },
            Checked(name: "summary", bytes: Samples.summary.encoded()) { decodedSummary($0) != nil },
            Checked(name: "ring header", bytes: Samples.ringHeader.encoded()) { decodedRingHeader($0) != nil },
            Checked(name: "live slot", bytes: try Samples.slot().encoded(), accepts: isSoundSlot),
            Checked(
                name: "destroyed slot", bytes: KeyringSlot(recording: 5, .destroyed(microseconds: 1)).encoded(),
                accepts: isSoundSlot),
        ]
    }

    private func isSoundSlot(_ bytes: [UInt8]) -> Bool {
        if case .sound = readSlot(bytes, 5) { true } else { false }
    }

    @Test func everyFlippedBitIsRefused() throws {
        for structure in try structures() {
            #expect(structure.accepts(structure.bytes), "\(structure.name)")
            var bytes = structure.bytes
            for bit in 0..<bytes.count * 8 {
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(!structure.accepts(bytes), "\(structure.name): bit \(bit)")
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            }
        }
    }

    @Test func everyTornWriteOverZerosIsRefused() throws {
        for structure in try structures() {
            // The first bytes of a row may be zero, so what a tear leaves may be whole.
            for size in 0..<structure.bytes.count {
                let torn = structure.bytes[..<size] + Array(repeating: 0, count: structure.bytes.count - size)
                #expect(Array(torn) == structure.bytes || !structure.accepts(Array(torn)), "\(structure.name): \(size)")
            }
        }
    }

    @Test func everyTruncationIsRefused() throws {
        let header = Samples.header.encoded()
        for size in 0..<header.count {
            #expect(throws: HeaderDamage.short) { try decodedHeader(Array(header[..<size])) }
        }
        let state = try Samples.state().encoded()
        for size in 0..<state.count {
            #expect(throws: ShortInput.self) { try StatePayload(decoding: Array(state[..<size])) }
        }
        let commit = Samples.commit.encoded()
        for size in 0..<commit.count {
            #expect(throws: ShortInput.self) { try CommitPayload(decoding: Array(commit[..<size])) }
        }
        let loss = Samples.loss.encoded()
        for size in 0..<loss.count {
            #expect(throws: ShortInput.self) { try LossPayload(decoding: Array(loss[..<size])) }
        }
        let tombstone = try Samples.state().tombstones[0].encoded()
        for size in 0..<tombstone.count {
            #expect(throws: ShortInput.self) { try Tombstone(decoding: Array(tombstone[..<size])) }
        }
        for structure in try structures()
        where ["store", "frame table header", "checkpoint", "ring header"].contains(structure.name) {
            for size in 0..<structure.bytes.count {
                #expect(!structure.accepts(Array(structure.bytes[..<size])), "\(structure.name): \(size)")
            }
            // What follows a ring's header are its slots.
            #expect(structure.name == "ring header" || !structure.accepts(structure.bytes + [0]), "\(structure.name)")
        }
    }

    /// Bytes with a checksum that holds, so that what refuses them is what they say.
    private func sealed(_ bytes: [UInt8], at offset: Int, _ change: [UInt8]) -> [UInt8] {
        var body = bytes.dropLast(4)
        body.replaceSubrange(offset..<offset + change.count, with: change)
        var writer = ByteWriter(capacityBytes: bytes.count)
        writer.append(Array(body))
        writer.append(CRC32C.checksum(Array(body)))
        return writer.bytes
    }

    @Test(arguments: [
        (0, [0x52, 0x4C, 0x46, 0x32] as [UInt8], HeaderDamage.magic), (4, [0], .unknownKind), (4, [11], .unknownKind),
        (4, [255], .unknownKind), (124, [101, 0, 0, 0], .sizes), (124, [255, 255, 255, 255], .sizes),
    ]) func aHeaderThatContradictsItselfIsRefused(offset: Int, change: [UInt8], damage: HeaderDamage) {
        #expect(throws: damage) { try decodedHeader(sealed(Samples.header.encoded(), at: offset, change)) }
    }

    @Test func aStoreOfAnotherVersionOrWithUnknownFeaturesNamesThem() {
        let bytes = Samples.identity.encoded()
        #expect(throws: IdentityDamage.version(2)) { try StoreIdentity(decoding: sealed(bytes, at: 4, [2])) }
        #expect(throws: IdentityDamage.features(1 << 63)) { try StoreIdentity(decoding: sealed(bytes, at: 15, [0x80])) }
        #expect(throws: IdentityDamage.damaged) { try StoreIdentity(decoding: sealed(bytes, at: 0, [0])) }
    }

    @Test func aCheckpointOfAnotherVersionIsNone() {
        let bytes = Samples.checkpoint.encoded()
        #expect(CheckpointHeader(decoding: sealed(bytes, at: 4, [2])) == nil)
        #expect(CheckpointHeader(decoding: Array(repeating: 0, count: 512)) == nil)
    }

    @Test func rowsAndSummariesThatSayTheImpossibleAreRefused() throws {
        let row = try Samples.row().encoded()
        for (offset, change) in [(4, [4] as [UInt8]), (4, [255]), (5, [0]), (5, [0b110])] {
            #expect(decodedRow(sealed(row, at: offset, change)) == nil, "\(offset): \(change)")
        }
        for (offset, change) in [(16, [161] as [UInt8]), (17, [161]), (18, [41]), (18, [255])] {
            #expect(
                decodedSummary(sealed(Samples.summary.encoded(), at: offset, change)) == nil, "\(offset): \(change)")
        }
        #expect(decodedEntry(sealed(Samples.entry.encoded(), at: 112, [0])) == nil)
    }

    @Test func countsBeyondTheInputAreRefusedBeforeMemoryIsSpent() throws {
        var state = StatePayload(segment: 1, isCompacted: false, nextRecording: 1, nextLSN: 1).encoded()
        for offset in [32, 36, 40] {
            var bytes = state
            bytes.replaceSubrange(offset..<offset + 4, with: [255, 255, 255, 255])
            #expect(throws: ShortInput.self) { try StatePayload(decoding: bytes) }
        }
        // Bytes behind the last tombstone are not looked at.
        state += [1, 2, 3]
        #expect(try StatePayload(decoding: state).segment == 1)
        var commit = CommitPayload(replaced: [], frameCount: 0).encoded()
        commit.replaceSubrange(8..<16, with: Array(repeating: 255, count: 8))
        #expect(throws: ShortInput.self) { try CommitPayload(decoding: commit) }
    }

    @Test func garbageInPayloadsNeverTraps() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        // A trap ends the test run, so the seed is printed before.
        print("garbageInPayloadsNeverTraps: seed \(seed)")
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0...120, using: &random)).map { _ in
                UInt8(truncatingIfNeeded: random.next()) & UInt8(truncatingIfNeeded: random.next())
            }
            if let state = try? StatePayload(decoding: bytes) {
                #expect(bytes.count >= state.encoded().count, "seed \(seed)")
            }
            if let commit = try? CommitPayload(decoding: bytes) {
                #expect(bytes.count >= commit.encoded().count, "seed \(seed)")
            }
        }
    }
}
