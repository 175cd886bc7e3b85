/// What a crash makes of one change that was not yet durable.
package enum Fate: Hashable, Sendable {
    case kept
    case lost
    /// A write whose place is there and whose bytes are not: zeros.
    case zeroed
    /// A write of which only some sectors of 512 bytes arrived, those whose bit is set; from the 64th on the bits repeat.
    ///
    /// - Parameter isSizeKept: the file has the size it would have had; else it ends with the last sector that arrived.
    case torn(sectors: UInt64, isSizeKept: Bool)

    package static let sectorSizeBytes = 512
}

/// One change that a crash may take: a write or a new size of a file, or an entry of a directory.
package struct PendingChange: Sendable {
    /// Its place in the trace.
    package let call: Int
    /// Changes of one file, or of one directory's entries, have the same one: they often share their fate.
    package let group: String
    /// Sectors a write touches; 0 where the change can only be kept or lost.
    package let sectorCount: Int

    var isWrite: Bool { sectorCount > 0 }

    /// Every fate worth trying where there are few changes.
    var fates: [Fate] {
        guard isWrite else { return [.kept, .lost] }
        guard sectorCount > 1 else { return [.kept, .lost, .zeroed] }
        let all = sectorCount >= 64 ? UInt64.max : (1 << UInt64(sectorCount)) - 1
        let half = UInt64(min(sectorCount, 63) / 2)
        let first = (UInt64(1) << half) - 1
        return [
            .kept, .lost, .zeroed, .torn(sectors: first, isSizeKept: false),
            .torn(sectors: first, isSizeKept: true), .torn(sectors: all & ~first, isSizeKept: true),
            .torn(sectors: all & ~1, isSizeKept: true),
        ]
    }

    func randomFate(_ random: inout some RandomNumberGenerator) -> Fate {
        guard isWrite else { return Bool.random(using: &random) ? .kept : .lost }
        switch Int.random(in: 0..<(sectorCount > 1 ? 6 : 3), using: &random) {
        case 0: return .kept
        case 1: return .lost
        case 2: return .zeroed
        default:
            let all = sectorCount >= 64 ? UInt64.max : (1 << UInt64(sectorCount)) - 1
            return .torn(sectors: UInt64.random(in: 0...all, using: &random), isSizeKept: Bool.random(using: &random))
        }
    }
}

/// SplitMix64: the same seed gives the same numbers everywhere.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
