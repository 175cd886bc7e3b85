import CReelISAL

/// Makes members fast, on the way of an event into the log: ISA-L, one full flush at the end. Reusable, one a thread.
///
/// Equal text gives equal bytes, whatever was deflated before.
package final class FrameDeflater {
    /// What ISA-L offers that splices; its level 0 has no aligned flush. On batches of 50 events 1 and 2 make 550 to
    /// 900 MB/s, 2 being 1.6 % smaller; 3 makes 310 to 400 MB/s and is 5 % smaller than 1.
    package enum Level: UInt32, Sendable, CaseIterable {
        case one = 1
        case two, three
    }

    private let stream: UnsafeMutablePointer<isal_zstream>
    private let working: UnsafeMutablePointer<UInt8>
    private var scratch: ScratchBuffer

    /// - Parameter level: how long it may try.
    package init(level: Level = .one) {
        stream = .allocate(capacity: 1)
        isal_deflate_init(stream)
        let workingSize = FrameDeflater.workingSizeBytes
        working = .allocate(capacity: workingSize)
        scratch = ScratchBuffer()
        stream.pointee.level = level.rawValue
        stream.pointee.level_buf = working
        stream.pointee.level_buf_size = UInt32(workingSize)
    }

    deinit {
        working.deallocate()
        stream.deallocate()
    }

    /// The member of `text`, which is at most `GzipMember.rawSizeMaxBytes` long.
    package func member(of text: RawSpan) -> [UInt8] {
        text.withUnsafeBytes { member(of: $0) }
    }

    /// The member of `text`, which is at most `GzipMember.rawSizeMaxBytes` long.
    package func member(of text: [UInt8]) -> [UInt8] {
        text.withUnsafeBytes { member(of: $0) }
    }

    private func member(of text: UnsafeRawBufferPointer) -> [UInt8] {
        precondition(text.count <= GzipMember.rawSizeMaxBytes, "text too long for one member")
        return scratch.member(of: text) { output, capacity in
            let input = text.baseAddress?.assumingMemoryBound(to: UInt8.self)
            isal_deflate_reset(stream)
            stream.pointee.flush = UInt16(FULL_FLUSH)
            stream.pointee.end_of_stream = 0
            stream.pointee.gzip_flag = UInt16(IGZIP_DEFLATE)
            stream.pointee.next_in = UnsafeMutablePointer(mutating: input)
            stream.pointee.avail_in = UInt32(text.count)
            stream.pointee.next_out = output
            stream.pointee.avail_out = UInt32(capacity)
            let status = isal_deflate(stream)
            precondition(status == COMP_OK, "ISA-L refuses its own state")
            let isDone = stream.pointee.avail_in == 0 && stream.pointee.internal_state.state == ZSTATE_NEW_HDR
            return isDone ? capacity - Int(stream.pointee.avail_out) : nil
        }
    }

    /// ISA-L's own `ISAL_DEF_LVL3_LARGE`, which all levels may use: histogram, match tables, 64 Ki tokens of 4 bytes.
    /// (A C macro of that many terms is not imported.)
    private static let workingSizeBytes = (4 + 16 + 2 * 32 + 4 * 64) * 1024
}
