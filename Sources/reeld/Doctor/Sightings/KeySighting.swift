import ReelCodec
import ReelFormat
import ReelSystem

/// Where the store's key may come from. The key itself is read, where this user may, for its fingerprint alone.
struct KeySighting: Sendable {
    static let credentialPath = "/etc/credstore.encrypted/\(KeySource.credentialName)"

    /// A file of the key, whatever kind.
    struct Place: Sendable {
        var path: String
        var status: Sight<FileStatus>
        /// Nil where it was not read, or not understood.
        var fingerprint: KeyFingerprint?
        /// Why what is there is no key.
        var trouble: String?
    }

    /// The encrypted credential of the service; nil where none is looked for.
    var credential: Place?
    var keyFile: Place
    /// Only with the store's own parameters does it become a key: it is not read.
    var passphraseFile: Place?

    init(_ settings: StoreSettings, hasCredentials: Bool, credentialPath: String = credentialPath) {
        keyFile = Self.read(settings.keyFile)
        passphraseFile = settings.passphraseFile.map {
            path in Place(path: path, status: Sight { () throws(SystemError) in try FileStatus(of: path) })
        }
        credential = hasCredentials ? Self.decrypt(credentialPath) : nil
    }

    private static func read(_ path: String) -> Place {
        var place = Place(path: path, status: Sight { () throws(SystemError) in try FileStatus(of: path) })
        guard place.status.value != nil,
            var bytes = try? SmallFile.read(path, sizeMaxBytes: KeyText.sizeMaxBytes)
        else { return place }
        defer { bytes.wipe() }
        place.understand(bytes)
        return place
    }

    /// As the service manager does before it starts the daemon: only root can.
    private static func decrypt(_ path: String) -> Place {
        var place = Place(path: path, status: Sight { () throws(SystemError) in try FileStatus(of: path) })
        guard place.status.value != nil, CurrentUser.id == 0,
            var run = try? ProgramRun(
                "/usr/bin/systemd-creds", ["decrypt", "--name=\(KeySource.credentialName)", path, "-"])
        else { return place }
        defer { run.output.wipe() }
        guard run.exitCode == 0 else {
            place.trouble = "it does not open on this machine"
            return place
        }
        place.understand(run.output)
        return place
    }
}

extension KeySighting.Place {
    fileprivate mutating func understand(_ bytes: [UInt8]) {
        do throws(BadValue) {
            let secret = try KeyText.decode(bytes)
            fingerprint = (try? StoreKey(secret))?.fingerprint
        } catch {
            trouble = "it \(error.reason)"
        }
    }
}
