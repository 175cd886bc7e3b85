import ReelCodec
import ReelFormat
import ReelSystem

@testable import ReelStore

/// The structs and tables of the index: what decodes encodes to the same, a damaged file is seen or harmless, and no
/// search goes on for ever.
enum IndexTarget {
    static func run(_ bytes: [UInt8]) {
        let rest = Array(bytes.dropFirst())
        switch (bytes.first ?? 0) % 6 {
        case 0: row(rest)
        case 1: summary(rest)
        case 2: checkpoint(rest)
        case 3: entry(rest)
        case 4: table(rest)
        default: ids(rest)
        }
    }

    private static func row(_ bytes: [UInt8]) {
        let sealed = Sealed.bytes(bytes, RecordingRow.sizeBytes)
        let span = sealed.span
        guard let row = RecordingRow(decoding: span.bytes) else {
            return claim(sealed[4] > 3 || sealed[5] & 1 == 0, "a sound row is not taken")
        }
        let again = row.encoded()
        let words = again.span
        claim(RecordingRow(decoding: words.bytes) == row, "a row changes when it is written again")
        var plain = Array(sealed.prefix(244) + [UInt8](repeating: 0, count: 8))
        if row.id == .unknown { plain.replaceSubrange(72..<88, with: again[72..<88]) }
        claim(again == Sealed.bytes(plain, RecordingRow.sizeBytes), "a field of the row is lost")
    }

    private static func summary(_ bytes: [UInt8]) {
        let sealed = Sealed.bytes(bytes, SummarySlot.sizeBytes)
        let span = sealed.span
        guard let slot = SummarySlot(decoding: span.bytes) else {
            return claim(sealed[16] > 160 || sealed[17] > 160 || sealed[18] > 40, "a sound summary is not taken")
        }
        claim(slot.words.count == Int(sealed[18]), "\(slot.words.count) words")
        // Only what is UTF-8 was ever written.
        guard slot.firstURL.utf8.elementsEqual(sealed[20..<20 + Int(sealed[16])]),
            slot.lastURL.utf8.elementsEqual(sealed[180..<180 + Int(sealed[17])])
        else { return }
        let again = slot.encoded()
        let words = again.span
        claim(SummarySlot(decoding: words.bytes) == slot, "a summary changes when it is written again")
        let url = String(decoding: bytes, as: UTF8.self)
        let cut = SummarySlot.cut(url)
        claim(cut.utf8.count <= SummarySlot.urlSizeMaxBytes && url.utf8.starts(with: cut.utf8), "a URL is cut wrongly")
        claim(cut.utf8.count >= min(url.utf8.count, SummarySlot.urlSizeMaxBytes - 3), "a URL is cut too short")
    }

    private static func checkpoint(_ bytes: [UInt8]) {
        _ = CheckpointHeader(decoding: bytes)
        let sealed = Sealed.bytes(bytes, CheckpointHeader.sizeBytes, magic: CheckpointHeader.magic)
        if let header = CheckpointHeader(decoding: sealed) {
            claim(CheckpointHeader(decoding: header.encoded()) == header, "a checkpoint changes")
        } else {
            claim(Array(sealed[4..<8]) != [1, 0, 0, 0], "a sound checkpoint is not taken")
        }
        let table = Sealed.bytes(bytes, SegmentTableHeader.sizeBytes, magic: SegmentTableHeader.magic)
        let header = claimed(SegmentTableHeader(decoding: table), "a sound table header is not taken")
        claim(SegmentTableHeader(decoding: header.encoded()) == header, "a table header changes")
    }

    private static func entry(_ bytes: [UInt8]) {
        let sealed = Sealed.bytes(bytes, FrameEntry.sizeBytes)
        let span = sealed.span
        guard let entry = FrameEntry(decoding: span.bytes) else {
            return claim(FrameKind(rawValue: sealed[112]) == nil, "a sound entry is not taken")
        }
        let plain = Array(sealed.prefix(113))
        claim(entry.encoded() == Sealed.bytes(plain, FrameEntry.sizeBytes), "a field of the entry is lost")
    }

    /// A frame table with damage anywhere: a search finds all of a recording's frames, or says that it cannot.
    private static func table(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let store = StoreID(high: 1, low: 2)
        var entries: [FrameEntry] = []
        for index in 0..<input.number(below: 12) {
            var header = FrameHeader(kind: .events, lsn: UInt64(index), receivedMicroseconds: 0, store: store)
            header.recording = UInt64(input.byte() % 4)
            header.firstOrdinal = UInt64(index)
            header.eventCount = 1
            entries.append(FrameEntry(header, at: UInt64(index * 192)))
        }
        entries.sort(by: FrameEntry.tableOrder)
        let fileSystem = MemoryFileSystem()
        let header = SegmentTableHeader(
            store: store, segment: 1, coveredBytes: 4_096, entryCount: UInt64(entries.count), lastLSN: 12)
        do {
            try SegmentTable.write(entries, header: header, to: "/t", fileSystem: fileSystem)
        } catch {
            claim(false, "\(error)")
        }
        var content = fileSystem.contents["/t"] ?? []
        let isDamaged = input.bool()
        if isDamaged { Damage.apply(&input, to: &content) }
        let table = claimed("memory is read") {
            try SegmentTable(
                path: "/t", segment: 1, coveredBytes: 4_096, store: store,
                fileSystem: MemoryFileSystem(["/t": content]))
        }
        claim(table != nil || isDamaged, "a sound table is not opened")
        for recording in 0..<UInt64(5) {
            var found: [FrameEntry] = []
            guard let table, (try? table.append(framesOf: recording, to: &found)) != nil else {
                claim(isDamaged, "a sound table is called damaged")
                continue
            }
            claim(found == entries.filter { $0.recording == recording }, "frames of \(recording) are missed or made up")
        }
    }

    /// The table of ids, its slots filled with anything: a search ends, and what is put in is found.
    private static func ids(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let capacity = 1 << 16
        let exponent = UInt64(input.byte() % 40)
        var writer = ByteWriter()
        writer.append(0x3144_4C52 as UInt64)
        writer.append(input.bool() ? UInt64(capacity) : 1 << exponent)
        writer.append(0 as UInt64)
        writer.append(CRC32C.checksum(writer.bytes))
        writer.appendZeros(4_096 - writer.bytes.count)
        var content = writer.bytes
        switch input.byte() % 4 {
        case 0: content += [UInt8](repeating: 0, count: 8 * capacity)
        case 1: content += [UInt8](repeating: input.byte(), count: 8 * capacity)
        case 2: content += [UInt8](repeating: 0, count: 8 * input.number(below: capacity))
        default:
            content += [UInt8](repeating: 0, count: 8 * capacity)
            for index in 4_096..<4_096 + 8 * input.number(below: capacity) { content[index] = 0xA5 }
        }
        Damage.apply(&input, to: &content)
        guard let table = IDTable(path: "/ids", fileSystem: MemoryFileSystem(["/ids": content])) else { return }
        let id = claimed(UUIDv7(high: input.word() & ~0xF000 | 0x7000, low: 1 << 63 | input.word() >> 2), "a UUID")
        for number in table.candidates(id) { claim(number < 1 << 40, "number \(number)") }
        do {
            try table.reserve(pendingCount: 0) { _ in nil }
            try table.insert(id, number: 7)
        } catch {
            claim(false, "\(error)")
        }
        claim(table.candidates(id).contains(7), "an id that was put in is not found")
    }
}
