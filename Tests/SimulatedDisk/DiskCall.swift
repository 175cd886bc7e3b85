/// One call that changed a disk, or made a change durable.
package enum DiskCall: Sendable {
    case createDirectory(path: String)
    /// A new, empty file; files are told apart by a number that is never used again.
    case create(path: String, file: Int)
    case write(file: Int, offset: Int, bytes: [UInt8])
    /// ftruncate(2): shorter, or longer with zeros.
    case truncate(file: Int, size: Int)
    /// posix_fallocate(3): at least so long.
    case allocate(file: Int, size: Int)
    /// fdatasync(2). One that failed leaves unknown for good what it should have made durable.
    case sync(file: Int, isGood: Bool)
    case rename(from: String, to: String, file: Int)
    case unlink(path: String, file: Int)
    case syncDirectory(path: String)
    /// Something outside the disk: what a scenario notes, in the order of the calls around it.
    case mark(Int)

    /// What a fault is asked for by.
    package enum Kind: Sendable, CaseIterable {
        case open, createDirectory, write, truncate, allocate, sync, rename, unlink, syncDirectory
    }

    /// Whether a crash behind it may find something that a crash before it could not.
    var changesDisk: Bool {
        switch self {
        case .sync, .syncDirectory, .mark: false
        case .createDirectory, .create, .write, .truncate, .allocate, .rename, .unlink: true
        }
    }
}

extension DiskCall: CustomStringConvertible {
    package var description: String {
        switch self {
        case .createDirectory(let path): "mkdir \(path)"
        case .create(let path, let file): "create \(path) as #\(file)"
        case .write(let file, let offset, let bytes): "write #\(file) \(offset)+\(bytes.count)"
        case .truncate(let file, let size): "truncate #\(file) \(size)"
        case .allocate(let file, let size): "allocate #\(file) \(size)"
        case .sync(let file, let isGood): "sync #\(file)\(isGood ? "" : " failed")"
        case .rename(let from, let to, let file): "rename \(from) \(to) (#\(file))"
        case .unlink(let path, let file): "unlink \(path) (#\(file))"
        case .syncDirectory(let path): "sync \(path)"
        case .mark(let number): "mark \(number)"
        }
    }
}
