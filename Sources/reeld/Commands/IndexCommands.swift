import ReelStore

/// `reeld index dump` and `reeld index rebuild`.
enum IndexCommands {
    static let dump = Command(
        name: "index dump", topic: .store, summary: "Print the index, a line a recording and a line a frame",
        options: LocalStore.options,
        details: [
            "The index is derived from the log: after it was deleted and made anew this prints the same. "
                + "The daemon must not be running."
        ],
        examples: ["reeld index dump --store=/var/lib/reeld | sha256sum"],
        run: { invocation throws(CommandFailure) in
            let store = try LocalStore.open(invocation)
            defer { store.close() }
            do throws(StoreError) {
                try IndexDump(store).write { line in try? invocation.output.write(line + "\n") }
            } catch {
                throw CommandFailure(.failure, "\(error)")
            }
            try invocation.output.flush()
            return .success
        })

    static let rebuild = Command(
        name: "index rebuild", topic: .store, summary: "Throw the index away and make it anew from the log",
        options: LocalStore.options,
        details: ["Nothing is lost by it. The daemon must not be running."],
        run: { invocation throws(CommandFailure) in
            let store = try LocalStore.open(invocation, rebuildsIndex: true)
            let report = store.report
            store.close()
            for damage in report.damage { try invocation.output.write("\(damage)\n") }
            let recordings = HumanText.plural(UInt64(report.recordingCount), "recording")
            let segments = HumanText.plural(UInt64(report.segmentCount), "segment")
            try invocation.output.write("index of \(recordings) in \(segments) rebuilt\n")
            return report.damage.isEmpty ? .success : .failure
        })
}
