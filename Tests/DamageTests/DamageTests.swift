import Foundation
import ReelCodec
import ReelStore
import ReelSystem
import SimulatedDisk
import Testing

/// Golden stores with damage to every place of theirs: the data comes back unchanged, or an error names file and offset.
/// Never a wrong event, never a short document that looks whole, never a crash or an endless loop.
///
/// `REELD_FULL_SWEEP=1` tries every case through the whole store; else verify sees all, and the store a sample.
@Suite(.serialized) struct DamageTests {
    private static let isFull = ProcessInfo.processInfo.environment["REELD_FULL_SWEEP"] != nil
    private static let golden = Result { try GoldenImage("v1-losses") }
    private static let foreign = Result { try GoldenImage("v1") }

    private func judge() throws -> DamageJudge {
        try DamageJudge(try Self.golden.get().disk, count: 6, writable: 2)
    }

    private func log() throws -> LogDamage { LogDamage(golden: try Self.golden.get(), isFull: Self.isFull) }

    /// - Parameter deepOneIn: one case in so many goes through the whole store.
    private func expect(_ name: String, _ cases: [DamageCase], by judge: DamageJudge, deepOneIn: Int) throws {
        let sweep = DamageSweep(name, cases, judge, deepOneIn: Self.isFull ? 1 : deepOneIn)
        let failures = sweep.run()
        for failure in failures.prefix(10) { Issue.record("\(failure)") }
        #expect(failures.count == 0)
        #expect(!cases.isEmpty)
        print(sweep.figures)
    }

    @Test func everyBitOfEveryHeaderIsToldByVerify() throws {
        try expect("header bits", log().headerBits(), by: judge(), deepOneIn: 61)
    }

    @Test func bitsOfPayloadsAreToldByVerify() throws {
        try expect("payload bits", log().payloadBits(), by: judge(), deepOneIn: 7)
    }

    @Test func paddingMeansNothing() throws {
        try expect("padding bits", log().paddingBits(), by: judge(), deepOneIn: 5)
    }

    @Test func segmentsThatWereCutAreTold() throws { try expect("cuts", log().cuts(), by: judge(), deepOneIn: 1) }

    @Test func lostSectorsAreTold() throws { try expect("sectors", log().zeroedSectors(), by: judge(), deepOneIn: 1) }

    @Test func movedFramesGiveNoWrongEvent() throws {
        try expect("moved frames", log().movedFrames(), by: judge(), deepOneIn: 1)
    }

    @Test func movedSegmentsGiveNoWrongEvent() throws {
        try expect("moved segments", log().movedSegments(try Self.foreign.get()), by: judge(), deepOneIn: 1)
    }

    @Test func aDamagedIdentityIsRefused() throws {
        try expect("identity", log().identity(), by: judge(), deepOneIn: 1)
    }

    @Test func aDamagedIndexDoesNotShow() throws {
        let damage = try index()
        try expect("index files", damage.files(), by: judge(), deepOneIn: 1)
        try expect("index bits", damage.bits(), by: judge(), deepOneIn: 1)
    }

    @Test func anIndexAndALogOfTwoMomentsAreNotMixedUp() throws {
        let damage = try index()
        let judge = try DamageJudge(damage.newer.disk, count: 7, writable: 2)
        try expect("older index", damage.stale(), by: judge, deepOneIn: 1)
        try expect("older log", damage.ahead(), by: judge, deepOneIn: 1)
    }

    /// Two damages at once, drawn from all of them.
    @Test func twoDamagesGiveNoWrongEvent() throws {
        let seed =
            ProcessInfo.processInfo.environment["REELD_SEED"].flatMap { UInt64($0) }
            ?? UInt64.random(in: 0...UInt64.max)
        print("damage: REELD_SEED=\(seed)")
        var random = SeededGenerator(seed: seed)
        let log = try log()
        let logCases =
            try log.headerBits() + log.payloadBits() + log.cuts() + log.zeroedSectors() + log.movedFrames()
            + log.movedSegments(try Self.foreign.get())
        let index = try index()
        let indexCases = index.files() + index.bits()
        var cases: [DamageCase] = []
        for _ in 0..<(Self.isFull ? 20_000 : 250) {
            guard let one = logCases.randomElement(using: &random), let two = logCases.randomElement(using: &random),
                let three = indexCases.randomElement(using: &random)
            else { continue }
            cases.append(one.and(two, .unchangedOrTold))
            // Without the checkpoint nothing tells damage at the log's end from a torn write.
            cases.append(one.and(three, .tailMayBeGone))
        }
        try expect("two at once", cases, by: judge(), deepOneIn: 1)
    }

    private func index() throws -> IndexDamage {
        let golden = try Self.golden.get()
        return IndexDamage(
            golden: golden, newer: try writtenOn(golden), foreign: try Self.foreign.get(), isFull: Self.isFull)
    }

    /// The store after one more recording, a compaction, and batches behind it.
    private func writtenOn(_ golden: GoldenImage) throws -> GoldenImage {
        let disk = SimulatedDisk(golden.disk)
        let store = try DamageJudge.open(disk)
        _ = try wait { try store.start(StartRequest(id: nil, metadata: RecordingMetadata()), $0) }
        for round in 0..<3 {
            for number in [2, 5, 7] as [UInt64] {
                let body = Array(#"[{"type":5,"data":{"tag":"t\#(round)"},"timestamp":1}]"#.utf8)
                let batch = store.prepare(try EventScanner().scan(body).run, writer: "n", batch: UInt64(round))
                _ = try wait { try store.append(batch, to: number, $0) }
            }
            if round == 1 { _ = try wait { store.vacuum($0) } }
        }
        store.close()
        var newer = golden
        newer.disk = disk.image()
        return newer
    }

    private func wait<Answer: Sendable>(
        _ call: (@escaping @Sendable (Result<Answer, StoreError>) -> Void) throws -> Void
    ) throws -> Answer {
        let result = Monitor<Result<Answer, StoreError>?>(nil)
        try call { answer in result.broadcast { $0 = answer } }
        return try #require(result.wait(timeoutMilliseconds: 120_000) { $0 }).get()
    }
}
