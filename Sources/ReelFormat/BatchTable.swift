import ReelCodec

/// One accepted batch: enough to give its first answer again.
package struct BatchRecord: Hashable, Sendable {
    /// Keyed digest of the writer's name.
    package var writer: UInt64
    package var batch: UInt64
    package var bodyHash: UInt64
    package var firstOrdinal: UInt64
    package var eventCount: UInt32

    package init(writer: UInt64, batch: UInt64, bodyHash: UInt64, firstOrdinal: UInt64, eventCount: UInt32) {
        self.writer = writer
        self.batch = batch
        self.bodyHash = bodyHash
        self.firstOrdinal = firstOrdinal
        self.eventCount = eventCount
    }
}

/// The batches that a merged chunk was made of; they stand before its gzip member. FORMAT.md §7.
///
/// Writers are named once each; batch numbers and ordinals are written as differences, because a compacted small
/// recording has a few hundred bytes in all.
package enum BatchTable {
    /// The table of these batches; no bytes for none.
    package static func encoded(_ records: [BatchRecord]) -> [UInt8] {
        guard !records.isEmpty else { return [] }
        var writer = ByteWriter(capacityBytes: 16 + 12 * records.count)
        var writers: [UInt64] = []
        for record in records where !writers.contains(record.writer) { writers.append(record.writer) }
        writer.appendVarint(UInt64(writers.count))
        for name in writers { writer.append(name) }
        writer.appendVarint(UInt64(records.count))
        var batch: UInt64 = 0
        var ordinal: UInt64 = 0
        for record in records {
            if writers.count > 1 { writer.appendVarint(UInt64(writers.firstIndex(of: record.writer) ?? 0)) }
            writer.appendVarint(zigzag(record.batch &- batch))
            writer.append(record.bodyHash)
            writer.appendVarint(zigzag(record.firstOrdinal &- ordinal))
            writer.appendVarint(UInt64(record.eventCount))
            batch = record.batch
            ordinal = record.firstOrdinal &+ UInt64(record.eventCount)
        }
        return writer.bytes
    }

    /// - Throws: where the bytes end inside the table, or a number in it is out of its range. What follows the table
    ///   is not looked at.
    package static func decode(_ bytes: [UInt8]) throws(ShortInput) -> [BatchRecord] {
        guard !bytes.isEmpty else { return [] }
        var reader = ByteReader(bytes)
        let writerCount = try reader.readVarint()
        var writers: [UInt64] = []
        for _ in 0..<writerCount { writers.append(try reader.read()) }
        let count = try reader.readVarint()
        var records: [BatchRecord] = []
        var batch: UInt64 = 0
        var ordinal: UInt64 = 0
        for _ in 0..<count {
            let index = writers.count > 1 ? try reader.readVarint() : 0
            guard index < writers.count else { throw ShortInput(offsetBytes: reader.position) }
            batch = batch &+ unzigzag(try reader.readVarint())
            let hash = try reader.read(UInt64.self)
            ordinal = ordinal &+ unzigzag(try reader.readVarint())
            guard let events = UInt32(exactly: try reader.readVarint()) else {
                throw ShortInput(offsetBytes: reader.position)
            }
            records.append(
                BatchRecord(
                    writer: writers[Int(index)], batch: batch, bodyHash: hash, firstOrdinal: ordinal, eventCount: events
                ))
            ordinal = ordinal &+ UInt64(events)
        }
        return records
    }

    /// A difference of either sign as a small unsigned number.
    private static func zigzag(_ difference: UInt64) -> UInt64 {
        let signed = Int64(bitPattern: difference)
        return UInt64(bitPattern: (signed << 1) ^ (signed >> 63))
    }

    private static func unzigzag(_ value: UInt64) -> UInt64 { (value >> 1) ^ (0 &- (value & 1)) }
}
