import ReelCodec
import ReelFormat

/// The structs of the log: what decodes encodes to the same again, and what does not says where.
enum FrameTarget {
    static func run(_ bytes: [UInt8]) {
        let rest = Array(bytes.dropFirst())
        switch (bytes.first ?? 0) % 6 {
        case 0:
            header(rest)
            header(Sealed.bytes(rest, FrameHeader.sizeBytes, magic: FrameHeader.magic))
        case 1: state(rest)
        case 2: commit(rest)
        case 3:
            tombstone(rest)
            loss(rest)
            expire(rest)
        case 4: batches(rest)
        default: identity(rest)
        }
    }

    private static func header(_ bytes: [UInt8]) {
        let span = bytes.span
        let isWhole = bytes.count >= FrameHeader.sizeBytes
        do throws(HeaderDamage) {
            let header = try FrameHeader(decoding: span.bytes)
            claim(header.prefixSizeBytes <= header.storedSizeBytes, "the prefix is longer than the payload")
            claim(header.strideBytes % 8 == 0 && header.strideBytes >= 192, "a stride of \(header.strideBytes)")
            let encoded = header.encoded()
            claim(encoded.count == FrameHeader.sizeBytes, "a header of \(encoded.count) bytes")
            let again = encoded.span
            claim((try? FrameHeader(decoding: again.bytes)) == header, "a header changes when it is written again")
            var plain = Array(bytes.prefix(FrameHeader.sizeBytes))
            for index in [5, 118, 119] + Array(168..<184) { plain[index] = 0 }
            claim(encoded == Sealed.bytes(plain, FrameHeader.sizeBytes), "a field of the header is lost")
            let entry = FrameEntry(header, at: 4_096).encoded()
            let row = entry.span
            claim(FrameEntry(decoding: row.bytes) == FrameEntry(header, at: 4_096), "an entry changes")
        } catch {
            claim((error == .short) == !isWhole, "\(error) of \(bytes.count) bytes")
            if error == .unknownKind { claim(FrameKind(rawValue: bytes[4]) == nil, "kind \(bytes[4]) is known") }
        }
    }

    private static func state(_ bytes: [UInt8]) {
        do throws(ShortInput) {
            let state = try StatePayload(decoding: bytes)
            let encoded = state.encoded()
            let lists = 16 * state.cuts.count + 8 * state.replaced.count + Tombstone.sizeBytes * state.tombstones.count
            let size = 48 + lists + ExpiredRange.sizeBytes * state.expired.count
            claim(encoded.count == size && size <= bytes.count, "a state of \(encoded.count) bytes, not \(size)")
            claim((try? StatePayload(decoding: encoded)) == state, "a state changes when it is written again")
            claim(encoded[..<8] == bytes[..<8] && encoded[16..<44] == bytes[16..<44], "a field of the state is lost")
        } catch {
            check(error, bytes)
        }
    }

    private static func commit(_ bytes: [UInt8]) {
        do throws(ShortInput) {
            let commit = try CommitPayload(decoding: bytes)
            let encoded = commit.encoded()
            claim(encoded[...] == bytes.prefix(encoded.count), "a commit is not what was read")
        } catch {
            check(error, bytes)
        }
    }

    private static func tombstone(_ bytes: [UInt8]) {
        do throws(ShortInput) {
            let tombstone = try Tombstone(decoding: bytes)
            let encoded = tombstone.encoded()
            claim((try? Tombstone(decoding: encoded)) == tombstone, "a tombstone changes when it is written again")
            if tombstone.id != .unknown {
                claim(encoded[...] == bytes.prefix(Tombstone.sizeBytes), "a field of the tombstone is lost")
            }
        } catch {
            check(error, bytes)
            claim(bytes.count < Tombstone.sizeBytes, "40 bytes are a tombstone")
        }
    }

    private static func loss(_ bytes: [UInt8]) {
        do throws(ShortInput) {
            let loss = try LossPayload(decoding: bytes)
            let encoded = loss.encoded()
            claim((try? LossPayload(decoding: encoded)) == loss, "a loss changes when it is written again")
            claim(encoded[..<32] == bytes[..<32], "a field of the loss is lost")
        } catch {
            check(error, bytes)
            claim(bytes.count < LossPayload.sizeBytes, "40 bytes are a loss")
        }
    }

    private static func expire(_ bytes: [UInt8]) {
        do throws(ShortInput) {
            let expire = try ExpirePayload(decoding: bytes)
            let encoded = expire.encoded()
            claim(encoded.count == 8 + ExpiredRange.sizeBytes * expire.ranges.count, "\(encoded.count) bytes of ranges")
            claim((try? ExpirePayload(decoding: encoded)) == expire, "an expiry changes when it is written again")
        } catch {
            check(error, bytes)
        }
    }

    private static func batches(_ bytes: [UInt8]) {
        do throws(ShortInput) {
            let records = try BatchTable.decode(bytes)
            claim((try? BatchTable.decode(BatchTable.encoded(records))) == records, "a batch table changes")
        } catch {
            check(error, bytes)
        }
        var input = FuzzInput(bytes)
        var records: [BatchRecord] = []
        while !input.isEmpty, records.count < 64 {
            records.append(
                BatchRecord(
                    writer: UInt64(input.byte() % 5), batch: input.bool() ? input.word() : UInt64(input.byte()),
                    bodyHash: input.word(), firstOrdinal: input.bool() ? input.word() : UInt64(input.byte()),
                    eventCount: UInt32(truncatingIfNeeded: input.number(below: 1 << 20))))
        }
        let encoded = BatchTable.encoded(records)
        claim((try? BatchTable.decode(encoded)) == records, "a batch table does not read back")
        for size in [encoded.count / 2, encoded.count - 1] where size > 0 && !records.isEmpty {
            claim((try? BatchTable.decode(Array(encoded.prefix(size)))) == nil, "half a batch table is taken for one")
        }
    }

    private static func identity(_ bytes: [UInt8]) {
        _ = try? StoreIdentity(decoding: bytes)
        let sealed = Sealed.bytes(bytes, StoreIdentity.sizeBytes, magic: StoreIdentity.magic)
        do throws(IdentityDamage) {
            let identity = try StoreIdentity(decoding: sealed)
            claim((try? StoreIdentity(decoding: identity.encoded())) == identity, "an identity changes")
        } catch {
            claim(error != .damaged, "a sound identity is called damaged")
        }
    }

    private static func check(_ error: ShortInput, _ bytes: [UInt8]) {
        claim((0...bytes.count).contains(error.offsetBytes), "an error at \(error.offsetBytes) of \(bytes.count) bytes")
    }
}

/// Bytes with a checksum that holds, so that the fuzzer gets behind it.
enum Sealed {
    /// So many bytes: those given, then zeros, the last four their CRC-32C.
    static func bytes(_ bytes: [UInt8], _ size: Int, magic: UInt32? = nil) -> [UInt8] {
        var sealed = Array((bytes + [UInt8](repeating: 0, count: size)).prefix(size - 4))
        if let magic {
            var writer = ByteWriter()
            writer.append(magic)
            sealed.replaceSubrange(0..<4, with: writer.bytes)
        }
        var writer = ByteWriter()
        writer.append(sealed)
        writer.append(CRC32C.checksum(sealed))
        return writer.bytes
    }
}
