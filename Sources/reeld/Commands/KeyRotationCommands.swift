import ReelFormat
import ReelStore

/// `reeld key verify` and `reeld key rotate`.
enum KeyRotationCommands {
    private static let deepOption = Command.Option(
        "deep", help: "Also give every recording a new key and encrypt what is recorded anew")

    static let verify = Command(
        name: "key verify", topic: .store, summary: "See that a key opens a store, and every recording's key in it",
        options: LocalStore.options,
        details: [
            "Tries each key in the keyring of the store, and reads no recording. A daemon may be running. 'reeld verify' reads "
                + "everything.",
            "Exits with 1 when the key is another, or a key in the keyring does not open, and names file and offset.",
        ],
        examples: ["reeld key verify", "reeld key verify --store=/srv/copy/reeld --key-file=/media/safe/store.key"],
        run: { invocation throws(CommandFailure) in
            let directory = try LocalStore.existing(invocation)
            let encryption = try StoreKeys.ofStore(directory, invocation)
            let found: KeyringReport?
            do throws(OpenError) { found = try StoreVerifier(directory, encryption).keyring() } catch {
                throw LocalStore.failure(error)
            }
            guard let found else {
                throw CommandFailure(
                    .failure, "\(directory): this store is not encrypted, so there is no key to verify")
            }
            for damage in found.damage { try invocation.output.write("\(damage)\n".printable) }
            let keys = HumanText.plural(UInt64(found.keyCount), "key")
            try invocation.output.write(
                "\(directory): ".printable + (found.damage.isEmpty ? "the key is the right one: " : "")
                    + "\(keys) in the keyring, \(HumanText.count(UInt64(found.destroyedCount))) destroyed\n")
            return found.damage.isEmpty ? .success : .failure
        })

    static let rotate = Command(
        name: "key rotate", topic: .store, summary: "Give an encrypted store another key",
        operands: [.init(name: "NEWFILE")], options: [deepOption] + LocalStore.options,
        details: [
            "Encrypts the keys of all recordings with the key in NEWFILE, which 'reeld key generate' has made, instead of the "
                + "store's present one. Recordings are not touched, so it takes seconds. The daemon must not be running. "
                + "Afterwards NEWFILE is the store's key: name it in reeld.conf, or put it in the place of the old one.",
            "Broken off at any point the store is under one of the two keys, which the same command, given again, finds out "
                + "and finishes.",
            "Against an old key that somebody may have, together with a copy of the store from that time, only --deep helps: "
                + "every recording gets a new key, and everything is encrypted anew, which takes as long as reading and "
                + "writing the whole store. What was in such a copy stays readable in that copy.",
        ],
        examples: [
            "reeld key generate /etc/reeld/new.key", "reeld key rotate /etc/reeld/new.key",
            "reeld key rotate --deep /etc/reeld/new.key",
        ],
        run: { invocation throws(CommandFailure) in
            let directory = try LocalStore.existing(invocation)
            let path = invocation.operands[0]
            let old = try StoreKeys.ofStore(directory, invocation) ?? .off
            let new = try StoreKeys.read(.keyFile(path: path), isNew: false)
            try LocalStore.becomeOwner(of: directory)
            let isDeep = invocation.has(deepOption)
            let report: RotationReport
            do throws(OpenError) {
                report = try KeyRotation(directory).run(from: old, to: new, isDeep: isDeep)
            } catch {
                if case .locked = error {
                    throw CommandFailure(.failure, "\(directory): a daemon has this store open; stop the daemon first")
                }
                if case .notEncrypted = error {
                    throw CommandFailure(
                        .failure, "\(directory): this store is not encrypted, so it has no key to rotate")
                }
                throw LocalStore.failure(error)
            }
            let keys = HumanText.plural(UInt64(report.keyCount), "key")
            try invocation.output.write(
                report.isRepeat
                    ? "\(directory): the store is under this key already\n".printable
                    : "\(directory): \(keys) encrypted anew\n".printable)
            if isDeep { try rekey(directory, new, invocation) }
            try invocation.output.write(
                "The store's key is now \(path): name it in reeld.conf, or put it in the place of the old one, before the "
                    .printable + "daemon starts. Keep a copy of it away from this machine.\n")
            return .success
        })

    private static func rekey(
        _ directory: String, _ key: StoreEncryption, _ invocation: Invocation
    ) throws(CommandFailure) {
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        options.retention.isAutomatic = false
        options.archive.directory = try LocalStore.archive(invocation)
        let store: Store
        do throws(OpenError) { store = try Store.open(directory, key, options: options) } catch {
            throw LocalStore.failure(error)
        }
        defer { store.close() }
        let count: Int
        do throws(StoreError) {
            count = try store.rekey()
        } catch {
            switch error {
            case .diskFull:
                throw CommandFailure(
                    .failure,
                    "\(directory): the disk is full; make room for a copy of the largest segment, and repeat this with --deep"
                )
            case .archiveOffline(let archive):
                throw CommandFailure(
                    .failure,
                    "\(archive ?? "archive.dir"): events of this store are in its archive, which is not there; mount it, or name it "
                        + "in reeld.conf, and repeat this with --deep")
            case .damaged(let damage):
                throw CommandFailure(
                    .failure,
                    "\(damage); the old keys stay until that is mended ('reeld verify --repair'): then repeat this with --deep"
                )
            default: throw CommandFailure(.failure, "\(directory): \(error); repeat this with --deep")
            }
        }
        try invocation.output.write("\(HumanText.plural(UInt64(count), "segment")) encrypted anew\n")
    }
}
