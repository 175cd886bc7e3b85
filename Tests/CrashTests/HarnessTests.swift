import ReelStore
import ReelSystem
import SimulatedDisk
import Testing

/// The sweep must tell when a disk or a store breaks its promises: else its silence says nothing.
@Suite struct HarnessTests {
    @Test func aDiskThatDropsSyncsIsCaught() throws {
        let problems = try sweep { UnfaithfulFileSystem($0, .dropsSyncs) }
        expectLoss(problems)
    }

    @Test func aDiskThatDropsSyncsOfDirectoriesIsCaught() throws {
        let problems = try sweep { UnfaithfulFileSystem($0, .dropsDirectorySyncs) }
        expectLoss(problems)
    }

    /// A store that acks before it syncs: to the disk the sync comes with the next write.
    @Test func anAckBeforeItsSyncIsCaught() throws {
        let problems = try sweep { UnfaithfulFileSystem($0, .syncsLate) }
        expectLoss(problems)
    }

    @Test func aFaithfulDiskIsNotAccused() throws {
        let problems = try sweep { $0 }
        #expect(problems == [])
    }

    private func expectLoss(_ problems: [String]) {
        let isLossTold = problems.contains { $0.contains("acked") }
        #expect(isLossTold, "\(problems.prefix(10))")
    }

    private func sweep(_ seenThrough: (SimulatedDisk) -> any FileSystem) throws -> [String] {
        let scenario = Scenario.rotation
        let run = try ScenarioRun(scenario.options, seenThrough: seenThrough)
        try scenario.play(run)
        let plan = CrashSweep.Plan(seed: 1, sampleCount: 2, stateMax: 4, deepOneIn: 20, nestedOneIn: .max)
        return CrashSweep(run, of: scenario, plan: plan).run().failures.flatMap(\.problems)
    }
}

/// Stands between a store and its disk and does not do what it says.
private final class UnfaithfulFileSystem: FileSystem {
    enum Fault: Sendable { case dropsSyncs, dropsDirectorySyncs, syncsLate }

    private let disk: SimulatedDisk
    private let fault: Fault

    init(_ disk: SimulatedDisk, _ fault: Fault) {
        self.disk = disk
        self.fault = fault
    }

    func open(_ path: String, _ mode: OpenMode) throws(SystemError) -> any File {
        UnfaithfulFile(try disk.open(path, mode), fault)
    }
    func createDirectory(_ path: String) throws(SystemError) { try disk.createDirectory(path) }
    func list(_ directory: String) throws(SystemError) -> [String] { try disk.list(directory) }
    func rename(_ from: String, to: String) throws(SystemError) { try disk.rename(from, to: to) }
    func unlink(_ path: String) throws(SystemError) { try disk.unlink(path) }
    func freeBytes(_ path: String) throws(SystemError) -> UInt64 { try disk.freeBytes(path) }

    func totalBytes(_ path: String) throws(SystemError) -> UInt64 { try disk.totalBytes(path) }
    func syncDirectory(_ path: String) throws(SystemError) {
        if fault != .dropsDirectorySyncs { try disk.syncDirectory(path) }
    }
}

private final class UnfaithfulFile: File {
    private let file: any File
    private let fault: UnfaithfulFileSystem.Fault
    private let isSyncDue = Monitor(false)

    init(_ file: any File, _ fault: UnfaithfulFileSystem.Fault) {
        self.file = file
        self.fault = fault
    }

    var path: String { file.path }

    func write(_ bytes: [UInt8], at offsetBytes: UInt64) throws(SystemError) {
        let isDue = isSyncDue.withLock { isDue in
            defer { isDue = false }
            return isDue
        }
        if isDue { try file.sync() }
        try file.write(bytes, at: offsetBytes)
    }

    func sync() throws(SystemError) {
        switch fault {
        case .dropsSyncs: return
        case .dropsDirectorySyncs: try file.sync()
        case .syncsLate: isSyncDue.withLock { $0 = true }
        }
    }

    func read(_ count: Int, at offsetBytes: UInt64, into buffer: inout [UInt8]) throws(SystemError) {
        try file.read(count, at: offsetBytes, into: &buffer)
    }
    func send(_ count: Int, at offsetBytes: UInt64, to socket: borrowing FileDescriptor) -> Transfer {
        file.send(count, at: offsetBytes, to: socket)
    }
    func sizeBytes() throws(SystemError) -> UInt64 { try file.sizeBytes() }
    func truncate(to sizeBytes: UInt64) throws(SystemError) { try file.truncate(to: sizeBytes) }
    func allocate(_ sizeBytes: UInt64) throws(SystemError) { try file.allocate(sizeBytes) }
    func lock() throws(SystemError) { try file.lock() }
    func map(windowBytes: Int) throws(SystemError) -> any Mapping { try file.map(windowBytes: windowBytes) }
}
