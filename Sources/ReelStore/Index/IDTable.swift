import ReelCodec
import ReelFormat
import ReelSystem

/// Finds a recording's number by its id: open addressing over 8-byte slots in `index/ids`. FORMAT.md §13.
///
/// Slot 0 is the head: capacity and checksum. A slot holds 24 bits of the id's hash and 40 bits of the number; the row
/// decides whether it is the one. A number's slot is never removed, so a slot once written is right for ever.
final class IDTable: Sendable {
    private static let magic: UInt64 = 0x3144_4C52  // "RLD1" on disk
    private static let headBytes = 4096
    private static let capacityMin = 1 << 10

    private struct State {
        var slots: SlotFile
        var capacity: Int
        var count: Int
    }

    private let state: Monitor<State>
    private let path: String
    private let fileSystem: any FileSystem

    /// Opens the table; nil where it is missing or damaged.
    init?(path: String, fileSystem: any FileSystem) {
        self.path = path
        self.fileSystem = fileSystem
        guard let file = try? fileSystem.open(path, .existing),
            let head = try? file.read(32, at: 0), head.count == 32
        else { return nil }
        let words = head.span
        let capacity: UInt64 = words.bytes.field(8)
        let check: UInt32 = words.bytes.field(24)
        guard words.bytes.field(0, as: UInt64.self) == IDTable.magic,
            check == CRC32C.checksum(words.bytes.extracting(0..<24)),
            capacity.nonzeroBitCount == 1, (UInt64(IDTable.capacityMin)...1 << 32).contains(capacity),
            let slots = try? SlotFile(file, slotBytes: 8, firstSlotBytes: IDTable.headBytes),
            slots.slotCount >= Int(capacity)
        else { return nil }
        let used = slots.withSlots(0..<Int(capacity)) { span in
            stride(from: 0, to: span.byteCount, by: 8).count { span.field($0, as: UInt64.self) != 0 }
        }
        // It grows at three fifths, so what is fuller is damage; and without an empty slot no search would end.
        guard used * 5 <= Int(capacity) * 4 else { return nil }
        state = Monitor(State(slots: slots, capacity: Int(capacity), count: used))
    }

    /// Makes the table anew from the ids given, with room to grow.
    init(path: String, fileSystem: any FileSystem, ids: [(UUIDv7, UInt64)]) throws(SystemError) {
        self.path = path
        self.fileSystem = fileSystem
        state = Monitor(try IDTable.make(path: path, fileSystem: fileSystem, ids: ids))
    }

    /// The numbers that may have the id; whoever asks compares the rows.
    func candidates(_ id: UUIDv7) -> [UInt64] {
        let hash = IDTable.hash(id)
        return state.withLock { state in
            var found: [UInt64] = []
            state.slots.withSlots(0..<state.capacity) { span in
                var position = Int(truncatingIfNeeded: hash) & (state.capacity - 1)
                while true {
                    let slot: UInt64 = span.field(position * 8)
                    if slot == 0 { return }
                    if slot >> 40 == hash >> 40 { found.append(slot & 0xFF_FFFF_FFFF) }
                    position = (position + 1) & (state.capacity - 1)
                }
            }
            return found
        }
    }

    /// What a checkpoint says of the slots of numbers below `end`, wherever in the table they lie.
    func checksum(below end: UInt64) -> UInt64 {
        state.withLock { state in
            state.slots.withSlots(0..<state.capacity) { span in
                var sum: UInt64 = 0
                for offset in stride(from: 0, to: span.byteCount, by: 8) {
                    let slot: UInt64 = span.field(offset)
                    if slot != 0, slot & 0xFF_FFFF_FFFF < end { sum &+= IDTable.mixed(slot) }
                }
                return sum
            }
        }
    }

    /// Whether the file was found shorter than it was: ids that it had may not be found any more.
    var hasFaulted: Bool { state.withLock { $0.slots.hasFaulted } }

