import ReelFormat
import ReelSystem

/// The segment being written. Owned by the writer's thread.
struct ActiveSegment {
    let segment: Segment
    /// Up to here everything is written and, with `durability = sync`, durable.
    var lengthBytes: UInt64
    var frameCount: Int
    /// Of its last frame, the state frame counted. LSNs behind it may be those of frames that lie elsewhere.
    var lastLSN: UInt64
    var isDirty = false

    /// Makes the segment's file with its state frame, durable with its directory entry.
    ///
    /// - Throws: what the disk said; the file is removed again as far as that goes.
    static func create(
        _ state: StatePayload, header: FrameHeader, paths: StorePaths, sealer: Sealer, fileSystem: any FileSystem
    ) throws(SystemError) -> ActiveSegment {
        let path = paths.segment(state.segment)
        let file = try fileSystem.open(path, .new)
        do {
            var bytes: [UInt8] = []
            StoredFrame(FrameDraft(header, member: state.encoded())).append(to: &bytes)
            try file.write(bytes, at: 0)
            try file.sync()
            try fileSystem.syncDirectory(paths.log)
            let segment = Segment(number: state.segment, file: file, store: header.store, sealer: sealer)
            return ActiveSegment(segment: segment, lengthBytes: UInt64(bytes.count), frameCount: 0, lastLSN: header.lsn)
        } catch {
            // A leftover would be taken for a segment with a torn beginning, which recovery removes as well.
            try? fileSystem.unlink(path)
            throw error
        }
    }
}
