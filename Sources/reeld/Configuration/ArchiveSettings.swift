import ReelStore

/// Where the events of old recordings go.
struct ArchiveSettings: Equatable, Sendable {
    var directory: String?
    var after = Duration.seconds(30 * 86_400)

    static let keys = [
        ConfigurationKey(
            "archive", "dir", \.archive.directory, OptionalPathSyntax(), isReloadable: true,
            help:
                "A directory on another file system that old events are moved to; nothing after = means none. They are "
                + "read there as before, and answered with 503 while it is not mounted; lists never need it. It must belong "
                + "to the daemon's user, and systemd (ReadWritePaths= of its units) and AppArmor "
                + "(/etc/apparmor.d/local/reeld) must let the daemon write there: the README has the commands."),
        ConfigurationKey(
            "archive", "after", \.archive.after, DurationSyntax(range: .seconds(1)...(.seconds(36_500 * 86_400))),
            isReloadable: true,
            help:
                "A segment of the log goes there once all its recordings have ended so long ago; it must be less than "
                + "retention.max_age, where that is not 0."),
    ]
}
