import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem
import SimulatedDisk

/// A batch as a scenario sends it.
struct SentBatch: Sendable {
    var recording: UUIDv7
    var writer: String
    var number: UInt64
    var events: [String]

    /// No other batch has the same.
    var name: String { "\(recording) \(writer) \(number)" }
}

/// What a scenario asked of the store, or was answered.
enum Fact: Sendable {
    case sentStart(UUIDv7, RecordingMetadata)
    case ackedStart(UUIDv7, number: UInt64)
    case sentBatch(SentBatch)
    case ackedBatch(SentBatch, firstOrdinal: UInt64)
    case sentChange(UUIDv7, MetadataChange)
    case ackedChange(UUIDv7)
    case sentEnd(UUIDv7)
    case ackedEnd(UUIDv7)
    case sentErase(UUIDv7)
    case ackedErase(UUIDv7, Tombstone)
    /// Retention was let at these recordings.
    case sentExpiry([UUIDv7])
    /// And removed these.
    case ackedExpiry([UUIDv7])
    /// An answer was seen when this was the store's last LSN.
    case reached(lsn: UInt64)
    /// All that was answered before is durable, where answers come before the sync.
    case synced

    /// Whether it is an answer of the store's.
    var isAnswer: Bool {
        switch self {
        case .ackedStart, .ackedBatch, .ackedChange, .ackedEnd, .ackedErase, .ackedExpiry, .reached: true
        case .sentStart, .sentBatch, .sentChange, .sentEnd, .sentErase, .sentExpiry, .synced: false
        }
    }
}

/// The facts of a scenario in the order of the disk's calls.
final class History: Sendable {
    private let list = Monitor<[Fact]>([])
    private let disk: SimulatedDisk

    init(_ disk: SimulatedDisk) { self.disk = disk }

    func note(_ fact: Fact) {
        list.withLock { facts in
            facts.append(fact)
            disk.mark(facts.count - 1)
        }
    }

    var facts: [Fact] { list.withLock { $0 } }
}
