import ReelCodec
import ReelFormat

/// The structures that the dumps in FORMAT.md show.
enum Samples {
    static let store = StoreID(high: 0x0706_0504_0302_0100, low: 0x0F0E_0D0C_0B0A_0908)
    /// 2027-01-15T08:00:00Z.
    static let time: Int64 = 1_800_000_000_000_000

    /// 019c0000-0000-7abc-8def-000000000001
    static func id() throws -> UUIDv7 {
        guard let id = UUIDv7("019c0000-0000-7abc-8def-000000000001") else { throw DocumentFault("no UUIDv7") }
        return id
    }

    static let identity = StoreIdentity(store: store, createdMicroseconds: time, secret: Array(0..<32))

    static let rings = RingSet(store: store, keyID: 1, generation: 2)
    static let ringHeader = RingHeader(rings: rings, page: 0, copy: .second)

    /// Its 32 bytes are 00 to 1f.
    static func storeKey() throws -> StoreKey { try StoreKey(secret(Array(0..<32))) }

    /// Of recording 5, as FORMAT.md has it.
    static func slot() throws -> KeyringSlot {
        guard case .sound(let slot) = readSlot(try FormatDocument().dump("slot"), 5) else {
            throw DocumentFault("the dump slot is none")
        }
        return slot
    }

    static let header: FrameHeader = {
        var header = FrameHeader(kind: .events, lsn: 7, receivedMicroseconds: time + 1_500_000, store: store)
        header.recording = 1
        header.firstOrdinal = 40
        header.eventCount = 3
        header.leastTimestampMicroseconds = 1_799_999_999_120_000
        header.greatestTimestampMicroseconds = 1_800_000_000_870_000
        header.rawSizeBytes = 412
        header.storedSizeBytes = 100
        header.writer = 0x1122_3344_5566_7788
        header.batch = 5
        header.bodyHash = 0x99AA_BBCC_DDEE_FF00
        header.sources = 1 << 2 | 1 << 5
        header.types = 1 << 3
        header.content = .userInput
        header.durableLSN = 6
        header.payloadChecksum = 0x0BAD_CAFE
        return header
    }()

    static let marker = ArchiveMarker(
        store: store, segment: 12, lengthBytes: 65_536, archivedMicroseconds: time, copyChecksum: 0x8A91_36AA)

    /// Of the events of `header`.
    static let digest: EventDigest = {
        var summary = EventSummary()
        summary.eventCount = 3
        summary.types = header.types
        summary.sources = header.sources
        summary.content = header.content
        summary.leastTimestampMicroseconds = header.leastTimestampMicroseconds
        summary.greatestTimestampMicroseconds = header.greatestTimestampMicroseconds
        summary.clicks = 2
        summary.pages = 1
        summary.activeMicroseconds = 1_000_000
        summary.firstActiveMicroseconds = 1_799_999_999_120_000
        summary.lastActiveMicroseconds = 1_800_000_000_120_000
        summary.viewportWidth = 1280
        summary.viewportHeight = 720
        summary.urls = ["https://shop.example/cart"]
        return EventDigest(summary)
    }()

    static let entry = FrameEntry(header, at: 4096)

    static func state() throws -> StatePayload {
        var state = StatePayload(segment: 12, isCompacted: false, nextRecording: 4, nextLSN: 90)
        state.cuts = [SegmentCut(segment: 11, lengthBytes: 65_536)]
        state.replaced = [7]
        state.tombstones = [Tombstone(recording: 2, id: try id(), erasedMicroseconds: time, lsn: 60)]
        state.expired = expiry.ranges
        return state
    }

    static let commit = CommitPayload(replaced: [3, 4, 6], frameCount: 120)

    static let expiry = ExpirePayload([ExpiredRange(3...9, expiredMicroseconds: time, cause: .age)])

    static let batches = [
        BatchRecord(writer: 0x1122_3344_5566_7788, batch: 1, bodyHash: 0xA0A1, firstOrdinal: 0, eventCount: 10),
        BatchRecord(writer: 0x1122_3344_5566_7788, batch: 2, bodyHash: 0xB0B1, firstOrdinal: 10, eventCount: 5),
    ]

    static let tableHeader = SegmentTableHeader(
        store: store, segment: 12, coveredBytes: 65_536, entryCount: 200, lastLSN: 289)

    static let checkpoint = CheckpointHeader(
        store: store, sequence: 17, lsn: 289, segment: 12, segmentLengthBytes: 65_536, nextRecording: 4)

    static func row() throws -> RecordingRow {
        var row = RecordingRow(number: 1, id: try id())
        row.content = [.fullSnapshot, .userInput]
        row.status = .ended
        row.viewportWidth = 1280
        row.viewportHeight = 720
        row.types = 1 << 2 | 1 << 3 | 1 << 4
        row.user = 0x5EED_0001
        row.tags = (0x7A60_0001, 0x7A60_0002, 0, 0)
        row.urlWords = 1 << 3 | 1 << 40
        row.lsn = 9
        row.createdMicroseconds = time
        row.lastReceivedMicroseconds = time + 1_500_000
        row.endedMicroseconds = time + 2_000_000
        row.leastTimestampMicroseconds = 1_799_999_999_120_000
        row.greatestTimestampMicroseconds = 1_800_000_000_870_000
        row.eventCount = 43
        row.rawSizeBytes = 5_912
        row.storedSizeBytes = 1_208
        row.clicks = 2
        row.pages = 1
        row.activeMicroseconds = 1_200_000
        row.lastActiveMicroseconds = 1_800_000_000_870_000
        row.metadataSegment = 12
        row.metadataOffsetBytes = 4_392
        row.frameCount = 2
        row.sources = 1 << 2 | 1 << 5
        row.summaryLSN = 3
        return row
    }

    static let loss: LossPayload = {
        var loss = LossPayload()
        loss.segment = 12
        loss.offsetBytes = 4_096
        loss.sizeBytes = 296
        loss.lsn = 7
        loss.kind = .events
        return loss
    }()

    static let summary: SummarySlot = {
        var slot = SummarySlot(number: 1)
        slot.lsn = 3
        slot.firstURL = "https://shop.example/cart"
        slot.lastURL = "https://shop.example/cart"
        slot.words = [0x0000_0A01, 0x0000_0A02, 0x0000_0A03]
        return slot
    }()
}

/// A small generator whose seed a failing test prints (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