    /// Makes room for one more recording.
    ///
    /// - Parameters:
    ///   - pendingCount: recordings that room was made for and that are not in the table yet. A commit may hold more
    ///     starts than a small table has slots, and in a full table no search ends.
    ///   - idOf: the id of a number the table holds.
    func reserve(pendingCount: Int, idOf: (UInt64) -> UUIDv7?) throws(SystemError) {
        try state.withLock { (state) throws(SystemError) in
            guard (state.count + pendingCount) * 5 >= state.capacity * 3 else { return }
            var ids: [(UUIDv7, UInt64)] = []
            state.slots.withSlots(0..<state.capacity) { span in
                for offset in stride(from: 0, to: span.byteCount, by: 8) {
                    let slot: UInt64 = span.field(offset)
                    let number = slot & 0xFF_FFFF_FFFF
                    if slot != 0, let id = idOf(number) { ids.append((id, number)) }
                }
            }
            state = try IDTable.make(path: path, fileSystem: fileSystem, ids: ids, pendingCount: pendingCount + 1)
        }
    }

    /// Adds a recording for which room was reserved; adding it again changes nothing.
    func insert(_ id: UUIDv7, number: UInt64) throws(SystemError) {
        if candidates(id).contains(number) { return }
        try state.withLock { (state) throws(SystemError) in
            precondition(state.count + 1 < state.capacity, "no room was reserved")
            let (position, slot) = IDTable.place(id, number, in: state)
            var writer = ByteWriter(capacityBytes: 8)
            writer.append(slot)
            try state.slots.write(writer.bytes, slot: position)
            state.count += 1
        }
    }

    func sync() throws(SystemError) {
        let file = state.withLock { $0.slots.file }
        try file.sync()
    }

    private static func place(_ id: UUIDv7, _ number: UInt64, in state: State) -> (Int, UInt64) {
        let hash = hash(id)
        let position = state.slots.withSlots(0..<state.capacity) { span in
            var position = Int(truncatingIfNeeded: hash) & (state.capacity - 1)
            while span.field(position * 8, as: UInt64.self) != 0 {
                position = (position + 1) & (state.capacity - 1)
            }
            return position
        }
        return (position, (hash & ~0xFF_FFFF_FFFF) | number)
    }

    private static func make(
        path: String, fileSystem: any FileSystem, ids: [(UUIDv7, UInt64)], pendingCount: Int = 0
    ) throws(SystemError) -> State {
        var capacity = capacityMin
        while (ids.count + pendingCount) * 3 > capacity { capacity *= 2 }
        var slots = [UInt64](repeating: 0, count: capacity)
        for (id, number) in ids {
            let hash = hash(id)
            var position = Int(truncatingIfNeeded: hash) & (capacity - 1)
            while slots[position] != 0 { position = (position + 1) & (capacity - 1) }
            slots[position] = (hash & ~0xFF_FFFF_FFFF) | number
        }
        var writer = ByteWriter(capacityBytes: headBytes + 8 * capacity)
        writer.append(magic)
        writer.append(UInt64(capacity))
        writer.append(UInt64(0))
        writer.append(CRC32C.checksum(writer.bytes))
        writer.appendZeros(headBytes - writer.bytes.count)
        for slot in slots { writer.append(slot) }
        let draft = path + ".new"
        let file = try fileSystem.openDerived(draft)
        try file.truncate(to: 0)
        try file.write(writer.bytes, at: 0)
        // Slots from before the last checkpoint are not replayed: they must be there before the old file goes.
        try file.sync()
        try fileSystem.rename(draft, to: path)
        // Else a power cut after the next checkpoint brings the old file back, without the newest ids.
        try fileSystem.syncDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        let slotFile = try SlotFile(file, slotBytes: 8, firstSlotBytes: headBytes)
        return State(slots: slotFile, capacity: capacity, count: ids.count)
    }

    /// Ids are random in their low bits only, so both halves are mixed (a round of SplitMix64).
    private static func hash(_ id: UUIDv7) -> UInt64 {
        mixed(id.high ^ (id.low &* 0x9E37_79B9_7F4A_7C15)) | 1 << 63
    }

    private static func mixed(_ number: UInt64) -> UInt64 {
        var value = number
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
