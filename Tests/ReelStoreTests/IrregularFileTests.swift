import Foundation
import Glibc
import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

/// Directories, links, FIFOs and sockets where the store has its files.
@Suite struct IrregularFileTests {
    enum Thing: String, CaseIterable, Sendable {
        case fifo, directory, link, socket

        /// Puts it in the place of what is there.
        func put(at path: String) throws {
            if access(path, F_OK) == 0 { try FileManager.default.removeItem(atPath: path) }
            switch self {
            case .fifo: try #require(mkfifo(path, 0o600) == 0)
            case .directory:
                try #require(mkdir(path, 0o700) == 0)
                try Data("precious".utf8).write(to: URL(filePath: path + "/thesis"))
            case .link:
                let target = NSTemporaryDirectory() + "reeld-test-target-" + UUID().uuidString
                try Data("precious".utf8).write(to: URL(filePath: target))
                try #require(symlink(target, path) == 0)
            case .socket:
                // bind(2) has room for 107 bytes.
                let short = NSTemporaryDirectory() + "rs-" + String(UInt32.random(in: 0 ... .max), radix: 36)
                _ = try Socket.listen(unix: short, mode: 0o600, backlog: 1)
                try #require(rename(short, path) == 0)
            }
        }

        /// Whether it is there, with what it holds or leads to.
        func isThere(_ path: String) -> Bool {
            var status = stat()
            guard lstat(path, &status) == 0 else { return false }
            switch self {
            case .fifo: return status.st_mode & S_IFMT == S_IFIFO
            case .socket: return status.st_mode & S_IFMT == S_IFSOCK
            case .directory: return FileManager.default.contents(atPath: path + "/thesis") == Data("precious".utf8)
            case .link:
                return status.st_mode & S_IFMT == S_IFLNK
                    && FileManager.default.contents(atPath: path) == Data("precious".utf8)
            }
        }
    }

    private func fill() throws -> (TemporaryDirectory, dump: [String]) {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        _ = try store.start()
        _ = try store.append(makeEvents(10), to: 1)
        _ = try store.context.wait { .rotate($0) }
        _ = try store.append(makeEvents(10, from: 10), to: 1)
        let dump = try store.dump()
        store.close()
        return (directory, dump)
    }

    private func isTold(_ error: any Error, _ path: String) -> Bool {
        if case OpenError.system(let error) = error { error.isIrregularFile && error.path == path } else { false }
    }

    @Test(arguments: Thing.allCases, ["store", "lock", "log/0000000001.seg", "log/0000000002.seg"])
    func whatIsNoFileInThePlaceOfATruthIsNamedAndLeftAlone(_ thing: Thing, _ name: String) throws {
        let (directory, _) = try fill()
        let path = "\(directory.path)/\(name)"
        try thing.put(at: path)
        #expect { _ = try Store.forTest(directory) } throws: { isTold($0, path) }
        if name == "store" {
            #expect { _ = try StoreVerifier(directory.path, .test).run() } throws: { isTold($0, path) }
        } else if name != "lock" {
            let damage = try StoreVerifier(directory.path, .test).run().damage
            #expect(damage.contains { $0.kind == .irregular && $0.file == path })
        }
        #expect(thing.isThere(path))
    }

    @Test func whatIsNoSegmentHidesNoDamageOfOthers() throws {
        let (directory, _) = try fill()
        let first = directory.file("log/0000000001.seg")
        // In the payload of the frame behind the state frame.
        try Data(contentsOf: first).flipped(440).write(to: first)
        try Thing.fifo.put(at: "\(directory.path)/log/0000000002.seg")
        let kinds = try StoreVerifier(directory.path, .test).run().damage.map(\.kind)
        #expect(kinds.contains(.irregular) && kinds.contains(.payloadChecksum))
    }

    @Test(
        arguments: [Thing.fifo, .link, .socket],
        ["recordings", "summaries", "ids", "ids.new", "0000000001.frames", "0000000002.frames.new"])
    func whatIsNoFileInTheIndexIsRemovedAndMadeAnew(_ thing: Thing, _ name: String) throws {
        let (directory, dump) = try fill()
        let path = "\(directory.path)/index/\(name)"
        try thing.put(at: path)
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
        // So that `ids` has to be made anew, by way of its draft.
        if name == "ids.new" { try FileManager.default.removeItem(atPath: "\(directory.path)/index/ids") }
        let store = try Store.forTest(directory)
        #expect(try store.dump() == dump)
        _ = try store.append(makeEvents(10, from: 20), to: 1)
        let events = try store.events(of: 1)
        store.close()
        var status = stat()
        // A draft is renamed away.
        #expect(lstat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG)
        if let target { #expect(FileManager.default.contents(atPath: target) == Data("precious".utf8)) }
        let again = try Store.forTest(directory)
        #expect(events == makeEvents(30))
        #expect(try again.events(of: 1) == events)
        again.close()
        #expect(try StoreVerifier(directory.path, .test).run().isSound)
    }

    @Test(arguments: ["recordings", "summaries", "ids", "0000000001.frames"])
    func aDirectoryInTheIndexIsToldAndLeftAlone(_ name: String) throws {
        let (directory, dump) = try fill()
        let path = "\(directory.path)/index/\(name)"
        try Thing.directory.put(at: path)
        if name.hasSuffix(".frames") {
            let events = Monitor<[StoreEvent]>([])
            let store = try Store.open(directory.path, .test) { event in events.withLock { $0.append(event) } }
            #expect(try store.dump() == dump)
            _ = try store.append(makeEvents(10, from: 20), to: 1)
            #expect(throws: SystemError(SystemError.irregularFile, "rename", path)) { try store.checkpoint() }
            store.close()
        } else {
            #expect { _ = try Store.forTest(directory) } throws: { isTold($0, path) }
        }
        #expect(Thing.directory.isThere(path))
        try FileManager.default.removeItem(atPath: path)
        let again = try Store.forTest(directory)
        #expect(try again.events(of: 1).starts(with: makeEvents(20)))
        again.close()
    }
}
