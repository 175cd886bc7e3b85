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
            + [EraseRequest.before, dryRun, EraseRequest.reason, EraseRequest.override, certificate, yes]
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
                + "store; 'reeld verify --certificate' checks it anywhere. An erased recording can be named again to get one.",
        ],
        examples: [
            "reeld erase --yes 7 8 9", "reeld erase --user=zoe@example.org --dry-run",
            "reeld erase --user=zoe@example.org --reason='request of 2026-11-20' --certificate=zoe.txt",
            "reeld erase --project=shop --before=90d",
        ],
        run: { invocation throws(CommandFailure) in
            var request = try EraseRequest(invocation)
            let daemon = try Daemon(invocation, timeoutSeconds: 600)
            if invocation.has(dryRun) {
                try ErasePreview(request, daemon).print(invocation)
                return .success
            }
            // Before anything is erased: a certificate that cannot be written must not be found out afterwards.
            var file = try invocation.text(certificate).map { (path) throws(CommandFailure) in
                try CertificateFile(path)
            }
            if !invocation.has(yes) { try confirm(request, daemon) }
            request.wantsCertificate = file != nil
            var outcome = EraseOutcome(isNamed: request.isNamed, try invocation.outputForm(), invocation.output)
            repeat {
                let answer = try daemon.askJSON(.post, Target("/v1/erase"), body: request.body)
                try outcome.add(answer)
                if let text = answer["certificate"]?.string { file?.add(text) }
                request.cursor = answer["next"]?.string
            } while request.cursor != nil
            try outcome.finish()
            try file?.write()
            if let failure = outcome.failure { throw failure }
            return .success
        })

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
