import ReelCodec
import ReelFormat
import ReelSystem

/// Where bytes on disk are not what they should be.
package struct Corruption: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Equatable, Sendable {
        case header(HeaderDamage)
        case payloadChecksum
        /// A frame of another store, or another frame than the index names.
        case foreignFrame
        /// The gzip member does not give the text its header tells of.
        case member(GzipError)
        /// A payload that is sound bytes, but not what its kind says.
        case payload
        /// The file ends where a frame should go on.
        case truncated
        /// A segment that does not begin with its own state frame.
        case state
        /// A segment that the index knows is not there.
        case missing
        /// Events that the recording once had are in no frame before the one that begins here, or behind the last one.
        case missingEvents(Range<UInt64>)
        /// Events that were lost, as the frame here tells: they were given up by a repair.
        case lostEvents(Range<UInt64>)
        /// A line of the ledger of erasures, from 1: made anew at the next opening.
        case ledgerLine(Int)
        /// A ledger of another store; made anew likewise.
        case foreignLedger
        /// A sealed payload that does not open: changed, or another recording's.
        case seal
        /// The keyring never had the recording's key: it is older than the log, or a part of it is gone.
        case keyMissing
        /// The recording's key is damaged in both copies of the keyring.
        case keyDamaged
        /// Neither of a page's two files begins as it should.
        case ring
        /// A ring of another generation than the file `store` says, which is the only one of its page.
        case ringOfAnotherGeneration
        /// No regular file where a segment should be.
        case irregular
        /// The key of an erased recording is still there: the next opening destroys it.
        case keyOfErased
        /// The keyring's copy of the file `store` is damaged, gone or another's: the next opening makes it anew.
        case identityCopy
        /// What a marker of an archived segment says.
        case archiveMarker
        /// A segment that the archive should have, and has not.
        case archivedCopyMissing
        /// What stands for events that are in the archive.
        case digest
        /// A slot of the index; it is derived and will be made anew.
        case indexChecksum
    }

    package var file: String
    package var offsetBytes: UInt64
    package var kind: Kind

    /// Whether keys are what is damaged or gone: a copy of the keyring would cure it.
    var isOfKeys: Bool { [.keyMissing, .keyDamaged, .ring, .ringOfAnotherGeneration].contains(kind) }

    /// The same place, with something else wrong.
    func of(kind: Kind) -> Corruption { Corruption(file: file, offsetBytes: offsetBytes, kind: kind) }

    package init(file: String, offsetBytes: UInt64, kind: Kind) {
        self.file = file
        self.offsetBytes = offsetBytes
        self.kind = kind
    }

    package var description: String {
        let what =
            switch kind {
            case .header(.magic): "no frame begins here"
            case .header(.checksum): "the frame header's checksum does not hold"
            case .header(.unknownKind): "a frame of an unknown kind"
            case .header(.sizes): "the frame header contradicts itself"
            case .header(.short), .truncated: "the file ends inside a frame"
            case .payloadChecksum: "the payload's checksum does not hold"
            case .foreignFrame: "another frame than the one that belongs here"
            case .member: "the frame does not inflate to what its header says"
            case .payload: "the payload is not what its kind says"
            case .state: "the segment does not begin with its state frame"
            case .missing: "the segment is gone; put the file back from a copy, or remove its table to accept the loss"
            case .missingEvents(let ordinals):
                "events \(ordinals.lowerBound) to \(ordinals.upperBound - 1) of the recording are in no segment"
            case .lostEvents(let ordinals):
                "events \(ordinals.lowerBound) to \(ordinals.upperBound - 1) of the recording were lost and given up"
            case .foreignLedger: "the ledger is another store's; the next opening makes it anew"
            case .ledgerLine(let number): "line \(number) of the ledger does not hold; the next opening makes it anew"
            case .seal: "the seal does not hold: the frame was changed, or put into another's place"
            case .keyMissing:
                "the keyring has no key for this recording: it is older than the log, or a part is gone; put keys/ back"
            case .keyDamaged:
                "the recording's key is damaged in both copies of the keyring; put keys/ back from a copy"
            case .ring: "neither copy of this page of the keyring is whole; put keys/ back from a copy"
            case .ringOfAnotherGeneration:
                "a page of the keyring under another store key than 'store' speaks of; put 'store' back with its keyring"
            case .irregular: "this is no regular file, so no segment; move it away, and put the segment back"
            case .keyOfErased:
                "the key of a recording that was erased is not destroyed; the next start destroys it"
            case .identityCopy:
                "not the copy of the store's file 'store' that belongs here; the next start makes it anew"
            case .archiveMarker: "this does not say where the segment's events are; put the file back from a copy"
            case .archivedCopyMissing:
                "the archive is there, and lacks this file; put it back from a copy of the archive"
            case .digest: "what stands here for events in the archive does not hold"
            case .indexChecksum: "the index's checksum does not hold here; it is made anew when it is read"
            }
        return "\(file):\(offsetBytes): \(what)"
    }
}

