import ReelCodec

/// `snapshot.json`: what a snapshot holds, and until when it should be kept. FORMAT.md §24.
package struct SnapshotManifest: Sendable, Equatable {
    package static let fileName = "snapshot.json"
    package static let sizeMaxBytes = 64 << 20
    static let format = "reeld snapshot 1"
    /// Of a directory with the keys of a snapshot.
    static let formatOfKeys = "reeld snapshot keys 1"

    /// A file of it.
    package struct File: Sendable, Equatable {
        /// Below the snapshot's directory: `store`, `log/0000000001.seg`.
        package var name: String
        package var sizeBytes: UInt64
        /// CRC-32C of all its bytes.
        package var checksum: UInt32

        package init(name: String, sizeBytes: UInt64, checksum: UInt32) {
            self.name = name
            self.sizeBytes = sizeBytes
            self.checksum = checksum
        }
    }

    package var store: StoreID
    /// It is of the directory with the keys, and not of the snapshot.
    package var isOfKeys = false
    /// Where the keys were put, an absolute path; nil where they were not copied.
    package var keysDirectory: String?
    /// The last log sequence number in it.
    package var lsn: UInt64
    /// Recordings ever started by then.
    package var recordingCount: UInt64
    /// Microseconds since 1970.
    package var madeMicroseconds: Int64
    /// Nil where it is to be kept until somebody removes it.
    package var expiresMicroseconds: Int64?
    package var files: [File] = []
    /// Segments whose events are in an archive, and not in the snapshot.
    package var archivedSegments: [UInt64] = []

    package init(store: StoreID, lsn: UInt64, recordingCount: UInt64, madeMicroseconds: Int64) {
        self.store = store
        self.lsn = lsn
        self.recordingCount = recordingCount
        self.madeMicroseconds = madeMicroseconds
    }

    package var sizeBytes: UInt64 { files.reduce(0) { $0 + $1.sizeBytes } }

    package func hasExpired(at microseconds: Int64) -> Bool { expiresMicroseconds.map { $0 <= microseconds } ?? false }

    package func encoded() -> [UInt8] {
        var json = JSONWriter(capacityBytes: 512 + files.count * 96)
        json.object { json in
            json.member("format", isOfKeys ? SnapshotManifest.formatOfKeys : SnapshotManifest.format)
            json.member("store", store.hexadecimal)
            json.member("lsn", lsn)
            json.member("recordings", recordingCount)
            json.member("made") { $0.time(madeMicroseconds) }
            json.member("expires") { json in
                if let expiresMicroseconds { json.time(expiresMicroseconds) } else { json.null() }
            }
            if let keysDirectory { json.member("keys", keysDirectory) }
            if !archivedSegments.isEmpty {
                json.member("archived_segments") { json in
                    json.array { json in
                        for number in archivedSegments { json.integer(number) }
                    }
                }
            }
            json.member("files") { json in
                json.array { json in
                    for file in files {
                        json.object { json in
                            json.member("name", file.name)
                            json.member("bytes", file.sizeBytes)
                            json.member("crc32c", SnapshotManifest.digits(file.checksum))
                        }
                    }
                }
            }
        }
        return json.bytes + [UInt8(ascii: "\n")]
    }

    /// Nil for what is no manifest.
    package init?(decoding bytes: [UInt8]) {
        guard let json = try? JSONValue(parsing: bytes, sizeMaxBytes: SnapshotManifest.sizeMaxBytes),
            let format = json["format"]?.string,
            [SnapshotManifest.format, SnapshotManifest.formatOfKeys].contains(format),
            let store = json["store"]?.string.flatMap({ StoreID(hexadecimal: $0) }),
            let lsn = json["lsn"]?.integer.flatMap({ UInt64(exactly: $0) }),
            let count = json["recordings"]?.integer.flatMap({ UInt64(exactly: $0) }),
            let made = json["made"]?.string.flatMap({ TimeText.microseconds($0) }), let files = json["files"]?.array
        else { return nil }
        self.init(store: store, lsn: lsn, recordingCount: count, madeMicroseconds: made)
        isOfKeys = format == SnapshotManifest.formatOfKeys
        keysDirectory = json["keys"]?.string
        if let expires = json["expires"], !expires.isNull {
            guard let time = expires.string.flatMap({ TimeText.microseconds($0) }) else { return nil }
            expiresMicroseconds = time
        }
        for number in json["archived_segments"]?.array ?? [] {
            guard let number = number.integer.flatMap({ UInt64(exactly: $0) }) else { return nil }
            archivedSegments.append(number)
        }
        for file in files {
            guard let name = file["name"]?.string, SnapshotManifest.isName(name),
                let size = file["bytes"]?.integer.flatMap({ UInt64(exactly: $0) }),
                let checksum = file["crc32c"]?.string.flatMap({ UInt32($0, radix: 16) })
            else { return nil }
            self.files.append(File(name: name, sizeBytes: size, checksum: checksum))
        }
    }

    /// A name that leads nowhere else: whoever removes a snapshot goes by these.
    private static func isName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.utf8.contains(0) }
            && (parts.count == 1 || parts[0] == "log")
    }

    private static func digits(_ checksum: UInt32) -> String {
        let digits = String(checksum, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
