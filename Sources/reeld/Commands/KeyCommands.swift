import ReelCodec
import ReelFormat

/// `reeld key generate`, `reeld key fingerprint` and `reeld key public`.
enum KeyCommands {
    static let generate = Command(
        name: "key generate", topic: .store, summary: "Make a key for an encrypted store",
        operands: [.init(name: "FILE")],
        details: [
            "Writes a new random key of 256 bits to FILE, which must not exist yet, with mode 0600, and prints the key's "
                + "fingerprint. Who has the key can read every recording of the store it is for; without it nobody can, "
                + "and no one can make it again. Keep a copy somewhere else: the file is one line of text that can be "
                + "printed and typed in again."
        ],
        examples: ["reeld key generate /etc/reeld/store.key"],
        run: { invocation throws(CommandFailure) in
            let path = invocation.operands[0]
            let fingerprint = try KeyFile.make(path)
            try invocation.output.write(
                "\(path)".printable + ": \(fingerprint)\n"
                    + "Keep a copy of this file away from this machine: without it a store that is encrypted with it "
                    + "cannot be read by anybody, ever.\n")
            return .success
        })

    static let fingerprint = Command(
        name: "key fingerprint", topic: .store, summary: "Tell by its fingerprint which key a file holds",
        operands: [.init(name: "FILE")],
        details: [
            "Prints 32 digits that are different for every key and tell nothing of it. The file is refused where others "
                + "than its owner have access to it, as the daemon would refuse it."
        ],
        examples: ["reeld key fingerprint /etc/reeld/store.key"],
        run: { invocation throws(CommandFailure) in
            do {
                guard case .key(let secret) = try KeySource.keyFile(path: invocation.operands[0]).read() else {
                    preconditionFailure("a key file holds a key")
                }
                try invocation.output.write("\(try StoreKey(secret).fingerprint)\n")
                return .success
            } catch let error as KeySourceError {
                throw CommandFailure(.failure, error.description)
            } catch let error as CommandFailure {
                throw error
            } catch {
                throw CommandFailure(.failure, "the key's fingerprint cannot be computed: \(error)")
            }
        })

    static let `public` = Command(
        name: "key public", topic: .store, summary: "Print the key that checks the store's certificates of erasure",
        options: [Daemon.socketOption] + LocalStore.options,
        details: [
            "64 digits: the public half of the key that the store signs with. Give it to whoever is to check certificates, "
                + "and keep it apart from them: only with it a certificate proves which store signed it. The daemon is asked "
                + "for it, or with --store the store's own file."
        ],
        examples: ["reeld key public > store.pub"],
        run: { invocation throws(CommandFailure) in
            if invocation.has(LocalStore.option) {
                if invocation.has(Daemon.socketOption) {
                    throw .usage("--store asks no daemon; take either --store or --socket")
                }
                let key = try LocalStore.identity(invocation).publicKeyText()
                try invocation.output.write("\(key)\n")
                return .success
            }
            let answer = try Daemon(invocation).askJSON(.get, Target("/v1/store"))
            guard let key = answer["public_key"]?.string else {
                throw CommandFailure(.failure, "the daemon tells no public key; it is of an older version")
            }
            try invocation.output.write("\(key)\n")
            return .success
        })
}
