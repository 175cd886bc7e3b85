import Testing

@testable import ReelStore

struct CompactionPaceTests {
    @Test func itRestsTheLongerTheMoreTheOthersDo() {
        func rest(_ others: Int64) -> Int64 {
            CompactionPace.rest(afterMicroseconds: 10_000, othersMicroseconds: others, processorCount: 2)
        }
        #expect(rest(0) == 0)
        #expect(rest(-1) == 0)
        #expect(rest(4_000) == 20_000)
        #expect(rest(8_000) == 40_000)
        #expect(rest(20_000) == 40_000)
    }
}
