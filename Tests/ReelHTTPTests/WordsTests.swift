import ReelSystem
import Testing

@testable import ReelHTTP

struct WordsTests {
    @Test func tokenOctetsAreThoseOfTheGrammar() {
        let token = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for octet in UInt8.min...UInt8.max { #expect(Octet.isToken(octet) == token.contains(octet), "\(octet)") }
    }

    @Test func valueCannotBeginAFieldOfItsOwn() {
        var headers = Headers()
        headers.append("Location", "/a\r\nSet-Cookie: x=1\n\0")
        #expect(headers.all.count == 1)
        #expect(headers["Location"] == "/a  Set-Cookie: x=1")
        #expect(headers["Set-Cookie"] == nil)
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
        (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
    ])
    func dateIsAFixdate(_ second: Int64, _ text: String) {
        #expect(DateLine.text(second: second) == text)
    }

    @Test(arguments: HTTPRefusal.allCases)
    func everyRefusalIsAProblemDocument(_ refusal: HTTPRefusal) {
        let response = refusal.problem()
        #expect(response.status == refusal.status)
        guard case .bytes(let bytes) = response.body else {
            Issue.record("no body")
            return
        }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("{\"type\":\"urn:reeld:problem:\(refusal.rawValue)\",\"status\":\(refusal.status),"))
        // Nothing in it needs an escape.
        #expect(!refusal.detail.contains { $0 == "\"" || $0 == "\\" || $0.isNewline })
    }

    @Test func budgetServesThoseWhoWaitInTheirOrder() {
        let budget = MemoryBudget(totalBytes: 100)
        let granted = Monitor<[(Int, MemoryShare)]>([])
        let held = budget.tryShare(80)
        #expect(held != nil)
        for bytes in [50, 10] {
            budget.share(bytes) { share in granted.withLock { $0.append((bytes, share)) } }
        }
        // Ten are free, but who asked first waits for fifty.
        #expect(!budget.tryReserve(1))
        #expect(granted.withLock { $0.count } == 0)
        budget.release(40)
        #expect(granted.withLock { $0.map(\.0) } == [50, 10])
        #expect(budget.freeBytes == 0)
        granted.withLock { $0 = [] }
        #expect(budget.freeBytes == 60)
        _ = held
    }

    @Test func shareDroppedByItsWaiterComesBack() {
        let budget = MemoryBudget(totalBytes: 10)
        #expect(budget.tryReserve(10))
        budget.share(10) { _ in }
        budget.share(5) { _ in }
        budget.release(10)
        #expect(budget.freeBytes == 10)
    }

    /// Large bodies sent slowly, and readers that stopped reading, once took all of it and kept every writer out.
    @Test func whatMayBeHeldForLongLeavesRoomForSmallBodies() {
        let budget = MemoryBudget(totalBytes: 100)
        let bodies = (0..<4).map { _ in budget.tryShare(25, for: .largeBody) }
        #expect(bodies.map { $0 != nil } == [true, false, false, false])
        let pieces = (0..<4).map { _ in budget.tryShare(10, for: .piece) }
        #expect(pieces.map { $0 != nil } == [true, true, true, false])
        #expect(budget.tryShare(30) != nil)
    }

    @Test func oneOfAnySizeFitsWhileNoOtherOfItsUseIsThere() {
        let budget = MemoryBudget(totalBytes: 100)
        var share = budget.tryShare(100, for: .largeBody)
        #expect(share != nil)
        let granted = Monitor<[MemoryShare]>([])
        budget.share(60, for: .largeBody) { share in granted.withLock { $0.append(share) } }
        #expect(granted.withLock { $0.count } == 0)
        share = nil
        #expect(granted.withLock { $0.map(\.bytes) } == [60])
        #expect(budget.tryShare(40) != nil && budget.tryShare(1, for: .largeBody) == nil)
        granted.withLock { $0 = [] }
        #expect(budget.freeBytes == 100)
    }

    @Test func aBodyThatGrewLargeCountsAsLarge() {
        let budget = MemoryBudget(totalBytes: 100)
        var small = budget.tryShare(10)
        let large = budget.tryShare(40, for: .largeBody)
        if let small { large?.absorb(small) }
        small = nil
        #expect(large?.bytes == 50 && budget.freeBytes == 50)
        #expect(budget.tryShare(1, for: .largeBody) == nil)
    }
}
