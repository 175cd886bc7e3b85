import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem
import SimulatedDisk
import StoreFixtures
import Testing

/// The power goes at every call of a rotation.
struct KeyRotationCrashTests {
    private static let new = StoreEncryption.key(StoreEncryption.key(of: 9))

    @Test(arguments: [false, true]) func aPowerCutLeavesTheStoreUnderOneOfTheKeys(isDeep: Bool) throws {
        let disk = SimulatedDisk(DiskImage(directories: ["/data"]))
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        options.reserveSizeBytes = 0
        let store = try Store.open(ScenarioRun.root, .test, options: options, fileSystem: disk, clock: TestClock())
        let answer = Answer<StartReceipt>()
        try store.start(StartRequest(id: nil, metadata: RecordingMetadata())) { answer.give($0) }
        _ = try answer.wait()
        store.close()
        let start = disk.image()
        let rotated = SimulatedDisk(start, isRecording: true)
        _ = try KeyRotation(ScenarioRun.root, fileSystem: rotated, clock: TestClock())
            .run(from: .test, to: KeyRotationCrashTests.new, isDeep: isDeep)
        var random = SystemRandomNumberGenerator()
        var replay = CrashReplay(start)
        var stateCount = 0
        for (index, call) in rotated.trace.enumerated() {
            replay.add(call)
            for fates in CrashFates.combinations(of: replay.pending, sampleCount: 8, &random).prefix(10) {
                let image = replay.image(fates)
                stateCount += 1
                let opens = [.test, KeyRotationCrashTests.new].filter { opensWhole(image, $0, options) }
                let openCount = opens.count
                #expect(openCount == 1, "call \(index), fates \(fates)")
                // The same command finishes the work.
                let again = SimulatedDisk(image)
                _ = try KeyRotation(ScenarioRun.root, fileSystem: again, clock: TestClock())
                    .run(from: .test, to: KeyRotationCrashTests.new, isDeep: isDeep)
                // Not within the expectation: it would print the whole disk.
                let isWhole = opensWhole(again.image(), KeyRotationCrashTests.new, options)
                #expect(isWhole, "call \(index), fates \(fates)")
            }
        }
        #expect(stateCount > 50)
    }

    private func opensWhole(_ image: DiskImage, _ encryption: StoreEncryption, _ options: StoreOptions) -> Bool {
        let disk = SimulatedDisk(image)
        guard
            let store = try? Store.open(
                ScenarioRun.root, encryption, options: options, fileSystem: disk, clock: TestClock())
        else { return false }
        defer { store.close() }
        return store.report.damage.isEmpty && (try? store.recording(1)) != nil
            && (try? StoreVerifier(ScenarioRun.root, encryption, fileSystem: disk).run().isSound) == true
    }
}
