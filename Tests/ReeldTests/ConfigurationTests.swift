import ReelHTTP
import ReelStore
import ReelSystem
import Testing

@testable import reeld

struct ConfigurationTests {
    private func problems(_ text: String) throws -> [String] {
        let directory = try TemporaryDirectory()
        let path = try directory.write("reeld.conf", text)
        do throws(ConfigurationError) {
            _ = try ConfigurationLoader.load(path)
            return []
        } catch {
            return error.problems.map { $0.description.replacing(path, with: "F") }
        }
    }

    @Test func everyDefaultIsALegalValueThatReadsBackAsItself() throws {
        for key in ConfigurationKey.all {
            var configuration = Configuration()
            try key.set(key.defaultText, in: &configuration)
            #expect(configuration == Configuration(), "\(key.id)")
        }
    }

    @Test func everyKeyHasASectionOfTheListAndANameOfItsOwn() {
        #expect(Set(ConfigurationKey.all.map(\.id)).count == ConfigurationKey.all.count)
        #expect(Set(ConfigurationKey.all.map(\.section)) == Set(ConfigurationKey.sections.map(\.name)))
        #expect(ConfigurationRule.broken(by: LoadedConfiguration()) == [])
    }

    /// Fails when a key is added, or a default or a help text changed, without writing etc/reeld.conf anew:
    /// `reeld config show --defaults > etc/reeld.conf`.
    @Test func shippedFileDocumentsEveryKeyAtItsDefault() throws {
        let file = try SmallFile.read("\(repositoryRoot)/etc/reeld.conf", sizeMaxBytes: 1 << 20)
        #expect(String(decoding: file, as: UTF8.self) == ConfigurationText.reference())
    }

    @Test func shippedFileWithEveryCommentTakenAwayIsStillTheDefaults() throws {
        let directory = try TemporaryDirectory()
        let text = ConfigurationText.reference().split(separator: "\n")
            .map { $0.hasPrefix("#") && $0.contains("=") && !$0.hasPrefix("# ") ? $0.dropFirst() : $0 }
            .joined(separator: "\n")
        let loaded = try ConfigurationLoader.load(try directory.write("reeld.conf", text))
        #expect(loaded.values == Configuration())
        #expect(loaded.places.count == ConfigurationKey.all.count)
    }

