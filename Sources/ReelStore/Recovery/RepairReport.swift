import ReelCodec

/// Something that damage took for good.
package struct Loss: Sendable, Equatable {
    package enum Kind: String, Sendable {
        /// Events of a recording.
        case events
        /// What was known of a recording beside its events, since its last sound metadata.
        case metadata
        /// Bytes of nobody knows what: every event that is known of is accounted for elsewhere.
        case unknown
    }

    package var kind: Kind
    /// 0 where it is not known.
    package var recording: UInt64 = 0
    package var id: UUIDv7?
    package var ordinals: Range<UInt64> = 0..<0
    /// The events' own times, microseconds since 1970; nil where not even neighbours tell.
    package var fromMicroseconds: Int64?
    package var toMicroseconds: Int64?
    /// Whether the times are the lost events' own, and not those of the events before and behind them.
    package var isTimeExact = false
    /// The number of the batch the events came in; nil where it is not known or had none.
    package var batch: UInt64?
    /// Where it had lain; nil where nothing tells.
    package var file: String?
    package var offsetBytes: UInt64 = 0
    package var sizeBytes: UInt64 = 0
    /// The copy of its bytes; nil where there are none.
    package var copy: String?

    init(_ kind: Kind) { self.kind = kind }
}

/// Damaged bytes and the copy made of them.
package struct QuarantinedBytes: Sendable, Equatable {
    package var damage: Corruption
    package var sizeBytes: UInt64
    package var copy: String
}

/// What a repair found, saved and gave up.
package struct RepairReport: Sendable, Equatable {
    /// Recordings that were erased because their keys are gone.
    package var erasedForLostKeys: [UInt64] = []
    /// What was found before; nothing is repaired where it is sound.
    package var before = VerifyReport()
    package var quarantined: [QuarantinedBytes] = []
    package var losses: [Loss] = []
    /// Segments that were written anew without what was damaged in them.
    package var rewrittenSegments: [UInt64] = []
    /// Whether the index was made anew.
    package var hasRebuiltIndex = false
    /// What a verification said when all was done; nil after a dry run.
    package var after: VerifyReport?

    /// Whether there was anything to repair.
    package var isNeeded: Bool { !before.isSound || !quarantined.isEmpty }
    package var lostEventCount: UInt64 { losses.reduce(0) { $0 + UInt64($1.ordinals.count) } }
}
