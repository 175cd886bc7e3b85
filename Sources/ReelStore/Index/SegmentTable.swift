import ReelCodec
import ReelFormat
import ReelSystem

/// The frames of a sealed segment, sorted by recording and ordinal: in memory until its file is written, then mapped.
final class SegmentTable: Sendable {
    private enum Storage: Sendable {
        case memory([FrameEntry])
        case mapped(any Mapping)
    }

    let count: Int
    /// The recordings with frames in the segment lie in this range; nil where there are none.
    let recordings: ClosedRange<UInt64>?
    private let storage: Storage

    init(_ entries: [FrameEntry]) {
        let sorted = entries.sorted(by: FrameEntry.tableOrder)
        storage = .memory(sorted)
        count = sorted.count
        if let first = sorted.first, let last = sorted.last {
            recordings = first.recording...last.recording
        } else {
            recordings = nil
        }
    }

    /// Maps a table file.
    ///
    /// - Returns: nil where the file is damaged, of another store or segment, or covers another length.
    /// - Throws: why it could not be read.
    init?(
        path: String, segment: UInt64, coveredBytes: UInt64, store: StoreID, fileSystem: any FileSystem
    ) throws(SystemError) {
        let header = try SegmentTable.header(path: path, segment: segment, store: store, fileSystem: fileSystem)
        guard let header, header.coveredBytes == coveredBytes else { return nil }
        let file = try fileSystem.open(path, .readOnly)
        let size = try file.sizeBytes()
        guard size == UInt64(SegmentTableHeader.sizeBytes) + header.entryCount * UInt64(FrameEntry.sizeBytes) else {
            return nil
        }
        let mapping = try file.map(windowBytes: max(Int(size), 4096))
        count = Int(header.entryCount)
        storage = .mapped(mapping)
        if count == 0 {
            recordings = nil
        } else {
            guard let first = SegmentTable.entry(0, in: mapping), let last = SegmentTable.entry(count - 1, in: mapping),
                first.recording <= last.recording
            else { return nil }
            recordings = first.recording...last.recording
        }
    }

    /// Whether it is read from its file.
    var isMapped: Bool { if case .mapped = storage { true } else { false } }

    /// The header of a table file; nil where it is damaged, or of another store or segment.
    ///
    /// - Throws: why it could not be read; `isMissing` where there is none.
    static func header(
        path: String, segment: UInt64, store: StoreID, fileSystem: any FileSystem
    ) throws(SystemError) -> SegmentTableHeader? {
        let bytes = try fileSystem.open(path, .readOnly).read(SegmentTableHeader.sizeBytes, at: 0)
        guard let header = SegmentTableHeader(decoding: bytes), header.segment == segment, header.store == store
        else { return nil }
        return header
    }

    /// The segments that have a table file, in order.
    static func numbers(in paths: StorePaths, _ fileSystem: any FileSystem) throws(SystemError) -> [UInt64] {
        try fileSystem.list(paths.index).compactMap { StorePaths.number(of: $0, suffix: ".frames") }.sorted()
    }

    /// Nil where the mapped entry is damaged.
    func entry(_ index: Int) -> FrameEntry? {
        switch storage {
        case .memory(let entries): entries[index]
        case .mapped(let mapping): SegmentTable.entry(index, in: mapping)
        }
    }

    private static func entry(_ index: Int, in mapping: any Mapping) -> FrameEntry? {
        let offset = SegmentTableHeader.sizeBytes + index * FrameEntry.sizeBytes
        return mapping.withBytes(offset..<offset + FrameEntry.sizeBytes) { FrameEntry(decoding: $0) }
    }

    /// Appends the recording's frames in order of ordinal.
    ///
    /// - Throws: where an entry on the way is damaged; the table is to be made anew.
    func append(framesOf recording: UInt64, to list: inout [FrameEntry]) throws(TableDamage) {
        guard let recordings, recordings.contains(recording) else { return }
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            guard let entry = entry(middle) else { throw TableDamage() }
            if entry.recording < recording { low = middle + 1 } else { high = middle }
        }
        while low < count {
            guard let entry = entry(low) else { throw TableDamage() }
            guard entry.recording == recording else { return }
            list.append(entry)
            low += 1
        }
    }

    /// Every entry, in table order.
    func all() throws(TableDamage) -> [FrameEntry] {
        var list: [FrameEntry] = []
        list.reserveCapacity(count)
        for index in 0..<count {
            guard let entry = entry(index) else { throw TableDamage() }
            list.append(entry)
        }
        return list
    }

    /// Writes entries as a table file beside its place and renames it there; not synced.
    static func write(
        _ entries: [FrameEntry], header: SegmentTableHeader, to path: String, fileSystem: any FileSystem
    ) throws(SystemError) {
        var writer = ByteWriter(capacityBytes: SegmentTableHeader.sizeBytes + entries.count * FrameEntry.sizeBytes)
        writer.append(header.encoded())
        for entry in entries { writer.append(entry.encoded()) }
        let draft = path + ".new"
        let file = try fileSystem.openDerived(draft)
        try file.truncate(to: 0)
        try file.write(writer.bytes, at: 0)
        try file.sync()
        try fileSystem.rename(draft, to: path)
    }
}

/// A table on disk that does not hold what it should; it is derived, so it is made anew.
struct TableDamage: Error {}
