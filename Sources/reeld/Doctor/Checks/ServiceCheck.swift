extension Check {
    /// What systemd says of the daemon.
    static let service = Check(name: "service") { scene in
        guard let service = scene.service, let daemon = service.daemon, daemon.isThere else { return [] }
        var findings: [Finding] = []
        let state = "\(daemon.text("ActiveState")) (\(daemon.text("SubState")))"
        if daemon.hasFailed {
            findings.append(
                .broken(
                    "reeld.service failed: \(daemon.text("Result")), exit status \(daemon.text("ExecMainStatus"))",
                    "journalctl -x -u reeld -n 30 says why; then systemctl restart reeld"))
        } else if !daemon.isActive {
            findings.append(.look("reeld.service is \(state)", "systemctl start reeld"))
        }
        if let count = UInt64(daemon.text("NRestarts")), count > 0 {
            findings.append(
                .look(
                    "systemd started the daemon again \(count == 1 ? "once" : "\(count) times") after it had ended by itself",
                    "journalctl -u reeld -p warning says why; systemctl reset-failed reeld forgets it"))
        }
        if daemon.text("NeedDaemonReload") == "yes" {
            findings.append(.look("units have changed on the disk since they were read", "systemctl daemon-reload"))
        }
        if let socket = service.socket, socket.isThere, !socket.isActive {
            findings.append(.look("reeld.socket is \(socket.text("ActiveState"))", "systemctl start reeld.socket"))
        }
        if ["disabled", "masked"].contains(daemon.text("UnitFileState")) {
            findings.append(
                .look("reeld.service does not start with the machine", "systemctl enable reeld.socket reeld.service"))
        }
        guard findings.isEmpty else { return findings }
        let watchdog = daemon.text("WatchdogUSec")
        let isWatched = !["", "0", "infinity"].contains(watchdog)
        return [.well("reeld.service is \(state), " + (isWatched ? "watchdog \(watchdog)" : "without a watchdog"))]
    }
}
