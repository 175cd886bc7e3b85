import Glibc
import ReelSystem

/// What systemd says of the daemon's units.
struct ServiceSighting: Sendable {
    /// The properties of one unit, as `systemctl show` has them.
    struct Unit: Sendable, Equatable {
        var properties: [String: [String]] = [:]

        func text(_ name: String) -> String { properties[name]?.first ?? "" }
        var isThere: Bool { !["", "not-found"].contains(text("LoadState")) }
        var isActive: Bool { text("ActiveState") == "active" }
        var hasFailed: Bool { text("ActiveState") == "failed" }

        /// TCP addresses a socket unit listens on.
        var listenAddresses: [ListenAddress] {
            (properties["Listen"] ?? []).compactMap { line in
                guard line.hasSuffix(" (Stream)"), !line.hasPrefix("/"), !line.hasPrefix("@") else { return nil }
                return try? ListenSyntax().parse(String(line.dropLast(" (Stream)".count)))
            }
        }
    }

    static let names = ["reeld.service", "reeld.socket", "reeld-verify.service", "reeld-verify.timer"]
    private static let properties = [
        "Id", "LoadState", "ActiveState", "SubState", "Result", "UnitFileState", "NRestarts", "WatchdogUSec",
        "ExecMainStatus", "NeedDaemonReload", "Listen", "User",
    ]

    var units: [String: Unit]

    var daemon: Unit? { units["reeld.service"] }
    var socket: Unit? { units["reeld.socket"] }
    var verify: Unit? { units["reeld-verify.service"] }
    var timer: Unit? { units["reeld-verify.timer"] }

    /// Nil where systemd does not run, or does not answer.
    static func look() -> ServiceSighting? {
        guard SmallFile.isDirectory("/run/systemd/system"),
            let run = try? ProgramRun(
                "/usr/bin/systemctl", ["show", "--property=" + properties.joined(separator: ",")] + names),
            run.exitCode == 0
        else { return nil }
        return ServiceSighting(String(decoding: run.output, as: UTF8.self))
    }

    /// - Parameter text: a block of `name=value` a unit, blank lines between.
    init(_ text: String) {
        units = [:]
        var unit = Unit()
        // The last block may end with the text.
        for line in "\(text)\n\n".split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                if !unit.properties.isEmpty { units[unit.text("Id")] = unit }
                unit = Unit()
            } else {
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                if parts.count == 2 { unit.properties[parts[0], default: []].append(parts[1]) }
            }
        }
    }
}

/// Who runs this.
enum CurrentUser {
    static var id: UInt32 { geteuid() }

    /// `alice`, or the number of who has no name.
    static func name(of id: UInt32) -> String { UserName.of(id) ?? "the user with id \(id)" }
}
