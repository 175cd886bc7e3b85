import ReelCodec

/// The rings that belong together: those of one store, of one version of its data keys, under one of its store keys.
package struct RingSet: Hashable, Sendable {
    package var store: StoreID
    /// The version of the data keys, which frames name; from 1.
    package var keyID: UInt64
    /// The number of the store key they are wrapped under; from 1, one more each rotation.
    package var generation: UInt64

    package init(store: StoreID, keyID: UInt64, generation: UInt64) {
        self.store = store
        self.keyID = keyID
        self.generation = generation
    }
}

/// One of the two files that hold the same slots. The first is always written and synced before the second is touched.
package enum RingCopy: UInt8, CaseIterable, Sendable {
    case first = 0
    case second = 1

    package var other: RingCopy { self == .first ? .second : .first }
}

/// Begins a ring: whose it is, and which recordings' keys are in it. Written once. FORMAT.md §21.
package struct RingHeader: Hashable, Sendable {
    package static let sizeBytes = 512
    package static let magic: UInt32 = 0x314B_4C52  // "RLK1" on disk
    package static let version: UInt32 = 1

    package var rings: RingSet
    /// Holds the recordings from page · 1,024 + 1 on.
    package var page: UInt64
    package var copy: RingCopy

    package init(rings: RingSet, page: UInt64, copy: RingCopy) {
        self.rings = rings
        self.page = page
        self.copy = copy
    }

    /// The 512 bytes at the ring's beginning.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: RingHeader.sizeBytes)
        writer.append(RingHeader.magic)
        writer.append(RingHeader.version)
        writer.append(rings.store.high)
        writer.append(rings.store.low)
        writer.append(page)
        writer.append(rings.keyID)
        writer.append(rings.generation)
        writer.append(copy.rawValue)
        writer.appendZeros(RingHeader.sizeBytes - 4 - writer.bytes.count)
        writer.append(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// Nil where the sector holds no valid header of this version.
    ///
    /// - Parameter span: at least 512 bytes; what follows is ignored.
    package init?(decoding span: RawSpan) {
        guard span.byteCount >= RingHeader.sizeBytes, span.field(0, as: UInt32.self) == RingHeader.magic,
            span.field(508, as: UInt32.self) == CRC32C.checksum(span.extracting(0..<508)),
            span.field(4, as: UInt32.self) == RingHeader.version, let copy = RingCopy(rawValue: span.field(48))
        else { return nil }
        self.copy = copy
        page = span.field(24)
        rings = RingSet(
            store: StoreID(high: span.field(8), low: span.field(16)), keyID: span.field(32), generation: span.field(40))
    }

    /// `0000000003.1-2a.ring`: page 3, version 1 of the data keys, generation 2, the first copy.
    package var fileName: String {
        let digits = String(page)
        return String(repeating: "0", count: max(0, 10 - digits.count)) + digits
            + ".\(rings.keyID)-\(rings.generation)\(copy == .first ? "a" : "b").ring"
    }

    /// What a ring's name says; nil for any other name.
    package init?(fileName: String, store: StoreID) {
        guard fileName.hasSuffix(".ring"), let mark = fileName.dropLast(5).last, mark == "a" || mark == "b" else {
            return nil
        }
        let parts = fileName.dropLast(6).split(separator: ".", omittingEmptySubsequences: false)
        let versions = parts.last?.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) } ?? []
        guard parts.count == 2, versions.count == 2, let page = UInt64(parts[0]), page <= Ring.pageMax,
            let keyID = versions[0], let generation = versions[1]
        else { return nil }
        self.init(
            rings: RingSet(store: store, keyID: keyID, generation: generation), page: page,
            copy: mark == "a" ? .first : .second)
        // Other ways to write the same numbers are no names.
        guard self.fileName == fileName else { return nil }
    }
}
