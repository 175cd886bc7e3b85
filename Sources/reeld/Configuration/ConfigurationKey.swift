/// One key of reeld.conf: the parser, `reeld config`, etc/reeld.conf and reeld.conf(5) are all made from or checked
/// against these.
struct ConfigurationKey: Sendable {
    let section: String
    let name: String
    /// Whether SIGHUP puts a new value to work; otherwise it waits for a restart.
    let isReloadable: Bool
    /// What the value does, in one or two sentences.
    let help: String

    private let read: @Sendable (Configuration) -> String
    private let write: @Sendable (inout Configuration, String) throws(BadValue) -> Void

    init<Syntax: ValueSyntax>(
        _ section: String, _ name: String,
        _ path: WritableKeyPath<Configuration, Syntax.Value> & Sendable, _ syntax: Syntax,
        isReloadable: Bool = false, help: String
    ) {
        self.section = section
        self.name = name
        self.isReloadable = isReloadable
        self.help = help
        read = { syntax.text(of: $0[keyPath: path]) }
        write = { configuration, text throws(BadValue) in configuration[keyPath: path] = try syntax.parse(text) }
    }

    /// `section.name`, as errors and `reeld config show` name it.
    var id: String { "\(section).\(name)" }
    var defaultText: String { text(in: Configuration()) }

    func text(in configuration: Configuration) -> String { read(configuration) }

    func set(_ text: String, in configuration: inout Configuration) throws(BadValue) {
        try write(&configuration, text)
    }

    /// Every key, in the order of etc/reeld.conf.
    static let all =
        StoreSettings.keys + ServerSettings.keys + RecordingSettings.keys + RetentionSettings.keys
        + ArchiveSettings.keys + CompactionSettings.keys + LogSettings.keys

    /// The sections, in order, with what each is about.
    static let sections: [(name: String, help: String)] = [
        ("store", "Where recordings are kept, and when a write counts as kept."),
        ("server", "Who can talk to the daemon, and how much memory they may take."),
        ("recording", "When a recording ends."),
        (
            "retention",
            "How long recordings are kept, and how much room they may take. What is pinned is always kept."
        ),
        ("archive", "Where the events of old recordings go, to make room for new ones."),
        ("compaction", "How small frames of recordings become larger chunks."),
        ("log", "What the daemon says in the journal."),
    ]
}
