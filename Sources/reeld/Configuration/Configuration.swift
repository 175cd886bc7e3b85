import ReelSystem

/// Everything reeld.conf can say, with its defaults. Sizes are bytes.
struct Configuration: Equatable, Sendable {
    var store = StoreSettings()
    var server = ServerSettings()
    var recording = RecordingSettings()
    var archive = ArchiveSettings()
    var compaction = CompactionSettings()
    var retention = RetentionSettings()
    var log = LogSettings()

    /// The token file's path, resolved against the store's directory.
    var tokenPath: String {
        server.tokenFile.hasPrefix("/") ? server.tokenFile : "\(store.directory)/\(server.tokenFile)"
    }
}

/// When an acknowledged batch is on disk.
enum DurabilityChoice: String, CaseIterable, Sendable {
    /// Before the acknowledgement.
    case sync
    /// At most `syncInterval` after it.
    case interval
}

struct StoreSettings: Equatable, Sendable {
    var directory = "/var/lib/reeld"
    var encryption = true
    var keyFile = "/etc/reeld/store.key"
    var passphraseFile: String?
    var segmentSize: UInt64 = 128 << 20
    var durability = DurabilityChoice.sync
    var syncInterval = Duration.milliseconds(200)
    var queueSize: UInt64 = 64 << 20
    var queueFrames = 8192
    var tombstoneAge = Duration.seconds(400 * 86_400)
    var ledger = ""

    static let keys = [
        ConfigurationKey(
            "store", "directory", \.store.directory, PathSyntax(),
            help: "The store: log, index and tokens. It must belong to the user reeld runs as."),
        ConfigurationKey(
            "store", "encryption", \.store.encryption, BooleanSyntax(),
            help:
                "Whether what is recorded is encrypted on the disk. Chosen for a store when it is made: with no, whoever "
                + "gets the disk reads every recording."),
        ConfigurationKey(
            "store", "key_file", \.store.keyFile, PathSyntax(),
            help:
                "Holds the store's key, and must be readable by nobody else; made for a new store when missing. Keep a "
                + "copy away from this machine: without the key nobody can read the store, ever. A systemd credential "
                + "named reeld.key comes before it."),
        ConfigurationKey(
            "store", "passphrase_file", \.store.passphraseFile, OptionalPathSyntax(),
            help:
                "Holds a passphrase that the key is computed from, where there is no key file; nothing after = means none."
        ),
        ConfigurationKey(
            "store", "segment_size", \.store.segmentSize, SizeSyntax(range: 1 << 20...1 << 30),
            help: "A segment of the log that reached this size is sealed and the next one begun."),
        ConfigurationKey(
            "store", "durability", \.store.durability, ChoiceSyntax { $0.rawValue },
            help: "sync: a batch is acknowledged once it is on disk. interval: it is acknowledged at once, and what "
                + "came in the last sync_interval is lost when the machine loses power."),
        ConfigurationKey(
            "store", "sync_interval", \.store.syncInterval,
            DurationSyntax(range: .milliseconds(1)...(.seconds(60))),
            help: "With durability = interval: the longest time between a batch and its being on disk."),
        ConfigurationKey(
            "store", "queue_size", \.store.queueSize, SizeSyntax(range: 1 << 20...16 << 30),
            help: "Compressed bytes that may wait for the disk; beyond it writers get 503 and are told to retry."),
        ConfigurationKey(
            "store", "queue_frames", \.store.queueFrames, CountSyntax(range: 16...1_048_576),
            help: "Batches that may wait for the disk; beyond it writers get 503 and are told to retry."),
        ConfigurationKey(
            "store", "tombstone_age", \.store.tombstoneAge,
            DurationSyntax(range: .seconds(86_400)...(.seconds(36_500 * 86_400))),
            help: "How long an erased recording answers 410, gone, rather than 404, never seen."),
        ConfigurationKey(
            "store", "ledger", \.store.ledger, PathSyntax(mayBeEmpty: true),
            help:
                "A copy of the store's erased.ledger that is kept elsewhere: what it says was erased is erased again, "
                + "before anything is served, when an older copy of the store was put back. Nothing after = means none."
        ),
    ]
}

struct ServerSettings: Equatable, Sendable {
    var socket = "/run/reeld/reeld.sock"
    var recordGroup = "reeld-ingest"
    var viewGroup = "reeld-view"
    var listen: ListenAddress?
    var tokenFile = "read.token"
    var bodyLimit: UInt64 = 64 << 20
    var inflatedLimit: UInt64 = 64 << 20
    var eventLimit: UInt64 = 32 << 20
    var memory: UInt64 = 256 << 20
    var connections = 16_384
    var loopThreads = 0
    var workerThreads = 0
    var demo = false
    var coreDumps = false

