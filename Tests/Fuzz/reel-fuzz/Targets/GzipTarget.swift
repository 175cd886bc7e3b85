import ReelCodec

/// Inflating what is hostile: never more than the limit, and what zlib says of it is what we say.
enum GzipTarget {
    private static let inflater = Unshared(Inflater())

    static func run(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let mode = input.byte() % 4
        let limit = input.number(below: 1 << 16)
        let rest = input.remaining()
        switch mode {
        case 0: body(rest, limit)
        case 1: body(gzip(rest), limit)
        case 2: body(gzip(rest) + gzip(rest), limit)
        default: member(rest)
        }
    }

    /// A member around deflate blocks, its checksum and size as zlib has them.
    private static func gzip(_ blocks: [UInt8]) -> [UInt8] {
        let text = Zlib.inflateRaw(blocks, limitBytes: 1 << 20) ?? []
        return GzipMember.header + blocks
            + GzipMember.Trailer(crc: GzipCRC.checksum(text), rawSizeBytes: text.count).bytes.dropFirst(2)
    }

    private static func body(_ bytes: [UInt8], _ limit: Int) {
        let expected = Zlib.gunzip(bytes, limitBytes: limit)
        do throws(GzipError) {
            let text = try GzipBody.inflate(bytes, limitBytes: limit)
            claim(text.count <= limit, "\(text.count) bytes under a limit of \(limit)")
            claim(expected == .text(text), "zlib does not read this as we do")
            // The limit is exact.
            claim((try? GzipBody.inflate(bytes, limitBytes: text.count)) == text, "its own size is too large")
            guard !text.isEmpty else { return }
            do throws(GzipError) {
                _ = try GzipBody.inflate(bytes, limitBytes: text.count - 1)
                claim(false, "one byte more than the limit is taken")
            } catch {
                claim(error == .tooLarge(limitBytes: text.count - 1), "beyond the limit: \(error)")
            }
        } catch {
            if case .text = expected { claim(false, "zlib reads what we refuse: \(error)") }
            switch error {
            case .badHeader(let offset), .corrupt(let offset), .trailingBytes(let offset):
                claim((0...bytes.count).contains(offset), "\(error) of \(bytes.count) bytes")
            default: break
            }
        }
    }

    /// A frame's member of any blocks, opened at once and in pieces.
    private static func member(_ bytes: [UInt8]) {
        let blocks = bytes + GzipMember.flushEnd
        let text = Zlib.text(ofBlocks: blocks, limitBytes: 1 << 20)
        // What is one to gzip may still be none that splices.
        let stated = text ?? Zlib.inflateRaw(blocks + GzipMember.finalBlock, limitBytes: 1 << 20) ?? []
        let size = stated.count
        let trailer = GzipMember.Trailer(crc: GzipCRC.checksum(stated), rawSizeBytes: size)
        let member = GzipMember.header + blocks + trailer.bytes
        let whole = try? inflater.value.text(of: member, rawSizeBytes: size)
        claim(whole == text, "\(whole?.count ?? -1) bytes at once, and by zlib \(text?.count ?? -1)")
        claim((try? inflater.value.text(of: member, rawSizeBytes: size + 1)) == nil, "a wrong size is taken")
        for pieceSize in [1, 7, 64 << 10] {
            let pieces = try? pieces(of: member, pieceSize, limit: size)
            claim(pieces == whole, "in pieces of \(pieceSize) the member is another, or cannot be read")
        }
    }

    private static func pieces(of member: [UInt8], _ size: Int, limit: Int) throws(GzipError) -> [UInt8] {
        let reader = try MemberReader(member)
        var text: [UInt8] = []
        while let piece = try reader.next(sizeMaxBytes: size) {
            claim((1...size).contains(piece.count), "a piece of \(piece.count)")
            text += piece
            claim(text.count <= limit, "more text than the member says")
        }
        return text
    }
}
