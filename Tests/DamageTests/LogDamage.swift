import ReelFormat

/// Damage to the segments of a golden store.
struct LogDamage {
    let golden: GoldenImage
    /// Every case, or a sample of those that are many.
    let isFull: Bool

    /// Bits of every header: all where the sweep is full, else one of every other byte, the other ones in the next frame.
    /// Verify must find each.
    func headerBits() throws -> [DamageCase] {
        try golden.segments.flatMap { segment in
            try golden.frames(segment).enumerated().flatMap { index, frame in
                stride(
                    from: frame.offset + (isFull ? 0 : index % 2), to: frame.offset + FrameHeader.sizeBytes,
                    by: isFull ? 1 : 2
                ).flatMap { offset in
                    // Another bit in each frame.
                    (isFull ? 0..<8 : (offset + index) % 8..<(offset + index) % 8 + 1).map { bit in
                        DamageCase.flip(segment, offset, bit: bit, .told(file: segment, offset: offset))
                    }
                }
            }
        }
    }

    /// A bit of payload bytes. Verify must find each.
    func payloadBits() throws -> [DamageCase] {
        try golden.segments.flatMap { segment in
            try golden.frames(segment).flatMap { frame in
                stride(from: frame.payload.lowerBound, to: frame.payload.upperBound, by: isFull ? 1 : 5).map { offset in
                    .flip(segment, offset, bit: offset % 8, .told(file: segment, offset: offset))
                }
            }
        }
    }

    /// The zeros between frames mean nothing, and no checksum covers them.
    func paddingBits() throws -> [DamageCase] {
        try golden.segments.flatMap { segment in
            try golden.frames(segment).flatMap { frame in
                frame.padding.map { .flip(segment, $0, bit: $0 % 8, .untouched) }
            }
        }
    }

    /// Each segment cut at bytes of its last frame, and where frames begin.
    func cuts() throws -> [DamageCase] {
        try golden.segments.flatMap { segment in
            let frames = try golden.frames(segment)
            guard let last = frames.last else { return [DamageCase]() }
            let step = isFull ? 1 : segment == golden.active ? 3 : 17
            let sizes = Array(stride(from: last.offset, to: last.payload.upperBound, by: step)) + frames.map(\.offset)
            return sizes.map { .cut(segment, to: $0, .unchangedOrTold) }
        }
    }

    /// Sectors and pages that were lost.
    func zeroedSectors() -> [DamageCase] {
        golden.segments.flatMap { segment in
            [512, 4096].flatMap { size in
                stride(from: 0, to: golden.size(segment), by: size).map { start in
                    .zero(segment, start..<start + size, .told(file: segment, offset: start + size - 1))
                }
            }
        }
    }

    /// Frames in each other's place, within a segment and between two; frames that are there twice.
    func movedFrames() throws -> [DamageCase] {
        var cases: [DamageCase] = []
        for segment in golden.segments {
            let frames = try golden.frames(segment)
            for (one, next) in zip(frames, frames.dropFirst()) {
                cases.append(
                    DamageCase("\(segment): frames at \(one.offset) and \(next.offset) swapped", .unchangedOrTold) {
                        files in
                        guard let bytes = files[segment], bytes.count >= next.range.upperBound else { return }
                        files[segment] =
                            Array(bytes[..<one.offset]) + bytes[next.range] + bytes[one.range]
                            + bytes[next.range.upperBound...]
                    })
                cases.append(
                    DamageCase("\(segment): the frame at \(one.offset) twice", .unchangedOrTold) { files in
                        guard let bytes = files[segment], bytes.count >= one.range.upperBound else { return }
                        let copy = Array(bytes[one.range])
                        files[segment]?.insert(contentsOf: copy, at: one.range.upperBound)
                    })
                cases.append(
                    DamageCase("\(segment): the frame at \(one.offset) again at the end", .unchangedOrTold) { files in
                        guard let bytes = files[segment], bytes.count >= one.range.upperBound else { return }
                        files[segment] = bytes + bytes[one.range]
                    })
            }
        }
        for (one, other) in zip(golden.segments, golden.segments.dropFirst()) {
            for (mine, theirs) in zip(try golden.frames(one), try golden.frames(other)) {
                cases.append(
                    DamageCase("\(one):\(mine.offset) and \(other):\(theirs.offset) swapped", .unchangedOrTold) {
                        files in
                        guard let first = files[one], first.count >= mine.range.upperBound, let second = files[other],
                            second.count >= theirs.range.upperBound
                        else { return }
                        let (left, right) = (Array(first[mine.range]), Array(second[theirs.range]))
                        files[one]?.replaceSubrange(mine.range, with: right)
                        files[other]?.replaceSubrange(theirs.range, with: left)
                    })
            }
        }
        return cases
    }

    /// Whole files that were copied, renamed, exchanged, removed, grown, or come from elsewhere.
    func movedSegments(_ foreign: GoldenImage) -> [DamageCase] {
        var cases: [DamageCase] = []
        let log = "\(GoldenImage.root)/log"
        for segment in golden.segments {
            for name in ["0000000001.seg", "0000000006.seg", "0000000011.seg"] {
                cases.append(
                    DamageCase("\(segment) copied to \(name)", .unchangedOrTold) { $0["\(log)/\(name)"] = $0[segment] })
                cases.append(
                    DamageCase("\(segment) renamed to \(name)", .unchangedOrTold) {
                        $0["\(log)/\(name)"] = $0.removeValue(forKey: segment)
                    })
            }
            for other in golden.segments where other > segment {
                cases.append(
                    DamageCase("\(segment) and \(other) exchanged", .unchangedOrTold) { files in
                        (files[segment], files[other]) = (files[other], files[segment])
                    })
            }
            for other in foreign.segments {
                let bytes = foreign.disk.files[other]
                cases.append(
                    DamageCase("\(segment) replaced by one of another store", .unchangedOrTold) { $0[segment] = bytes })
            }
            cases.append(DamageCase("\(segment) is gone", .unchangedOrTold) { $0[segment] = nil })
            for tail in [Array(repeating: 0 as UInt8, count: 700), Array(repeating: 0xA5, count: 700)] {
                cases.append(
                    DamageCase("\(segment) with \(tail[0]) behind it", .unchangedOrTold) { $0[segment]? += tail })
            }
        }
        for (index, other) in foreign.segments.enumerated() {
            let bytes = foreign.disk.files[other]
            cases.append(
                DamageCase("a segment of another store behind the last", .unchangedOrTold) {
                    $0["\(log)/000000009\(index).seg"] = bytes
                })
        }
        return cases
    }

    /// The store's identity cannot be made anew: any damage to it is a refusal.
    func identity() -> [DamageCase] {
        let file = "\(GoldenImage.root)/store"
        return (0..<512).map { .flip(file, $0, bit: $0 % 8, .refused(file: file)) }
            + stride(from: 0, to: 512, by: 64).map { .cut(file, to: $0, .refused(file: file)) }
            + [.zero(file, 0..<512, .refused(file: file))]
    }
}
