import ReelCodec
import ReelFormat
import Testing

@Suite struct BatchTableTests {
    private func records(_ random: inout SeededGenerator) -> [BatchRecord] {
        let writers = (0..<Int.random(in: 1...4, using: &random)).map { _ in random.next() }
        var ordinal: UInt64 = 0
        return (0..<Int.random(in: 0...40, using: &random)).map { index in
            let isWild = UInt64.random(in: 0..<8, using: &random) == 0
            let count = isWild ? UInt32.max : UInt32.random(in: 1...50, using: &random)
            defer { ordinal = ordinal &+ UInt64(count) }
            return BatchRecord(
                writer: writers.randomElement(using: &random) ?? 0, batch: isWild ? random.next() : UInt64(index),
                bodyHash: random.next(), firstOrdinal: isWild ? random.next() : ordinal, eventCount: count)
        }
    }

    @Test func anyRecordsComeBack() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let records = records(&random)
            let bytes = BatchTable.encoded(records)
            #expect(bytes.isEmpty == records.isEmpty)
            #expect(try BatchTable.decode(bytes) == records, "seed \(seed)")
        }
    }

    @Test func theExtremesComeBack() throws {
        let values: [UInt64] = [0, .max, 1 << 63, 1, .max - 1, 1 << 63 - 1]
        let records = values.map {
            BatchRecord(
                writer: $0, batch: $0, bodyHash: $0, firstOrdinal: $0, eventCount: UInt32(truncatingIfNeeded: $0))
        }
        #expect(try BatchTable.decode(BatchTable.encoded(records)) == records)
    }

    @Test func aBatchAfterTheOtherTakesElevenBytes() {
        let records = (0..<1000).map {
            BatchRecord(writer: 9, batch: $0, bodyHash: $0, firstOrdinal: $0 * 50, eventCount: 50)
        }
        // Eight of hash, one each for batch number, ordinal and count; 11 for one writer and the counts.
        #expect(BatchTable.encoded(records).count == 11 * 1000 + 11)
    }

    @Test func everyTruncationIsRefused() {
        let bytes = BatchTable.encoded(Samples.batches)
        for size in 1..<bytes.count {
            #expect(throws: ShortInput.self, "\(size)") { try BatchTable.decode(Array(bytes[..<size])) }
        }
    }

    @Test(arguments: [
        // No writers, yet a record.
        [0, 1, 2, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1] as [UInt8],
        // Two writers, and a record of the third.
        [2] + Array(repeating: 1, count: 16) + [1, 2, 2] + Array(repeating: 0, count: 10),
        // Counts beyond what is there, and beyond 64 bits.
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        [1, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        Array(repeating: 0x80, count: 11), Array(repeating: 0xFF, count: 64),
        // A record of 2^32 events.
        [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0x80, 0x80, 0x80, 0x80, 0x10],
    ]) func whatContradictsItselfIsRefused(bytes: [UInt8]) {
        #expect(throws: ShortInput.self) { try BatchTable.decode(bytes) }
    }

    @Test func garbageNeverTraps() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        // A trap ends the test run, so the seed is printed before.
        print("garbageNeverTraps: seed \(seed)")
        let sound = BatchTable.encoded(Samples.batches)
        var accepted = 0
        for round in 0..<20_000 {
            var bytes: [UInt8]
            if round % 2 == 0 {
                bytes = (0..<Int.random(in: 1...64, using: &random)).map { _ in
                    UInt8(truncatingIfNeeded: random.next()) >> UInt8.random(in: 0...7, using: &random)
                }
            } else {
                bytes = sound
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8(truncatingIfNeeded: random.next())
            }
            if let records = try? BatchTable.decode(bytes) {
                accepted += 1
                // What was taken can be written and read again.
                #expect((try? BatchTable.decode(BatchTable.encoded(records))) == records, "seed \(seed)")
            }
        }
        #expect(accepted > 0, "some changes are to numbers only")
    }
}
