import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem
import Testing

@testable import reeld

/// Checks of what changes by itself: room, time, what is due.
struct DoctorStateTests {
    private let day = HealthyScene.day
    private let now = HealthyScene.now

    private func told(_ check: Check, _ change: (inout Scene) throws -> Void = { _ in }) throws -> String {
        var scene = try HealthyScene.make()
        try change(&scene)
        return scene.told(check)
    }

    // MARK: Room

    @Test func aFullDiskIsBrokenAndLittleRoomIsToLookAt() throws {
        #expect(try told(.space).hasPrefix("well: 60 G free of 100 G, 4.0 G to stay free, 64 M in reserve"))
        let full = try told(.space) { $0.store.freeBytes = 1000 }
        #expect(full.hasPrefix("broken: the disk is full") && full.contains("held by log 10 G, others 90 G"), "\(full)")
        let little = try told(.space) { $0.store.freeBytes = 3 << 30 }
        #expect(little.hasPrefix("look: 3.0 G free of 100 G, and 4.0 G are to stay free"), "\(little)")
        // The room is the reserve's, which was given away.
        let cure = try told(.space) {
            $0.daemon.answer = .figures(try JSONValue(parsing: Array("{\"free_bytes\":0}".utf8)))
        }
        #expect(cure.hasPrefix("broken: the disk is full"))
    }

    @Test func whoMayNotLookIntoTheStoreIsNotToldWhatItHolds() throws {
        let told = try told(.space) {
            $0.store.identity = .denied
            $0.store.holdings = []
        }
        #expect(told.hasPrefix("well: ") && told.contains("held by log 10 G and others"))
    }

    @Test func whatRetentionWaitsForIsToLookAt() throws {
        let told = try told(.retention) {
            $0.daemon.answer = .figures(try HealthyScene.figures(nil, ",\"retention_waits\":\"Nothing is removed.\""))
        }
        #expect(told.hasPrefix("look: Nothing is removed."))
        #expect(try self.told(.retention) == "")
    }

    // MARK: Time

