/// How much a message matters: the numbers of syslog(3), which journald keeps as PRIORITY.
package enum LogLevel: Int, Sendable, CaseIterable {
    case error = 3
    case warning = 4
    case notice = 5
    case info = 6
    case debug = 7

    /// The word in reeld.conf and before each line on standard error.
    package var name: String {
        switch self {
        case .error: "error"
        case .warning: "warning"
        case .notice: "notice"
        case .info: "info"
        case .debug: "debug"
        }
    }
}

/// What happened, as a kind that never changes its identity: `journalctl MESSAGE_ID=…` finds every message of it.
///
/// An id once released stays with its kind for ever; a new kind gets a new one (`systemd-id128 new`).
package enum LogKind: Sendable, CaseIterable {
    case started, stopping, stopped
    case configurationReloaded, configurationRejected
    case storeCreated, storeOpened, storeReadOnly
    case indexRebuilt, indexWriteFailed, checkpointFailed
    case segmentBegun, segmentPoisoned, damageFound
    case compactionFinished, compactionFailed
    case recordingIdle, recordingErased
    case ledgerMadeAnew, ledgerFailed, ledgerApplied
    case recordingsExpired, segmentsUnlinked, retentionWaits
    case archived, archiveOffline, archiveOnline
    case snapshotMade, snapshotOpened
    case keyMade, keyringHealed, keyringFailed
    case requestFailed, diskFull, spaceReturned
    case verified, verifyFailed
    case messagesDropped

    /// 128 bits as 32 lower-case hexadecimal digits. See sd-id128(3), systemd.journal-fields(7) "MESSAGE_ID".
    package var messageID: String {
        switch self {
        case .started: "b3f1023f1b164f2e8573350d4204b25c"
        case .stopping: "2eaf2d7ae9394aad84af44590b5eb421"
        case .stopped: "0a68d14bf16b401ca9f608084658c455"
        case .configurationReloaded: "1209ff1aa2c847549b25d1748534948c"
        case .configurationRejected: "c512872a8a6e4dac8f35be094ed32b87"
        case .storeCreated: "5d22ceb07d8b409196dc1faf9d3f0189"
        case .storeOpened: "1006f4dfe50740a7b5d0fd843c18b10b"
        case .storeReadOnly: "15bb0e014bd44e5f93bfc1f0345c6711"
        case .indexRebuilt: "49ebfb0c12f047a0b98dc5aeddc7222d"
        case .indexWriteFailed: "62039ea8d9cb4a8d9b4cf05ae8aefc6a"
        case .checkpointFailed: "0c46d0cf2f77418692c7221cd60ed47c"
        case .segmentBegun: "fdf1d78dfda14d478df4a8878546f3f5"
        case .segmentPoisoned: "88eb4e1f807e4515a43041479f1403f4"
        case .damageFound: "7396d5b67acc4359be479c2d8fad0176"
        case .compactionFinished: "a585fcefd3ce4e02a1fa211582cb9484"
        case .compactionFailed: "cbba4ce3bbad49d98d1561929ae73b4c"
        case .recordingIdle: "ddcfc5b74b724a708fd6cf6ce9e5dac7"
        case .recordingErased: "a4c2f4ae8f9541f3a1c7d9ef3146b788"
        case .ledgerMadeAnew: "448be012147e4d538628efec1b9d13a6"
        case .ledgerFailed: "0720237f72254b3a82af29265d57a6ae"
        case .ledgerApplied: "3d7f72a215da404b8f8b3887c921854c"
        case .recordingsExpired: "c31712fb6eb8413f8bd52ebb21b9c6b2"
        case .segmentsUnlinked: "3b216107a5de463d92fceec3ba8f5427"
        case .retentionWaits: "e1cf3b76ab9d4bd8a3be93c0154fcfd4"
        case .archived: "a68909dba9ac4ee9985a8b2017eaedb2"
        case .archiveOffline: "47f1fca6cf1243cba126a55386598fc3"
        case .archiveOnline: "d5730364c8004cfcbbfd441d2d685257"
        case .snapshotMade: "36b9187ea7574ffd912377598ae97992"
        case .snapshotOpened: "256d8d8b9f2d4b4487369895257244da"
        case .keyMade: "cd5715a42fa74e8aab8699aa12281827"
        case .keyringHealed: "4e7ee9f3fb624c4c8eae7a8c11186688"
        case .keyringFailed: "81935b60836641a8b269f542185b8ed0"
        case .requestFailed: "56595184b4b64f2999e5c08348436864"
        case .diskFull: "9af2715b243448f7af71b936f4041330"
        case .spaceReturned: "54c836e142144f7db63cb34ecdc9dcc7"
        case .verified: "709a95440bfe46fd9cadd9a9d6a91fb7"
        case .verifyFailed: "837f7e0873c548fcb5cf9dbac96dccce"
        case .messagesDropped: "bdbc6b33c7bd4b04ab984af207ef32fa"
        }
    }

    package var level: LogLevel {
        switch self {
        case .configurationRejected, .storeReadOnly, .indexWriteFailed, .checkpointFailed, .segmentPoisoned,
            .damageFound, .compactionFailed, .requestFailed, .diskFull, .ledgerFailed, .keyringFailed,
            .verifyFailed:
            .error
        case .indexRebuilt, .ledgerMadeAnew, .keyringHealed, .messagesDropped, .retentionWaits, .archiveOffline:
            .warning
        case .keyMade, .started, .stopping, .stopped, .configurationReloaded, .storeCreated, .storeOpened,
            .recordingErased, .recordingsExpired, .spaceReturned, .ledgerApplied, .snapshotMade, .snapshotOpened,
            .archiveOnline, .verified:
            .notice
        case .segmentBegun, .segmentsUnlinked, .compactionFinished, .recordingIdle, .archived: .info
        }
    }
}

