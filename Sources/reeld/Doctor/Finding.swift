/// One line of what the doctor says.
struct Finding: Equatable, Sendable {
    enum Verdict: String, CaseIterable, Sendable {
        /// As it should be.
        case well
        /// Works, and somebody should look at it.
        case look
        /// Does not work, or lets in whom it should not.
        case broken
        /// This user may not see it.
        case unseen
    }

    var verdict: Verdict
    var text: String
    /// What to do; nil where there is nothing to be done.
    var advice: String?

    static func well(_ text: String) -> Finding { Finding(verdict: .well, text: text) }
    static func look(_ text: String, _ advice: String) -> Finding {
        Finding(verdict: .look, text: text, advice: advice)
    }
    static func broken(_ text: String, _ advice: String) -> Finding {
        Finding(verdict: .broken, text: text, advice: advice)
    }
    static func unseen(_ text: String, _ advice: String = "run this as root") -> Finding {
        Finding(verdict: .unseen, text: text, advice: advice)
    }
}

/// One thing that an admin looks at when something is odd: it judges what was seen, and looks at nothing itself.
struct Check: Sendable {
    /// One word; programs know it by this.
    let name: String
    let judge: @Sendable (Scene) -> [Finding]

    /// In the order they are told.
    static let all: [Check] = [
        .configuration, .store, .key, .token, .socket, .tcp, .service, .space, .clock, .retention, .verify, .archive,
        .snapshots, .forecast,
    ]
}
