import ReelSystem

/// A file of fixed-size slots, mapped for readers and written with pwrite(2): the kernel copies a slot into its page
/// in one piece, so that even a killed daemon leaves no half slot in the page cache.
///
/// One thread writes; any thread reads. A reader that meets a slot being written sees a checksum that does not hold
/// and looks again.
final class SlotFile: Sendable {
    /// The address space reserved: the file grows into it without a new mapping.
    private static let windowBytes = 64 << 30
    /// The file grows by this much at a time.
    private static let growthBytes: UInt64 = 1 << 20
    private static let readAttemptMax = 1000
    private static let clearingBytes = 64 << 10

    let file: any File
    private let mapping: any Mapping
    private let slotBytes: Int
    private let firstSlotBytes: Int
    /// How much of the file exists; reads behind it would fault.
    private let sizeBytes: Monitor<UInt64>

    /// - Parameters:
    ///   - firstSlotBytes: where slot 0 begins; a multiple of the slot's size.
    init(_ file: any File, slotBytes: Int, firstSlotBytes: Int) throws(SystemError) {
        self.file = file
        self.slotBytes = slotBytes
        self.firstSlotBytes = firstSlotBytes
        mapping = try file.map(windowBytes: SlotFile.windowBytes)
        sizeBytes = Monitor(try file.sizeBytes())
    }

    /// Slots that the file has room for now.
    var slotCount: Int {
        let size = Int(sizeBytes.withLock { $0 })
        return max(0, size - firstSlotBytes) / slotBytes
    }

    /// Whether the file was found shorter than it was; what was read since is not to be trusted.
    var hasFaulted: Bool { mapping.hasFaulted }

    /// Decodes a slot; nil where it does not exist or stays unsound.
    func read<Slot>(_ index: Int, _ decode: (RawSpan) -> Slot?) -> Slot? {
        guard index >= 0, index < slotCount else { return nil }
        let start = firstSlotBytes + index * slotBytes
        for _ in 0..<SlotFile.readAttemptMax {
            if let slot = mapping.withBytes(start..<start + slotBytes, decode) { return slot }
            // Never written: zeros cannot become sound by waiting.
            if mapping.withBytes(start..<start + slotBytes, { $0.isZero }) { return nil }
        }
        return nil
    }

    /// Whether a slot was never used, or is what `check` calls sound.
    func holdsSound(_ index: Int, _ check: (RawSpan) -> Bool) -> Bool {
        let start = firstSlotBytes + index * slotBytes
        for _ in 0..<SlotFile.readAttemptMax {
            let isSound = mapping.withBytes(start..<start + slotBytes) { $0.isZero || check($0) }
            if isSound { return true }
        }
        return false
    }

    /// Calls `body` with the raw bytes of a range of slots; they may be changing.
    func withSlots<Result>(_ range: Range<Int>, _ body: (RawSpan) -> Result) -> Result {
        precondition(range.upperBound <= slotCount)
        let start = firstSlotBytes + range.lowerBound * slotBytes
        return mapping.withBytes(start..<start + range.count * slotBytes, body)
    }

    func write(_ bytes: [UInt8], slot index: Int) throws(SystemError) {
        precondition(bytes.count == slotBytes)
        let start = UInt64(firstSlotBytes + index * slotBytes)
        try grow(to: start + UInt64(slotBytes))
        try file.write(bytes, at: start)
    }

    /// Writes zeros over slots that hold something, runs of them in one piece.
    func clear(_ range: Range<Int>) throws(SystemError) {
        let pieceMax = max(1, SlotFile.clearingBytes / slotBytes)
        var start = range.lowerBound
        let end = min(range.upperBound, slotCount)
        while start < end {
            let piece = start..<min(start + pieceMax, end)
            let isUsed = withSlots(piece) { !$0.isZero }
            if isUsed {
                let zeros = [UInt8](repeating: 0, count: piece.count * slotBytes)
                try file.write(zeros, at: UInt64(firstSlotBytes + start * slotBytes))
            }
            start = piece.upperBound
        }
    }

    /// Makes sure that writing a slot will find its place on the disk.
    func reserve(slot index: Int) throws(SystemError) {
        try grow(to: UInt64(firstSlotBytes + (index + 1) * slotBytes))
    }

    private func grow(to neededBytes: UInt64) throws(SystemError) {
        let size = sizeBytes.withLock { $0 }
        guard size < neededBytes else { return }
        let target = (neededBytes + SlotFile.growthBytes - 1) / SlotFile.growthBytes * SlotFile.growthBytes
        try file.allocate(target)
        sizeBytes.withLock { $0 = target }
    }
}
