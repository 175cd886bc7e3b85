import ReelCodec
import ReelSystem

/// `reeld doctor`.
enum DoctorCommand {
    static let doctor = Command(
        name: "doctor", topic: .daemon,
        summary: "Look at everything an admin would, and say what is wrong and what to do",
        options: [OutputForm.option] + ServeOverrides.options,
        details: [
            "A line says what is well, what to look at, what is broken, and what this user may not see: the configuration, "
                + "the store and who may read it, its key, the token, who may use the socket and whether the daemon answers "
                + "there, TCP, the service, room, the clock, what retention waits for, the last verification, the archive, "
                + "snapshots past their date, and whether the disk holds what retention is to keep.",
            "It changes nothing, and works whether or not the daemon runs, as root, as a member of the socket's group, or as "
                + "anybody. Given options of 'reeld serve', it looks at that daemon instead of the machine's own service.",
            "The forecast goes by what recordings of up to two weeks take that are still there, so that what retention "
                + "removed and compaction saved does not mislead it. Ages of single projects are not looked at.",
            "Exits with 1 when something is broken; what is only to be looked at, or may not be seen, is no failure.",
        ],
        examples: [
            "reeld doctor", "reeld doctor -o json",
            "reeld doctor --store=./store --key-file=./store.key --socket=./reeld.sock",
        ],
        run: { invocation throws(CommandFailure) in
            let overrides = try ServeOverrides.overrides(invocation)
            let path = invocation.text(ServeOverrides.config)
            let scene = Scene.look(path, overrides: overrides, isService: path == nil && overrides.isEmpty)
            let report = DoctorReport(scene)
            switch try invocation.outputForm() {
            case .json: try invocation.output.writeLine(report.json)
            case .table: try invocation.output.write(report.text)
            }
            return report.count(.broken) > 0 ? .failure : .success
        })
}

/// What all checks found.
struct DoctorReport {
    let findings: [(check: String, finding: Finding)]

    init(_ scene: Scene, checks: [Check] = Check.all) {
        findings = checks.flatMap { check in check.judge(scene).map { (check.name, $0) } }
    }

    func count(_ verdict: Finding.Verdict) -> Int { findings.count { $0.finding.verdict == verdict } }

    /// A line a finding, and one that counts them.
    var text: String {
        var text = ""
        for (check, finding) in findings {
            let line = finding.text + (finding.advice.map { " -> \($0)" } ?? "")
            text += padded(finding.verdict.rawValue, 8) + padded(check, 15) + line.printable + "\n"
        }
        let counts = [
            (Finding.Verdict.broken, "broken"), (.look, "to look at"), (.unseen, "not seen"), (.well, "well"),
        ]
        return text + counts.map { "\(count($0.0)) \($0.1)" }.joined(separator: ", ") + "\n"
    }

    var json: JSONValue {
        let list = findings.map { check, finding in
            JSONValue.object(
                [
                    .init("check", .string(check)), .init("verdict", .string(finding.verdict.rawValue)),
                    .init("text", .string(finding.text)),
                ] + (finding.advice.map { [.init("advice", .string($0))] } ?? []))
        }
        let counts = Finding.Verdict.allCases.map { verdict in
            JSONValue.Member(verdict.rawValue, .number("\(count(verdict))"))
        }
        return .object([.init("findings", .array(list))] + counts)
    }

    private func padded(_ word: String, _ width: Int) -> String {
        word + String(repeating: " ", count: max(1, width - word.count))
    }
}
