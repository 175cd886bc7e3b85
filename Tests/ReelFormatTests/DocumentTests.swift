import Foundation
import Testing

/// What FORMAT.md names elsewhere in the repository is there.
@Suite struct DocumentTests {
    private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func sources(_ directory: String) throws -> String {
        let base = root.appending(path: directory)
        return try FileManager.default.subpathsOfDirectory(atPath: base.path).filter { $0.hasSuffix(".swift") }
            .map { try String(contentsOf: base.appending(path: $0), encoding: .utf8) }.joined(separator: "\n")
    }

    @Test func everyRowOfTheRecoveryTableNamesATestThatExists() throws {
        let document = try String(contentsOf: root.appending(path: "Sources/ReelFormat/FORMAT.md"), encoding: .utf8)
        let section = try #require(document.components(separatedBy: "\n## 14. Recovery\n").last)
            .components(separatedBy: "\n## ")[0]
        let tests = try sources("Tests/ReelStoreTests") + sources("Tests/CrashTests")
        let rows = section.components(separatedBy: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| found") }
            .filter { !$0.hasPrefix("| happens") }
        #expect(rows.count >= 25)
        for row in rows {
            let cell = row.dropLast().components(separatedBy: "|").last ?? ""
            let names = cell.components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
            #expect(!names.isEmpty, "no test for: \(row)")
            for name in names {
                let exists = tests.contains("func \(name)(")
                #expect(exists, "no test \(name)")
            }
        }
    }

    @Test func everySectionTheCodeNamesExists() throws {
        let document = try String(contentsOf: root.appending(path: "Sources/ReelFormat/FORMAT.md"), encoding: .utf8)
        let sections = document.components(separatedBy: "\n").filter { $0.hasPrefix("## ") }
            .compactMap { Int($0.dropFirst(3).prefix { $0.isNumber }) }
        #expect(sections == Array(1...sections.count) && sections.count >= 23)
        for mention in try sources("Sources").components(separatedBy: "FORMAT.md §").dropFirst() {
            let number = Int(mention.prefix { $0.isNumber })
            #expect(number.map(sections.contains) == true, "FORMAT.md §\(mention.prefix(10))")
        }
    }
}
