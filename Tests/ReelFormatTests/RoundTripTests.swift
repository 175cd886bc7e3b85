import ReelCodec
import ReelFormat
import Testing

/// What is encoded comes back, the extremes and random values as well.
@Suite struct RoundTripTests {
    private static let extremes: [UInt64] = [0, 1, 0x7F, 0x80, 1 << 31, 1 << 40, 1 << 63, .max]

    private func value(_ random: inout SeededGenerator) -> UInt64 {
        switch UInt64.random(in: 0..<4, using: &random) {
        case 0: RoundTripTests.extremes.randomElement(using: &random) ?? 0
        case 1: UInt64.random(in: 0..<1000, using: &random)
        default: random.next()
        }
    }

    private func id(_ random: inout SeededGenerator) throws -> UUIDv7 {
        try #require(
            UUIDv7(high: random.next() & ~0xF000 | 0x7000, low: random.next() >> 2 | 1 << 63))
    }

    private func header(_ random: inout SeededGenerator) -> FrameHeader {
        let kind = FrameKind.allCases.randomElement(using: &random) ?? .events
        var header = FrameHeader(
            kind: kind, lsn: value(&random), receivedMicroseconds: Int64(bitPattern: value(&random)),
            store: StoreID(high: value(&random), low: value(&random)))
        header.flags = FrameFlags(rawValue: UInt16(truncatingIfNeeded: value(&random)))
        header.recording = value(&random)
        header.firstOrdinal = value(&random)
        header.eventCount = UInt32(truncatingIfNeeded: value(&random))
        header.generation = UInt32(truncatingIfNeeded: value(&random))
        header.leastTimestampMicroseconds = Int64(bitPattern: value(&random))
        header.greatestTimestampMicroseconds = Int64(bitPattern: value(&random))
        header.rawSizeBytes = UInt32(truncatingIfNeeded: value(&random))
        header.storedSizeBytes = UInt32(truncatingIfNeeded: value(&random))
        header.writer = value(&random)
        header.batch = value(&random)
        header.bodyHash = value(&random)
        header.sources = UInt32(truncatingIfNeeded: value(&random))
        header.types = UInt16(truncatingIfNeeded: value(&random))
        header.content = ContentFlags(rawValue: UInt32(truncatingIfNeeded: value(&random)))
        header.prefixSizeBytes = UInt32.random(in: 0...header.storedSizeBytes, using: &random)
        header.keyID = value(&random)
        header.nonce = Nonce(first: value(&random), second: value(&random), third: value(&random))
        header.durableLSN = value(&random)
        header.payloadChecksum = UInt32(truncatingIfNeeded: value(&random))
        return header
    }

    @Test func headersAndEntries() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let header = header(&random)
            #expect(try decodedHeader(header.encoded()) == header, "seed \(seed)")
            let entry = FrameEntry(header, at: value(&random))
            #expect(decodedEntry(entry.encoded()) == entry, "seed \(seed)")
        }
    }

    @Test func payloads() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var state = StatePayload(
                segment: value(&random), isCompacted: Bool.random(using: &random), nextRecording: value(&random),
                nextLSN: value(&random))
            for _ in 0..<Int.random(in: 0..<4, using: &random) {
                state.cuts.append(SegmentCut(segment: value(&random), lengthBytes: value(&random)))
                state.replaced.append(value(&random))
                state.tombstones.append(
                    Tombstone(
                        recording: value(&random), id: try id(&random),
                        erasedMicroseconds: Int64(bitPattern: value(&random)), lsn: value(&random)))
            }
            #expect(try StatePayload(decoding: state.encoded()) == state, "seed \(seed)")
            for tombstone in state.tombstones {
                #expect(try Tombstone(decoding: tombstone.encoded()) == tombstone, "seed \(seed)")
            }
            let commit = CommitPayload(replaced: state.replaced, frameCount: value(&random))
            #expect(try CommitPayload(decoding: commit.encoded()) == commit, "seed \(seed)")
        }
    }

    @Test func rows() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var row = RecordingRow(number: value(&random), id: try id(&random))
            row.content = ContentFlags(rawValue: UInt32(truncatingIfNeeded: value(&random)))
            row.status = RecordingStatus.allCases.randomElement(using: &random) ?? .ended
            row.flags = RowFlags(rawValue: UInt8(truncatingIfNeeded: random.next()) | 1)
            row.tags = (.random(in: 0 ... .max, using: &random), 0, .max, 1)
            row.urlWords = value(&random)
            row.lsn = value(&random)
            row.endedMicroseconds = Int64(bitPattern: value(&random))
            row.lastActiveMicroseconds = Int64(bitPattern: value(&random))
            row.metadataSegment = UInt32(truncatingIfNeeded: value(&random))
            row.successor = value(&random)
            row.summaryLSN = value(&random)
            let back = try #require(decodedRow(row.encoded()), "seed \(seed)")
            // Equality of rows is that of their encodings, so the fields that moved are compared by themselves.
            #expect(back == row && back.id == row.id && back.tags == row.tags && back.successor == row.successor)
            #expect(back.flags == row.flags && back.summaryLSN == row.summaryLSN && back.lsn == row.lsn)
        }
    }

    /// Every integer field of a row comes back from its own seat: no two are mixed up in the decoder.
    @Test func everyFieldOfARowComesBackFromItsOwnSeat() throws {
        let row = try Samples.row()
        var bytes = row.encoded()
        // Each byte of the body is its own offset, so each field is a number of its own.
        for index in 0..<236 where !(4...5).contains(index) && !(72..<88).contains(index) {
            bytes[index] = UInt8(index)
        }
        var writer = ByteWriter(capacityBytes: bytes.count)
        writer.append(Array(bytes[..<252]))
        writer.append(CRC32C.checksum(Array(bytes[..<252])))
        bytes = writer.bytes
        let back = try #require(decodedRow(bytes))
        #expect(back.encoded() == bytes)
    }

    @Test func everyFieldOfASummaryComesBack() throws {
        var slot = SummarySlot(number: .max)
        slot.lsn = 1 << 63
        slot.firstURL = SummarySlot.cut("https://example/" + String(repeating: "é", count: 100))
        slot.lastURL = String(repeating: "z", count: SummarySlot.urlSizeMaxBytes)
        slot.words = (0..<UInt32(SummarySlot.wordCountMax)).map { .max - $0 }
        slot.hasMoreWords = true
        #expect(decodedSummary(slot.encoded()) == slot)
    }

    @Test(arguments: [
        (String(repeating: "a", count: 139), 139), (String(repeating: "a", count: 140), 139),
        (String(repeating: "a", count: 138) + "é", 138), (String(repeating: "a", count: 136) + "😀", 136),
        (String(repeating: "a", count: 135) + "😀", 139), ("", 0),
        // A long run of combining marks is one character for a reader and many scalars here.
        ("e" + String(repeating: "\u{301}", count: 100), 139),
    ]) func urlsAreCutAtAScalar(url: String, sizeBytes: Int) {
        let cut = SummarySlot.cut(url)
        #expect(cut.utf8.count == sizeBytes && url.utf8.starts(with: cut.utf8))
    }

    @Test func checkpointsAndTableHeaders() {
        for value in RoundTripTests.extremes {
            let store = StoreID(high: value, low: ~value)
            let checkpoint = CheckpointHeader(
                store: store, sequence: value, lsn: ~value, segment: value ^ 1, segmentLengthBytes: value ^ 2,
                nextRecording: value ^ 4)
            #expect(CheckpointHeader(decoding: checkpoint.encoded()) == checkpoint)
            let table = SegmentTableHeader(
                store: store, segment: value, coveredBytes: ~value, entryCount: value ^ 1, lastLSN: value ^ 2)
            #expect(SegmentTableHeader(decoding: table.encoded()) == table)
        }
    }
}