/// Why a store cannot be opened.
package enum OpenError: Error, Sendable {
    /// Another process has it open.
    case locked(path: String)
    case system(SystemError)
    /// The directory has files, but no `store` file and no log that would tell whose it is.
    case notAStore(path: String)
    case identity(path: String, IdentityDamage)
    /// There are segments, and all of them are of another store than the `store` file says.
    case foreignLog(path: String)
    /// There is no segment, and the index tells of recordings.
    case logMissing(path: String, recordingCount: UInt64)
    /// The store is sealed, and encryption is off or no key was given.
    case keyNeeded(path: String, written: KeyFingerprint)
    case wrongKey(path: String, written: KeyFingerprint, given: KeyFingerprint)
    /// The store is sealed and has frames, and no keyring.
    case keyringMissing(path: String)
    /// The keyring lacks the key of a recording that the log has: a part of it is gone, or it is older than the log.
    case keyringIncomplete(path: String, recording: UInt64)
    /// The store was made without encryption, and encryption is asked for.
    case notEncrypted(path: String)
    case crypto(CryptoError)
    case damaged(Corruption)
}

extension OpenError {
    /// Runs what reads or opens a store, and says in these words why it could not.
    static func from<Result>(_ body: () throws -> Result) throws(OpenError) -> Result {
        do {
            return try body()
        } catch let error as OpenError {
            throw error
        } catch let error as SystemError {
            throw .system(error)
        } catch let error as CryptoError {
            throw .crypto(error)
        } catch StoreError.system(let error) {
            throw .system(error)
        } catch StoreError.damaged(let damage) {
            throw .damaged(damage)
        } catch {
            preconditionFailure("nothing that opens a store throws another error: \(error)")
        }
    }
}

/// Why a call on an open store failed. Nothing was changed unless the case says otherwise.
package enum StoreError: Error, Sendable {
    case unknownRecording
    case erased(at: Int64)
    /// Removed by retention.
    case expired(ExpiryCause)
    /// Ended for good, by request or because its lease ran out longer ago than it can be resumed.
    case ended(EndReason, at: Int64)
    /// Closed because of its length or size; writing goes on in the successor.
    case full(successor: RecordingReference)
    /// The batch number was used by another body; its first answer is named.
    case batchConflict(first: BatchRecord)
    /// The batch number is more than 1,024 below the writer's greatest.
    case batchTooOld(oldestRemembered: UInt64)
    /// Too much is waiting for the writer.
    case queueFull
    /// The write or sync failed: the change may or may not be there after a restart. A retry of a numbered batch is safe.
    case outcomeUnknown
    case diskFull
    /// The disk failed twice; the store serves what it has.
    case readOnly
    /// The store is closing.
    case closing
    /// A recording's pin forbids it.
    case held
    /// The recording is erased, and the ledger of erasures could not be written. A repeat tries that again.
    case ledgerFailed(SystemError)
    /// The store has as much as it may, and retention may remove nothing of it.
    case overLimit(RetentionWait)
    /// Nothing was removed: the clock may be wrong.
    case retentionWaits(RetentionWait)
    /// The chunk table was made before a compaction.
    case staleChunkTable(generation: UInt32)
    case unknownChunk
    /// The events are in the archive, and that is away; nil where none is configured.
    case archiveOffline(directory: String?)
    case damaged(Corruption)
    case system(SystemError)
    /// The recording is erased for good, and nobody gets it any more; but its key could not be destroyed on the disk yet. Asked
    /// again, or opened again, the store tries again.
    case eraseIncomplete(SystemError)
    /// What was asked for is sealed, and the store was opened without its key.
    case noKey
    /// The kernel gave no random bytes, for an id or a key.
    case noRandomness
}

/// A recording as an answer names it.
package struct RecordingReference: Sendable, Equatable {
    package var number: UInt64
    package var id: UUIDv7

    package init(number: UInt64, id: UUIDv7) {
        self.number = number
        self.id = id
    }
}

/// Why a recording ended.
package enum EndReason: String, Sendable, CaseIterable {
    case request
    case lease
    case length
    case size

    /// A lease's end can be taken back by the next batch.
    package var isFinal: Bool { self != .lease }
}
