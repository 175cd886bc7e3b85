import ReelCodec
import ReelFormat

@testable import reeld

/// The files of keys: slots and headers of rings, their names, key records, and a key as text.
enum KeyringTarget {
    private static let store = StoreID(high: 1, low: 2)

    static func run(_ bytes: [UInt8]) {
        let rest = Array(bytes.dropFirst())
        switch (bytes.first ?? 0) % 5 {
        case 0: slots(rest)
        case 1: header(rest)
        case 2: name(String(decoding: rest, as: UTF8.self))
        case 3: record(rest)
        default: text(rest)
        }
    }

    /// One copy of a slot sound, the other anything: it is read as what one of the two says, or as damage, and a
    /// destroyed key stays so.
    private static func slots(_ bytes: [UInt8]) {
        let one = reading(Array(bytes.prefix(KeyringSlot.sizeBytes)))
        let other = reading(Array(bytes.dropFirst(KeyringSlot.sizeBytes)))
        switch KeyringVerdict(first: one, second: other) {
        case .sound(let slot, let repairs):
            claim([one, other].contains(.sound(slot)), "a slot is made up")
            claim(repairs.isEmpty == (one == other), "copies that differ are left alone")
            for case .sound(let copy) in [one, other] where copy.isDestroyed {
                claim(slot.isDestroyed, "a destroyed key comes back")
            }
        case .empty: claim(one == .empty && other == .empty, "a slot is passed over")
        case .lost: claim(one == .unsound || other == .unsound, "a sound slot is lost")
        case .conflict: claim(one != other, "a slot conflicts with itself")
        }
    }

    private static func reading(_ bytes: [UInt8]) -> KeyringSlot.Reading {
        let sealed = bytes.isEmpty ? Array(repeating: 0, count: 128) : Sealed.bytes(bytes, KeyringSlot.sizeBytes)
        let span = sealed.span
        let number: UInt64 = span.bytes.field(0)
        let reading = KeyringSlot.read(span.bytes, of: number)
        if case .sound(let slot) = reading {
            let again = slot.encoded()
            let words = again.span
            claim(KeyringSlot.read(words.bytes, of: number) == reading, "a slot changes when it is written again")
            claim(KeyringSlot.read(span.bytes, of: number &+ 1) == .unsound, "another recording's key is taken")
        }
        return reading
    }

    private static func header(_ bytes: [UInt8]) {
        let sealed = Sealed.bytes(bytes, RingHeader.sizeBytes, magic: RingHeader.magic)
        let span = sealed.span
        guard let header = RingHeader(decoding: span.bytes) else { return }
        let again = header.encoded()
        let words = again.span
        claim(RingHeader(decoding: words.bytes) == header, "a header changes when it is written again")
    }

    private static func name(_ text: String) {
        guard let header = RingHeader(fileName: text, store: store) else { return }
        claim(header.fileName == text, "'\(text)' becomes '\(header.fileName)'")
        // Its recordings have numbers.
        claim(Ring.page(of: Ring.recordings(of: header.page).upperBound) == header.page, "page \(header.page)")
    }

    private static func record(_ bytes: [UInt8]) {
        let span = bytes.span
        guard let record = StoreKeyRecord(decoding: span.bytes) else { return }
        let again = record.encoded()
        let words = again.span
        claim(StoreKeyRecord(decoding: words.bytes) == record, "a key record changes when it is written again")
    }

    private static func text(_ bytes: [UInt8]) {
        if let key = try? KeyText.decode(bytes) {
            let again = KeyText.encode(key)
            let digits = bytes.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
            let line = String(decoding: digits, as: UTF8.self).lowercased() + "\n"
            claim(line.utf8.elementsEqual(again), "a key is read otherwise")
        }
        var secret = Array((bytes + [UInt8](repeating: 0, count: StoreKey.sizeBytes)).prefix(StoreKey.sizeBytes))
        let key = SecretBytes(wiping: &secret)
        let line = KeyText.encode(key)
        claim((try? KeyText.decode(line)).map { $0 == key } == true, "a key does not read back")
        // One digit that was mistyped is found.
        let at = KeyText.prefix.utf8.count + bytes.count % 8
        var mistyped = line
        mistyped[at] = mistyped[at] == UInt8(ascii: "7") ? UInt8(ascii: "8") : UInt8(ascii: "7")
        claim((try? KeyText.decode(mistyped)) == nil, "a mistyped key is taken")
    }
}
