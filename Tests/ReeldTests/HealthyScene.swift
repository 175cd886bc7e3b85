import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem
import Testing

@testable import reeld

/// What the doctor sees on a machine where everything is as it should be; a test makes one thing of it wrong.
enum HealthyScene {
    static let day: Int64 = 86_400_000_000
    /// 2027-01-15T08:00:00Z.
    static let now: Int64 = 1_800_000_000_000_000
    static let storeUser: UInt32 = 4_000_000_000
    static let storeID = StoreID(high: 1, low: 2)

    static func make() throws -> Scene {
        let key = try StoreKey(try SecretBytes.random(count: StoreKey.sizeBytes))
        var scene = Scene.look(nil, overrides: [], isService: false)
        scene.userID = 0
        scene.configuration.values = Configuration()
        scene.configuration.files = ["/etc/reeld/reeld.conf"]
        scene.configuration.problems = []
        scene.configuration.unreadable = []
        scene.configuration.statuses = [
            ("/etc/reeld/reeld.conf", FileStatus(kind: .regular, mode: 0o644, ownerID: 0))
        ]
        scene.store = try store(key)
        scene.key.credential = KeySighting.Place(
            path: KeySighting.credentialPath,
            status: .there(FileStatus(kind: .regular, mode: 0o600, ownerID: 0)), fingerprint: key.fingerprint)
        scene.key.keyFile = KeySighting.Place(path: "/etc/reeld/store.key", status: .missing)
        scene.key.passphraseFile = nil
        scene.token = .missing
        scene.daemon.socket = "/run/reeld/reeld.sock"
        scene.daemon.place = .there(FileStatus(kind: .socket, mode: 0o660, ownerID: 0, groupID: 7))
        scene.daemon.recorders = Group(id: 7, name: "reeld-ingest", members: ["agent"])
        scene.daemon.viewers = Group(id: 8, name: "reeld-view", members: [])
        scene.daemon.answer = .figures(try figures(key))
        scene.listeners = []
        scene.service = ServiceSighting(units())
        scene.archive = nil
        scene.clock.now = now
        scene.clock.isSynchronised = true
        return scene
    }

    private static func store(_ key: StoreKey) throws -> StoreSighting {
        var store = StoreSighting("/var/lib/reeld", now: now)
        var identity = StoreIdentity(
            store: storeID, createdMicroseconds: now - 40 * day, secret: [UInt8](repeating: 0, count: 32))
        identity.keyRecord = try StoreKeyRecord(
            generation: 1, keyID: 1, key: key, source: .key, store: storeID, secrets: try StoreSecrets.new(),
            changedMicroseconds: now)
        store.place = .there(FileStatus(kind: .directory, mode: 0o700, ownerID: storeUser))
        store.identity = .there(identity)
        store.identityTrouble = nil
        store.foreignFiles = []
        store.snapshots = .there([])
        store.freeBytes = 60 << 30
        store.totalBytes = 100 << 30
        store.reserveBytes = 64 << 20
        store.holdings = [Holding(name: "log", sizeBytes: 10 << 30)]
        var glance = StoreGlance()
        glance.logBytes = 10 << 30
        glance.newestMicroseconds = now - 1_000_000
        // A quarter of a gibibyte a day.
        glance.growth = GrowthRate(sizeBytes: 3584 << 20, windowMicroseconds: 14 * day)
        glance.verification = VerificationRecord(
            store: storeID, finishedMicroseconds: now - day, durationMicroseconds: 1)
        store.glance = glance
        return store
    }

    static func figures(_ key: StoreKey? = nil, _ more: String = "") throws -> JSONValue {
        let sealed = key.map { ",\"key\":\"\($0.fingerprint)\"" } ?? ""
        return try JSONValue(
            parsing: Array(
                """
                {"version":"\(CommandTable.version)","encryption":true,"log_bytes":\(10 << 30),"free_bytes":\(60 << 30),\
                "reserve_bytes":\(64 << 20)\(sealed)\(more)}
                """.utf8))
    }

    /// As `systemctl show` tells them.
    static func units(_ name: String = "", _ change: String = "") -> String {
        let units = [
            "reeld.service":
                "ActiveState=active\nSubState=running\nNRestarts=0\nWatchdogUSec=3min\nUnitFileState=enabled",
            "reeld.socket": "ActiveState=active\nListen=/run/reeld/reeld.sock (Stream)",
            "reeld-verify.service": "ActiveState=inactive\nResult=success",
            "reeld-verify.timer": "ActiveState=active",
        ]
        return units.map { "Id=\($0)\nLoadState=loaded\n" + ($0 == name ? change : $1) }.joined(separator: "\n\n")
    }
}

extension Scene {
    /// What a check says of it, one line a finding.
    func told(_ check: Check) -> String {
        check.judge(self).map { "\($0.verdict.rawValue): \($0.text) -> \($0.advice ?? "")" }.joined(separator: "\n")
    }
}
