import Testing

@testable import ReelHTTP

struct ChunkDecoderTests {
    private struct Outcome: Equatable {
        var body: [UInt8] = []
        var isEnded = false
        var leftBytes = 0
        var refusal: HTTPRefusal?
    }

    private func decode(_ pieces: [[UInt8]]) -> Outcome {
        var decoder = ChunkDecoder()
        var outcome = Outcome()
        for piece in pieces {
            var rest = 0..<piece.count
            if !outcome.isEnded {
                do {
                    outcome.isEnded = try decoder.decode(piece, &rest, limitBytes: 4_096, into: &outcome.body)
                } catch {
                    outcome.refusal = error
                    return outcome
                }
            }
            outcome.leftBytes += rest.count
        }
        return outcome
    }

    private func encode(_ body: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = body[...]
        while !rest.isEmpty {
            let count = min(rest.count, Int.random(in: 1...40, using: &generator))
            bytes += Array(String(count, radix: 16, uppercase: Bool.random(using: &generator)).utf8)
            if Int.random(in: 0..<4, using: &generator) == 0 { bytes += Array(";name=value".utf8) }
            bytes += [13, 10] + rest.prefix(count) + [13, 10]
            rest = rest.dropFirst(count)
        }
        return bytes + Array("0\r\n".utf8) + (Bool.random(using: &generator) ? Array("A: b\r\n".utf8) : []) + [13, 10]
    }

    @Test func chunksDecodeToTheirBodyHoweverCut() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(state: seed)
        for _ in 0..<2_000 {
            let body = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            let next = Array("GET".utf8)
            let bytes = encode(body, using: &generator) + next
            let places = (0..<4).map { _ in Int.random(in: 0...bytes.count, using: &generator) }
            let expected = Outcome(body: body, isEnded: true, leftBytes: next.count)
            #expect(decode(ReaderRun.cut(bytes, at: places)) == expected, "seed \(seed)")
        }
    }

    @Test func damagedChunksDecodeAsOneShot() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(state: seed)
        for _ in 0..<20_000 {
            var bytes = encode([UInt8](repeating: 0x61, count: 30), using: &generator)
            for _ in 0..<2 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...127, using: &generator)
            }
            let places = (0..<3).map { _ in Int.random(in: 0...bytes.count, using: &generator) }
            var whole = decode([bytes])
            var cut = decode(ReaderRun.cut(bytes, at: places))
            // After a refusal it does not matter how much data was already there.
            if whole.refusal != nil, cut.refusal != nil { (whole.body, cut.body) = ([], []) }
            #expect(cut == whole, "seed \(seed)")
        }
    }

    @Test func bodyAtTheLimitIsTakenAndOneByteMoreIsNot() {
        let data = [UInt8](repeating: 0x61, count: 4_096)
        let atLimit = Array("1000\r\n".utf8) + data + Array("\r\n0\r\n\r\n".utf8)
        #expect(decode([atLimit]).isEnded)
        #expect(decode([Array("1001\r\n".utf8)]).refusal == .bodyTooLarge)
        #expect(decode([Array("1000\r\n".utf8) + data + Array("\r\n1\r\n".utf8)]).refusal == .bodyTooLarge)
    }
}
