import ReelCodec

/// `verified.json`: what the last `reeld verify` found, for who asks later. FORMAT.md §26.
package struct VerificationRecord: Sendable, Equatable {
    package static let fileName = "verified.json"
    package static let sizeMaxBytes = 4096
    static let format = "reeld verification 1"

    package var store: StoreID
    /// When it ended, microseconds since 1970.
    package var finishedMicroseconds: Int64
    package var durationMicroseconds: Int64
    package var recordingCount: UInt64 = 0
    package var eventCount: UInt64 = 0
    package var sizeBytes: UInt64 = 0
    /// Damaged places, gaps and lost recordings together; 0: the store was sound.
    package var faultCount: UInt64 = 0
    /// Frames of which only the checksums were read, for want of the key.
    package var unopenedFrameCount: UInt64 = 0
    /// Frames that were not read, as the archive was away.
    package var unreadFrameCount: UInt64 = 0

    package init(store: StoreID, finishedMicroseconds: Int64, durationMicroseconds: Int64) {
        self.store = store
        self.finishedMicroseconds = finishedMicroseconds
        self.durationMicroseconds = durationMicroseconds
    }

    package var isSound: Bool { faultCount == 0 }

    /// One line of JSON, with a line feed.
    package func encoded() -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("format", VerificationRecord.format)
            json.member("store", store.hexadecimal)
            json.member("finished") { $0.time(finishedMicroseconds) }
            json.member("duration_us", durationMicroseconds)
            json.member("recordings", recordingCount)
            json.member("events", eventCount)
            json.member("bytes", sizeBytes)
            json.member("faults", faultCount)
            json.member("unopened_frames", unopenedFrameCount)
            json.member("unread_frames", unreadFrameCount)
        }
        return json.bytes + [UInt8(ascii: "\n")]
    }

    /// Nil for what is no such record.
    package init?(decoding bytes: [UInt8]) {
        guard let json = try? JSONValue(parsing: bytes, sizeMaxBytes: VerificationRecord.sizeMaxBytes),
            json["format"]?.string == VerificationRecord.format,
            let store = json["store"]?.string.flatMap({ StoreID(hexadecimal: $0) }),
            let finished = json["finished"]?.string.flatMap({ TimeText.microseconds($0) }),
            let duration = json["duration_us"]?.integer.flatMap({ Int64(exactly: $0) }), duration >= 0
        else { return nil }
        self.init(store: store, finishedMicroseconds: finished, durationMicroseconds: duration)
        let counts: [(String, WritableKeyPath<VerificationRecord, UInt64>)] = [
            ("recordings", \.recordingCount), ("events", \.eventCount), ("bytes", \.sizeBytes),
            ("faults", \.faultCount), ("unopened_frames", \.unopenedFrameCount),
            ("unread_frames", \.unreadFrameCount),
        ]
        for (name, path) in counts {
            guard let count = json[name]?.integer.flatMap({ UInt64(exactly: $0) }) else { return nil }
            self[keyPath: path] = count
        }
    }
}
