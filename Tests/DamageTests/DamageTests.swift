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
    private static let clear = Result { try GoldenImage("v1-losses", count: 6) }
    private static let sealed = Result { try GoldenImage("v1-sealed", count: 8, .test) }
    private static let foreign = Result { try GoldenImage("v1", count: 4) }

    /// What is damaged.
    enum Golden: CaseIterable {
        case clear, sealed
    }

    private func image(_ golden: Golden) throws -> GoldenImage {
        switch golden {
        case .clear: try Self.clear.get()
        case .sealed: try Self.sealed.get()
        }
    }

    private func judge(_ golden: Golden) throws -> DamageJudge { try DamageJudge(try image(golden)) }

    private func log(_ golden: Golden) throws -> LogDamage {
        LogDamage(golden: try image(golden), isFull: Self.isFull)
    }

    /// - Parameter deepOneIn: one case in so many goes through the whole store.
    private func expect(_ name: String, _ all: [DamageCase], by judge: DamageJudge, deepOneIn: Int) throws {
        // Opening what is sealed takes ten times as long, so that of it the bounded run takes a tenth.
        let isSampled = judge.isSealed && !Self.isFull
        let cases = isSampled ? all.enumerated().filter { $0.offset % 11 == 0 }.map(\.element) : all
        let sweep = DamageSweep(name, cases, judge, deepOneIn: Self.isFull ? 1 : isSampled ? 2 : deepOneIn)
        let failures = sweep.run()
        for failure in failures.prefix(10) { Issue.record("\(failure)") }
        #expect(failures.count == 0)
        #expect(!cases.isEmpty)
        print(sweep.figures)
    }

    @Test(arguments: Golden.allCases) func everyBitOfEveryHeaderIsToldByVerify(golden: Golden) throws {
        try expect("header bits", log(golden).headerBits(), by: judge(golden), deepOneIn: 61)
    }

    @Test(arguments: Golden.allCases) func bitsOfPayloadsAreToldByVerify(golden: Golden) throws {
        try expect("payload bits", log(golden).payloadBits(), by: judge(golden), deepOneIn: 7)
    }

    @Test(arguments: Golden.allCases) func paddingMeansNothing(golden: Golden) throws {
        try expect("padding bits", log(golden).paddingBits(), by: judge(golden), deepOneIn: 5)
    }

    @Test(arguments: Golden.allCases) func segmentsThatWereCutAreTold(golden: Golden) throws {
        try expect("cuts", log(golden).cuts(), by: judge(golden), deepOneIn: 1)
    }

    @Test(arguments: Golden.allCases) func lostSectorsAreTold(golden: Golden) throws {
        try expect("sectors", log(golden).zeroedSectors(), by: judge(golden), deepOneIn: 1)
    }

    @Test(arguments: Golden.allCases) func movedFramesGiveNoWrongEvent(golden: Golden) throws {
        try expect("moved frames", log(golden).movedFrames(), by: judge(golden), deepOneIn: 1)
    }

    @Test(arguments: Golden.allCases) func movedSegmentsGiveNoWrongEvent(golden: Golden) throws {
        try expect("moved segments", log(golden).movedSegments(try Self.foreign.get()), by: judge(golden), deepOneIn: 1)
    }

    @Test func aDamagedIdentityIsRefused() throws {
        try expect("identity", log(.clear).identity(), by: judge(.clear), deepOneIn: 1)
    }

    @Test func oneDamagedFileOfTheKeysDoesNotShow() throws {
        let keys = KeyDamage(golden: try image(.sealed), isFull: Self.isFull)
        try expect("identities", keys.identities(), by: judge(.sealed), deepOneIn: 1)
        try expect("rings", keys.rings(), by: judge(.sealed), deepOneIn: 1)
    }

    @Test(arguments: Golden.allCases) func aDamagedIndexDoesNotShow(golden: Golden) throws {
        let damage = try index(golden)
        try expect("index files", damage.files(), by: judge(golden), deepOneIn: 1)
        try expect("index bits", damage.bits(), by: judge(golden), deepOneIn: 1)
    }

    @Test(arguments: Golden.allCases) func anIndexAndALogOfTwoMomentsAreNotMixedUp(golden: Golden) throws {
        let damage = try index(golden)
        let judge = try DamageJudge(damage.newer)
        try expect("older index", damage.stale(), by: judge, deepOneIn: 1)
        try expect("older log", damage.ahead(), by: judge, deepOneIn: 1)
    }

    /// Two damages at once, drawn from all of them.
    @Test(arguments: Golden.allCases) func twoDamagesGiveNoWrongEvent(golden: Golden) throws {
        let seed =
            ProcessInfo.processInfo.environment["REELD_SEED"].flatMap { UInt64($0) }
            ?? UInt64.random(in: 0...UInt64.max)
        print("damage: REELD_SEED=\(seed)")
        var random = SeededGenerator(seed: seed)
        let log = try log(golden)
        let logCases =
            try log.headerBits() + log.payloadBits() + log.cuts() + log.zeroedSectors() + log.movedFrames()
            + log.movedSegments(try Self.foreign.get())
        let index = try index(golden)
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
        try expect("two at once", cases, by: judge(golden), deepOneIn: 1)
    }

    private func index(_ name: Golden) throws -> IndexDamage {
        let golden = try image(name)
        return IndexDamage(
            golden: golden, newer: try writtenOn(golden), foreign: try Self.foreign.get(), isFull: Self.isFull)
    }

    /// The store after one more recording, a compaction, and batches behind it.
    private func writtenOn(_ golden: GoldenImage) throws -> GoldenImage {
        let disk = SimulatedDisk(golden.disk)
        let store = try DamageJudge.open(disk, golden.encryption)
        _ = try wait { try store.start(StartRequest(id: nil, metadata: RecordingMetadata()), $0) }
        for round in 0..<3 {
            for number in [2, 5, golden.count + 1] as [UInt64] {
                let body = Array(#"[{"type":5,"data":{"tag":"t\#(round)"},"timestamp":1}]"#.utf8)
                let batch = store.prepare(try EventScanner().scan(body).run, writer: "n", batch: UInt64(round))
                _ = try wait { try store.append(batch, to: number, $0) }
            }
            if round == 1 { _ = try wait { store.vacuum($0) } }
        }
        store.close()
        return GoldenImage(disk: disk.image(), count: golden.count + 1, golden.encryption)
    }

    private func wait<Answer: Sendable>(
        _ call: (@escaping @Sendable (Result<Answer, StoreError>) -> Void) throws -> Void
    ) throws -> Answer {
        let result = Monitor<Result<Answer, StoreError>?>(nil)
        try call { answer in result.broadcast { $0 = answer } }
        return try #require(result.wait(timeoutMilliseconds: 120_000) { $0 }).get()
    }
}
