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
            Segment(number: 1, file: try fileSystem.open("/0000000001.seg", .existing), store: store, sealer: .none)
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
        for region in scan.regions {
            claim(!region.range.isEmpty && region.range.upperBound <= UInt64(length), "damage at \(region.range)")
            claim(region.range.contains(region.damage.offsetBytes), "\(region.damage) in \(region.range)")
        }
        if isSealed { checkCovered(scan, expected, length) }
        for entry in scan.entries where verifiesPayloads {
            let frame = claimed("a frame the walk found is read") { try segment.frame(entry) }
            claim(frame.bytes.count == FrameHeader.sizeBytes + Int(entry.storedSizeBytes), "a frame is cut")
            claim(frame.prefix.count + frame.member.count == Int(entry.storedSizeBytes), "a payload is cut")
        }
    }

    /// Of a sealed segment every byte is a frame or damage that is told.
    private static func checkCovered(_ scan: SegmentScan, _ expected: PlainWalk, _ length: Int) {
        let frames = scan.entries.map { Int($0.offsetBytes)..<Int($0.offsetBytes + $0.strideBytes) }
        let regions = scan.regions.map { Int($0.range.lowerBound)..<Int($0.range.upperBound) }
        var end = 0
        for range in (frames + regions + expected.otherFrames).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            claim(range.lowerBound <= end, "bytes \(end) to \(range.lowerBound) are passed over in silence")
            end = max(end, range.upperBound)
        }
        claim(end >= length, "bytes \(end) to \(length) are passed over in silence")
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
                StoredFrame(FrameDraft(header, prefix: prefix, member: payload)).append(to: &content)
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
    /// Sound frames that a table has.
    private(set) var entries: [FrameEntry] = []
    /// Sound ones that none has: states, commits, and digests.
    private(set) var otherFrames: [Range<Int>] = []
    private(set) var end = 0
    private let content: [UInt8]
    private let length: Int
    private let store: StoreID

    init(_ content: [UInt8], length: Int, store: StoreID, _ verifiesPayloads: Bool, isSealed: Bool) {
        self.content = content
        self.length = length
        self.store = store
        var lastLSN: UInt64 = 0
        var offset = 0
        var hasGap = false
        while offset + FrameHeader.sizeBytes <= length {
            guard let header = frame(at: offset, verifiesPayloads) else {
                hasGap = true
                offset = next(after: offset)
                if isSealed { end = offset }
                continue
            }
            // Only a frame that knew of a sync behind the gap proves that the gap was once whole.
            if hasGap, !isSealed, header.durableLSN <= lastLSN { return }
            hasGap = false
            lastLSN = max(lastLSN, header.lsn)
            end = offset + Int(header.strideBytes)
            switch header.kind {
            case .state, .commit: if isReadable(header, at: offset) { otherFrames.append(offset..<end) }
            case .digest: otherFrames.append(offset..<end)
            default: entries.append(FrameEntry(header, at: UInt64(offset)))
            }
            offset = end
        }
    }

    /// Where the walk goes on after what is no sound frame.
    private func next(after offset: Int) -> Int {
        if let header = header(at: offset) {
            let behind = offset + Int(header.strideBytes)
            if behind == length || behind < length && frame(at: behind, false) != nil { return behind }
        }
        guard offset + 8 + FrameHeader.sizeBytes <= length else { return length }
        let found = stride(from: offset + 8, to: content.count, by: 8).first { header(at: $0) != nil }
        return min(found ?? length, length)
    }

    /// The sound header at an offset, whatever its frame is.
    private func header(at offset: Int) -> FrameHeader? {
        let bytes = Array(content[offset..<min(offset + FrameHeader.sizeBytes, content.count)])
        let span = bytes.span
        guard let header = try? FrameHeader(decoding: span.bytes), header.store == store else { return nil }
        return header
    }

    /// The header of the sound frame at an offset. States and commits are always read whole.
    private func frame(at offset: Int, _ verifiesPayload: Bool) -> FrameHeader? {
        guard let header = header(at: offset),
            offset + FrameHeader.sizeBytes + Int(header.storedSizeBytes) <= length
        else { return nil }
        let isRead = verifiesPayload || header.kind == .state || header.kind == .commit
        return !isRead || CRC32C.checksum(payload(header, at: offset)) == header.payloadChecksum ? header : nil
    }

    private func payload(_ header: FrameHeader, at offset: Int) -> [UInt8] {
        let start = offset + FrameHeader.sizeBytes
        return Array(content[start..<start + Int(header.storedSizeBytes)])
    }

    /// Whether a state or commit is what it should be, and where.
    private func isReadable(_ header: FrameHeader, at offset: Int) -> Bool {
        let member = Array(payload(header, at: offset).dropFirst(Int(header.prefixSizeBytes)))
        if header.kind == .commit { return (try? CommitPayload(decoding: member)) != nil }
        return offset == 0 && (try? StatePayload(decoding: member))?.segment == 1
    }
}
