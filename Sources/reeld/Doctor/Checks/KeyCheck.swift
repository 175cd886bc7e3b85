import ReelFormat
import ReelSystem

extension Check {
    /// Whether the next start finds the store's key, and nobody else does.
    static let key = Check(name: "key") { scene in
        let seen = scene.key
        if let finding = withoutEncryption(scene) { return [finding] }
        var findings: [Finding] = []
        let places = [seen.credential, seen.keyFile, seen.passphraseFile].compactMap { $0 }
        for place in places { findings += privacy(of: place, scene) }
        let found = places.filter { !$0.status.isMissing }
        guard let source = found.first else { return findings + [missing(scene)] }
        if source.status.isDenied {
            return findings + [.unseen("\(source.path) may not be looked at")]
        }
        if let trouble = source.trouble {
            return findings + [
                .broken(
                    "\(source.path): \(trouble)",
                    "put the key back from its copy, before the daemon is next stopped (README, Keys)")
            ]
        }
        if found.count > 1 {
            let others = found.dropFirst().map(\.path).joined(separator: ", ")
            findings.append(
                .look(
                    "\(source.path) comes before \(others)",
                    "remove what is not used once you know which is the store's"))
        }
        return findings + fingerprint(of: source, scene)
    }

    private static func withoutEncryption(_ scene: Scene) -> Finding? {
        let isSealed = scene.isStoreSealed
        if isSealed == false {
            return scene.settings.store.encryption
                ? .broken(
                    "the store was made without encryption, and encryption is asked for",
                    "say encryption = no, or make a new store and import the recordings there")
                : .look(
                    "there is none: who gets the disk reads every recording",
                    "where that must not be, make an encrypted store and import the recordings there")
        }
        guard isSealed == true, !scene.settings.store.encryption else {
            return isSealed == nil && !scene.settings.store.encryption
                ? .look("there is to be none (encryption = no)", "see that who gets the disk may read every recording")
                : nil
        }
        return .broken("the store is encrypted, and encryption = no", "take that out of the configuration")
    }

    private static func privacy(of place: KeySighting.Place, _ scene: Scene) -> [Finding] {
        guard let status = place.status.value else { return [] }
        var findings: [Finding] = []
        if status.mode & 0o077 != 0, place.path == scene.key.credential?.path {
            // It is encrypted to this machine: with it alone nobody has the key.
            findings.append(
                .look(
                    "\(place.path): others than its owner may read it (mode \(status.modeText))",
                    "chmod 600 \(place.path)"))
        } else if status.mode & 0o077 != 0 {
            findings.append(
                .broken(
                    "\(place.path): others than its owner may read it (mode \(status.modeText))",
                    "chmod 600 \(place.path), and take another key if somebody may have read it: 'reeld key rotate'"))
        }
        let daemon = scene.store.place.value?.ownerID
        if status.ownerID != 0, status.ownerID != daemon, status.ownerID != scene.userID {
            let owner = CurrentUser.name(of: status.ownerID)
            findings.append(
                .broken("\(place.path) belongs to \(owner), who can change it", "chown it to the daemon's user"))
        }
        return findings
    }

    private static func missing(_ scene: Scene) -> Finding {
        let place = scene.key.credential.map { "\($0.path) nor \(scene.key.keyFile.path)" }
        let none = place.map { "neither \($0) is there" } ?? "\(scene.key.keyFile.path) is not there"
        guard scene.isStoreSealed == true else {
            return scene.store.identity.isDenied
                ? .unseen("\(none), and whether the store needs one cannot be seen")
                : .well("\(none): the first start makes a key and says where")
        }
        let hurry = scene.daemon.figures == nil ? "" : " The daemon that runs still has it: do not stop it before."
        return .broken(
            "the store is encrypted, and \(none): nobody can open it", "put the key back from its copy.\(hurry)")
    }

    private static func fingerprint(of source: KeySighting.Place, _ scene: Scene) -> [Finding] {
        let reminder = "see that a copy of it is kept elsewhere: without it nobody can read the store, ever"
        let wanted = scene.keyFingerprint
        guard let given = source.fingerprint.map({ "\($0)" }) else {
            if scene.key.passphraseFile?.path == source.path {
                return [.well("\(source.path) has a passphrase; \(reminder)")]
            }
            return [.unseen("\(source.path) is there, and may not be read: whether it is the store's is not known")]
        }
        guard let wanted else {
            return scene.store.identity.isDenied
                ? [.unseen("\(source.path) has the key \(given.prefix(9))…; whether it is the store's is not known")]
                : [.well("\(source.path) has the key \(given.prefix(9))… for the store to be made; \(reminder)")]
        }
        guard given == wanted else {
            return [
                .broken(
                    "\(source.path) has the key \(given), and the store was written with \(wanted)",
                    "put the store's own key there from its copy, before the daemon is next stopped")
            ]
        }
        return [.well("\(source.path) has the store's key \(given.prefix(9))…; \(reminder)")]
    }
}

extension Scene {
    /// Whether the store is encrypted; nil where there is none yet, or it cannot be seen.
    fileprivate var isStoreSealed: Bool? {
        if case .there(let identity?) = store.identity { return identity.keyRecord != nil }
        return daemon.figures?["encryption"]?.bool
    }

    /// Of the key the store was written with.
    fileprivate var keyFingerprint: String? {
        if case .there(let identity?) = store.identity { return identity.keyRecord.map { "\($0.fingerprint)" } }
        return daemon.figures?["key"]?.string
    }
}
