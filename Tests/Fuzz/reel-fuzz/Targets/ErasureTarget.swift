import ReelCodec
import ReelFormat

/// What is read from elsewhere around erasing and copying: ledgers, certificates, manifests of snapshots.
enum ErasureTarget {
    private static let store = StoreID(high: 1, low: 2)

    static func run(_ bytes: [UInt8]) {
        let rest = Array(bytes.dropFirst())
        switch (bytes.first ?? 0) % 5 {
        case 0: text(rest)
        case 1: ledger(rest)
        case 2: read(rest)
        case 3: certificate(rest)
        default: manifest(rest)
        }
    }

    /// Any text: each line is sound or damaged, and what is sound is the same when it is written again.
    private static func text(_ bytes: [UInt8]) {
        let read = LedgerText(decoding: bytes)
        claim(
            read.lines.count + read.damagedLines.count == bytes.count { $0 == UInt8(ascii: "\n") },
            "a line is passed over")
        claim(read.wholeSizeBytes + read.tornSizeBytes == bytes.count, "bytes are passed over")
        claim(LedgerText(decoding: written(read.lines)).lines == read.lines, "a line changes when it is written again")
    }

    /// A ledger with damage: nothing is made up, and a line that is not there any more shows.
    private static func ledger(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let lines = (0..<1 + input.number(below: 5)).map { index in
            LedgerLine(store: store, tombstone: tombstone(UInt64(index + 1), &input))
        }
        let whole = written(lines)
        claim(LedgerText(decoding: whole).lines == lines, "what is written does not read back")
        var damaged = whole
        Damage.apply(&input, to: &damaged)
        let read = LedgerText(decoding: damaged)
        claim(read.lines.allSatisfy(lines.contains), "a line is made up")
        let isPrefix = whole.starts(with: damaged) || damaged.starts(with: whole)
        if !isPrefix, read.damagedLines.isEmpty { claim(lines.starts(with: read.lines), "a line is gone in silence") }
    }

    private static func written(_ lines: [LedgerLine]) -> [UInt8] {
        var text: [UInt8] = []
        var chain: UInt32 = 0
        for line in lines { line.append(to: &text, chain: &chain) }
        return text
    }

    private static func tombstone(_ number: UInt64, _ input: inout FuzzInput) -> Tombstone {
        let id = claimed(UUIDv7(high: 0x7000 | UInt64(input.byte()) << 16, low: 1 << 63 | number), "an id")
        let time = Int64(input.byte()) * 1_000_003 + 1_800_000_000_000_000
        return Tombstone(recording: number, id: id, erasedMicroseconds: time, lsn: 0)
    }

    /// Any text: no trap, and what passes was signed.
    private static func read(_ bytes: [UInt8]) { _ = try? CertificateReader.read(bytes) }

    /// A signed certificate reads back; changed in any way it does not.
    private static func certificate(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let signer = claimed("a signer") {
            var seed = [UInt8](repeating: 7, count: Ed25519.seedSizeBytes)
            return try Ed25519Signer(seed: SecretBytes(wiping: &seed))
        }
        var certificate = ErasureCertificate(
            store: store, publicKey: signer.publicKey, issuedMicroseconds: 1_800_000_000_000_000,
            requester: text(&input), machine: text(&input), selection: text(&input))
        certificate.reason = text(&input)
        certificate.override = text(&input)
        certificate.erased = (0..<input.number(below: 4)).map { tombstone(UInt64($0 + 1), &input) }
        let whole = Array(claimed("a signature") { try certificate.text(sign: signer.signature) }.utf8)
        let read = claimed("a signed certificate is refused") { try CertificateReader.read(whole) }
        claim(read.count == 1 && read.first?.erased == certificate.erased, "a certificate reads as another")
        var damaged = whole
        Damage.apply(&input, to: &damaged)
        if damaged != whole, let passed = try? CertificateReader.read(damaged) {
            // Digits of the signature may be written in capitals.
            claim(passed == read, "a changed certificate passes")
        }
    }

    private static func text(_ input: inout FuzzInput) -> String {
        String(decoding: input.bytes(input.number(below: 24)), as: UTF8.self)
    }

    /// What is taken for a manifest leads nowhere else, and is the same when it is written again.
    private static func manifest(_ bytes: [UInt8]) {
        guard let manifest = SnapshotManifest(decoding: bytes) else { return }
        for file in manifest.files {
            let isWithin = !file.name.hasPrefix("/") && !file.name.split(separator: "/").contains("..")
            claim(isWithin, "a name leads out of the snapshot")
        }
        claim(SnapshotManifest(decoding: manifest.encoded()) == manifest, "a manifest changes when it is written again")
    }
}
