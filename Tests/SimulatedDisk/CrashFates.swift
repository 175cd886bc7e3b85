/// Which fates are tried at a crash point.
package enum CrashFates {
    /// So many combinations are all tried; of more only samples are.
    package static let exhaustiveMax = 64

    /// The fates of pending changes, combination by combination.
    ///
    /// - Parameter sampleCount: beside the corner cases, where there are too many to try all.
    package static func combinations(
        of pending: [PendingChange], sampleCount: Int, _ random: inout some RandomNumberGenerator
    ) -> [[Int: Fate]] {
        var count = 1
        for change in pending where count <= exhaustiveMax { count *= change.fates.count }
        // Some are there twice then: a digest tells.
        if count <= exhaustiveMax { return corners(pending) + all(pending) }
        return corners(pending) + (0..<sampleCount).map { _ in sample(pending, &random) }
    }

    private static func all(_ pending: [PendingChange]) -> [[Int: Fate]] {
        var list: [[Int: Fate]] = [[:]]
        for change in pending {
            list = list.flatMap { fates in
                change.fates.map { fate in
                    var longer = fates
                    longer[change.call] = fate
                    return longer
                }
            }
        }
        return list
    }

    private static func corners(_ pending: [PendingChange]) -> [[Int: Fate]] {
        guard let first = pending.first, let last = pending.last else { return [[:]] }
        func each(_ fate: (PendingChange) -> Fate) -> [Int: Fate] {
            Dictionary(uniqueKeysWithValues: pending.map { ($0.call, fate($0)) })
        }
        return [
            each { _ in .kept },
            each { _ in .lost },
            each { $0.isWrite ? .zeroed : .kept },
            each { $0.call == last.call ? .lost : .kept },
            each { $0.call == first.call ? .lost : .kept },
            each { $0.call == last.call ? .kept : .lost },
            each { $0.isWrite ? .lost : .kept },
            each { $0.isWrite ? .kept : .lost },
        ]
    }

    /// The changes of a file often share their fate, as one write-back takes them all or none.
    private static func sample(
        _ pending: [PendingChange], _ random: inout some RandomNumberGenerator
    ) -> [Int: Fate] {
        var fates: [Int: Fate] = [:]
        var groups: [String: Int] = [:]
        let end = Int.random(in: 0...pending.count, using: &random)
        for (index, change) in pending.enumerated() {
            let mode = groups[change.group] ?? Int.random(in: 0..<10, using: &random)
            groups[change.group] = mode
            switch mode {
            case 0..<3: fates[change.call] = .kept
            case 3..<6: fates[change.call] = .lost
            case 6: fates[change.call] = index < end ? .kept : .lost
            default: fates[change.call] = change.randomFate(&random)
            }
        }
        return fates
    }
}
