import Glibc
import ReelCodec
import ReelFormat
import ReelSystem

/// A directory of new files, each with its hash; made beside its place, and put there once it is whole.
final class ExportDirectory {
    /// A file that is there.
    struct Entry {
        var name: String
        var sizeBytes: UInt64
        var digest: [UInt8]

        var json: JSONValue {
            .object([
                .init("name", .string(name)), .init("bytes", .number("\(sizeBytes)")),
                .init("sha256", .string(Hexadecimal.text(digest))),
            ])
        }
    }

    let path: String
    private let draft: String
    private var entries: [Entry] = []
    /// Whether this file system, and not the daemon, is what failed.
    private(set) var hasFailed = false

    var sizeBytes: UInt64 { entries.reduce(0) { $0 + $1.sizeBytes } }

    /// - Throws: where the place is taken. Nothing is made yet.
    init(_ path: String) throws(CommandFailure) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        draft = "\(self.path).part-\(getpid())"
        if let names = try? SmallFile.names(in: self.path) {
            guard names.isEmpty else {
                throw CommandFailure(.failure, "\(path): this directory is not empty; name one that does not exist yet")
            }
        } else if access(self.path, F_OK) == 0 {
            throw CommandFailure(.failure, "\(path): it is there already and no directory")
        }
    }

    func make() throws(CommandFailure) {
        guard mkdir(draft, 0o700) == 0 else { throw failed(.last("mkdir", draft)) }
    }

    /// A file that is written piece by piece; one begun again replaces what was begun.
    func begin(_ name: String) throws(CommandFailure) -> HashedFile { try HashedFile(name, "\(draft)/\(name)", self) }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws(CommandFailure) -> Entry {
        let file = try begin(name)
        try file.write(bytes[...])
        return try file.finish()
    }

    /// Writes SHA256SUMS and puts the directory in its place.
    func finish() throws(CommandFailure) {
        let sums = entries.map { "\(Hexadecimal.text($0.digest))  \($0.name)\n" }.joined()
        try write("SHA256SUMS", Array(sums.utf8))
        guard rename(draft, path) == 0 else { throw failed(.last("rename", path)) }
    }

    /// Removes what was made.
    func discard() {
        for name in (try? SmallFile.names(in: draft)) ?? [] { unlink("\(draft)/\(name)") }
        rmdir(draft)
    }

    fileprivate func add(_ entry: Entry) { entries.append(entry) }

    fileprivate func failed(_ error: SystemError) -> CommandFailure {
        hasFailed = true
        return CommandFailure(.failure, "\(error.path.isEmpty ? path : error.path): \(error.reason)")
    }
}

/// A file of an `ExportDirectory` while it is written; one that is never finished leaves nothing.
final class HashedFile {
    private let name: String
    private let path: String
    private let directory: ExportDirectory
    private let descriptor: FileDescriptor
    private let digest: SHA256
    private var sizeBytes: UInt64 = 0
    private var isFinished = false

    fileprivate init(_ name: String, _ path: String, _ directory: ExportDirectory) throws(CommandFailure) {
        self.name = name
        self.path = path
        self.directory = directory
        do throws(CryptoError) { digest = try SHA256() } catch {
            throw CommandFailure(.failure, "no hash can be computed: \(error)")
        }
        let raw = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard raw >= 0 else { throw directory.failed(.last("open", path)) }
        descriptor = FileDescriptor(owning: raw)
    }

    deinit {
        if !isFinished { unlink(path) }
    }

    func write(_ bytes: ArraySlice<UInt8>) throws(CommandFailure) {
        digest.update(bytes)
        sizeBytes += UInt64(bytes.count)
        do throws(SystemError) { try writeAll(Array(bytes), to: descriptor.raw) } catch {
            throw directory.failed(SystemError(error.code, "write", path))
        }
    }

    /// Makes it durable and a part of the directory.
    func finish() throws(CommandFailure) -> ExportDirectory.Entry {
        guard fsync(descriptor.raw) == 0 else { throw directory.failed(.last("fsync", path)) }
        isFinished = true
        let entry = ExportDirectory.Entry(name: name, sizeBytes: sizeBytes, digest: digest.digest())
        directory.add(entry)
        return entry
    }
}
