import ReelCodec

/// One line of `erased.ledger`: an erasure, in text. FORMAT.md §22.
package struct LedgerLine: Hashable, Sendable {
    package var store: StoreID
    package var tombstone: Tombstone

    package init(store: StoreID, tombstone: Tombstone) {
        self.store = store
        self.tombstone = tombstone
    }

    /// What tells one erased recording from any other: a number alone may have been given again after an older copy of the
    /// store was put back.
    package var recording: LedgerRecording { LedgerRecording(number: tombstone.recording, id: tombstone.id) }

    /// Appends the line to a ledger's text.
    ///
    /// - Parameter chain: the checksum of the line before, 0 for the first one; this line's afterwards.
    package func append(to text: inout [UInt8], chain: inout UInt32) {
        let start = text.count
        let body =
            "\(store.hexadecimal) \(tombstone.recording) \(tombstone.id) \(tombstone.erasedMicroseconds) \(tombstone.lsn)"
        text.append(contentsOf: body.utf8)
        chain = LedgerLine.checksum(of: text[start...], after: chain)
        text.append(contentsOf: " \(LedgerLine.digits(chain))\n".utf8)
    }

    /// - Parameters:
    ///   - line: without its line feed.
    ///   - chain: the checksum of the line before.
    init?(_ line: ArraySlice<UInt8>, after chain: UInt32) {
        guard let blank = line.lastIndex(of: UInt8(ascii: " ")),
            let written = LedgerLine.writtenChecksum(of: line),
            written == LedgerLine.checksum(of: line[..<blank], after: chain)
        else { return nil }
        let fields = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
        guard fields.count == 6, let store = StoreID(hexadecimal: fields[0]), let number = UInt64(fields[1]),
            let id = UUIDv7(String(fields[2])), let time = Int64(fields[3]), let lsn = UInt64(fields[4])
        else { return nil }
        self.init(
            store: store, tombstone: Tombstone(recording: number, id: id, erasedMicroseconds: time, lsn: lsn))
    }

    /// What a line says its checksum is, sound or not: the line behind it is chained to that.
    static func writtenChecksum(of line: ArraySlice<UInt8>) -> UInt32? {
        guard let blank = line.lastIndex(of: UInt8(ascii: " ")), line.endIndex - blank == 9 else { return nil }
        return UInt32(String(decoding: line[(blank + 1)...], as: UTF8.self), radix: 16)
    }

    private static func checksum(of body: ArraySlice<UInt8>, after chain: UInt32) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(Array(digits(chain).utf8))
        checksum.update(Array(body))
        return checksum.value
    }

    private static func digits(_ checksum: UInt32) -> String {
        let digits = String(checksum, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}

/// A recording by both its names.
package struct LedgerRecording: Hashable, Sendable {
    package var number: UInt64
    package var id: UUIDv7

    package init(number: UInt64, id: UUIDv7) {
        self.number = number
        self.id = id
    }
}

/// A whole ledger, read.
package struct LedgerText: Sendable, Equatable {
    package var lines: [LedgerLine] = []
    /// Lines whose checksum or fields do not hold, by their number from 1.
    package var damagedLines: [Int] = []
    /// Bytes up to the end of the last whole line.
    package var wholeSizeBytes = 0
    /// Bytes behind it: a line that a crash, or a copy made at that moment, tore.
    package var tornSizeBytes = 0
    /// The last line's checksum, which the next one is chained to.
    package var chain: UInt32 = 0

    package init(decoding text: [UInt8]) {
        var number = 0
        var start = 0
        while let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) {
            number += 1
            let line = text[start..<end]
            if let sound = LedgerLine(line, after: chain) { lines.append(sound) } else { damagedLines.append(number) }
            chain = LedgerLine.writtenChecksum(of: line) ?? 0
            start = end + 1
        }
        wholeSizeBytes = start
        tornSizeBytes = text.count - start
    }
}
