import ReelStore

/// `reeld verify`.
enum VerifyCommand {
    static let verify = Command(
        name: "verify", topic: .store, summary: "Read every byte of the store and tell all damage",
        options: [LocalStore.option],
        details: [
            "Checks every frame's checksums, inflates it, reads its events, and sees that no event of a recording is "
                + "missing; then the index. Changes nothing; a daemon may be running.",
            "Exits with 1 when it finds damage, and names file and offset.",
        ],
        examples: ["reeld verify", "reeld verify --store=/srv/copy/reeld"],
        run: { invocation throws(CommandFailure) in
            let directory = try LocalStore.existing(invocation)
            var bar: ProgressBar?
            let report: VerifyReport
            do throws(OpenError) {
                report = try StoreVerifier(directory).run { done, total in
                    if bar == nil { bar = ProgressBar(total: total) }
                    bar?.advance(to: done, "verifying")
                }
            } catch {
                if case .system(let cause) = error, cause.isMissing {
                    throw LocalStore.failure(.notAStore(path: directory))
                }
                throw LocalStore.failure(error)
            }
            bar?.clear()
            try print(report, directory, invocation.output)
            return report.isSound ? .success : .failure
        })

    private static func print(
        _ report: VerifyReport, _ directory: String, _ output: Output
    ) throws(CommandFailure) {
        for damage in report.damage { try output.write("\(damage)\n") }
        for gap in report.gaps {
            let last = gap.ordinals.upperBound - 1
            try output.write("recording \(gap.recording): events \(gap.ordinals.lowerBound) to \(last) are lost\n")
        }
        for number in report.lostRecordings {
            try output.write("recording \(number): the index tells of it, and none of its frames is there\n")
        }
        if report.unfinishedBytes > 0 {
            try output.write(
                "\(HumanText.size(report.unfinishedBytes)) behind the last frame: being written, or cut off by a crash\n"
            )
        }
        let verdict =
            report.isSound
            ? "sound"
            : "damaged: \(plural(report.damage.count, "place")), \(plural(report.gaps.count, "gap")), "
                + "\(plural(report.lostRecordings.count, "recording")) lost"
        try output.write(
            "\(directory): \(verdict): \(plural(report.segmentCount, "segment")), \(HumanText.size(report.sizeBytes)), "
                + "\(plural(report.frameCount, "frame")), \(plural(report.recordingCount, "recording")), "
                + "\(HumanText.plural(report.eventCount, "event"))\n")
    }

    private static func plural(_ count: some BinaryInteger, _ noun: String) -> String {
        HumanText.plural(UInt64(count), noun)
    }
}
