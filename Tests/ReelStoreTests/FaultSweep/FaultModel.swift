import ReelCodec
import ReelFormat
import ReelSystem

@testable import ReelStore

/// What became of something that was asked for.
enum Fate: Sendable, Equatable {
    case acked
    /// It may be there after a restart.
    case unknown
    /// It is not there.
    case refused
}

/// What a client asked a store for, and what it was told.
struct FaultModel {
    struct Batch {
        var events: [String]
        var fate: Fate
    }

    struct Subject {
        let id: UUIDv7
        var number: UInt64 = 0
        var start = Fate.refused
        var batches: [Batch] = []
        /// Each time the notes were set.
        var notes: [(text: String, fate: Fate)] = [("", .acked)]
        var end = Fate.refused
        var erase = Fate.refused

        var eventCount: Int { batches.reduce(0) { $0 + $1.events.count } }
    }

    var subjects: [Subject] = []

    /// How a store differs from what it must be.
    ///
    /// - Parameter isLive: it was not opened again since: nothing of unknown fate is shown.
    func differences(_ store: Store, isLive: Bool) -> [String] {
        var found: [String] = []
        for subject in subjects {
            do {
                try differences(store, subject, isLive) { found.append("recording \(subject.number): \($0)") }
            } catch {
                found.append("recording \(subject.number): \(Told(error))")
            }
        }
        let page = store.list(RecordingQuery(), limit: 1000)
        if !page.isComplete || !page.damage.isEmpty || !page.failures.isEmpty {
            found.append("the list is short: \(page.damage) \(page.failures)")
        }
        let listed = page.recordings.map(\.row.id)
        if Set(listed).count != listed.count { found.append("a recording is listed twice") }
        for subject in subjects where subject.start == .acked && subject.erase == .refused {
            if !listed.contains(subject.id) { found.append("recording \(subject.number) is not listed") }
        }
        return found
    }

    private func differences(
        _ store: Store, _ subject: Subject, _ isLive: Bool, note: (String) -> Void
    ) throws {
        func mayBe(_ fate: Fate) -> Bool { fate == .acked || (fate == .unknown && !isLive) }
        let number = store.number(of: subject.id)
        guard subject.start == .acked else {
            if number != nil, !mayBe(subject.start) { note("it is there, and its start was \(subject.start)") }
            return
        }
        guard number == subject.number else { return note("its id finds \(number.map(String.init) ?? "nothing")") }
        guard let found = try recordingUnlessErased(store, subject.number) else {
            if !mayBe(subject.erase) { note("it is erased, and that was \(subject.erase)") }
            return
        }
        if subject.erase == .acked { note("it is there, and was erased") }
        let events = try store.events(of: subject.number)
        if let difference = difference(events, subject.batches, mayBe) { note(difference) }
        let count = Int(found.row.eventCount)
        if count != events.count { note("its row counts \(count) of \(events.count)") }
        let known = subject.notes.lastIndex { $0.fate == .acked } ?? 0
        let allowed = subject.notes[known...].filter { mayBe($0.fate) }.map(\.text)
        let notes = found.metadata.notes
        if !allowed.contains(notes) { note("its notes are \(notes), not one of \(allowed)") }
        let isEnded = found.row.status == .ended
        if isEnded ? !mayBe(subject.end) : subject.end == .acked {
            note("its status is \(found.row.status), and its end was \(subject.end)")
        }
    }

    private func recordingUnlessErased(_ store: Store, _ number: UInt64) throws -> ListedRecording? {
        do throws(StoreError) {
            return try store.recording(number)
        } catch {
            if case .erased = error { return nil }
            throw error
        }
    }

    /// Each acked batch once and whole, in order; one of unknown fate the same or not at all; nothing else.
    private func difference(_ events: [String], _ batches: [Batch], _ mayBe: (Fate) -> Bool) -> String? {
        var next = 0
        for (index, batch) in batches.enumerated() {
            if events[next...].starts(with: batch.events) {
                if !mayBe(batch.fate) { return "batch \(index) is there, and was \(batch.fate)" }
                next += batch.events.count
            } else if batch.fate == .acked {
                return "batch \(index) was acked and is not there"
            }
        }
        return next == events.count ? nil : "\(events.count - next) events too many"
    }
}
