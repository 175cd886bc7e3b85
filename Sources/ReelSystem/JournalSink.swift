import CReelSystemd
import Glibc

/// Where log messages are written; called from one thread only.
package protocol JournalSink: Sendable {
    func write(_ message: LogMessage)
}

/// journald when standard error is connected to it, plain lines otherwise.
///
/// systemd sets JOURNAL_STREAM to `device:inode` of the socket it gave as standard error; a child that redirected its
/// own stderr inherits the variable but not the socket, so the numbers are compared. See systemd.exec(5).
package func journalSinkOfStandardError() -> any JournalSink {
    var status = stat()
    guard let variable = getenv("JOURNAL_STREAM"), fstat(STDERR_FILENO, &status) == 0,
        String(cString: variable) == "\(status.st_dev):\(status.st_ino)"
    else { return StandardErrorSink() }
    return JournaldSink()
}

/// Plain lines on standard error: `level: message (name=value …)`.
package struct StandardErrorSink: JournalSink {
    package init() {}

    package func write(_ message: LogMessage) {
        Self.write(message.line + "\n")
    }

    /// Writes text to standard error; nobody is left to be told when that itself fails.
    package static func write(_ text: String) { try? writeAll(Array(text.utf8), to: STDERR_FILENO) }
}

/// Structured entries by journald's native protocol. See sd_journal_sendv(3).
package struct JournaldSink: JournalSink {
    package init() {}

    package func write(_ message: LogMessage) {
        if Self.send(entry(of: message)) < 0 { StandardErrorSink().write(message) }
    }

    /// The fields of a message as `NAME=value`; values may hold any bytes, line feeds too.
    func entry(of message: LogMessage) -> [[UInt8]] {
        var fields = [
            "MESSAGE=\(message.text)", "PRIORITY=\(message.kind.level.rawValue)",
            "MESSAGE_ID=\(message.kind.messageID)", "SYSLOG_IDENTIFIER=reeld",
        ]
        for field in message.fields { fields.append("\(field.journalName)=\(field.value)") }
        return fields.map { Array($0.utf8) }
    }

    private static func send(_ fields: [[UInt8]]) -> Int32 {
        // One run of bytes with a slice a field, so that a single pointer has to live through the call.
        var bytes = fields.flatMap(\.self)
        return bytes.withUnsafeMutableBytes { buffer in
            guard var next = buffer.baseAddress else { return 0 }
            let slices = fields.map { field in
                defer { next += field.count }
                return iovec(iov_base: next, iov_len: field.count)
            }
            return sd_journal_sendv(slices, Int32(slices.count))
        }
    }
}
