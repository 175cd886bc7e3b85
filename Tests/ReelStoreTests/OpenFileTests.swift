import Foundation
import ReelSystem
import Testing

@testable import ReelStore

/// A segment that was replaced gives its room back only when nobody has it open any more.
@Suite struct OpenFileTests {
    /// The closure of the writer's thread kept the position that recovery had found, and with it that segment's file.
    @Test func theSegmentThatWritingBeganInWasHeldOpenForEver() throws {
        let directory = TemporaryDirectory()
        for round in 1...2 {
            let store = try Store.forTest(directory)
            defer { store.close() }
            let number = try store.start().recording.number
            for start in stride(from: 0, to: 100, by: 10) {
                _ = try store.append(makeEvents(10, from: start), to: number)
            }
            _ = try store.end(number)
            let before = openFiles(of: directory)
            #expect(before.contains { $0.hasSuffix(".seg") } && !before.contains { $0.hasSuffix(" (deleted)") })
            #expect(try store.vacuum().segmentCount > 0, "round \(round)")
            // The compaction's own thread lets go of what it read a moment after it has answered.
            let deadline = Date() + 60
            while openFiles(of: directory).contains(where: { $0.hasSuffix(" (deleted)") }), Date() < deadline {
                usleep(10_000)
            }
            #expect(openFiles(of: directory).filter { $0.hasSuffix(" (deleted)") } == [], "round \(round)")
        }
    }

    /// This process's open files below a directory, as the kernel names them.
    private func openFiles(of directory: TemporaryDirectory) -> [String] {
        let files = FileManager.default
        let descriptors = (try? files.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        let name = (directory.path as NSString).lastPathComponent
        return descriptors.compactMap { try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
            .filter { $0.contains(name) }
    }
}
