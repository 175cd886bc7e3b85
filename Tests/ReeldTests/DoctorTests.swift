import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem
import Testing

@testable import reeld

/// Each check finds what is wrong, and says what to do.
struct DoctorTests {
    /// What a check says of a healthy machine after a change.
    private func told(_ check: Check, _ change: (inout Scene) throws -> Void = { _ in }) throws -> String {
        var scene = try HealthyScene.make()
        try change(&scene)
        return scene.told(check)
    }

    @Test func aHealthyMachineIsAllWell() throws {
        let report = DoctorReport(try HealthyScene.make())
        #expect(report.findings.allSatisfy { $0.finding.verdict == .well }, "\(report.text)")
        #expect(report.text.hasSuffix("0 broken, 0 to look at, 0 not seen, \(report.findings.count) well\n"))
        #expect(Set(Check.all.map(\.name)).count == Check.all.count)
    }

    @Test func everyFindingIsALineAndAJSONMember() throws {
        var scene = try HealthyScene.make()
        scene.daemon.answer = .none("Connection\nrefused")
        let report = DoctorReport(scene)
        #expect(report.text.split(separator: "\n").count == report.findings.count + 1)
        #expect(report.json["broken"]?.integer == 1)
        let socket = report.json["findings"]?.array?.first { $0["check"]?.string == "socket" }
        #expect(socket?["verdict"]?.string == "broken" && socket?["advice"]?.string != nil)
    }

    // MARK: Who may