    static let keys = [
        ConfigurationKey(
            // sockaddr_un has room for 107 bytes and a zero.
            "server", "socket", \.server.socket, PathSyntax(sizeMaxBytes: 107),
            help: "The Unix socket. Root and the user reeld runs as may do everything there; for others see below."),
        ConfigurationKey(
            "server", "record_group", \.server.recordGroup, GroupNameSyntax(),
            help: "Members of this group may record over the Unix socket, and see nothing of what is recorded."),
        ConfigurationKey(
            "server", "view_group", \.server.viewGroup, GroupNameSyntax(),
            help:
                "Members of this group may find, watch, export, label and pin recordings over the Unix socket. Erasing, "
                + "compacting and snapshots are for root and the user reeld runs as."),
        ConfigurationKey(
            "server", "listen", \.server.listen, ListenSyntax(),
            help:
                "The loopback address and port for browsers, as in 127.0.0.1:7335; nothing after = means no TCP. What "
                + "reeld.socket passes of a kind, Unix or TCP, comes before what stands here."),
        ConfigurationKey(
            "server", "token_file", \.server.tokenFile, PathSyntax(mayBeRelative: true),
            help: "Holds the bearer token that reading over TCP wants; made with mode 0600 when missing. A relative "
                + "path begins at the store's directory."),
        ConfigurationKey(
            "server", "body_limit", \.server.bodyLimit, SizeSyntax(range: 1 << 10...1 << 30),
            help: "The largest request body, as sent; a larger one gets 413."),
        ConfigurationKey(
            "server", "inflated_limit", \.server.inflatedLimit, SizeSyntax(range: 1 << 10...1 << 30),
            help: "The largest batch once inflated; a larger one gets 413."),
        ConfigurationKey(
            "server", "event_limit", \.server.eventLimit, SizeSyntax(range: 1 << 10...1 << 30),
            help: "The largest single event; a batch with a larger one gets 413, which names its position."),
        ConfigurationKey(
            "server", "memory", \.server.memory, SizeSyntax(range: 16 << 20...1 << 40),
            help: "What bodies, frames and buffers may take together; a request without a share waits unread. "
                + "Beside it, the one body above 4M that is being checked takes up to five times its size."),
        ConfigurationKey(
            "server", "connections", \.server.connections, CountSyntax(range: 16...1_000_000),
            help: "Connections open at the same time; one more gets 503 and is closed."),
        ConfigurationKey(
            "server", "loop_threads", \.server.loopThreads, CountSyntax(range: 0...64),
            help: "Threads that move bytes between sockets and memory; 0 means one a CPU, at most 32."),
        ConfigurationKey(
            "server", "worker_threads", \.server.workerThreads, CountSyntax(range: 0...256),
            help: "Threads that check and compress events; 0 means one a CPU, at most 64."),
        ConfigurationKey(
            "server", "demo", \.server.demo, BooleanSyntax(),
            help: "Whether /demo is there, a page that records itself, for trying the recorder."),
        ConfigurationKey(
            "server", "core_dumps", \.server.coreDumps, BooleanSyntax(),
            help:
                "Whether the kernel may write a core dump when the daemon crashes. What was decrypted can be in it: say yes "
                + "only to hunt a crash, where such files are kept as safe as the store's key."),
    ]
}

struct RecordingSettings: Equatable, Sendable {
    var lease = Duration.seconds(30 * 60)
    var resumeWindow = Duration.seconds(24 * 3600)
    var lengthMax = Duration.seconds(24 * 3600)
    var sizeMax: UInt64 = 1 << 30
    var grace = Duration.seconds(5 * 60)

    static let keys = [
        ConfigurationKey(
            "recording", "lease", \.recording.lease, DurationSyntax(range: .seconds(1)...(.seconds(30 * 86_400))),
            isReloadable: true,
            help: "A recording with no new event for this long, while the daemon runs, ends by itself."),
        ConfigurationKey(
            "recording", "resume_window", \.recording.resumeWindow,
            DurationSyntax(range: .zero...(.seconds(365 * 86_400))), isReloadable: true,
            help: "How long after that its writer may still go on with it."),
        ConfigurationKey(
            "recording", "length_max", \.recording.lengthMax,
            DurationSyntax(range: .seconds(60)...(.seconds(365 * 86_400))), isReloadable: true,
            help: "A recording this old is closed; its writer is told the successor's number."),
        ConfigurationKey(
            "recording", "size_max", \.recording.sizeMax, SizeSyntax(range: 1 << 20...1 << 40), isReloadable: true,
            help: "A recording with this many bytes of events is closed; its writer is told the successor's number."),
        ConfigurationKey(
            "recording", "grace", \.recording.grace, DurationSyntax(range: .zero...(.seconds(86_400))),
            isReloadable: true,
            help: "How long after a recording was ended by request late events are still taken."),
    ]
}

struct CompactionSettings: Equatable, Sendable {
    var automatic = true
    var chunkSize: UInt64 = 256 << 10
    var smallFrames = 64

    static let keys = [
        ConfigurationKey(
            "compaction", "automatic", \.compaction.automatic, BooleanSyntax(), isReloadable: true,
            help: "Whether compaction runs by itself; with no, only `reeld vacuum` starts it."),
        ConfigurationKey(
            "compaction", "chunk_size", \.compaction.chunkSize, SizeSyntax(range: 16 << 10...64 << 20),
            isReloadable: true,
            help: "Bytes of events, uncompressed, that a chunk is to hold: larger packs denser, smaller seeks faster."),
        ConfigurationKey(
            "compaction", "small_frames", \.compaction.smallFrames, CountSyntax(range: 2...65_536),
            isReloadable: true,
            help: "Once an open recording has this many small frames they are compacted without waiting for its end."),
    ]
}

struct LogSettings: Equatable, Sendable {
    var level = LogLevel.info

    static let keys = [
        ConfigurationKey(
            "log", "level", \.log.level, ChoiceSyntax { $0.name }, isReloadable: true,
            help: "The least important messages to log: error, warning, notice, info or debug.")
    ]
}
