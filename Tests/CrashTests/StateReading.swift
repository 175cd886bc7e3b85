import ReelCodec
import ReelFormat
import ReelStore

/// What was found of a recording after a crash.
struct FoundRecording {
    var number: UInt64
    var events: [String] = []
    /// Where each batch begins, by its name.
    var firstOrdinals: [String: UInt64] = [:]
    var isErased = false
}

/// Reads all of a store and tells where it is not what it must be.
struct StateReading {
    private let store: Store
    private let expectation: Expectation
    private(set) var problems: [String] = []
    private(set) var found: [UUIDv7: FoundRecording] = [:]
    /// What retention removed; a start with such an id begins another recording.
    private(set) var expired: Set<UUIDv7> = []

    init(_ store: Store, _ expectation: Expectation) {
        self.store = store
        self.expectation = expectation
        read()
    }

    private mutating func read() {
        let statistics = store.statistics
        if statistics.lastLSN < expectation.lastLSN {
            problems.append("the last LSN is \(statistics.lastLSN), and \(expectation.lastLSN) was acked")
        }
        if statistics.startedRecordingCount < expectation.lastNumber {
            problems.append(
                "numbers end at \(statistics.startedRecordingCount), and \(expectation.lastNumber) was acked")
        }
        for number in stride(from: 1, through: statistics.startedRecordingCount, by: 1) { read(number) }
        for recording in expectation.inOrder
        where recording.number != nil && found[recording.id] == nil && !expired.contains(recording.id) {
            problems.append("recording \(recording.number ?? 0) was acked and is gone")
        }
    }

    private mutating func read(_ number: UInt64) {
        let listed: ListedRecording
        do {
            listed = try store.recording(number)
        } catch .unknownRecording {
            return
        } catch .erased(let time) {
            return noteErased(number, at: time)
        } catch .expired {
            return noteExpired(number)
        } catch {
            return problems.append("recording \(number): \(error)")
        }
        let id = listed.row.id
        guard let expected = expectation.recordings[id] else {
            return problems.append("recording \(number) has the id \(id), which nobody sent")
        }
        if found[id] != nil { problems.append("recording \(number) has the id of another one") }
        if let acked = expected.number, acked != number {
            problems.append("recording \(acked) came back as \(number)")
        }
        if store.number(of: id) != number { problems.append("recording \(number) is not found by its id") }
        if expected.tombstone != nil { problems.append("recording \(number) was erased and is back") }
        if expected.isExpiryAcked { problems.append("recording \(number) had expired and is back") }
        found[id] = FoundRecording(number: number)
        check(listed, expected)
        do {
            let events = try store.events(of: number)
            found[id]?.events = events
            checkEvents(events, number, expected)
            if listed.row.eventCount != UInt64(events.count) {
                problems.append("recording \(number) counts \(listed.row.eventCount) events and has \(events.count)")
            }
        } catch {
            problems.append("events of recording \(number): \(error)")
        }
    }

    private mutating func noteErased(_ number: UInt64, at time: Int64) {
        guard let expected = expectation.inOrder.first(where: { $0.number == number }), expected.isEraseSent else {
            return problems.append("recording \(number) is erased, and nobody asked for it")
        }
        if let tombstone = expected.tombstone, tombstone.erasedMicroseconds != time {
            problems.append("recording \(number) was erased at another time")
        }
        found[expected.id] = FoundRecording(number: number, isErased: true)
    }

    private mutating func noteExpired(_ number: UInt64) {
        guard let expected = expectation.inOrder.first(where: { $0.number == number }), expected.isExpirySent else {
            return problems.append("recording \(number) has expired, and nothing let it")
        }
        expired.insert(expected.id)
    }

    private mutating func check(_ listed: ListedRecording, _ expected: Expectation.Recording) {
        let number = listed.row.number
        let isEnded = listed.row.status == .ended
        if expected.isEndAcked, !isEnded { problems.append("recording \(number) was ended and is open") }
        if isEnded, !expected.isEndSent { problems.append("recording \(number) ended by itself") }
        var metadata = listed.metadata
        if (metadata.end != nil) != isEnded {
            problems.append("recording \(number): row and metadata differ on the end")
        }
        metadata.end = nil
        metadata.id = expected.metadata.id
        metadata.createdMicroseconds = expected.metadata.createdMicroseconds
        let isPossible = (expected.ackedChangeCount...expected.changes.count).contains {
            metadata == expected.metadata(after: $0)
        }
        if !isPossible { problems.append("recording \(number) has the metadata \(metadata)") }
    }

    /// The events must be whole batches that were sent, each at most once, the acked ones where they were acked.
    private mutating func checkEvents(_ events: [String], _ number: UInt64, _ expected: Expectation.Recording) {
        var at = 0
        while at < events.count {
            guard let (batch, _) = expected.batches.first(where: { $0.batch.events.first == events[at] }) else {
                return problems.append("recording \(number) has at \(at) what nobody sent: \(events[at])")
            }
            let end = min(at + batch.events.count, events.count)
            if Array(events[at..<end]) != batch.events {
                return problems.append("recording \(number): batch \(batch.number) of \(batch.writer) is not whole")
            }
            if found[expected.id]?.firstOrdinals.updateValue(UInt64(at), forKey: batch.name) != nil {
                problems.append("recording \(number): batch \(batch.number) of \(batch.writer) is there twice")
            }
            at = end
        }
        for (batch, acked) in expected.batches {
            guard let acked else { continue }
            let place = found[expected.id]?.firstOrdinals[batch.name]
            if place != acked {
                problems.append(
                    "recording \(number): batch \(batch.number) of \(batch.writer), acked at \(acked), is "
                        + (place.map { "at \($0)" } ?? "gone"))
            }
        }
    }
}
