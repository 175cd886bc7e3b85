import ReelCodec

/// A ring's shape: a header in a block of its own, then the slots of 1,024 recordings. FORMAT.md §21.
package enum Ring {
    package static let slotCount: UInt64 = 1024
    /// What is written at once when numbers are given out: so many slots, which no write of another number touches.
    package static let blockSlotCount: UInt64 = 32
    /// A block, and the header with the zeros behind it.
    package static let blockSizeBytes = 4096
    package static let sizeBytes = blockSizeBytes + Int(slotCount) * KeyringSlot.sizeBytes
    /// So that the numbers of its recordings fit.
    static let pageMax = (UInt64.max - slotCount) / slotCount

    /// The page with a recording's slot. Recordings are numbered from 1.
    package static func page(of recording: UInt64) -> UInt64 { (recording - 1) / slotCount }

    /// The recordings whose slots are in a page.
    package static func recordings(of page: UInt64) -> ClosedRange<UInt64> {
        page * slotCount + 1...page * slotCount + slotCount
    }

    /// Where a recording's slot begins in its ring.
    package static func offset(of recording: UInt64) -> UInt64 {
        UInt64(blockSizeBytes) + (recording - 1) % slotCount * UInt64(KeyringSlot.sizeBytes)
    }

    /// The recordings whose slots share a block with this one's: keys are made for all of them at once.
    package static func block(of recording: UInt64) -> ClosedRange<UInt64> {
        let first = (recording - 1) / blockSlotCount * blockSlotCount + 1
        return first...first + blockSlotCount - 1
    }

    /// A ring without keys.
    package static func empty(_ header: RingHeader) -> [UInt8] {
        header.encoded() + Array(repeating: 0, count: sizeBytes - RingHeader.sizeBytes)
    }

    /// Reads one copy of a ring.
    ///
    /// - Parameters:
    ///   - bytes: of the file, of whatever length.
    ///   - expected: what its header must say.
    /// - Returns: whether the header is that one, and what each of the 1,024 slots says. Slots that are cut off are unsound and
    ///   not empty, as rings are made in their full length. Under another header a destroyed slot is unsound: a
    ///   ring that came from elsewhere must not take keys away. A live one counts, as its seal will show whose it is.
    package static func read(_ bytes: [UInt8], expecting expected: RingHeader) -> (
        isHeaderSound: Bool, slots: [KeyringSlot.Reading]
    ) {
        let words = bytes.span
        let span = words.bytes
        let isHeaderSound = RingHeader(decoding: span) == expected
        let slots = recordings(of: expected.page).map { recording -> KeyringSlot.Reading in
            let offset = Int(Ring.offset(of: recording))
            guard offset + KeyringSlot.sizeBytes <= span.byteCount else { return .unsound }
            let slot = KeyringSlot.read(span.extracting(offset..<offset + KeyringSlot.sizeBytes), of: recording)
            if case .sound(let slot) = slot, slot.isDestroyed, !isHeaderSound { return .unsound }
            return slot
        }
        return (isHeaderSound, slots)
    }
}