    @Test func aMistakeInTheConfigurationIsToldByFileAndLine() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("reeld.conf", "[store]\nsegment_size = huge\n")
        let seen = ConfigurationSighting(path, [.init(key: "store.directory", text: "/s", option: "--store")])
        #expect(seen.values.store.directory == "/s", "what the command line says holds all the same")
        let told = try told(.configuration) { $0.configuration = seen }
        #expect(told.hasPrefix("broken: \(path):2: store.segment_size: 'huge' "), "\(told)")
        #expect(told.contains("reeld config check"))
    }

    @Test(arguments: [(0o664 as UInt32, 0 as UInt32, "broken: "), (0o644, 999_999, "look: "), (0o600, 0, "well: ")])
    func whoMayChangeTheConfigurationIsTold(mode: UInt32, owner: UInt32, verdict: String) throws {
        let told = try told(.configuration) {
            $0.configuration.statuses[0].status = FileStatus(kind: .regular, mode: mode, ownerID: owner)
        }
        #expect(told.hasPrefix(verdict), "\(told)")
    }

    @Test(arguments: [0o755 as UInt32, 0o750, 0o701])
    func aStoreThatOthersMayLookIntoIsBroken(mode: UInt32) throws {
        let told = try told(.store) {
            $0.store.place = .there(FileStatus(kind: .directory, mode: mode, ownerID: HealthyScene.storeUser))
        }
        #expect(told.hasPrefix("broken: ") && told.contains("chmod 700 /var/lib/reeld"), "\(told)")
    }

    @Test func aFileOfSomebodyElseInTheStoreLocksTheDaemonOut() throws {
        let told = try told(.store) { $0.store.foreignFiles = ["/var/lib/reeld/log/0000000001.seg"] }
        #expect(told.hasPrefix("broken: 1 file in the store not ") && told.contains("chown -R"), "\(told)")
        // Found where it is: nobody else than root can make one.
        let directory = try TemporaryDirectory()
        try directory.write("log/0000000001.seg", "")
        #expect(StoreSighting(directory.path, now: 0).foreignFiles == [])
    }

    @Test func aStoreThatIsNoneIsTold() throws {
        #expect(try told(.store) { $0.store.identityTrouble = "/s/store: damaged" }.hasPrefix("broken: /s/store"))
        let missing = try told(.store) {
            $0.store.place = .missing
            $0.store.identity = .missing
        }
        #expect(missing.hasPrefix("broken: /var/lib/reeld is not there, and a daemon runs"))
        let new = try told(.store) {
            $0.store.place = .missing
            $0.store.identity = .missing
            $0.daemon.answer = .none("no")
        }
        #expect(new.hasPrefix("look: /var/lib/reeld: there is no store yet"))
        #expect(try told(.store) { $0.store.identity = .denied }.hasPrefix("unseen: "))
    }

    @Test func aReadOnlyDaemonIsBroken() throws {
        let told = try told(.store) {
            $0.daemon.answer = .figures(try HealthyScene.figures(nil, ",\"read_only_cause\":\"EIO\""))
        }
        #expect(told.hasPrefix("broken: the daemon takes no more writes: EIO"))
    }

    @Test func aTokenThatOthersMayReadIsBroken() throws {
        for (mode, verdict) in [(0o644 as UInt32, "broken: "), (0o640, "broken: "), (0o600, "well: ")] {
            let told = try told(.token) {
                $0.token = .there(FileStatus(kind: .regular, mode: mode, ownerID: HealthyScene.storeUser))
            }
            #expect(told.hasPrefix(verdict), "\(told)")
        }
        let foreign = try told(.token) { $0.token = .there(FileStatus(kind: .regular, mode: 0o600, ownerID: 1)) }
        #expect(foreign.hasPrefix("broken: "))
    }

    // MARK: Key

    private func keyFile(_ mode: UInt32, owner: UInt32 = HealthyScene.storeUser) -> KeySighting.Place {
        KeySighting.Place(
            path: "/etc/reeld/store.key", status: .there(FileStatus(kind: .regular, mode: mode, ownerID: owner)))
    }

    @Test func theRightKeyIsWellAndRemindsOfItsCopy() throws {
        let told = try told(.key)
        #expect(
            told.hasPrefix("well: /etc/credstore.encrypted/reeld.key has the store's key ") && told.contains("copy"))
    }

    @Test func anotherKeyIsToldByBothFingerprints() throws {
        let other = try StoreKey(try SecretBytes.random(count: 32)).fingerprint
        let told = try told(.key) { $0.key.credential?.fingerprint = other }
        #expect(told.hasPrefix("broken: ") && told.contains("\(other)") && told.contains("store was written with"))
    }

    @Test func aKeyThatIsGoneIsBrokenAndUrgentWhileTheDaemonHasIt() throws {
        let running = try told(.key) { $0.key.credential?.status = .missing }
        #expect(running.hasPrefix("broken: the store is encrypted, and neither "), "\(running)")
        #expect(running.contains("do not stop it before"))
        let stopped = try told(.key) {
            $0.key.credential?.status = .missing
            $0.daemon.answer = .none("")
        }
        #expect(stopped.hasPrefix("broken: ") && !stopped.contains("do not stop it"))
        let new = try told(.key) {
            $0.key.credential?.status = .missing
            $0.store.identity = .there(nil)
            $0.daemon.answer = .none("")
        }
        #expect(new.hasPrefix("well: ") && new.contains("the first start makes a key"))
    }

    @Test func aKeyThatOthersMayReadOrChangeIsBroken() throws {
        for (place, word) in [
            (keyFile(0o644), "broken: "), (keyFile(0o440), "broken: "), (keyFile(0o400, owner: 5), "broken: "),
        ] {
            let told = try told(.key) {
                $0.key.credential = nil
                $0.key.keyFile = place
            }
            #expect(told.hasPrefix(word), "\(told)")
        }
        // Encrypted to the machine it is nobody's.
        let credential = try told(.key) {
            $0.key.credential?.status = .there(FileStatus(kind: .regular, mode: 0o644, ownerID: 0))
        }
        #expect(credential.hasPrefix("look: ") && credential.contains("\nwell: "), "\(credential)")
    }

    @Test func whatIsNoKeyOrDoesNotOpenIsBroken() throws {
        let told = try told(.key) { $0.key.credential?.trouble = "it does not open on this machine" }
        #expect(told.hasPrefix("broken: /etc/credstore.encrypted/reeld.key: it does not open on this machine"))
        let directory = try TemporaryDirectory()
        var settings = StoreSettings()
        settings.keyFile = try directory.write("store.key", "something")
        let seen = KeySighting(settings, hasCredentials: false)
        #expect(seen.keyFile.trouble?.contains("holds no key of reeld") == true && seen.keyFile.fingerprint == nil)
    }

    @Test func twoKeysAreToLookAtAndAnUnreadableOneIsNotSeen() throws {
        let both = try told(.key) { $0.key.keyFile = keyFile(0o400) }
        #expect(both.hasPrefix("look: ") && both.contains("comes before /etc/reeld/store.key"))
        let unread = try told(.key) { $0.key.credential?.fingerprint = nil }
        #expect(unread.hasPrefix("unseen: "))
    }

    @Test func aStoreAndAConfigurationThatDifferAboutEncryptionAreBroken() throws {
        #expect(try told(.key) { $0.configuration.values.store.encryption = false }.hasPrefix("broken: "))
        func unsealed(_ encryption: Bool) throws -> String {
            try told(.key) {
                var identity = try #require($0.store.identity.value ?? nil)
                identity.keyRecord = nil
                $0.store.identity = .there(identity)
                $0.configuration.values.store.encryption = encryption
            }
        }
        #expect(try unsealed(true).hasPrefix("broken: ") && unsealed(false).hasPrefix("look: there is none: "))
    }

    // MARK: Reached

    @Test func aSocketThatEverybodyMayConnectToIsToLookAt() throws {
        let told = try told(.socket) { $0.daemon.place = .there(FileStatus(kind: .socket, mode: 0o666, ownerID: 0)) }
        #expect(told.hasPrefix("look: ") && told.contains("everybody"))
    }

    @Test func whoMayUseTheSocketAndWhichVersionAnswersIsTold() throws {
        #expect(
            try told(.socket).contains("reeld-ingest (agent) may record, reeld-view (no member yet) watch, root all"))
        let missing = try told(.socket) { $0.daemon.viewers = nil }
        #expect(missing.hasPrefix("look: there is no group reeld-view (server.view_group)"))
        let old = try told(.socket) {
            $0.daemon.answer = .figures(try JSONValue(parsing: Array("{\"version\":\"0.0.1\"}".utf8)))
        }
        #expect(old.hasPrefix("look: the daemon that runs is 0.0.1, this is \(CommandTable.version)"))
        #expect(try told(.socket) { $0.daemon.answer = .none("Connection refused") }.hasPrefix("broken: no daemon"))
        let denied = try told(.socket) { $0.daemon.answer = .denied("Permission denied") }
        #expect(denied.hasPrefix("unseen: ") && denied.contains("a member of reeld-ingest, reeld-view"))
    }

    @Test func anAddressThatDoesNotAnswerIsBroken() throws {
        let place = HTTPPlace(address: ListenAddress(host: "127.0.0.1", port: 7335))
        #expect(
            try told(.tcp) { $0.listeners = [(place, "refused")] }.hasPrefix("broken: http://127.0.0.1:7335: refused"))
        #expect(try told(.tcp) { $0.listeners = [(place, nil)] } == "well: http://127.0.0.1:7335 answers -> ")
        // Of the socket unit before the configuration, and only where a port is known.
        let service = ServiceSighting(
            HealthyScene.units("reeld.socket", "Listen=/run/reeld/reeld.sock (Stream)\nListen=127.0.0.1:7336 (Stream)"))
        var settings = Configuration()
        settings.server.listen = ListenAddress(host: "::1", port: 0)
        #expect(HTTPPlace.all(settings, service).map { "\($0.address)" } == ["127.0.0.1:7336"])
        #expect(HTTPPlace.all(settings, nil) == [])
    }

    @Test(arguments: [
        (
            "reeld.service", "ActiveState=failed\nResult=exit-code\nExecMainStatus=2",
            "broken: reeld.service failed: exit-code"
        ),
        ("reeld.service", "ActiveState=inactive\nSubState=dead", "look: reeld.service is inactive (dead)"),
        ("reeld.service", "ActiveState=active\nNRestarts=3", "look: systemd started the daemon again 3 times"),
        ("reeld.service", "ActiveState=active\nUnitFileState=disabled", "look: reeld.service does not start with"),
        ("reeld.service", "ActiveState=active\nNeedDaemonReload=yes", "look: units have changed"),
        ("reeld.socket", "ActiveState=inactive", "look: reeld.socket is inactive"),
    ])
    func whatSystemdSaysIsTold(unit: String, properties: String, expected: String) throws {
        let told = try told(.service) { $0.service = ServiceSighting(HealthyScene.units(unit, properties)) }
        #expect(told.hasPrefix(expected), "\(told)")
    }

    @Test func withoutSystemdOrAUnitNothingIsSaidOfThem() throws {
        #expect(try told(.service) { $0.service = nil } == "")
        #expect(try told(.service) { $0.service = ServiceSighting("Id=reeld.service\nLoadState=not-found\n") } == "")
    }
}