    @Test func aClockBeforeTheStoreIsBroken() throws {
        #expect(try told(.clock).hasPrefix("well: 2027-01-15T08:00:00Z"))
        #expect(
            try told(.clock) { $0.clock.now = 5_000_000 }.hasPrefix(
                "broken: it is 1970-01-01T00:00:05Z, and the newest"))
        let empty = try told(.clock) {
            $0.clock.now = 5_000_000
            $0.store.identity = .missing
            $0.store.glance = nil
        }
        #expect(empty.hasPrefix("broken: it is 1970-01-01T00:00:05Z ->"))
        #expect(try told(.clock) { $0.clock.isSynchronised = false }.hasPrefix("look: "))
    }

    // MARK: Verification

    @Test func whatTheLastVerificationFoundIsTold() throws {
        #expect(try told(.verify).hasPrefix("well: 2027-01-14T08:00:00Z: sound"))
        #expect(
            try told(.verify) { $0.store.glance?.verification?.faultCount = 2 }.hasPrefix("broken: 2 faults found "))
        let old = try told(.verify) { [self] in
            $0.store.glance?.verification?.finishedMicroseconds = now - 12 * day
        }
        #expect(old.hasPrefix("look: the last one was 12 days ago"))
        #expect(try told(.verify) { $0.store.glance?.verification?.unopenedFrameCount = 3 }.hasPrefix("look: "))
        #expect(try told(.verify) { $0.store.glance?.verification?.unreadFrameCount = 3 }.hasPrefix("look: "))
        #expect(try told(.verify) { $0.store.glance?.verification = nil }.hasPrefix("look: nobody has read"))
        let young = try told(.verify) { [self] in
            $0.store.glance?.verification = nil
            var identity = try #require($0.store.identity.value ?? nil)
            identity.createdMicroseconds = now - day
            $0.store.identity = .there(identity)
        }
        #expect(young.hasPrefix("well: not yet"))
    }

    @Test func theDaemonsWordForTheLastVerificationIsTakenWhereItsFileMayNotBeRead() throws {
        func told(_ figures: String) throws -> String {
            try self.told(.verify) {
                $0.store.identity = .denied
                $0.store.glance = nil
                $0.daemon.answer = .figures(try HealthyScene.figures(nil, figures))
            }
        }
        #expect(try told(",\"verified\":\"2027-01-15T01:00:00.000000Z\",\"verified_faults\":0").hasPrefix("well: "))
        #expect(try told(",\"verified\":\"2027-01-15T01:00:00.000000Z\",\"verified_faults\":1").hasPrefix("broken: "))
        #expect(try told("").hasPrefix("look: nobody has read"))
    }

    @Test func aFailedOrStoppedNightlyVerificationIsTold() throws {
        let failed = try told(.verify) {
            $0.service = ServiceSighting(
                HealthyScene.units("reeld-verify.service", "ActiveState=failed\nResult=exit-code\nExecMainStatus=1"))
        }
        #expect(failed.hasPrefix("broken: reeld-verify.service failed: exit-code, exit status 1"))
        let stopped = try told(.verify) {
            $0.service = ServiceSighting(HealthyScene.units("reeld-verify.timer", "ActiveState=inactive"))
        }
        #expect(stopped.hasPrefix("look: reeld-verify.timer does not run"))
    }

    // MARK: Archive and snapshots

    private func archive(_ change: (inout ArchiveSighting) -> Void = { _ in }) throws -> ArchiveSighting {
        var settings = Configuration()
        settings.archive.directory = "/srv/archive"
        var archive = try #require(ArchiveSighting(settings))
        archive.place = .there(FileStatus(kind: .directory, mode: 0o700, ownerID: HealthyScene.storeUser))
        archive.isOnStoresFileSystem = false
        change(&archive)
        return archive
    }

    @Test func anArchiveThatIsNotMountedIsBroken() throws {
        func told(_ change: (inout ArchiveSighting) -> Void) throws -> String {
            try self.told(.archive) { $0.archive = try archive(change) }
        }
        #expect(try told { _ in }.hasPrefix("well: /srv/archive is mounted"))
        #expect(try told { $0.isOnStoresFileSystem = true }.hasPrefix("broken: /srv/archive: nothing is mounted there"))
        #expect(try told { $0.place = .missing }.hasPrefix("broken: /srv/archive is not there"))
        #expect(
            try told { $0.place = .there(FileStatus(kind: .directory, mode: 0o700, ownerID: 5)) }.hasPrefix("broken: "))
    }

    @Test func whatTheDaemonSaysOfTheArchiveIsTold() throws {
        for (figures, expected) in [
            (",\"archive_trouble\":\"Read-only file system\"", "broken: /srv/archive: Read-only file system"),
            (",\"archive_online\":false", "broken: /srv/archive: it cannot be read"),
        ] {
            let told = try told(.archive) {
                $0.archive = try archive()
                $0.daemon.answer = .figures(try HealthyScene.figures(nil, figures))
            }
            #expect(told.hasPrefix(expected), "\(told)")
        }
        let lost = try told(.archive) {
            $0.daemon.answer = .figures(try HealthyScene.figures(nil, ",\"archived_segments\":2"))
        }
        #expect(lost.hasPrefix("broken: the events of 2 segments are in an archive, and none is configured"))
    }

    @Test func aSnapshotPastItsDateIsToLookAt() throws {
        func snapshot(expires: Int64?) -> FoundSnapshot {
            var manifest = SnapshotManifest(
                store: HealthyScene.storeID, lsn: 1, recordingCount: 1, madeMicroseconds: now - 9 * day)
            manifest.expiresMicroseconds = expires
            return FoundSnapshot(directory: "/var/lib/reeld/snapshots/monday", manifest: manifest)
        }
        let past = try told(.snapshots) { [self] in $0.store.snapshots = .there([snapshot(expires: now - 1)]) }
        #expect(past.hasPrefix("look: 1 snapshot past the date") && past.contains("--prune"), "\(past)")
        for expires in [now + day, nil] {
            #expect(
                try told(.snapshots) { $0.store.snapshots = .there([snapshot(expires: expires)]) }.hasPrefix("well: "))
        }
    }

    // MARK: Forecast

    private func forecast(
        _ megabytesADay: UInt64, log: UInt64 = 10 << 30, free: UInt64 = 60 << 30,
        _ change: (inout Configuration) -> Void = { _ in }
    ) throws -> String {
        try told(.forecast) { [self] in
            $0.store.glance?.growth = GrowthRate(sizeBytes: megabytesADay << 20, windowMicroseconds: day)
            $0.daemon.answer = .none("")
            $0.store.glance?.logBytes = log
            $0.store.freeBytes = free
            change(&$0.configuration.values)
        }
    }

    @Test func theForecastComparesTheRoomWithWhatRetentionKeeps() throws {
        // 90 days of 256 M are 22.5 G; the log may grow by 50 G (60 % of 100 G).
        #expect(try forecast(256).hasPrefix("well: 256 M a day") && forecast(256).contains("90 days take 23 G"))
        // The same 50 G are 41 days of 1.2 G, and 8 days are there.
        let told = try forecast(1249)
        #expect(
            told.hasPrefix(
                "look: at this rate (1.2 G a day, as in the last 24 h) the disk fills in 40 days, retention keeps 90 days: "
                    + "recordings then go after 49 days, for room -> make room"), "\(told)")
    }

    @Test func withoutLimitsWritersAreRefusedInTheEnd() throws {
        let told = try forecast(2048) {
            $0.retention.maxSize = .none
            $0.retention.keepFree = .none
        }
        #expect(told.contains("the disk fills in 30 days") && told.contains("writers are refused then"), "\(told)")
    }

    @Test func whereNothingGoesByAgeANearEndIsTold() throws {
        #expect(try forecast(1024) { $0.retention.maxAge = .zero }.contains("nothing goes by age: recordings then go"))
        #expect(try forecast(16) { $0.retention.maxAge = .zero }.hasPrefix("well: "))
    }

    @Test func anArchiveTakesFromTheRoomThatIsNeeded() throws {
        let told = try told(.forecast) { [self] in
            $0.store.glance?.growth = GrowthRate(sizeBytes: 1 << 30, windowMicroseconds: day)
            $0.archive = try archive()
            $0.configuration.values.archive.after = .seconds(20 * 86_400)
        }
        #expect(told.hasPrefix("well: 1.0 G a day") && told.contains("20 days take 20 G"), "\(told)")
    }

    @Test func aLogOfHoursTellsNothing() throws {
        let told = try told(.forecast) {
            $0.store.glance?.growth = nil
            $0.daemon.answer = .none("")
        }
        #expect(told.hasPrefix("well: nothing can be said yet"))
        #expect(try forecast(0).hasPrefix("well: next to nothing"))
    }
}
