import ReelCodec
import ReelFormat
import ReelHTTP
import ReelStore

/// `GET /v1/recordings/{r}/chunks` and `…/chunks/{first}`: what a viewer seeks by, and what it fetches.
enum ChunkRoutes {
    static func table(_ name: RecordingName, _ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            let query = try Query(request.query)
            try query.allow(["damaged"])
            let snapshot = try exchange.context.snapshot(of: name)
            var damaged: [LocatedFrame] = []
            var sound = snapshot.frames
            if try EventQuery.skipsDamaged(query) {
                try exchange.context.requireArchive(of: snapshot.frames, name)
                (sound, damaged) = exchange.context.verified(snapshot.frames, name)
            }
            var json = JSONWriter(capacityBytes: 256 + 256 * snapshot.frames.count)
            json.object { json in
                json.member("recording", snapshot.row.number)
                json.member("generation", snapshot.generation)
                json.member("events", snapshot.eventCount)
                json.member("chunks") { json in
                    json.array { json in
                        for frame in sound { json.chunk(frame.entry) }
                    }
                }
                json.gaps(snapshot.gaps, damaged)
            }
            exchange.send(json: json.bytes)
        }
    }

    static func chunk(_ name: RecordingName, first: UInt64, _ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            let query = try Query(request.query)
            try query.allow(["generation"])
            let generation = try query.number("generation", in: 0...UInt64(UInt32.max)).map { UInt32($0) }
            let snapshot = try exchange.context.snapshot(of: name)
            let prefersGzip = ContentCoding.prefersGzip(request.headers)
            var document: Document
            let entry: FrameEntry
            do throws(StoreError) {
                let frame = try snapshot.chunk(first: first, generation: generation)
                try exchange.context.store.requireArchive(of: [frame])
                entry = frame.entry
                document = try exchange.context.document(of: frame, in: snapshot, name, prefersGzip: prefersGzip)
            } catch {
                throw exchange.context.problem(error, name)
            }
            document.tag = EntityTag([
                "\(snapshot.row.id)", "chunk", "\(first)", "\(entry.eventCount)", "\(entry.generation)",
                document.coding.rawValue,
            ])
            try exchange.send(document, to: request.headers)
        }
    }
}

extension ServerContext {
    /// A chunk as a document. A usual one is read and verified here, so that damage is told with a status of its own; one
    /// with large events is read when there is memory for it.
    fileprivate func document(
        of frame: LocatedFrame, in snapshot: RecordingSnapshot, _ name: RecordingName, prefersGzip: Bool
    ) throws(StoreError) -> Document {
        var document: Document
        if frame.entry.rawSizeBytes > PieceStream.shareSizeMinBytes {
            let reader = SpliceReader(snapshot.alone(frame), coding: prefersGzip ? .gzip : .identity)
            document = Document(source: reader, recording: "\(name)")
            document.lengthBytes = reader.lengthBytes
        } else {
            let bytes = try content(of: frame, prefersGzip: prefersGzip)
            document = Document(source: BytesSource(bytes), recording: "\(name)")
            document.lengthBytes = bytes.count
        }
        document.coding = prefersGzip ? .gzip : .identity
        return document
    }

    /// A frame's events inside `[` `]`, as gzip by copying or as plain text.
    fileprivate func content(of frame: LocatedFrame, prefersGzip: Bool) throws(StoreError) -> [UInt8] {
        let member = try frame.member()
        do {
            if prefersGzip {
                var splice = GzipSplice()
                var bytes: [UInt8] = []
                bytes.reserveCapacity(splice.sizeBytes(memberCount: 1, membersSizeBytes: member.count))
                bytes += splice.open()
                bytes += splice.add(try GzipMember.Trailer(of: member))
                bytes += member[GzipSplice.blocks(ofMemberSize: member.count)]
                bytes += splice.close()
                return bytes
            }
            let text = try inflaters.borrow { (inflater) throws(GzipError) in
                try inflater.text(of: member, rawSizeBytes: Int(frame.entry.rawSizeBytes))
            }
            return Array("[".utf8) + text + Array("]".utf8)
        } catch {
            // The stored bytes are what was written, as their checksum says, and yet no member.
            let file = "segment \(frame.segment.number)"
            throw .damaged(Corruption(file: file, offsetBytes: frame.entry.offsetBytes, kind: .member(error)))
        }
    }

    /// Reads every frame and parts the sound ones from the damaged.
    fileprivate func verified(
        _ frames: [LocatedFrame], _ name: RecordingName
    ) -> (sound: [LocatedFrame], gaps: [LocatedFrame]) {
        var result: (sound: [LocatedFrame], gaps: [LocatedFrame]) = ([], [])
        for frame in frames {
            do {
                _ = try frame.member()
                result.sound.append(frame)
            } catch {
                _ = problem(error, name)
                result.gaps.append(frame)
            }
        }
        return result
    }
}

extension JSONWriter {
    /// What a viewer will not get, in order; nothing where nothing is missing.
    fileprivate mutating func gaps(_ missing: [RecordingSnapshot.Gap], _ damaged: [LocatedFrame]) {
        guard !missing.isEmpty || !damaged.isEmpty else { return }
        member("gaps") { json in
            json.array { json in
                var missing = missing[...]
                for frame in damaged {
                    while let gap = missing.first, gap.ordinals.lowerBound < frame.entry.firstOrdinal {
                        json.gap(gap)
                        missing.removeFirst()
                    }
                    json.chunk(frame.entry)
                }
                for gap in missing { json.gap(gap) }
            }
        }
    }

    /// Events that no chunk has. Their times are known where their loss was told.
    private mutating func gap(_ gap: RecordingSnapshot.Gap) {
        object { json in
            json.member("first", gap.ordinals.lowerBound)
            json.member("count", UInt64(gap.ordinals.count))
            json.member("given_up", gap.isGivenUp)
            guard let loss = gap.loss else { return }
            json.member("from") { $0.milliseconds(loss.leastTimestampMicroseconds) }
            json.member("to") { $0.milliseconds(loss.greatestTimestampMicroseconds) }
        }
    }

    /// A row of the chunk table.
    fileprivate mutating func chunk(_ entry: FrameEntry) {
        object { json in
            json.member("first", entry.firstOrdinal)
            json.member("count", entry.eventCount)
            json.member("from") { $0.milliseconds(entry.leastTimestampMicroseconds) }
            json.member("to") { $0.milliseconds(entry.greatestTimestampMicroseconds) }
            json.member("raw_bytes", entry.rawSizeBytes)
            json.member("stored_bytes", entry.storedSizeBytes)
            json.member("types") { $0.bits(UInt32(entry.types)) }
            json.member("sources") { $0.bits(entry.sources) }
            json.member("has") { $0.content(entry.content) }
        }
    }

    private mutating func bits(_ set: UInt32) {
        array { json in
            for bit in 0..<32 where set & 1 << UInt32(bit) != 0 { json.integer(bit) }
        }
    }
}