    @Test func dropInsOutrankTheFileInTheOrderOfTheirNames() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("reeld.conf", "[recording]\nlease = 1min\ngrace=1min\n[log]\nlevel=error\n")
        try directory.write("reeld.conf.d/20-b.conf", "[recording]\r\nlease = 3min\r\n")
        try directory.write("reeld.conf.d/10-a.conf", "; a\n[recording]\nlease=2min\ngrace = 2min\n")
        try directory.write("reeld.conf.d/30-c.conf.off", "[recording]\nlease = 9min\n")
        let over = ConfigurationLoader.Override(key: "server.socket", text: "/tmp/a.sock", option: "--socket")
        let loaded = try ConfigurationLoader.load(path, overrides: [over])
        #expect(loaded.values.recording.lease == .seconds(180))
        #expect(loaded.values.recording.grace == .seconds(120))
        #expect(loaded.values.log.level == .error)
        #expect(loaded.values.server.socket == "/tmp/a.sock")
        #expect(loaded.places["recording.lease"] == .init(file: "\(path).d/20-b.conf", line: 2))
        #expect(loaded.places["server.socket"]?.description == "--socket")
        #expect(loaded.places["recording.size_max"] == nil)
    }

    @Test(arguments: [
        ("lease = 1min", "F:1: 'lease' stands before any section; put a line like [store] above it"),
        ("[recording]\nlease: 1min", "F:2: 'lease: 1min' is neither [section] nor key = value; comments begin with #"),
        ("[recording]\n= 1", "F:2: '= 1' is neither [section] nor key = value; comments begin with #"),
        ("[stor]\na=1", "F:2: [stor]: no such section; did you mean [store]?"),
        (
            "[shipping]\nmax_age=1",
            "F:2: [shipping]: no such section; there are [store], [server], [recording], [retention], [archive], [compaction], [log]"
        ),
        ("[retention]\nmax_age = 90x", "F:2: retention.max_age: '90x' is not a duration; write 90d, 12h or 30min"),
        ("[retention]\nmax_age = 90", "F:2: retention.max_age: '90' is not a duration; write 90d, 12h or 30min"),
        ("[retention]\nmax_age = 90s", "F:2: retention.max_age: '90s' is out of bounds; write 1h to 36500d"),
        ("[retention]\nmax_age = 36501d", "F:2: retention.max_age: '36501d' is out of bounds; write 1h to 36500d"),
        ("[retention]\nmax_size = 10", "F:2: retention.max_size: '10' is out of bounds; write 1M to 1048576T"),
        ("[retention]\nkeep_free = some", "F:2: retention.keep_free: 'some' is not a size; write 10G, 64M or 512K"),
        (
            "[retention]\nproject_max_age = shop",
            "F:2: retention.project_max_age: 'shop' is no list of ages; write project:age, as in shop:30d, intranet:0"
        ),
        (
            "[retention]\nproject_max_age = shop:30d, :1d",
            "F:2: retention.project_max_age: 'shop:30d, :1d' names no project before a colon; write shop:30d"
        ),
        (
            "[retention]\nproject_max_age = a:30d, a:1d",
            "F:2: retention.project_max_age: 'a:30d, a:1d' names the project 'a' twice"
        ),
        (
            "[retention]\nproject_max_age = a:b:1x",
            "F:2: retention.project_max_age: 'a:b:1x' has the age '1x', which is not a duration; write 90d, 12h or 30min"
        ),
        ("\n\n[store]\nsegmnt_size=1", "F:4: store.segmnt_size: no such key; did you mean 'segment_size = 128M'?"),
        ("[log]\nlease=1min", "F:2: log.lease: no such key; it belongs to [recording]"),
        ("[log]\nx=1", "F:2: log.x: no such key; [log] has level"),
        ("[recording]\nlease = 90x", "F:2: recording.lease: '90x' is not a duration; write 90d, 12h or 30min"),
        ("[recording]\nlease =", "F:2: recording.lease: '' is not a duration; write 90d, 12h or 30min"),
        ("[recording]\nlease = 31d", "F:2: recording.lease: '31d' is out of bounds; write 1s to 30d"),
        ("[store]\nsegment_size = big", "F:2: store.segment_size: 'big' is not a size; write 10G, 64M or 512K"),
        ("[store]\nsegment_size = 1023K", "F:2: store.segment_size: '1023K' is out of bounds; write 1M to 1G"),
        ("[store]\ndurability = Sync", "F:2: store.durability: 'Sync' is none of the choices; write sync, interval"),
        ("[store]\ndirectory = store", "F:2: store.directory: 'store' is not an absolute path; begin it with /"),
        ("[compaction]\nautomatic = maybe", "F:2: compaction.automatic: 'maybe' is neither yes nor no"),
        ("[server]\nloop_threads = 65", "F:2: server.loop_threads: '65' is not a number from 0 to 64"),
        ("[server]\nloop_threads = +1", "F:2: server.loop_threads: '+1' is not a number from 0 to 64"),
        (
            "[server]\nlisten = 7335",
            "F:2: server.listen: '7335' is not an address and port; write 127.0.0.1:7335, or nothing for no TCP"
        ),
        (
            "[server]\nevent_limit = 65M",
            "F:2: server.event_limit: 65M is more than server.inflated_limit, 64M; a batch must have room for one event"
        ),
        (
            "[server]\nmemory = 127M",
            "F:2: server.memory: 127M is less than server.body_limit + server.inflated_limit; write 128M or more"
        ),
        (
            "[archive]\ndir = /srv/a\nafter = 90d",
            "F:3: archive.after: 90d is not less than retention.max_age, 90d; nothing would ever be archived"
        ),
        (
            "[archive]\ndir = /var/lib/reeld/archive",
            "F:2: archive.dir: it lies in store.directory; name a directory on another file system"
        ),
        ("[archive]\ndir = archive", "F:2: archive.dir: 'archive' is not an absolute path; begin it with /"),
        (
            "[log]\nlevel = a\u{1B}[2J",
            "F:2: log.level: 'a\\x1b[2J' is none of the choices; write error, warning, notice, info, debug"
        ),
    ])
    func aMistakeIsToldWithFileLineKeyAndAnExample(text: String, expected: String) throws {
        #expect(try problems(text) == [expected])
    }

    @Test(arguments: ["0.0.0.0:7335", "[::]:7335", "192.168.1.1:80", "127.0.0.1.example.org:80", ":7335", "::1:80"])
    func listeningBeyondLoopbackIsRefusedWithTheReason(address: String) throws {
        let told = try problems("[server]\nlisten = \(address)")
        #expect(told.count == 1)
        #expect(told[0].contains("is not this machine's loopback address: whoever reaches the port could read"))
    }

    @Test(arguments: [
        ("", nil), ("127.0.0.1:0", "127.0.0.1:0"), ("localhost:80", "127.0.0.1:80"), ("[::1]:65535", "[::1]:65535"),
    ])
    func loopbackAddressesAreTaken(text: String, expected: String?) throws {
        #expect(try ListenSyntax().parse(text).map { "\($0)" } == expected)
    }

    @Test func allMistakesAreToldAtOnceAndNothingOfTheFileIsUsed() throws {
        #expect(try problems("[log]\nlevel=loud\nfoo\n[recording]\nlease=never\n").count == 3)
    }

    @Test func binaryAndOversizeAndMissingFilesAreRefused() throws {
        #expect(try problems("[log]\u{0}\n") == ["F: this is not text in UTF-8"])
        #expect(try problems(String(repeating: "#", count: (1 << 20) + 1)) == ["F: File too large"])
        #expect(try problems("#" + String(repeating: "#", count: (1 << 20) - 1)) == [])
        #expect(throws: ConfigurationError.self) { _ = try ConfigurationLoader.load("/nonexistent/reeld.conf") }
    }

    @Test func effectiveTextReadsBackAsTheSameConfiguration() throws {
        var configuration = Configuration()
        configuration.server.listen = ListenAddress(host: "127.0.0.1", port: 7335)
        configuration.store.durability = .interval
        configuration.recording.lease = .seconds(5401)
        let directory = try TemporaryDirectory()
        let text = ConfigurationText.effective(LoadedConfiguration(values: configuration))
        #expect(try ConfigurationLoader.load(try directory.write("a.conf", text)).values == configuration)
    }

    @Test func aReloadAppliesWhatItCanAndNamesWhatNeedsARestart() {
        let old = Configuration()
        var new = old
        new.recording.lease = .seconds(60)
        new.store.directory = "/srv/reeld"
        new.server.listen = ListenAddress(host: "127.0.0.1", port: 7335)
        let change = ConfigurationChange(from: old, to: new)
        #expect(change.applied.map(\.key) == ["recording.lease"])
        #expect(change.needsRestart.map(\.key) == ["store.directory", "server.listen"])
        var expected = old
        expected.recording.lease = .seconds(60)
        #expect(change.effective == expected)
        #expect(
            change.summary == "configuration read again: applied recording.lease: 30min -> 1min; needs a restart "
                + "store.directory: /var/lib/reeld -> /srv/reeld, server.listen: nothing -> 127.0.0.1:7335")
        #expect(ConfigurationChange(from: old, to: old).isEmpty)
    }

    /// The documented defaults are those the rooms below have by themselves.
    @Test func optionsMadeFromTheDefaultsAreTheDefaultOptions() {
        var store = StoreOptions()
        // By itself the room below removes nothing, holds no room, and compacts as fast as it can.
        store.reserveSizeBytes = 64 << 20
        store.compaction.isPaced = true
        store.retention.isAutomatic = true
        store.retention.ageMaxMicroseconds = 90 * 86_400_000_000
        store.retention.sizeMax = .automatic
        store.retention.keepFree = .automatic
        store.archive.ageMicroseconds = 30 * 86_400_000_000
        store.compaction.isPaced = true
        #expect(Configuration().storeOptions == store)
        let (http, expected) = (Configuration().httpOptions, HTTPOptions())
        // One a CPU, where the room below has one: tests of it do not depend on the machine.
        #expect(http.loopCount == CPUs.count && expected.loopCount == 1)
        #expect(http.connectionCountMax == expected.connectionCountMax)
        #expect(http.connectionCountMaxPerPeer == expected.connectionCountMaxPerPeer)
        #expect(http.memory.totalBytes == expected.memory.totalBytes)
    }

    @Test func everyKeyOfTheStoreReachesItsOptions() throws {
        let values = [
            "store.segment_size": "1M", "store.durability": "interval", "store.sync_interval": "5s",
            "store.queue_size": "2M", "store.queue_frames": "17", "store.tombstone_age": "2d", "recording.lease": "2s",
            "recording.resume_window": "3s", "recording.length_max": "90s", "recording.size_max": "3M",
            "recording.grace": "4s", "compaction.automatic": "no", "compaction.chunk_size": "32K",
            "compaction.small_frames": "9", "retention.max_age": "0", "retention.project_max_age": "b:0, a:c:2h",
            "retention.max_size": "5G", "retention.keep_free": "0", "archive.dir": "/srv/archive",
            "archive.after": "2h",
        ]
        var configuration = Configuration()
        for key in ConfigurationKey.all {
            if let text = values[key.id] { try key.set(text, in: &configuration) }
        }
        var expected = StoreOptions()
        expected.segmentSizeBytes = 1 << 20
        expected.durability = .interval(milliseconds: 5000)
        expected.queueSizeBytes = 2 << 20
        expected.queueCountMax = 17
        expected.tombstoneMicroseconds = 172_800_000_000
        expected.leaseMicroseconds = 2_000_000
        expected.resumeMicroseconds = 3_000_000
        expected.recordingLengthMaxMicroseconds = 90_000_000
        expected.recordingSizeMaxBytes = 3 << 20
        expected.graceMicroseconds = 4_000_000
        expected.compaction.isAutomatic = false
        expected.compaction.chunkSizeBytes = 32 << 10
        expected.compaction.smallFrameCount = 9
        expected.compaction.isPaced = true
        expected.archive.directory = "/srv/archive"
        expected.archive.ageMicroseconds = 7_200_000_000
        expected.reserveSizeBytes = 64 << 20
        expected.retention.isAutomatic = true
        expected.retention.projectAgeMaxMicroseconds = ["a:c": 7_200_000_000, "b": 0]
        expected.retention.sizeMax = .bytes(5 << 30)
        #expect(RetentionSettings.keys[1].text(in: configuration) == "a:c:2h, b:0")
        #expect(configuration.storeOptions == expected)
    }

    @Test func tokenPathBeginsAtTheStoreUnlessAbsolute() {
        var configuration = Configuration()
        configuration.store.directory = "/srv/r"
        #expect(configuration.tokenPath == "/srv/r/read.token")
        configuration.server.tokenFile = "/etc/reeld/token"
        #expect(configuration.tokenPath == "/etc/reeld/token")
    }
}

/// The repository's root, found from this file.
let repositoryRoot = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
