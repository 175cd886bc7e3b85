import ReelCodec

/// What was erased, when, by whom, from where and why, as the store signs it. A text of lines; FORMAT.md §23.
package struct ErasureCertificate: Sendable, Equatable {
    static let firstLine = "reeld certificate of erasure 1"

    package var store: StoreID
    /// Ed25519, 32 bytes.
    package var publicKey: [UInt8]
    /// Microseconds since 1970.
    package var issuedMicroseconds: Int64
    /// Who asked, as far as the daemon knows.
    package var requester: String
    /// The machine the store is on.
    package var machine: String
    /// What was asked for.
    package var selection: String
    /// Empty where none was given.
    package var reason = ""
    /// Why pinned recordings were erased, too; empty where that was not asked.
    package var override = ""
    package var erased: [Tombstone] = []
    /// Recordings that were selected and are not erased: pinned ones, and where the disk failed.
    package var refusedCount = 0
    /// Recordings that could not be read, so that nobody knows whether they were meant.
    package var unreadCount = 0

    package init(
        store: StoreID, publicKey: [UInt8], issuedMicroseconds: Int64, requester: String, machine: String,
        selection: String
    ) {
        self.store = store
        self.publicKey = publicKey
        self.issuedMicroseconds = issuedMicroseconds
        self.requester = requester
        self.machine = machine
        self.selection = selection
    }

    /// What is signed: all lines but the last.
    package var body: String {
        var lines = [
            ErasureCertificate.firstLine,
            "store \(store.hexadecimal)",
            "public-key \(Hexadecimal.text(publicKey))",
            "issued \(TimeText.text(issuedMicroseconds) ?? "?")",
            "by \(requester.oneLine)",
            "on \(machine.oneLine)",
            "selection \(selection.oneLine)",
        ]
        if !reason.isEmpty { lines.append("reason \(reason.oneLine)") }
        if !override.isEmpty { lines.append("override \(override.oneLine)") }
        if refusedCount > 0 { lines.append("not-erased \(refusedCount)") }
        if unreadCount > 0 { lines.append("unread \(unreadCount)") }
        lines.append("recordings \(erased.count)")
        lines += erased.map { "\($0.recording) \($0.id) \(TimeText.text($0.erasedMicroseconds) ?? "?")" }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The whole certificate.
    ///
    /// - Parameter sign: the signature of these bytes by the secret half of `publicKey`.
    package func text<Failure: Error>(sign: ([UInt8]) throws(Failure) -> [UInt8]) throws(Failure) -> String {
        let body = body
        return body + "signature \(Hexadecimal.text(try sign(Array(body.utf8))))\n"
    }
}

extension String {
    /// The text without line ends and other control characters, each a blank: a reason must not forge a line.
    fileprivate var oneLine: String {
        var line = ""
        for scalar in unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
            line.unicodeScalars.append(isControl || [0x2028, 0x2029].contains(scalar.value) ? " " : scalar)
        }
        return line
    }
}

/// Bytes as lower-case digits.
package enum Hexadecimal {
    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Nil for anything but pairs of digits.
    package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            let pair = digits[index..<index + 2]
            guard pair.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
                let byte = UInt8(String(decoding: pair, as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
