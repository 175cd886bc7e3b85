import ReelCodec
import Testing

/// Damage at random places: whatever a scan keeps must be sound events, found again by a scan of the kept text.
struct EventScannerDamageTests {
    private static let events = [
        #"{"type":4,"data":{"href":"http:\/\/a\/é","width":1280,"height":720},"timestamp":1700000000000}"#,
        #"{"type":3,"data":{"source":2,"type":2,"id":7},"timestamp":1700000000100.25}"#,
        #"{ "timestamp" : 17e11 , "type" : 3 , "data" : { "source" : 5 , "text" : "\"}],[{\\" } }"#,
        #"{"type":6,"timestamp":1,"data":{"plugin":"rrweb/network@1","payload":{"requests":[{"status":500}]}}}"#,
        #"{"type":5,"timestamp":2,"data":{"tag":"navigation","payload":{"url":"http://b/"}}}"#,
    ]

    @Test(arguments: [("[", ",", "]"), (#"{"events":["#, " , ", #"],"batch":3}"#), ("", "\n", "\n")])
    func whatIsKeptIsSound(open: String, separator: String, close: String) throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let special = Array("{}[]:,\"\\u0e-. \n\u{1}".utf8) + [0x80, 0xFF]
        let body = bytes(open + EventScannerDamageTests.events.joined(separator: separator) + close)
        let scanner = EventScanner()
        var keptCount = 0
        for _ in 0..<5_000 {
            var damaged = body
            let at = Int.random(in: damaged.indices, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: damaged[at] = special[Int.random(in: special.indices, using: &generator)]
            case 1: damaged.insert(special[Int.random(in: special.indices, using: &generator)], at: at)
            case 2: damaged.remove(at: at)
            default: damaged.removeLast(damaged.count - at)
            }
            guard let batch = try? scanner.scan(damaged, policy: .drop) else { continue }
            keptCount += batch.run.events.count
            let again = try scanner.rescan(batch.run.text)
            let isSame = again.events == batch.run.events && again.summary == batch.run.summary
            let isJSON = (try? scanner.scan([0x5B] + batch.run.text + [0x5D], format: .json)) != nil
            #expect(isSame && isJSON, "seed \(seed): \(String(decoding: damaged, as: UTF8.self))")
            #expect(batch.run.summary.eventCount == UInt64(batch.run.events.count))
        }
        #expect(keptCount > 1_000, "seed \(seed): \(keptCount) events kept")
    }
}
