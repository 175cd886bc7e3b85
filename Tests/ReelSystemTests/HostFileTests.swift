import Foundation
import Glibc
import Synchronization
import Testing

@testable import ReelSystem

/// Files of the kernel's, with what the kernel really does: signals, limits, and things that are no files.
@Suite struct HostFileTests {
    private let directory = Directory()

    private var path: String { "\(directory.path)/file" }

    /// What can stand in a file's place, and how it is made there.
    static let irregular: [(name: String, make: @Sendable (String) -> Int32)] = [
        ("FIFO", { mkfifo($0, 0o600) }),
        ("directory", { mkdir($0, 0o700) }),
        (
            "link to a file",
            { path in
                _ = FileManager.default.createFile(atPath: path + ".target", contents: Data("precious".utf8))
                return symlink(path + ".target", path)
            }
        ),
        ("link to nothing", { symlink("/nonexistent", $0) }),
        ("link to /dev/null", { symlink("/dev/null", $0) }),
        (
            "socket",
            { path in
                var address = sockaddr_un()
                address.sun_family = sa_family_t(AF_UNIX)
                withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
                let raw = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
                defer { close(raw) }
                return withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                    }
                }
            }
        ),
    ]

    @Test(arguments: irregular.indices) func whatIsNoFileIsNotOpenedAndNotWaitedFor(_ index: Int) throws {
        let (name, make) = Self.irregular[index]
        try #require(make(path) == 0, "\(name): \(String(cString: strerror(errno)))")
        for mode in [OpenMode.existing, .readOnly, .createIfMissing] {
            #expect(throws: SystemError(SystemError.irregularFile, "open", path), "\(name), \(mode)") {
                try HostFileSystem().open(path, mode)
            }
        }
        #expect(throws: SystemError(EEXIST, "open", path)) { try HostFileSystem().open(path, .new) }
        #expect(access("/nonexistent", F_OK) != 0)
    }

    @Test func whatIsDerivedTakesThePlaceOfWhatIsNoFile() throws {
        let (_, makeLink) = Self.irregular[2]
        try #require(makeLink(path) == 0)
        try HostFileSystem().openDerived(path).write([1], at: 0)
        #expect(try Data(contentsOf: URL(filePath: path)) == Data([1]))
        #expect(try Data(contentsOf: URL(filePath: path + ".target")) == Data("precious".utf8))
        let folder = "\(directory.path)/folder"
        try #require(mkdir(folder, 0o700) == 0)
        #expect(throws: SystemError(SystemError.irregularFile, "open", folder)) {
            try HostFileSystem().openDerived(folder)
        }
        #expect(throws: SystemError(SystemError.irregularFile, "rename", folder)) {
            try HostFileSystem().rename(path, to: folder)
        }
        #expect(access(folder, F_OK) == 0 && access(path, F_OK) == 0)
    }

    /// In a process of its own, for the limit is the process's.
    @Test func aWriteThatTheKernelCutsShortGoesOnAndTellsItsError() async {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 1000, rlim_max: rlim_t.max)
            setrlimit(__rlimit_resource_t(1), &limit)
            // What runs in a process of its own captures nothing, so not the test's directory either.
            var name = Array("/tmp/reel-system-test-XXXXXX".utf8CString)
            let raw = mkstemp(&name)
            let path = name.withUnsafeBufferPointer { $0.baseAddress.map(String.init(cString:)) ?? "" }
            defer { unlink(path) }
            let file = HostFile(FileDescriptor(owning: raw), path: path)
            var told: Int32 = 0
            // The first pwrite(2) writes 900 of these, the second says why no more.
            do throws(SystemError) {
                try file.write([UInt8](repeating: 7, count: 1500), at: 100)
            } catch {
                told = error.code
            }
            let size = try file.sizeBytes()
            let written = try file.read(2000, at: 0)
            unlink(path)
            let wanted = [UInt8](repeating: 0, count: 100) + [UInt8](repeating: 7, count: 900)
            let isRight = told == EFBIG && size == 1000 && written == wanted
            exit(isRight ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test func aCallThatSignalsInterruptIsMadeAgain() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let (readEnd, writeEnd) = (ends[0], ends[1])
        let storm = SignalStorm()
        let got = Monitor<Int?>(nil)
        let thread = ReelSystem.Thread("reader") {
            storm.aim()
            var byte: UInt8 = 0
            // As every call of this layer is made.
            let count = retrying { Glibc.read(readEnd, &byte, 1) }
            storm.stop()
            got.broadcast { $0 = count }
        }
        // Each is delivered, for its handler counts them; the read is blocked all the while.
        storm.blow(count: 20)
        #expect(got.withLock { $0 } == nil)
        #expect(Glibc.write(writeEnd, [UInt8(1)], 1) == 1)
        #expect(got.wait(timeoutMilliseconds: 120_000) { $0 } == 1)
        thread.join()
        close(readEnd)
        close(writeEnd)
    }
}

/// Signals at one thread, whose handler does nothing but interrupt and be counted.
private final class SignalStorm: Sendable {
    private struct State {
        var target: pthread_t?
        var isStopped = false
    }

    private let state = Monitor(State())

    /// The calling thread is what the storm is for.
    func aim() {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = countSignal
        // No SA_RESTART: that is the point.
        sigaction(SIGUSR2, &action, nil)
        // Tests run on threads that take no signals, and their children neither.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGUSR2)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        let target = pthread_self()
        state.broadcast { $0.target = target }
    }

    func stop() { state.broadcast { $0.isStopped = true } }

    /// Sends signals until so many were delivered, or the target has stopped.
    func blow(count: Int) {
        guard let target = state.wait(until: { $0.target }) else { return }
        let wanted = Int(signalCount.load(ordering: .relaxed)) + count
        while Int(signalCount.load(ordering: .relaxed)) < wanted, !state.withLock({ $0.isStopped }) {
            pthread_kill(target, SIGUSR2)
            usleep(500)
        }
    }
}

private final class Directory {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "reel-system-test-" + UUID().uuidString
        mkdir(path, 0o700)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

private let signalCount = Atomic<Int>(0)

// A top-level function: it runs in a signal's context and may touch nothing but the count.
private func countSignal(_ number: Int32) { signalCount.add(1, ordering: .relaxed) }
