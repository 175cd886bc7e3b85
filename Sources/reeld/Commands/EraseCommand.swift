import Glibc
import ReelCodec
import ReelSystem

/// `reeld erase`.
enum EraseCommand {
    private static let yes = Command.Option("yes", short: "y", help: "Do not ask")
    private static let dryRun = Command.Option("dry-run", help: "Only list what would be erased")
    private static let certificate = Command.Option(
        "certificate", value: "FILE", help: "Write the store's signed word for it to FILE, which must not exist yet")

    static let erase = Command(
        name: "erase", topic: .recordings, summary: "Erase recordings; nobody can read them afterwards",
        operands: [.init(name: "RECORDING", occurrence: .any)],
        options: EraseRequest.filters
            + [
                EraseRequest.before, EraseRequest.erasedSince, EraseRequest.erasedUntil, dryRun, EraseRequest.reason,
                EraseRequest.override, certificate, yes,
            ]
            + [OutputForm.option, Daemon.socketOption] + LocalStore.options,
        details: [
            "Either RECORDINGs are named, or --user, --session, --project or --ticket say which: those of which all hold. "
                + "A recording still in work is erased too, and its writer is told. A pinned one is left alone, and that is "
                + "told as a failure, unless --override-hold gives a reason.",
            "Asks before it erases; without a terminal to ask on, --yes is needed.",
            "From the answer on nobody can read them. Their bytes leave the log with the compaction that follows at once "
                + "(with compaction.automatic = no, with the next 'reeld vacuum'). Copies made before, as snapshots and "
                + "exports, still have them; 'man reeld' says under BACKUP what becomes of those.",
            "A certificate names each recording and when, by whom, where and why it was erased. It is text, signed by the "
                + "store; 'reeld verify --certificate' checks it anywhere. It also says how many recordings were selected and not "
                + "erased, and how many could not be read, so that nobody knows whose they were. Where nothing was erased "
                + "none is written, and the command fails.",
            "An erased recording can be named again to get a certificate. Whose it was is not known any more: when the answer to "
                + "an erasing was lost, --erased-since names what was erased since then (for as long as store.tombstone_age "
                + "says), and --certificate gets the certificate of it.",
        ],
        examples: [
            "reeld erase --yes 7 8 9", "reeld erase --user=zoe@example.org --dry-run",
            "reeld erase --user=zoe@example.org --reason='request of 2026-11-20' --certificate=zoe.txt",
            "reeld erase --project=shop --before=90d",
            "reeld erase --erased-since=10min --certificate=zoe.txt",
        ],
        run: { invocation throws(CommandFailure) in
            var request = try EraseRequest(invocation)
            let daemon = try Daemon(invocation, timeoutSeconds: 600)
            if invocation.has(dryRun) {
                guard !request.isRepeat else { throw .usage("--erased-since erases nothing; leave out --dry-run") }
                try ErasePreview(request, daemon).print(invocation)
                return .success
            }
            // Before anything is erased: a certificate that cannot be written must not be found out afterwards.
            var file = try invocation.text(certificate).map { (path) throws(CommandFailure) in
                try CertificateFile(path)
            }
            if !invocation.has(yes), !request.isRepeat { try confirm(request, daemon) }
            request.wantsCertificate = file != nil
            let began = SystemClock().wallMicroseconds
            var outcome = EraseOutcome(
                listsEach: request.isNamed || request.isRepeat, try invocation.outputForm(), invocation.output)
            repeat {
                let answer = try ask(daemon, request, began)
                try outcome.add(answer)
                if let text = answer["certificate"]?.string { file?.add(text) }
                request.cursor = answer["next"]?.string
            } while request.cursor != nil
            try outcome.finish()
            if let file, try !file.write() { throw withoutCertificate(invocation, outcome.failure) }
            if let failure = outcome.failure { throw failure }
            return .success
        })

    /// - Parameter began: when the first of it was sent, microseconds since 1970.
    private static func ask(
        _ daemon: Daemon, _ request: EraseRequest, _ began: Int64
    ) throws(CommandFailure) -> JSONValue {
        do throws(CommandFailure) {
            return try daemon.askJSON(.post, Target("/v1/erase"), body: request.body)
        } catch {
            guard error.isAnswerLost else { throw error }
            let again =
                request.isNamed || request.isRepeat
                ? "the same command, given again, gives the answer"
                : "'reeld erase --erased-since=\(CalendarTime.utcText(began))' tells, and with --certificate=FILE gives the "
                    + "certificate"
            throw CommandFailure(error.exitCode, error.message + "\nit may be done all the same: \(again)")
        }
    }

    private static func withoutCertificate(_ invocation: Invocation, _ failure: CommandFailure?) -> CommandFailure {
        let text = "\(invocation.text(certificate) ?? ""): no certificate was written, as nothing was erased"
        guard let failure else { return CommandFailure(.notFound, text) }
        return CommandFailure(failure.exitCode, failure.message + "\n" + text)
    }

    private static func confirm(_ request: EraseRequest, _ daemon: Daemon) throws(CommandFailure) {
        guard Terminal.isConnected(to: STDIN_FILENO) else {
            throw .usage("erasing needs --yes where there is no terminal to ask on")
        }
        let preview = try ErasePreview(request, daemon)
        guard preview.count > 0 else { throw preview.nothing }
        for line in preview.lines.prefix(20) { StandardErrorSink.write(line + "\n") }
        if preview.count > 20 { StandardErrorSink.write("… and \(HumanText.count(UInt64(preview.count - 20))) more\n") }
        StandardErrorSink.write(
            "Erase \(preview.count == 1 ? "it" : "these \(HumanText.count(UInt64(preview.count)))")? [y/N] ")
        guard readLine()?.lowercased() == "y" else { throw CommandFailure(.failure, "nothing was erased") }
    }
}