/// One structured field of a message; `journalctl REELD_RECORDING=7` finds every message about recording 7.
package struct LogField: Sendable, Equatable {
    /// Lower-case words joined by `_`; the journal's name is `REELD_` and this in capitals.
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    package static func recording(_ number: UInt64) -> LogField { LogField("recording", "\(number)") }
    package static func segment(_ number: UInt64) -> LogField { LogField("segment", "\(number)") }
    package static func lsn(_ number: UInt64) -> LogField { LogField("lsn", "\(number)") }
    package static func file(_ path: String) -> LogField { LogField("file", path) }
    package static func offset(_ bytes: UInt64) -> LogField { LogField("offset", "\(bytes)") }
    package static func size(_ bytes: UInt64) -> LogField { LogField("size", "\(bytes)") }
    package static func count(_ count: UInt64) -> LogField { LogField("count", "\(count)") }
    package static func milliseconds(_ duration: Int64) -> LogField { LogField("milliseconds", "\(duration)") }
    package static func errno(_ cause: SystemError) -> LogField { LogField("errno", "\(cause.code)") }
    package static func error(_ cause: any Error) -> LogField { LogField("error", "\(cause)") }

    var journalName: String { "REELD_" + name.uppercased() }
}

/// A message on its way to the journal.
package struct LogMessage: Sendable, Equatable {
    package var kind: LogKind
    package var text: String
    package var fields: [LogField]

    package init(_ kind: LogKind, _ text: String, _ fields: [LogField] = []) {
        self.kind = kind
        self.text = text
        self.fields = fields
    }

    /// `level: text (name=value …)`, on one line whatever the parts hold: control characters are written as `\xNN`,
    /// so that a recording's name cannot forge a line of the log or speak to the admin's terminal.
    package var line: String {
        var line = "\(kind.level.name): \(text)"
        if !fields.isEmpty {
            line += " (" + fields.map { "\($0.name)=\($0.value)" }.joined(separator: " ") + ")"
        }
        return line.printable
    }
}

extension String {
    /// The text with every control character (C0, DEL, C1, line separators, direction overrides) spelled out.
    package var printable: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            if scalar.isControl {
                let digits = String(scalar.value, radix: 16)
                result += scalar.value < 0x100 ? "\\x" + (digits.count < 2 ? "0" : "") + digits : "\\u{\(digits)}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
