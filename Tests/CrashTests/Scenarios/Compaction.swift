import ReelCodec
import ReelFormat
import ReelStore

extension Scenario {
    /// Segments are merged while readers hold what they read and writers go on; then again.
    static let compaction = Scenario(name: "compaction", options: options { $0.segmentSizeBytes = 8192 }) { run in
        try run.open()
        for n in 1...3 { try run.start(n) }
        for batch in 1...6 as ClosedRange<UInt64> {
            for n in 1...3 { try run.append(n, batch, noiseBytes: 300) }
        }
        try run.end(1)
        try run.change(2) { $0.tags = ["kept"] }
        let held = try run.store.snapshot(run.number(ScenarioRun.id(1)))
        let before = try run.store.events(of: run.number(ScenarioRun.id(1)))
        try run.vacuum()
        guard try events(of: held) == before else { throw ScenarioFailure("a reader's snapshot changed") }
        var answers: [Answer<AppendReceipt>] = []
        try run.together {
            for n in 2...3 { answers.append(try run.send(makeBatch(n, 50))) }
        }
        for answer in answers { _ = try answer.wait() }
        try run.store.checkpoint()
        for batch in 7...9 as ClosedRange<UInt64> { try run.append(3, batch, noiseBytes: 900) }
        try run.end(3)
        try run.vacuum()
        try run.append(2, 60)
        run.close()
    }

    private static func events(of snapshot: RecordingSnapshot) throws -> [String] {
        let reader = SpliceReader(snapshot, coding: .identity)
        var text: [UInt8] = []
        while let piece = try reader.nextPiece() { text += piece }
        let run = try EventScanner().scan(text).run
        return run.events.map {
            String(decoding: run.text[$0.offsetBytes..<$0.offsetBytes + $0.sizeBytes], as: UTF8.self)
        }
    }
}
