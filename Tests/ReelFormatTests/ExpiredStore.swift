import Foundation
import ReelFormat
import ReelStore

/// What the golden store `v1-sealed` has beside `v1-losses`: recording 7 has expired, those that are older are pinned, and
/// recording 8 came after.
struct ExpiredStore {
    private let path: URL
    private let clock: GoldenClock
    private let encryption: StoreEncryption

    init(_ path: URL, _ clock: GoldenClock, _ encryption: StoreEncryption) {
        self.path = path
        self.clock = clock
        self.encryption = encryption
    }

    func fill() throws {
        let store = try StoreHandle(path.path, encryption, clock: clock, segmentFrameMax: 8, chunkSizeBytes: 2 << 10)
        defer { store.close() }
        var pin = MetadataChange()
        pin.isPinned = true
        for number in [1, 4] as [UInt64] { try store.change(number, pin) }
        _ = try store.start(RecordingMetadata())
        try store.append(GoldenStore.events(0, 20), to: 7, writer: "a", batch: 1)
        try store.end(7)
        clock.advance(seconds: 100)
        var request = VacuumRequest()
        request.ageMaxMicroseconds = 60_000_000
        try store.vacuum(request)
        var metadata = RecordingMetadata()
        metadata.user = "ada@example.org"
        _ = try store.start(metadata)
        try store.append(GoldenStore.events(0, 12), to: 8, writer: "a", batch: 1)
        try store.append(GoldenStore.events(85, 3), to: 2, writer: "c", batch: 1)
    }
}
