/// One file of a replayed trace: bytes that are certain, and changes that are not.
struct FileReplay: Sendable {
    enum Change: Sendable {
        case write(offset: Int, bytes: [UInt8])
        case truncate(size: Int)
        case allocate(size: Int)
    }

    private struct Step: Sendable {
        var call: Int
        var change: Change
        var isCertain = false
        /// A sync of it failed: no later sync says anything of it.
        var isLeftUnknown = false
    }

    private let number: Int
    private var base: [UInt8]
    /// The changes in the base, as a digest.
    private var baseDigest = 0
    private var steps: [Step] = []

    init(_ bytes: [UInt8], number: Int) {
        base = bytes
        self.number = number
    }

    mutating func add(_ change: Change, call: Int) { steps.append(Step(call: call, change: change)) }

    mutating func sync(isGood: Bool) {
        for index in steps.indices where !steps[index].isCertain && !steps[index].isLeftUnknown {
            steps[index].isCertain = isGood
            steps[index].isLeftUnknown = !isGood
        }
        // Behind a change left unknown even certain ones stay in their order.
        while let first = steps.first, first.isCertain {
            FileReplay.apply(first.change, .kept, to: &base)
            var hasher = Hasher()
            hasher.combine(baseDigest)
            hasher.combine(first.call)
            baseDigest = hasher.finalize()
            steps.removeFirst()
        }
    }

    var pending: [PendingChange] {
        steps.filter { !$0.isCertain }.map { step in
            var sectorCount = 0
            if case .write(let offset, let bytes) = step.change, !bytes.isEmpty {
                let size = Fate.sectorSizeBytes
                sectorCount = (offset + bytes.count - 1) / size - offset / size + 1
            }
            return PendingChange(call: step.call, group: "#\(number)", sectorCount: sectorCount)
        }
    }

    func bytes(_ fates: [Int: Fate]) -> [UInt8] {
        var bytes = base
        for step in steps { FileReplay.apply(step.change, fate(of: step, fates), to: &bytes) }
        return bytes
    }

    func hash(_ fates: [Int: Fate], into hasher: inout Hasher) {
        // As if all that is kept had been folded into the base, so that a later sync changes no digest.
        var digest = baseDigest
        for step in steps {
            let fate = fate(of: step, fates)
            if fate == .lost { continue }
            var hasher = Hasher()
            hasher.combine(digest)
            hasher.combine(step.call)
            if fate != .kept { hasher.combine(fate) }
            digest = hasher.finalize()
        }
        hasher.combine(number)
        hasher.combine(digest)
    }

    private func fate(of step: Step, _ fates: [Int: Fate]) -> Fate {
        step.isCertain ? .kept : fates[step.call] ?? .kept
    }

    private static func apply(_ change: Change, _ fate: Fate, to bytes: inout [UInt8]) {
        if fate == .lost { return }
        switch change {
        case .truncate(let size): bytes.resize(to: size)
        case .allocate(let size): if bytes.count < size { bytes.resize(to: size) }
        case .write(let offset, let written):
            switch fate {
            case .kept: bytes.put(written[...], at: offset)
            case .zeroed: bytes.putZeros(written.count, at: offset)
            case .lost: return
            case .torn(let sectors, let isSizeKept):
                let end = offset + written.count
                if isSizeKept, bytes.count < end { bytes.resize(to: end) }
                var start = offset
                var bit: UInt64 = 0
                while start < end {
                    let next = min(end, (start / Fate.sectorSizeBytes + 1) * Fate.sectorSizeBytes)
                    if sectors >> (bit % 64) & 1 == 1 { bytes.put(written[start - offset..<next - offset], at: start) }
                    start = next
                    bit += 1
                }
            }
        }
    }
}
