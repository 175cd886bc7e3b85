import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem

/// Everything a store says of its recordings, as readers get it.
struct StoreReading {
    /// What reading one recording gave.
    struct Recording: Equatable {
        /// Nil where the recording could not be read at all.
        var facts: Facts?
        /// By ordinal; nil where an event cannot be read.
        var events: [[UInt8]?] = []
        /// Ordinals whose loss was told: frames that say so when they are read, and gaps.
        var told: Set<UInt64> = []
        /// The whole document, as text and through gzip; nil where it was refused or broken off.
        var document: [UInt8]?
        /// Erased, or removed by its age.
        var isErased = false
        var isUnknown = false
        /// What reading met.
        var damage: [Corruption] = []
    }

    /// What a list shows of a recording.
    struct Facts: Equatable {
        var number: UInt64
        var status: RecordingStatus
        var eventCount: UInt64
        var lostEventCount: UInt64
        var metadata: RecordingMetadata
        var firstURL: String
        var lastURL: String
    }

    var recordings: [UInt64: Recording] = [:]
    var listed: [Facts] = []
    var listDamage: [Corruption] = []
    /// What opening said.
    var openDamage: [Corruption] = []
    /// A contradiction within what the store says.
    var faults: [String] = []

    /// - Parameter count: recordings there are.
    init(_ store: Store, count: UInt64) {
        openDamage = store.report.damage
        var below: UInt64?
        repeat {
            let page = store.list(RecordingQuery(), below: below, limit: 100)
            listed += page.recordings.map { Facts($0) }
            listDamage += page.damage
            below = page.next
        } while below != nil
        for number in 1...count { recordings[number] = read(number, store) }
    }

    private mutating func read(_ number: UInt64, _ store: Store) -> Recording {
        var recording = Recording()
        do throws(StoreError) {
            recording.facts = Facts(try store.recording(number))
        } catch {
            note(error, in: &recording)
        }
        let snapshot: RecordingSnapshot
        do throws(StoreError) {
            snapshot = try store.snapshot(number)
        } catch {
            note(error, in: &recording)
            return recording
        }
        for frame in snapshot.frames { read(frame, in: &recording) }
        for gap in snapshot.gaps {
            recording.told.formUnion(gap.ordinals)
            recording.damage.append(gap.damage)
        }
        recording.document = document(snapshot, .identity, in: &recording)
        let zipped = document(snapshot, .gzip, in: &recording).flatMap {
            try? GzipBody.inflate($0, limitBytes: 1 << 20)
        }
        if zipped != recording.document { faults.append("recording \(number): the text and its gzip differ") }
        return recording
    }

    private mutating func read(_ frame: LocatedFrame, in recording: inout Recording) {
        let ordinals = frame.entry.firstOrdinal..<frame.entry.endOrdinal
        do {
            let text = try Inflater().text(of: try frame.member(), rawSizeBytes: Int(frame.entry.rawSizeBytes))
            let run = try EventScanner().scan(Array("[".utf8) + text + Array("]".utf8)).run
            guard run.events.count == ordinals.count else {
                faults.append("a frame at \(frame.entry.offsetBytes) has \(run.events.count) events for \(ordinals)")
                return
            }
            while recording.events.count < ordinals.upperBound { recording.events.append(nil) }
            for (ordinal, event) in zip(ordinals, run.events) {
                recording.events[Int(ordinal)] = Array(
                    run.text[event.offsetBytes..<event.offsetBytes + event.sizeBytes])
            }
        } catch StoreError.damaged(let damage) {
            recording.told.formUnion(ordinals)
            recording.damage.append(damage)
        } catch {
            faults.append("a frame at \(frame.entry.offsetBytes) gives \(error)")
        }
    }

    private func document(
        _ snapshot: RecordingSnapshot, _ coding: SpliceReader.Coding, in recording: inout Recording
    ) -> [UInt8]? {
        let reader = SpliceReader(snapshot, coding: coding)
        var document: [UInt8] = []
        do throws(StoreError) {
            while let piece = try reader.nextPiece() { document += piece }
            return document
        } catch {
            note(error, in: &recording)
            return nil
        }
    }

    private func note(_ error: StoreError, in recording: inout Recording) {
        switch error {
        case .damaged(let damage): recording.damage.append(damage)
        case .erased, .expired: recording.isErased = true
        case .unknownRecording: recording.isUnknown = true
        default: break
        }
    }
}

extension StoreReading.Facts {
    init(_ listed: ListedRecording) {
        number = listed.row.number
        status = listed.row.status
        eventCount = listed.row.eventCount
        lostEventCount = listed.row.lostEventCount
        metadata = listed.metadata
        firstURL = listed.summary.firstURL
        lastURL = listed.summary.lastURL
    }
}
