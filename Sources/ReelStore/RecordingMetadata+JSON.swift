import ReelCodec

/// The JSON of a metadata frame. Fields that are empty are left out; members a newer program wrote are not kept.
extension RecordingMetadata {
    func encoded() -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("id", id.description)
            json.member("created", createdMicroseconds)
            for field in RecordingMetadata.textFields where !self[keyPath: field.path].isEmpty {
                json.member(field.name, self[keyPath: field.path])
            }
            if viewportWidth != 0 || viewportHeight != 0 {
                json.member("width", viewportWidth)
                json.member("height", viewportHeight)
            }
            if !tags.isEmpty {
                json.member("tags") { json in
                    json.array { json in
                        for tag in tags { json.string(tag) }
                    }
                }
            }
            if isPinned { json.member("pinned", true) }
            if let end {
                json.member("end_reason", end.reason.rawValue)
                json.member("ended", end.atMicroseconds)
                if let successor = end.successor { json.write("successor", successor) }
            }
            if let predecessor { json.write("predecessor", predecessor) }
        }
        return json.bytes
    }

    /// Nil where the text is not what `encoded` writes.
    init?(decoding text: [UInt8]) {
        guard let json = try? JSONValue(parsing: text), let name = json["id"]?.string, let id = UUIDv7(name),
            let created = json["created"]?.integer
        else { return nil }
        self.id = id
        createdMicroseconds = created
        for field in RecordingMetadata.textFields {
            if let value = json[field.name]?.string { self[keyPath: field.path] = value }
        }
        viewportWidth = UInt16(clamping: json["width"]?.integer ?? 0)
        viewportHeight = UInt16(clamping: json["height"]?.integer ?? 0)
        tags = json["tags"]?.array?.compactMap { $0.string } ?? []
        isPinned = json["pinned"]?.bool ?? false
        if let word = json["end_reason"]?.string {
            guard let reason = EndReason(rawValue: word), let ended = json["ended"]?.integer else { return nil }
            end = RecordingEnd(
                reason: reason, atMicroseconds: ended, successor: RecordingReference(json["successor"]))
        }
        predecessor = RecordingReference(json["predecessor"])
    }
}

extension RecordingReference {
    fileprivate init?(_ json: JSONValue?) {
        guard let number = json?["number"]?.integer, number > 0, let text = json?["id"]?.string,
            let id = UUIDv7(text)
        else { return nil }
        self.init(number: UInt64(number), id: id)
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ name: String, _ reference: RecordingReference) {
        member(name) { json in
            json.object { json in
                json.member("number", reference.number)
                json.member("id", reference.id.description)
            }
        }
    }
}
