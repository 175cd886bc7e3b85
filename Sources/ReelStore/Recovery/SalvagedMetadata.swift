import ReelCodec
import ReelFormat

/// What takes the place of metadata that was lost: the newest that can be read, brought up to what the row still says.
struct SalvagedMetadata {
    private let context: StoreContext

    init(_ context: StoreContext) { self.context = context }

    func metadata(of number: UInt64) -> RecordingMetadata {
        let frames = (try? context.view.frames(of: number)) ?? []
        var metadata = RecordingMetadata()
        for frame in frames.reversed() where frame.entry.kind.isMetadata {
            guard let bytes = try? frame.read(), let found = try? frame.metadata(in: bytes) else { continue }
            metadata = found
            break
        }
        if let row = context.index.row(number) { bring(&metadata, upTo: row) }
        if metadata.createdMicroseconds == 0 {
            metadata.createdMicroseconds = frames.first?.entry.receivedMicroseconds ?? context.clock.wallMicroseconds
        }
        return metadata
    }

    private func bring(_ metadata: inout RecordingMetadata, upTo row: RecordingRow) {
        if metadata.id == .unknown { metadata.id = row.id }
        if metadata.createdMicroseconds == 0 { metadata.createdMicroseconds = row.createdMicroseconds }
        if metadata.viewportWidth == 0, metadata.viewportHeight == 0 {
            metadata.viewportWidth = row.viewportWidth
            metadata.viewportHeight = row.viewportHeight
        }
        if row.flags.contains(.pinned) { metadata.isPinned = true }
        switch row.status {
        case .recording, .erased: metadata.end = nil
        case .idle: metadata.end = metadata.end ?? end(.lease, row)
        case .ended: metadata.end = metadata.end.flatMap { $0.reason.isFinal ? $0 : nil } ?? end(.request, row)
        }
    }

    private func end(_ reason: EndReason, _ row: RecordingRow) -> RecordingEnd {
        let next = row.successor == 0 ? nil : context.index.row(row.successor)
        return RecordingEnd(
            // Only a limit makes a successor; which of the two it was the row does not say.
            reason: row.successor == 0 ? reason : .length, atMicroseconds: row.endedMicroseconds,
            successor: next.map { RecordingReference(number: $0.number, id: $0.id) })
    }
}
