import ReelCodec

/// Reads certificates of erasure, and believes none whose signature does not hold.
package enum CertificateReader {
    /// The certificates of a file, one behind the other.
    ///
    /// - Parameter publicKey: the store's, where it is known from elsewhere; nil believes the one that is written in each.
    /// - Throws: what is wrong with the first that is not sound.
    package static func read(_ text: [UInt8], publicKey: [UInt8]? = nil) throws(CertificateFault)
        -> [ErasureCertificate]
    {
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.first.map({ String(decoding: $0, as: UTF8.self) }) == ErasureCertificate.firstLine else {
            throw .notACertificate
        }
        var certificates: [ErasureCertificate] = []
        var start = text.startIndex
        var number = 1
        for line in lines.dropLast() {
            if line.starts(with: "signature ".utf8) {
                let firstLine = number - text[start..<line.startIndex].count { $0 == UInt8(ascii: "\n") }
                let signature = Hexadecimal.bytes(String(decoding: line.dropFirst(10), as: UTF8.self)) ?? []
                certificates.append(
                    try certificate(text[start..<line.startIndex], signature, firstLine: firstLine, publicKey))
                start = line.endIndex + 1
            }
            number += 1
        }
        // What follows the last signature was never signed.
        guard start == text.endIndex else { throw .truncated(line: number) }
        return certificates
    }

    private static func certificate(
        _ body: ArraySlice<UInt8>, _ signature: [UInt8], firstLine: Int, _ publicKey: [UInt8]?
    ) throws(CertificateFault) -> ErasureCertificate {
        var fields = Fields(body, line: firstLine)
        guard try fields.next() == ErasureCertificate.firstLine else { throw .malformed(line: firstLine) }
        let store = StoreID(hexadecimal: try fields.next("store"))
        let written = Hexadecimal.bytes(try fields.next("public-key")) ?? []
        guard let store, written.count == Ed25519.publicKeySizeBytes else { throw .malformed(line: fields.line) }
        if let publicKey, publicKey != written { throw .otherKey(line: fields.line) }
        guard Ed25519.isValid(signature, of: Array(body), publicKey: written) else {
            throw .wrongSignature(line: firstLine)
        }
        guard let issued = TimeText.microseconds(try fields.next("issued")) else { throw .malformed(line: fields.line) }
        var certificate = ErasureCertificate(
            store: store, publicKey: written, issuedMicroseconds: issued, requester: try fields.next("by"),
            machine: try fields.next("on"), selection: try fields.next("selection"))
        certificate.reason = try fields.nextIfThere("reason") ?? ""
        certificate.override = try fields.nextIfThere("override") ?? ""
        certificate.refusedCount = try fields.nextCountIfThere("not-erased")
        certificate.unreadCount = try fields.nextCountIfThere("unread")
        guard let count = Int(try fields.next("recordings")) else { throw .malformed(line: fields.line) }
        while !fields.isAtEnd { certificate.erased.append(try erased(try fields.next(), line: fields.line)) }
        guard certificate.erased.count == count else { throw .malformed(line: fields.line) }
        return certificate
    }

    private static func erased(_ line: String, line number: Int) throws(CertificateFault) -> Tombstone {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let recording = UInt64(parts[0]), let id = UUIDv7(parts[1]),
            let time = TimeText.microseconds(parts[2])
        else { throw .malformed(line: number) }
        return Tombstone(recording: recording, id: id, erasedMicroseconds: time, lsn: 0)
    }

    /// The lines of a body, one after the other. By bytes: a value may begin with what joins the blank before it.
    private struct Fields {
        private var rest: ArraySlice<ArraySlice<UInt8>>
        /// Of the line read last, from 1.
        private(set) var line: Int

        init(_ body: ArraySlice<UInt8>, line: Int) {
            rest = body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()[...]
            self.line = line - 1
        }

        var isAtEnd: Bool { rest.isEmpty }

        mutating func next() throws(CertificateFault) -> String {
            String(decoding: try nextBytes(), as: UTF8.self)
        }

        mutating func next(_ name: String) throws(CertificateFault) -> String {
            let bytes = try nextBytes()
            guard bytes.starts(with: "\(name) ".utf8) else { throw .malformed(line: line) }
            return String(decoding: bytes.dropFirst(name.utf8.count + 1), as: UTF8.self)
        }

        mutating func nextIfThere(_ name: String) throws(CertificateFault) -> String? {
            rest.first?.starts(with: "\(name) ".utf8) == true ? try next(name) : nil
        }

        /// 0 where the field is not there.
        mutating func nextCountIfThere(_ name: String) throws(CertificateFault) -> Int {
            guard let text = try nextIfThere(name) else { return 0 }
            guard let count = Int(text), count > 0 else { throw .malformed(line: line) }
            return count
        }

        private mutating func nextBytes() throws(CertificateFault) -> ArraySlice<UInt8> {
            line += 1
            guard let bytes = rest.popFirst() else { throw .malformed(line: line) }
            return bytes
        }
    }
}

/// Why a certificate proves nothing. Lines are counted from 1.
package enum CertificateFault: Error, Equatable, Sendable {
    case notACertificate
    case malformed(line: Int)
    /// The file ends before a signature.
    case truncated(line: Int)
    /// Something was changed since it was signed, or the key is not the signer's.
    case wrongSignature(line: Int)
    /// Signed, but by another store than the one whose key was given.
    case otherKey(line: Int)
}
