import CReelZlib

/// zlib's own inflate, as what gzip(1) and browsers do is.
enum Zlib {
    enum Outcome: Equatable {
        case text([UInt8])
        /// The text is longer than the limit.
        case tooLarge
        case bad
    }

    /// The text of gzip members, one after another, as RFC 1952 §2.2 has it.
    static func gunzip(_ bytes: [UInt8], limitBytes: Int) -> Outcome {
        var text: [UInt8] = []
        var rest = bytes[...]
        repeat {
            guard rest.starts(with: [0x1F, 0x8B]) else { return .bad }
            guard let used = inflate(Array(rest), windowBits: 31, limitBytes: limitBytes, into: &text) else {
                return .bad
            }
            if text.count > limitBytes { return .tooLarge }
            rest = rest.dropFirst(used)
        } while !rest.isEmpty
        return .text(text)
    }

    /// The text of raw deflate blocks that end with `bytes`; nil where they do not.
    static func inflateRaw(_ bytes: [UInt8], limitBytes: Int) -> [UInt8]? {
        var text: [UInt8] = []
        guard inflate(bytes, windowBits: -15, limitBytes: limitBytes, into: &text) == bytes.count,
            text.count <= limitBytes
        else { return nil }
        return text
    }

    /// The text of raw deflate blocks of which none is final and the last ends with the last byte; nil for any others.
    static func text(ofBlocks bytes: [UInt8], limitBytes: Int) -> [UInt8]? {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        claim(inflateInit2_(&stream, -15, ZLIB_VERSION, size) == Z_OK, "zlib has no memory")
        defer { inflateEnd(&stream) }
        var input = bytes
        var text = [UInt8](repeating: 0, count: limitBytes + 1)
        let count: Int? = input.withUnsafeMutableBufferPointer { input in
            text.withUnsafeMutableBufferPointer { text in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = text.baseAddress
                stream.avail_out = UInt32(text.count)
                while true {
                    // Returns behind each block; `data_type` is 128 there, and 64 in a final one, and the bits not yet used.
                    guard CReelZlib.inflate(&stream, Z_BLOCK) == Z_OK else { return nil }
                    if stream.avail_in == 0, stream.data_type & 128 != 0 { break }
                }
                return stream.data_type == 128 ? text.count - Int(stream.avail_out) : nil
            }
        }
        return count.flatMap { $0 <= limitBytes ? Array(text[..<$0]) : nil }
    }

    /// Inflates up to the stream's end, or to one byte beyond the limit.
    ///
    /// - Returns: how many bytes the stream has; nil where it is unsound or has no end.
    private static func inflate(
        _ bytes: [UInt8], windowBits: Int32, limitBytes: Int, into text: inout [UInt8]
    ) -> Int? {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        claim(inflateInit2_(&stream, windowBits, ZLIB_VERSION, size) == Z_OK, "zlib has no memory")
        defer { inflateEnd(&stream) }
        var input = bytes
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        var used = 0
        while true {
            let room = min(piece.count, limitBytes + 1 - text.count)
            let (status, made): (Int32, Int) = input.withUnsafeMutableBufferPointer { input in
                piece.withUnsafeMutableBufferPointer { piece in
                    stream.next_in = input.baseAddress?.advanced(by: used)
                    stream.avail_in = UInt32(input.count - used)
                    stream.next_out = piece.baseAddress
                    stream.avail_out = UInt32(room)
                    let status = CReelZlib.inflate(&stream, Z_NO_FLUSH)
                    used = input.count - Int(stream.avail_in)
                    return (status, room - Int(stream.avail_out))
                }
            }
            text += piece[..<made]
            if text.count > limitBytes { return used }
            if status == Z_STREAM_END { return used }
            guard status == Z_OK else { return nil }
        }
    }
}
