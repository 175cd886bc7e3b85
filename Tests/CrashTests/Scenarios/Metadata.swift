import ReelFormat
import ReelStore

extension Scenario {
    /// Patches, tags, notes and pins, alone and in a group, before and after an end.
    static let metadata = Scenario(name: "metadata") { run in
        try run.open()
        try run.start(1)
        try run.start(2) { $0.tags = ["first"] }
        try run.append(1, 1)
        try run.change(1) { $0.tags = ["a", "b"] }
        try run.change(2) { $0.isPinned = true }
        try run.change(1) { $0.notes = String(repeating: "a long note ", count: 60) }
        var answers: [Answer<RecordingRow>] = []
        try run.together {
            answers.append(try run.sendChange(1) { $0.user = "another" })
            answers.append(try run.sendChange(2) { $0.ticket = "T-1" })
            answers.append(try run.sendChange(1) { $0.tags = [] })
        }
        for answer in answers { _ = try answer.wait() }
        try run.end(2)
        try run.change(2) { $0.isPinned = false }
        try run.append(1, 2)
        run.close()
    }
}
