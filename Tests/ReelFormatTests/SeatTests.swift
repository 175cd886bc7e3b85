import ReelCodec
import ReelFormat
import Testing

/// FORMAT.md's tables against the encoders: changing one field changes its seat, all of it, and nothing else but the
/// checksum.
@Suite struct SeatTests {
    /// A change to a structure, and the seats in which it must show.
    private struct Change<Value> {
        var names: [String]
        /// Whether every byte of the seats changes, or only some of them.
        var changesEveryByte: Bool
        var apply: (inout Value) -> Void

        init(_ names: String..., everyByte: Bool = true, apply: @escaping (inout Value) -> Void) {
            self.names = names
            changesEveryByte = everyByte
            self.apply = apply
        }
    }

    /// - Parameters:
    ///   - base: fields are zero, so that all ones change every byte.
    ///   - isWhole: the table describes every byte of the structure.
    private func check<Value>(
        _ heading: String, _ base: Value, isWhole: Bool = true, _ changes: [Change<Value>],
        encode: (Value) -> [UInt8]
    ) throws {
        let seats = try FormatDocument().seats(under: heading)
        let plain = encode(base)
        expectContiguous(seats, sizeBytes: isWhole ? plain.count : nil, heading)
        let named = Set(changes.flatMap(\.names))
        var extreme = base
        for change in changes {
            var value = base
            change.apply(&value)
            change.apply(&extreme)
            let bytes = encode(value)
            let differing = Set(plain.indices.filter { $0 >= bytes.count || plain[$0] != bytes[$0] })
            let own = seats.filter { change.names.contains($0.name) }
            #expect(own.count == change.names.count, "\(heading): \(change.names) stand once each in the table")
            let wanted = Set(own.flatMap(\.range))
            let checksum = Set(seats.last(where: { $0.type == "crc" })?.range ?? 0..<0)
            let found = differing.subtracting(checksum)
            #expect(found.isSubset(of: wanted), "\(heading): \(change.names) change \(found.sorted())")
            if change.changesEveryByte {
                #expect(found == wanted, "\(heading): \(change.names) leave \(wanted.subtracting(found).sorted())")
            } else {
                for seat in own { #expect(found.contains(seat.offset), "\(heading): \(seat.name)") }
            }
            #expect(checksum.isEmpty || !differing.isDisjoint(with: checksum), "\(heading): \(change.names)")
        }
        let full = encode(extreme)
        for seat in seats where !named.contains(seat.name) {
            switch seat.name {
            case "magic":
                #expect(String(decoding: plain[seat.range], as: UTF8.self) == seat.literal, "\(heading)")
            case "version": #expect(String(number(plain[seat.range])) == seat.literal, "\(heading)")
            case "reserved": #expect(full[seat.range].allSatisfy { $0 == 0 }, "\(heading): \(seat.offset)")
            case "checksum":
                #expect(number(full[seat.range]) == UInt64(CRC32C.checksum(Array(full[..<seat.offset]))), "\(heading)")
            default: Issue.record("\(heading): nothing tests the seat \(seat.name)")
            }
        }
    }

    private func expectContiguous(_ seats: [FormatDocument.Seat], sizeBytes: Int?, _ heading: String) {
        var end = 0
        let sizes = ["u8": 1, "u16": 2, "u32": 4, "u64": 8, "i64": 8, "id": 16, "crc": 4]
        for seat in seats {
            #expect(seat.offset == end, "\(heading): \(seat.name) begins where the one before ends")
            end = seat.offset + seat.size
            if let size = sizes[seat.type] { #expect(seat.size == size, "\(heading): \(seat.name)") }
        }
        if let sizeBytes { #expect(end == sizeBytes, "\(heading) ends at its size") }
    }

    private func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

    private let none = StoreID(high: 0, low: 0)
    private let ones = StoreID(high: .max, low: .max)

    @Test func storeIdentity() throws {
        let base = StoreIdentity(store: none, createdMicroseconds: 0, secret: Array(repeating: 0, count: 32))
        try check(
            "3. The file `store`", base,
            [
                Change("incompatibleFeatures") { $0.incompatibleFeatures = .max },
                Change("store") { $0.store = self.ones },
                Change("createdMicroseconds") { $0.createdMicroseconds = -1 },
                Change("secret") { $0.secret = Array(repeating: 0xFF, count: 32) },
                Change("keyRecord", everyByte: false) {
                    $0.keyRecord = plainRecord
                    $0.keyRecord?.generation = .max
                },
            ]
        ) { $0.encoded() }
    }

    @Test func ringHeader() throws {
        let base = RingHeader(rings: RingSet(store: none, keyID: 0, generation: 0), page: 0, copy: .first)
        try check(
            "Ring", base,
            [
                Change("store") { $0.rings.store = self.ones }, Change("page") { $0.page = .max },
                Change("keyID") { $0.rings.keyID = .max }, Change("generation") { $0.rings.generation = .max },
                Change("copy") { $0.copy = .second },
            ]
        ) { $0.encoded() }
    }

    @Test func keyringSlot() throws {
        let zeros = WrappedKey(nonce: Nonce(), sealed: Array(repeating: 0, count: 48))
        let nonce = WrappedKey(nonce: Nonce(first: .max, second: .max, third: .max), sealed: zeros.sealed)
        let sealed = WrappedKey(nonce: Nonce(), sealed: Array(repeating: 0xFF, count: 48))
        try check(
            "Slot", KeyringSlot(recording: 0, .live(microseconds: 0, zeros)),
            [
                Change("recording") { $0.recording = .max },
                Change("changedMicroseconds") { $0.content = .live(microseconds: -1, zeros) },
                Change("nonce") { $0.content = .live(microseconds: 0, nonce) },
                Change("wrappedKey") { $0.content = .live(microseconds: 0, sealed) },
                Change("state") { $0.content = .destroyed(microseconds: 0) },
            ]
        ) { $0.encoded() }
    }

    @Test func keyRecord() throws {
        let base = try #require(plainRecord)
        let parameters = ScryptParameters(
            costLog2: .max, blockSize: .max, parallelism: .max, salt: Array(repeating: 0xFF, count: 16))
        try check(
            "Key record", base,
            [
                Change("generation") { $0.generation = .max }, Change("keyID") { $0.keyID = .max },
                Change("fingerprint") { $0.fingerprint = KeyFingerprint(Array(repeating: 0xFF, count: 16)) },
                Change("source", "costLog2", "blockSize", "parallelism", "salt") {
                    $0.source = .passphrase(parameters)
                },
                Change("publicKey") { $0.publicKey = Array(repeating: 0xFF, count: 32) },
                Change("changedMicroseconds") { $0.changedMicroseconds = -1 },
                Change("nonce") { $0.nonce = Nonce(first: .max, second: .max, third: .max) },
                Change("secrets") { $0.sealed = Array(repeating: 0xFF, count: 144) },
            ]
        ) { $0.encoded() }
    }

    /// Zeros but for the source, which is the key itself.
    private var plainRecord: StoreKeyRecord? {
        var bytes = [UInt8](repeating: 0, count: StoreKeyRecord.sizeBytes)
        bytes[32] = 1
        let span = bytes.span
        return StoreKeyRecord(decoding: span.bytes)
    }

    @Test func frameHeader() throws {
        let base = FrameHeader(kind: .state, lsn: 0, receivedMicroseconds: 0, store: none)
        try check(
            "4. Frames", base,
            [
                Change("kind") { $0.kind = .commit },
                Change("flags") { $0.flags = FrameFlags(rawValue: .max) },
                Change("lsn") { $0.lsn = .max },
                Change("receivedMicroseconds") { $0.receivedMicroseconds = -1 },
                Change("store") { $0.store = self.ones },
                Change("recording") { $0.recording = .max },
                Change("firstOrdinal") { $0.firstOrdinal = .max },
                Change("eventCount") { $0.eventCount = .max },
                Change("generation") { $0.generation = .max },
                Change("leastTimestampMicroseconds") { $0.leastTimestampMicroseconds = -1 },
                Change("greatestTimestampMicroseconds") { $0.greatestTimestampMicroseconds = -1 },
                Change("rawSizeBytes") { $0.rawSizeBytes = .max },
                Change("storedSizeBytes") { $0.storedSizeBytes = .max },
                Change("writer") { $0.writer = .max },
                Change("batch") { $0.batch = .max },
                Change("bodyHash") { $0.bodyHash = .max },
                Change("sources") { $0.sources = .max },
                Change("types") { $0.types = .max },
                Change("content") { $0.content = ContentFlags(rawValue: .max) },
                Change("prefixSizeBytes") { $0.prefixSizeBytes = .max },
                Change("keyID") { $0.keyID = .max },
                Change("nonce") { $0.nonce = Nonce(first: .max, second: .max, third: .max) },
                Change("durableLSN") { $0.durableLSN = .max },
                Change("payloadChecksum") { $0.payloadChecksum = .max },
            ]
        ) { $0.encoded() }
    }

    @Test func frameEntry() throws {
        let header = FrameHeader(kind: .state, lsn: 0, receivedMicroseconds: 0, store: none)
        try check(
            "Frame entry", FrameEntry(header, at: 0),
            [
                Change("lsn") { $0.lsn = .max }, Change("offsetBytes") { $0.offsetBytes = .max },
                Change("recording") { $0.recording = .max }, Change("firstOrdinal") { $0.firstOrdinal = .max },
                Change("receivedMicroseconds") { $0.receivedMicroseconds = -1 },
                Change("leastTimestampMicroseconds") { $0.leastTimestampMicroseconds = -1 },
                Change("greatestTimestampMicroseconds") { $0.greatestTimestampMicroseconds = -1 },
                Change("writer") { $0.writer = .max }, Change("batch") { $0.batch = .max },
                Change("bodyHash") { $0.bodyHash = .max }, Change("eventCount") { $0.eventCount = .max },
                Change("generation") { $0.generation = .max }, Change("rawSizeBytes") { $0.rawSizeBytes = .max },
                Change("storedSizeBytes") { $0.storedSizeBytes = .max },
                Change("prefixSizeBytes") { $0.prefixSizeBytes = .max }, Change("sources") { $0.sources = .max },
                Change("content") { $0.content = ContentFlags(rawValue: .max) }, Change("types") { $0.types = .max },
                Change("flags") { $0.flags = FrameFlags(rawValue: .max) }, Change("kind") { $0.kind = .commit },
            ]
        ) { $0.encoded() }
    }

    @Test func frameTableHeader() throws {
        let base = SegmentTableHeader(store: none, segment: 0, coveredBytes: 0, entryCount: 0, lastLSN: 0)
        try check(
            "9. Frame tables", base,
            [
                Change("store") { $0.store = self.ones }, Change("segment") { $0.segment = .max },
                Change("coveredBytes") { $0.coveredBytes = .max }, Change("entryCount") { $0.entryCount = .max },
                Change("lastLSN") { $0.lastLSN = .max },
            ]
        ) { $0.encoded() }
    }

    @Test func archiveMarker() throws {
        let base = ArchiveMarker(store: none, segment: 0, lengthBytes: 0, archivedMicroseconds: 0, copyChecksum: 0)
        try check(
            "Marker", base,
            [
                Change("store") { $0.store = self.ones }, Change("segment") { $0.segment = .max },
                Change("lengthBytes") { $0.lengthBytes = .max },
                Change("archivedMicroseconds") { $0.archivedMicroseconds = -1 },
                Change("copyChecksum") { $0.copyChecksum = .max },
            ]
        ) { $0.encoded() }
    }

    @Test func checkpointHeader() throws {
        let base = CheckpointHeader(
            store: none, sequence: 0, lsn: 0, segment: 0, segmentLengthBytes: 0, nextRecording: 0)
        try check(
            "10. Checkpoints", base,
            [
                Change("store") { $0.store = self.ones }, Change("sequence") { $0.sequence = .max },
                Change("lsn") { $0.lsn = .max }, Change("segment") { $0.segment = .max },
                Change("segmentLengthBytes") { $0.segmentLengthBytes = .max },
                Change("nextRecording") { $0.nextRecording = .max },
                Change("idsChecksum") { $0.idsChecksum = .max },
            ]
        ) { $0.encoded() }
    }

    @Test func recordingRow() throws {
        var base = RecordingRow(number: 0, id: .unknown)
        base.leastTimestampMicroseconds = 0
        base.greatestTimestampMicroseconds = 0
        base.lastActiveMicroseconds = 0
        // Version and variant of an id are fixed, so not every byte of it can change.
        let id = try #require(UUIDv7(high: 0xFFFF_FFFF_FFFF_7FFF, low: 0xBFFF_FFFF_FFFF_FFFF))
        try check(
            "11. Rows", base,
            [
                Change("content") { $0.content = ContentFlags(rawValue: .max) },
                Change("status") { $0.status = .erased },
                Change("flags") { $0.flags = RowFlags(rawValue: .max) },
                Change("viewportWidth") { $0.viewportWidth = .max },
                Change("viewportHeight") { $0.viewportHeight = .max },
                Change("types") { $0.types = .max }, Change("user") { $0.user = .max },
                Change("session") { $0.session = .max }, Change("project") { $0.project = .max },
                Change("ticket") { $0.ticket = .max }, Change("activity") { $0.activity = .max },
                Change("brand") { $0.brand = .max }, Change("window") { $0.window = .max },
                Change("tags") { $0.tags = (.max, .max, .max, .max) }, Change("urlWords") { $0.urlWords = .max },
                Change("number") { $0.number = .max }, Change("id", everyByte: false) { $0.id = id },
                Change("lsn") { $0.lsn = .max }, Change("createdMicroseconds") { $0.createdMicroseconds = -1 },
                Change("lastReceivedMicroseconds") { $0.lastReceivedMicroseconds = -1 },
                Change("endedMicroseconds") { $0.endedMicroseconds = -1 },
                Change("leastTimestampMicroseconds") { $0.leastTimestampMicroseconds = -1 },
                Change("greatestTimestampMicroseconds") { $0.greatestTimestampMicroseconds = -1 },
                Change("eventCount") { $0.eventCount = .max }, Change("rawSizeBytes") { $0.rawSizeBytes = .max },
                Change("storedSizeBytes") { $0.storedSizeBytes = .max }, Change("clicks") { $0.clicks = .max },
                Change("inputs") { $0.inputs = .max }, Change("pages") { $0.pages = .max },
                Change("consoleErrors") { $0.consoleErrors = .max }, Change("requests") { $0.requests = .max },
                Change("failedRequests") { $0.failedRequests = .max },
                Change("activeMicroseconds") { $0.activeMicroseconds = .max },
                Change("lastActiveMicroseconds") { $0.lastActiveMicroseconds = -1 },
                Change("metadataSegment") { $0.metadataSegment = .max },
                Change("metadataOffsetBytes") { $0.metadataOffsetBytes = .max },
                Change("frameCount") { $0.frameCount = .max }, Change("generation") { $0.generation = .max },
                Change("sources") { $0.sources = .max }, Change("successor") { $0.successor = .max },
                Change("summaryLSN") { $0.summaryLSN = .max },
                Change("lostEventCount") { $0.lostEventCount = .max },
            ]
        ) { $0.encoded() }
    }

    @Test func summarySlot() throws {
        let url = String(repeating: "u", count: 160)
        try check(
            "12. Summaries", SummarySlot(number: 0),
            [
                Change("number") { $0.number = .max }, Change("lsn") { $0.lsn = .max },
                Change("firstURLSizeBytes", "firstURL") { $0.firstURL = url },
                Change("lastURLSizeBytes", "lastURL") { $0.lastURL = url },
                Change("wordCount", "words") {
                    $0.words = Array(repeating: .max, count: SummarySlot.wordCountMax)
                },
                Change("hasMoreWords") { $0.hasMoreWords = true }, Change("keyID") { $0.keyID = .max },
            ]
        ) { $0.encoded() }
    }

    @Test func statePayload() throws {
        let base = StatePayload(segment: 0, isCompacted: false, nextRecording: 0, nextLSN: 0)
        let cut = SegmentCut(segment: 0, lengthBytes: 0)
        let tombstone = Tombstone(recording: 0, id: try Samples.id(), erasedMicroseconds: 0, lsn: 0)
        try check(
            "5. State payload", base,
            [
                Change("segment") { $0.segment = .max },
                Change("isCompacted", everyByte: false) { $0.isCompacted = true },
                Change("nextRecording") { $0.nextRecording = .max }, Change("nextLSN") { $0.nextLSN = .max },
                Change("cutCount", everyByte: false) { $0.cuts = [cut] },
                Change("replacedCount", everyByte: false) { $0.replaced = [0] },
                Change("tombstoneCount", everyByte: false) { $0.tombstones = [tombstone] },
                Change("expiredCount", everyByte: false) {
                    $0.expired = [ExpiredRange(1...1, expiredMicroseconds: 0, cause: .unknown)]
                },
            ]
        ) { $0.encoded() }
    }

    @Test func expiredRange() throws {
        let head = 8
        try check(
            "Expired range", ExpiredRange(0...0, expiredMicroseconds: 0, cause: .unknown),
            [
                Change("first", "last") { $0.recordings = .max...(.max) },
                Change("expiredMicroseconds") { $0.expiredMicroseconds = -1 },
                Change("cause", everyByte: false) { $0.cause = .age },
            ]
        ) { Array(ExpirePayload([$0]).encoded()[head...]) }
    }

    @Test func expirePayload() throws {
        let range = ExpiredRange(1...1, expiredMicroseconds: 0, cause: .unknown)
        try check(
            "Expiry", ExpirePayload([]), isWhole: false,
            [Change("rangeCount", everyByte: false) { $0.ranges = [range] }]
        ) { Array($0.encoded().prefix(8)) }
    }

    @Test func segmentCut() throws {
        let head = 48
        try check(
            "Cut", SegmentCut(segment: 0, lengthBytes: 0),
            [Change("segment") { $0.segment = .max }, Change("lengthBytes") { $0.lengthBytes = .max }]
        ) { cut in
            var state = StatePayload(segment: 0, isCompacted: false, nextRecording: 0, nextLSN: 0)
            state.cuts = [cut]
            return Array(state.encoded()[head...])
        }
    }

    @Test func tombstone() throws {
        let id = try #require(UUIDv7(high: 0xFFFF_FFFF_FFFF_7FFF, low: 0xBFFF_FFFF_FFFF_FFFF))
        try check(
            "Tombstone", Tombstone(recording: 0, id: .unknown, erasedMicroseconds: 0, lsn: 0),
            [
                Change("recording") { $0.recording = .max }, Change("id", everyByte: false) { $0.id = id },
                Change("erasedMicroseconds") { $0.erasedMicroseconds = -1 }, Change("lsn") { $0.lsn = .max },
            ]
        ) { $0.encoded() }
    }

    @Test func commitPayload() throws {
        try check(
            "6. Commit payload", CommitPayload(replaced: [], frameCount: 0),
            [
                Change("frameCount") { $0.frameCount = .max },
                Change("replacedCount", everyByte: false) { $0.replaced = [0] },
            ]
        ) { $0.encoded() }
    }

    @Test func lossPayload() throws {
        try check(
            "Loss", LossPayload(),
            [
                Change("segment") { $0.segment = .max }, Change("offsetBytes") { $0.offsetBytes = .max },
                Change("sizeBytes") { $0.sizeBytes = .max }, Change("lsn") { $0.lsn = .max },
                Change("kind", everyByte: false) { $0.kind = .events },
            ]
        ) { $0.encoded() }
    }

    @Test func sizesAreWhatTheDocumentSays() {
        #expect(StoreIdentity.sizeBytes == 512 && Samples.identity.encoded().count == 512)
        #expect(FrameHeader.sizeBytes == 192 && Samples.header.encoded().count == 192)
        #expect(FrameEntry.sizeBytes == 128 && Samples.entry.encoded().count == 128)
        #expect(SegmentTableHeader.sizeBytes == 64 && Samples.tableHeader.encoded().count == 64)
        #expect(CheckpointHeader.sizeBytes == 512 && Samples.checkpoint.encoded().count == 512)
        #expect(RecordingRow.sizeBytes == 256 && RecordingRow(number: 1, id: .unknown).encoded().count == 256)
        #expect(SummarySlot.sizeBytes == 512 && Samples.summary.encoded().count == 512)
        #expect(Tombstone.sizeBytes == 40)
        #expect(RingHeader.sizeBytes == 512 && Ring.sizeBytes == 135_168)
        #expect(Ring.empty(RingHeader(rings: Samples.rings, page: 0, copy: .first)).count == 135_168)
        #expect(KeyringSlot.sizeBytes == 128 && WrappedKey.sealedSizeBytes == 48)
        #expect(StoreKeyRecord.sizeBytes == 264 && KeyFingerprint.sizeBytes == 16)
        #expect(LossPayload.sizeBytes == 40 && Samples.loss.encoded().count == 40)
        // What a frame takes, padded to eight bytes.
        for (payload, stride) in [(0, 192), (1, 200), (8, 200), (9, 208), (Int(UInt32.max), 4_294_967_488)] {
            #expect(FrameHeader.stride(storedSizeBytes: UInt32(payload)) == UInt64(stride))
        }
    }
}
