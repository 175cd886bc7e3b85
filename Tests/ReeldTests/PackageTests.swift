import ReelSystem
import Testing

@testable import reeld

/// What the package ships beside the program, against the program.
struct PackageTests {
    private func file(_ path: String) throws -> String {
        String(decoding: try SmallFile.read("\(repositoryRoot)/\(path)", sizeMaxBytes: 1 << 20), as: UTF8.self)
    }

    @Test func thePackageHasTheProgramsVersion() throws {
        #expect(try file("packaging/debian/changelog").hasPrefix("reeld (\(CommandTable.version)) "))
    }

    @Test func everyKindOfMessageHasOneEntryInTheCatalog() throws {
        let catalog = try file("packaging/reeld.catalog")
        let entries = catalog.matches(of: /\n-- ([0-9a-f]{32})\nSubject: .+\nDefined-By: reeld\nDocumentation: .+\n\n./)
        #expect(entries.map { String($0.output.1) }.sorted() == LogKind.allCases.map(\.messageID).sorted())
    }

    @Test func theCatalogNamesOnlyFieldsThatAreWrittenAsFields() throws {
        let fields = try file("packaging/reeld.catalog").matches(of: /@([A-Z_]+)@/).map { String($0.output.1) }
        let known = ["FILE", "COUNT", "RECORDING", "RECORDINGS", "REQUESTER", "CAUSE"].map { "REELD_\($0)" }
        #expect(Set(fields).isSubset(of: known))
    }

    @Test func theKeyOfTheFirstStartIsToldUnderTheIdOfAKeyThatWasMade() throws {
        #expect(try file("packaging/make-key").contains("MESSAGE_ID=\(LogKind.keyMade.messageID)\\n"))
    }

    @Test func aMachineOfManyCPUsStaysWithinTheTasksOfTheUnit() throws {
        let unit = try file("packaging/debian/reeld.service")
        let tasksMax = try #require(unit.firstMatch(of: /\nTasksMax=(\d+)\n/).flatMap { Int($0.output.1) })
        let configuration = Configuration()
        let perCPU = configuration.loopCount(processorCount: 1024) + configuration.workerCount(processorCount: 1024)
        // Beside those a dozen: the log's, the compactor's, the journal's.
        #expect(perCPU + 24 <= tasksMax)
    }

    @Test func theCredentialOfTheUnitIsTheOneTheDaemonLooksFor() throws {
        #expect(
            try file("packaging/debian/reeld.service").contains(
                "\nLoadCredentialEncrypted=\(KeySource.credentialName)\n"))
    }
}
