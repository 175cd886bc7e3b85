import Foundation
import ReelCodec
import ReelFormat
import ReelStore

/// The golden store `v1-losses`: every kind of frame in every kind of segment where it may lie, small enough that a test
/// can damage each of its bytes.
struct LossyStore {
    private let path: URL
    private let clock: GoldenClock
    private let encryption: StoreEncryption

    init(_ path: URL, _ clock: GoldenClock, _ encryption: StoreEncryption) {
        self.path = path
        self.clock = clock
        self.encryption = encryption
    }

    func fill() throws {
        var store = try open()
        try fillCompacted(store)
        try fillHot(store)
        store.close()
        try lose()
        store = try open()
        try writeOn(store)
        store.close()
    }

    private func open() throws -> StoreHandle {
        try StoreHandle(path.path, encryption, clock: clock, segmentFrameMax: 8, chunkSizeBytes: 2 << 10)
    }

    /// Dense chunks of a finished recording, merged ones of an open one, and what is left of an erased one.
    private func fillCompacted(_ store: StoreHandle) throws {
        var metadata = RecordingMetadata()
        metadata.project = "shop"
        metadata.user = "grace@example.org"
        metadata.tags = ["one", "two"]
        for _ in 1...5 { _ = try store.start(metadata) }
        for batch in 0..<5 {
            try store.append(GoldenStore.events(batch * 15, 15), to: 1, writer: "tab", batch: UInt64(batch))
            try store.append(GoldenStore.events(batch * 10, 10), to: 2, writer: "a", batch: UInt64(batch))
            try store.append(GoldenStore.events(batch, 1), to: 3, writer: nil, batch: nil)
            clock.advance(seconds: 1)
        }
        try store.end(1)
        try store.erase(3)
        try store.vacuum()
    }

    /// Changes, batches of two writers, an end and a tombstone, as they came in.
    private func fillHot(_ store: StoreHandle) throws {
        for batch in 0..<3 {
            try store.append(GoldenStore.events(50 + batch * 5, 5), to: 2, writer: "b", batch: UInt64(batch))
            try store.append(GoldenStore.events(batch * 5, 5), to: 4, writer: "a", batch: UInt64(batch))
            try store.append(GoldenStore.oddities, to: 5, writer: nil, batch: nil)
        }
        var change = MetadataChange()
        change.notes = "a note"
        change.isPinned = true
        try store.change(2, change)
        clock.advance(seconds: 1)
    }

    /// Damage takes one batch of recording 4 and one of recording 5; a repair gives them up.
    private func lose() throws {
        let store = try open()
        let victims = [try store.store.snapshot(4).frames[1], try store.store.snapshot(5).frames[2]]
        store.close()
        for victim in victims {
            let url = path.appending(path: "log").appending(path: segmentName(victim.segment.number))
            var bytes = try Data(contentsOf: url)
            bytes[Int(victim.entry.offsetBytes) + FrameHeader.sizeBytes + 20] ^= 1
            try bytes.write(to: url)
        }
        let report = try StoreRepair(path.path, encryption, clock: clock).run(isDryRun: false)
        guard report.after?.isSound == true, report.lostEventCount == 5 + 3 else {
            throw DocumentFault("the repair gave up something else: \(report.losses)")
        }
    }

    private func segmentName(_ number: UInt64) -> String {
        String(repeating: "0", count: 10 - "\(number)".count) + "\(number).seg"
    }

    /// A sealed segment behind the repair's, and an active one, with a tombstone.
    private func writeOn(_ store: StoreHandle) throws {
        for batch in 3..<7 {
            try store.append(GoldenStore.events(batch * 5, 5), to: 4, writer: "a", batch: UInt64(batch))
            try store.append(GoldenStore.events(50 + batch * 5, 5), to: 2, writer: "b", batch: UInt64(batch))
        }
        try store.end(4)
        _ = try store.start(RecordingMetadata())
        try store.append(GoldenStore.events(0, 2), to: 6, writer: "x", batch: 1)
        try store.erase(6)
        try store.append(GoldenStore.oddities, to: 5, writer: "y", batch: 12)
    }
}
