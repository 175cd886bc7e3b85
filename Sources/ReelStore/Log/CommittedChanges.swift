import ReelFormat
import ReelSystem

/// What a commit changed, told once readers can see it.
package struct CommittedChanges: Sendable, Equatable {
    /// Recordings that began, got events, were changed or ended.
    package var changed: Set<UInt64> = []
    /// Recordings that were erased or that retention removed.
    package var gone: [ClosedRange<UInt64>] = []

    package init() {}

    init(_ plan: CommitPlan) {
        for entry in plan.entries where entry.recording > 0 { changed.insert(entry.recording) }
        for tombstone in plan.tombstones {
            changed.remove(tombstone.recording)
            gone.append(tombstone.recording...tombstone.recording)
        }
        gone += plan.expired.map(\.recordings)
    }

    var isEmpty: Bool { changed.isEmpty && gone.isEmpty }
}

/// Who is told of each commit: whoever shows what goes on.
final class ChangeObserver: Sendable {
    private let observe = Monitor<(@Sendable (CommittedChanges) -> Void)?>(nil)

    func set(_ observe: (@Sendable (CommittedChanges) -> Void)?) { self.observe.withLock { $0 = observe } }

    func tell(of plan: CommitPlan) {
        guard let observe = observe.withLock({ $0 }) else { return }
        let changes = CommittedChanges(plan)
        if !changes.isEmpty { observe(changes) }
    }
}
