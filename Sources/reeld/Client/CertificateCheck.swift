import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem

/// Certificates of erasure, checked offline.
struct CertificateCheck {
    private static let sizeMaxBytes = 256 << 20

    private let certificates: [ErasureCertificate]
    private let isKeyGiven: Bool

    /// - Parameters:
    ///   - path: of the file with certificates.
    ///   - publicKey: 64 digits, or a file with them; nil takes the key in each certificate.
    /// - Throws: what is wrong with the first that proves nothing.
    init(_ path: String, publicKey: String?) throws(CommandFailure) {
        isKeyGiven = publicKey != nil
        let key = try publicKey.map { (text) throws(CommandFailure) in try CertificateCheck.key(text) }
        let text: [UInt8]
        do throws(SystemError) { text = try SmallFile.read(path, sizeMaxBytes: Self.sizeMaxBytes) } catch {
            throw CommandFailure(.failure, "\(path): \(error.reason)")
        }
        do throws(CertificateFault) { certificates = try CertificateReader.read(text, publicKey: key) } catch {
            throw CommandFailure(.failure, CertificateCheck.words(error, path))
        }
    }

    func print(_ output: Output, _ form: OutputForm) throws(CommandFailure) {
        for certificate in certificates {
            switch form {
            case .json: try output.writeLine(json(certificate))
            case .table: try output.write(text(certificate))
            }
        }
    }

    private func text(_ certificate: ErasureCertificate) -> String {
        let count = HumanText.plural(UInt64(certificate.erased.count), "recording")
        let key = Hexadecimal.text(certificate.publicKey)
        var lines = [
            "signed by the store \(certificate.store.hexadecimal) on \(certificate.machine), "
                + (TimeText.text(certificate.issuedMicroseconds) ?? ""),
            isKeyGiven
                ? "the key is the one you gave: \(key)"
                : "the key was not given by you, so whose it is rests on the certificate's own word: \(key)",
            "\(count) erased, asked for by \(certificate.requester): \(certificate.selection)",
        ]
        if !certificate.reason.isEmpty { lines.append("reason: \(certificate.reason)") }
        if !certificate.override.isEmpty { lines.append("pinned ones too: \(certificate.override)") }
        lines += limits(of: certificate)
        lines += certificate.erased.map {
            "\($0.recording)  \($0.id)  \(TimeText.text($0.erasedMicroseconds) ?? "")"
        }
        return lines.map { $0.printable + "\n" }.joined()
    }

    /// What it does not vouch for.
    private func limits(of certificate: ErasureCertificate) -> [String] {
        var lines: [String] = []
        if certificate.refusedCount > 0 {
            lines.append(
                "not erased, though selected: \(HumanText.plural(UInt64(certificate.refusedCount), "recording"))")
        }
        if certificate.unreadCount > 0 {
            lines.append(
                "could not be read, so nobody knows whether they were meant: "
                    + HumanText.plural(UInt64(certificate.unreadCount), "recording"))
        }
        return lines
    }

    private func json(_ certificate: ErasureCertificate) -> JSONValue {
        .object([
            .init("store", .string(certificate.store.hexadecimal)),
            .init("public_key", .string(Hexadecimal.text(certificate.publicKey))),
            .init("key_given", .bool(isKeyGiven)),
            .init("issued", .string(TimeText.text(certificate.issuedMicroseconds) ?? "")),
            .init("by", .string(certificate.requester)), .init("on", .string(certificate.machine)),
            .init("selection", .string(certificate.selection)), .init("reason", .string(certificate.reason)),
            .init("override", .string(certificate.override)),
            .init("not_erased", .number("\(certificate.refusedCount)")),
            .init("unread", .number("\(certificate.unreadCount)")),
            .init(
                "recordings",
                .array(
                    certificate.erased.map { tombstone in
                        .object([
                            .init("number", .number("\(tombstone.recording)")),
                            .init("id", .string(tombstone.id.description)),
                            .init("erased", .string(TimeText.text(tombstone.erasedMicroseconds) ?? "")),
                        ])
                    })),
        ])
    }

    private static func key(_ text: String) throws(CommandFailure) -> [UInt8] {
        if let bytes = Hexadecimal.bytes(text), bytes.count == Ed25519.publicKeySizeBytes { return bytes }
        guard let file = try? SmallFile.read(text, sizeMaxBytes: 4_096),
            let bytes = Hexadecimal.bytes(
                String(decoding: file.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)),
            bytes.count == Ed25519.publicKeySizeBytes
        else { throw .usage("--public-key: '\(text)' is neither 64 digits nor a file that begins with them") }
        return bytes
    }

    private static func words(_ fault: CertificateFault, _ path: String) -> String {
        switch fault {
        case .notACertificate: "\(path): this is no certificate of erasure"
        case .malformed(let line): "\(path):\(line): not what a certificate says there; it proves nothing"
        case .truncated(let line): "\(path):\(line): the file ends before a signature; it proves nothing"
        case .wrongSignature(let line):
            "\(path):\(line): the signature of the certificate that begins here does not hold: it was changed since, or is "
                + "not of the key it names"
        case .otherKey(let line): "\(path):\(line): signed with another key than the one you gave"
        }
    }
}

extension StoreIdentity {
    /// 64 digits.
    func publicKeyText() throws(CommandFailure) -> String {
        do throws(CryptoError) { return Hexadecimal.text(try publicKey()) } catch {
            throw CommandFailure(.failure, "the public key cannot be computed: \(error)")
        }
    }
}
