import ReelCodec
import ReelFormat
import ReelSystem

@testable import ReelStore

/// The walk over a segment's frames, on files of sound frames, garbage and damage, against the rule of FORMAT.md §14
/// written down once more in the plainest way.
enum SegmentTarget {
    private static let store = StoreID(high: 1, low: 2)
    private static let sizeMaxBytes = 64 << 10

    static func run(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let isSealed = input.bool()
        let verifiesPayloads = input.bool()
        let content = file(&input)
        let fileSystem = MemoryFileSystem(["/0000000001.seg": content])
        let segment = claimed("the file opens") {
            Segment(number: 1, file: try fileSystem.open("/0000000001.seg", .existing), store: store)
        }
        let limit = input.bool() ? UInt64(input.number(below: content.count + 1)) : nil
        let length = min(content.count, limit.map { Int($0) } ?? .max)
        let scan = claimed("memory is read") {
            try segment.scan(verifiesPayloads: verifiesPayloads, isSealed: isSealed, limit: limit)
        }
        let expected = PlainWalk(content, length: length, store: store, verifiesPayloads, isSealed: isSealed)
        claim(scan.entries == expected.entries, "\(scan.entries.count) frames, not \(expected.entries.count)")
        claim(scan.endBytes == UInt64(expected.end), "the walk ends at \(scan.endBytes), not \(expected.end)")
        claim(scan.hasTornTail == (expected.end < length), "a torn tail is missed or made up")
        claim(scan.state?.segment ?? 1 == 1, "the state of segment \(scan.state?.segment ?? 0) is taken for its own")
        for damage in scan.damage {
            claim(damage.offsetBytes <= UInt64(length), "damage at \(damage.offsetBytes) of \(length) bytes")
        }
        // Whatever lies in a sealed segment and is no frame is told.
        let framesBytes = expected.entries.reduce(0) { $0 + Int($1.strideBytes) }
        if isSealed, expected.onlyFramesOfEvents, framesBytes < length - 7 {
            claim(!scan.damage.isEmpty, "\(length - framesBytes) bytes are no frames, and nothing is told of them")
        }
        for entry in scan.entries where verifiesPayloads {
            let frame = claimed("a frame the walk found is read") { try segment.frame(entry) }
            claim(frame.bytes.count == FrameHeader.sizeBytes + Int(entry.storedSizeBytes), "a frame is cut")
            claim(frame.prefix.count + frame.member.count == Int(entry.storedSizeBytes), "a payload is cut")
        }
    }

    /// A file made by the fuzzer's orders.
    private static func file(_ input: inout FuzzInput) -> [UInt8] {
        var content: [UInt8] = []
        var lsn: UInt64 = 1
        while !input.isEmpty, content.count < sizeMaxBytes {
            switch input.byte() % 8 {
            case 0...3:
                lsn += UInt64(input.byte() % 4)
                var header = FrameHeader(
                    kind: FrameKind.allCases[input.number(below: FrameKind.allCases.count)], lsn: lsn,
                    receivedMicroseconds: Int64(input.byte()), store: store)
                header.recording = UInt64(input.byte())
                header.eventCount = UInt32(input.byte())
                header.durableLSN = lsn &- UInt64(input.byte() % 8)
                let prefix = input.bytes(input.number(below: 8))
                var payload = input.bytes(input.number(below: 64))
                if header.kind == .state, input.bool() {
                    payload = StatePayload(segment: 1, isCompacted: input.bool(), nextRecording: 1, nextLSN: 1)
                        .encoded()
                }
                StoredFrame(header, prefix: prefix, member: payload).append(to: &content)
            case 4: content += input.bytes(input.number(below: 300))
            case 5 where !content.isEmpty: content[input.number(below: content.count)] ^= input.byte()
            case 6 where !content.isEmpty: content.removeLast(input.number(below: content.count))
            default:
                let start = input.number(below: content.count + 1)
                content += content[start..<min(start + 200, content.count)]
            }
        }
        return content
    }
}

/// FORMAT.md §14 as plainly as it can be written; slow.
private struct PlainWalk {
    private(set) var entries: [FrameEntry] = []
    private(set) var end = 0
    private(set) var onlyFramesOfEvents = true

    init(_ content: [UInt8], length: Int, store: StoreID, _ verifiesPayloads: Bool, isSealed: Bool) {
        var lastLSN: UInt64 = 0
        var offset = 0
        var hasGap = false
        while offset + FrameHeader.sizeBytes <= length {
            let header = PlainWalk.header(content, offset, length, store)
            let needsPayload =
                header.map { verifiesPayloads || $0.kind == .state || $0.kind == .commit } ?? false
            guard let header, !needsPayload || PlainWalk.isPayloadSound(content, offset, header) else {
                hasGap = true
                offset += 8
                // The next place where a header is sound, whatever its frame is.
                while offset + FrameHeader.sizeBytes <= length,
                    PlainWalk.header(content, offset, .max, store) == nil
                { offset += 8 }
                continue
            }
            if hasGap, !isSealed, header.durableLSN <= lastLSN { return }
            hasGap = false
            guard PlainWalk.isReadable(content, offset, header) else {
                // A payload that is not what its kind says: the frame counts for its LSN, and is damage.
                lastLSN = max(lastLSN, header.lsn)
                hasGap = true
                onlyFramesOfEvents = false
                offset += 8
                while offset + FrameHeader.sizeBytes <= length,
                    PlainWalk.header(content, offset, .max, store) == nil
                { offset += 8 }
                continue
            }
            lastLSN = max(lastLSN, header.lsn)
            if header.kind == .state || header.kind == .commit {
                onlyFramesOfEvents = false
            } else {
                entries.append(FrameEntry(header, at: UInt64(offset)))
            }
            offset += Int(header.strideBytes)
            end = offset
        }
    }

    /// The sound header at an offset, of a frame that ends within `length`.
    private static func header(_ content: [UInt8], _ offset: Int, _ length: Int, _ store: StoreID) -> FrameHeader? {
        let bytes = Array(content[offset..<min(offset + FrameHeader.sizeBytes, content.count)])
        let span = bytes.span
        guard let header = try? FrameHeader(decoding: span.bytes), header.store == store,
            offset + FrameHeader.sizeBytes + Int(header.storedSizeBytes) <= length
        else { return nil }
        return header
    }

    private static func payload(_ content: [UInt8], _ offset: Int, _ header: FrameHeader) -> [UInt8] {
        let start = offset + FrameHeader.sizeBytes
        return Array(content[start..<start + Int(header.storedSizeBytes)])
    }

    private static func isPayloadSound(_ content: [UInt8], _ offset: Int, _ header: FrameHeader) -> Bool {
        CRC32C.checksum(payload(content, offset, header)) == header.payloadChecksum
    }

    private static func isReadable(_ content: [UInt8], _ offset: Int, _ header: FrameHeader) -> Bool {
        let member = { Array(payload(content, offset, header).dropFirst(Int(header.prefixSizeBytes))) }
        switch header.kind {
        case .state: return (try? StatePayload(decoding: member()))?.segment == 1
        case .commit: return (try? CommitPayload(decoding: member())) != nil
        default: return true
        }
    }
}
