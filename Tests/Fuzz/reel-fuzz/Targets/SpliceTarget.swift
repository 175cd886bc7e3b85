import ReelCodec

/// Any runs of text, deflated by any of our deflaters and spliced, are one gzip document to zlib.
enum SpliceTarget {
    private static let inflater = Unshared(Inflater())
    private static let deflaters: [Unshared<(([UInt8]) -> [UInt8])>] = {
        let dense = claimed("zlib has memory") { try DenseDeflater() }
        let fast = FrameDeflater.Level.allCases.map { FrameDeflater(level: $0) }
        return fast.map { deflater in Unshared { deflater.member(of: $0) } } + [Unshared { dense.member(of: $0) }]
    }()

    static func run(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let prefix = text(&input, sizeMaxBytes: 70_000)
        let suffix = text(&input, sizeMaxBytes: 300)
        let separator = input.bytes(input.number(below: 4))
        var texts: [[UInt8]] = []
        var members: [[UInt8]] = []
        for _ in 0..<input.number(below: 6) {
            let run = text(&input, sizeMaxBytes: 100_000)
            let deflate = deflaters[input.number(below: deflaters.count)].value
            let member = deflate(run)
            claim(deflate(run) == member, "equal text gives other bytes")
            check(member, run)
            texts.append(run)
            members.append(member)
        }
        var splice = GzipSplice(prefix: prefix, separator: separator, suffix: suffix)
        let whole = prefix + texts.joined(separator: separator) + suffix
        let size = splice.sizeBytes(memberCount: members.count, membersSizeBytes: members.reduce(0) { $0 + $1.count })
        claim(
            splice.rawSizeBytes(
                memberCount: members.count, membersRawSizeBytes: texts.reduce(0) { $0 + $1.count }) == whole.count,
            "another raw size is foretold")
        var document = splice.open()
        for member in members {
            document += splice.add(claimed("a member has a trailer") { try GzipMember.Trailer(of: member) })
            document += member[GzipSplice.blocks(ofMemberSize: member.count)]
        }
        document += splice.close()
        claim(document.count == size, "\(document.count) bytes, and \(size) were foretold")
        claim(Zlib.gunzip(document, limitBytes: whole.count) == .text(Array(whole)), "zlib reads another document")
        claim((try? GzipBody.inflate(document, limitBytes: whole.count)) == Array(whole), "we read another document")
    }

    private static func check(_ member: [UInt8], _ run: [UInt8]) {
        claim(Zlib.gunzip(member, limitBytes: run.count) == .text(run), "zlib reads another member")
        let text = try? inflater.value.text(of: member, rawSizeBytes: run.count)
        claim(text == run, "we read another member")
        let reader = try? MemberReader(member)
        var pieces: [UInt8] = []
        while let piece = try? reader?.next(sizeMaxBytes: 999) { pieces += piece }
        claim(pieces == run, "in pieces it is another member")
    }

    /// Some bytes, repeated with small changes, so that few of the fuzzer's make much to compress.
    private static func text(_ input: inout FuzzInput, sizeMaxBytes: Int) -> [UInt8] {
        let unit = input.bytes(input.number(below: 200))
        guard !unit.isEmpty else { return [] }
        let size = input.number(below: sizeMaxBytes)
        let step = input.byte()
        var text: [UInt8] = []
        while text.count < size {
            text += step == 0 ? unit : unit.map { $0 &+ UInt8(truncatingIfNeeded: text.count) & step }
        }
        return Array(text.prefix(size))
    }
}
