import ReelCodec
import ReelFormat

/// Reads a frame whose checksums hold to its last event: whether it says what its header says.
struct FrameCheck {
    let digests: StoreDigests

    /// What is wrong with the frame; nil where it is sound.
    func fault(in frame: StoredFrame) -> Corruption.Kind? {
        let header = frame.header
        switch header.kind {
        case .state, .commit, .digest: return nil
        case .tombstone: return (try? Tombstone(decoding: frame.member)) == nil ? .payload : nil
        case .loss: return (try? LossPayload(decoding: frame.member)) == nil ? .payload : nil
        case .expire: return (try? ExpirePayload(decoding: frame.member)) == nil ? .payload : nil
        case .start, .events, .change, .end: break
        }
        let text: [UInt8]
        do {
            text = try Codecs.inflaters.borrow { (inflater) throws(GzipError) in
                try inflater.text(of: frame.member, rawSizeBytes: Int(header.rawSizeBytes))
            }
        } catch {
            return .member(error)
        }
        if header.kind.isMetadata { return RecordingMetadata(decoding: text) == nil ? .payload : nil }
        let run = Codecs.scanners.borrow { try? $0.rescan(text) }
        guard let run, run.summary.eventCount == UInt64(header.eventCount), run.summary.types == header.types,
            run.summary.leastTimestampMicroseconds == header.leastTimestampMicroseconds,
            run.summary.greatestTimestampMicroseconds == header.greatestTimestampMicroseconds,
            (try? BatchTable.decode(frame.prefix)) != nil
        else { return .payload }
        if !header.flags.contains(.merged), digests.body(text) != header.bodyHash { return .payload }
        return nil
    }
}
