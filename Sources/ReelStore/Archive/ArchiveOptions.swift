/// Where the events of old recordings are kept. Sizes are bytes, times microseconds.
package struct ArchiveOptions: Sendable, Equatable {
    /// Absolute, on another file system than the store; nil: nothing is archived, and nothing read from an archive.
    package var directory: String?
    /// A segment is archived once everything in it has ended so long ago; 0 means never.
    package var ageMicroseconds: Int64 = 0
    /// Events whose going to the archive would free less than this stay: a file's hole is made of whole blocks.
    package var holeSizeMinBytes: UInt64 = 4096

    package init() {}
}
