import Foundation
import ReelCodec
import ReelFormat
import ReelSystem
import Testing

@testable import ReelStore

@Suite struct ListTests {
    /// 200 recordings: users and tags repeat, every tenth is ended, every seventh has a page and a console error.
    private func fill(_ directory: TemporaryDirectory, _ clock: FakeClock) throws -> Store {
        // Leases would end recordings whenever the maintenance thread looks.
        let store = try Store.forTest(directory, clock: clock) { $0.leaseMicroseconds = .max }
        for number in 1...200 {
            var metadata = RecordingMetadata()
            metadata.user = "user \(number % 20)"
            metadata.project = number % 2 == 0 ? "shop" : "blog"
            metadata.tags = (0..<number % 7).map { "tag \($0)" }
            metadata.notes = number == 77 ? "Payment FAILED twice" : ""
            _ = try store.start(metadata)
            if number % 7 == 0 {
                let error =
                    #"{"type":6,"timestamp":1700000000500,"data":{"plugin":"rrweb/console@1","payload":{"level":"error","trace":[],"payload":["x"]}}}"#
                let page = "https://www.shop\(number).example:8443/Checkout/step-\(number)?card=4111"
                _ = try store.append(makeEvents(2, page: page) + [error], to: UInt64(number))
            }
            if number % 10 == 0 { _ = try store.end(UInt64(number)) }
            clock.advance(seconds: 60)
        }
        return store
    }

    private func numbers(_ store: Store, limit: Int = 1000, _ body: (inout RecordingQuery) -> Void) -> [UInt64] {
        var query = RecordingQuery()
        body(&query)
        var found: [UInt64] = []
        var below: UInt64?
        repeat {
            let page = store.list(query, below: below, limit: limit)
            found += page.recordings.map(\.row.number)
            below = page.next
        } while below != nil
        return found
    }

    @Test func everyFilterFindsExactlyWhatItShould() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try fill(directory, clock)
        defer { store.close() }
        func wanted(_ holds: (UInt64) -> Bool) -> [UInt64] { (1...200).reversed().filter(holds) }
        for isReopenedOrCompacted in [false, true] {
            if isReopenedOrCompacted { _ = try store.vacuum() }
            #expect(numbers(store) { _ in } == wanted { _ in true })
            #expect(numbers(store, limit: 7) { _ in } == wanted { _ in true })
            #expect(
                numbers(store) { $0.equalities = [.init(field: .user, value: "user 3")] } == wanted { $0 % 20 == 3 })
            #expect(
                numbers(store, limit: 3) { $0.equalities = [.init(field: .user, value: "user 3")] }
                    == wanted { $0 % 20 == 3 })
            #expect(numbers(store) { $0.equalities = [.init(field: .user, value: "USER 3")] } == [])
            let two = ["user 3", "user 4"].map { RecordingQuery.Equality(field: .user, value: $0) }
            #expect(numbers(store) { $0.equalities = two } == [])
            #expect(numbers(store) { $0.isPinned = false } == wanted { _ in true })
            #expect(
                numbers(store) {
                    $0.equalities = [.init(field: .project, value: "shop"), .init(field: .tag, value: "tag 5")]
                } == wanted { $0 % 2 == 0 && $0 % 7 > 5 })
            #expect(numbers(store) { $0.statuses = [.ended] } == wanted { $0 % 10 == 0 })
            #expect(numbers(store) { $0.statuses = [.recording, .ended] } == wanted { _ in true })
            #expect(numbers(store) { $0.content = .error } == wanted { $0 % 7 == 0 })
            #expect(numbers(store) { $0.isPinned = true } == [])
            for word in ["checkout", "CHECKOUT", "step", "example"] {
                #expect(
                    numbers(store) { $0.equalities = [.init(field: .urlWord, value: word)] } == wanted { $0 % 7 == 0 },
                    "\(word)")
            }
            for word in ["shop14", "www.shop14.example", "www.shop14.example:8443", "14"] {
                #expect(numbers(store) { $0.equalities = [.init(field: .urlWord, value: word)] } == [14], "\(word)")
            }
            // What people typed into the query is no way to find them.
            #expect(numbers(store) { $0.equalities = [.init(field: .urlWord, value: "4111")] } == [])
            #expect(numbers(store) { $0.text = "payment failed" } == [77])
            #expect(numbers(store) { $0.text = "checkout/STEP-49" } == [49])
            let start = 1_800_000_000_000_000 as Int64
            #expect(numbers(store) { $0.sinceMicroseconds = start + 60_000_000 * 195 } == [200, 199, 198, 197, 196])
            #expect(numbers(store) { $0.untilMicroseconds = start + 60_000_000 * 2 } == [3, 2, 1])
            #expect(numbers(store) { $0.untilMicroseconds = start - 1 } == [])
        }
    }

    @Test func erasedRecordingsAreListedOnlyWhenAskedFor() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        for _ in 0..<3 { _ = try store.start() }
        _ = try store.erase(2)
        #expect(numbers(store) { _ in } == [3, 1])
        #expect(numbers(store) { $0.statuses = [.erased] } == [2])
    }

    @Test func aPageThatEndsEarlySaysSoAndIsGoneOnFrom() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory, clock: HurriedClock())
        defer { store.close() }
        for _ in 0..<5 { _ = try store.start() }
        var query = RecordingQuery()
        query.text = "nowhere"
        let page = store.list(query, limit: 10)
        #expect(!page.isComplete && page.next == 5 && page.recordings.isEmpty)
    }

    @Test func urlWordsAreHostLabelsAndPathWords() {
        #expect(
            URLWords.words(of: "https://User:pw@Shop.Example:8443/a-b/C_d/é?q=x#frag")
                == ["shop.example:8443", "shop.example", "shop", "example", "8443", "a", "b", "c", "d", "é"])
        #expect(URLWords.words(of: "") == [])
        #expect(URLWords.words(of: "about:blank") == ["about:blank", "about", "blank"])
    }
}

/// A clock on which every look takes a second.
private final class HurriedClock: Clock, Sendable {
    private let clock = FakeClock()
    var wallMicroseconds: Int64 { clock.wallMicroseconds }
    var isSynchronised: Bool { true }
    var uptimeMicroseconds: Int64 {
        clock.advance(seconds: 1)
        return clock.uptimeMicroseconds
    }
}
