import Testing

@testable import ReelHTTP

/// nginx is the measure of what must at least be refused: for each request of the tables, and for damaged ones, what
/// it refuses we refuse. (We refuse much more: it takes bare LF, `HTTP/1.9`, and a TLS hello's first bytes, for a while.)
@Suite(.enabled(if: Nginx.isInstalled, "nginx is not installed"))
struct NginxTests {
    @Test func whatNginxRefusesInTheTableWeRefuse() throws {
        let nginx = try Nginx()
        var refusedCount = 0
        for row in Hostile.table + Hostile.harmless {
            let status = try nginx.status(of: row.bytes)
            if status == 200 { continue }
            refusedCount += 1
            #expect(ReaderRun(whole: row.bytes).refusal != nil, "\(row.name): nginx says \(status)")
        }
        // Were nginx not reached, or took all, the comparison would say nothing.
        #expect(refusedCount > 40)
        #expect(try nginx.status(of: Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)) == 200)
    }

    @Test func whatNginxRefusesOfDamagedRequestsWeRefuse() throws {
        let nginx = try Nginx()
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(state: seed)
        let seeds = Hostile.harmless.map(\.bytes).filter { $0.count < 400 }
        for _ in 0..<5_000 {
            var bytes = seeds[Int.random(in: 0..<seeds.count, using: &generator)]
            let index = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.insert(UInt8.random(in: 0...127, using: &generator), at: index)
            default: bytes.remove(at: index)
            }
            let run = ReaderRun(whole: bytes)
            // Only a request that we take whole can be one that nginx should have taken.
            guard run.refusal == nil, !run.taken.isEmpty else { continue }
            let status = try nginx.status(of: bytes)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(status == 200, "seed \(seed): nginx says \(status) to \(text.debugDescription)")
        }
    }
}
