import Foundation
import ReelSystem
import Testing

@testable import reeld

struct ExportDirectoryTests {
    private let temporary: TemporaryDirectory

    init() throws { temporary = try TemporaryDirectory() }

    @Test func aFileThatIsNotFinishedLeavesNothing() throws {
        let directory = try ExportDirectory("\(temporary.path)/export")
        try directory.make()
        try directory.write("1.json", Array("[]".utf8))
        try leaveUnfinished("2.json", in: directory)
        try leaveUnfinished("3.json", in: directory)
        try directory.write("3.json", Array("[1]".utf8))
        try directory.finish()
        #expect(try SmallFile.names(in: directory.path).sorted() == ["1.json", "3.json", "SHA256SUMS"])
        let sums = try String(contentsOfFile: "\(directory.path)/SHA256SUMS", encoding: .utf8)
        #expect(sums.split(separator: "\n").map { $0.suffix(6) } == ["1.json", "3.json"])
    }

    private func leaveUnfinished(_ name: String, in directory: ExportDirectory) throws {
        try directory.begin(name).write(Array("[0,".utf8)[...])
    }
}
