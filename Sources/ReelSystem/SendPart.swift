/// A range of an open file, for whoever hands it on without reading it.
package struct FileRange: Sendable {
    package var file: any File
    package var offsetBytes: UInt64
    package var count: Int

    package init(_ file: any File, offsetBytes: UInt64, count: Int) {
        self.file = file
        self.offsetBytes = offsetBytes
        self.count = count
    }
}

/// A part of what is sent to a socket.
package enum SendPart: Sendable {
    case bytes([UInt8])
    /// Sent by the kernel, without passing through the process.
    case file(FileRange)

    package var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .file(let range): range.count
        }
    }
}
