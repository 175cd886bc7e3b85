/// A disk's trace played again up to a crash: what is certain by then, and what is not.
///
/// The rules are those a careful program counts on. A good fdatasync(2) makes a file's bytes and size durable, and not
/// its name. A sync of a directory makes the names in it durable. A rename happens whole or not at all. Between syncs
/// anything may have reached the disk, in any order.
package struct CrashReplay: Sendable {
    private var entries: DirectoryReplay
    private var files: [Int: FileReplay] = [:]
    private var callCount = 0

    /// - Parameter start: what was durably there before the first call.
    package init(_ start: DiskImage) {
        var numbers: [String: Int] = [:]
        for (number, path) in start.files.keys.sorted().enumerated() {
            numbers[path] = number
            files[number] = FileReplay(start.files[path] ?? [], number: number)
        }
        entries = DirectoryReplay(directories: start.directories, files: numbers)
    }

    /// Takes in the next call of the trace.
    package mutating func add(_ call: DiskCall) {
        let number = callCount
        callCount += 1
        switch call {
        case .mark: return
        case .createDirectory(let path): entries.add(.put(path, .directory), call: number)
        case .create(let path, let file):
            files[file] = FileReplay([], number: file)
            entries.add(.put(path, .file(file)), call: number)
        case .rename(let from, let to, let file): entries.add(.move(from, to, .file(file)), call: number)
        case .unlink(let path, let file): entries.add(.remove(path, .file(file)), call: number)
        case .syncDirectory(let path): entries.sync(path)
        case .write(let file, let offset, let bytes):
            files[file]?.add(.write(offset: offset, bytes: bytes), call: number)
        case .truncate(let file, let size): files[file]?.add(.truncate(size: size), call: number)
        case .allocate(let file, let size): files[file]?.add(.allocate(size: size), call: number)
        case .sync(let file, let isGood): files[file]?.sync(isGood: isGood)
        }
    }

    /// What a crash now may take, in the order in which it was done. Files that no name can lead to are left out.
    package var pending: [PendingChange] {
        let reachable = entries.reachableFiles
        var list = entries.pending
        for (number, file) in files where reachable.contains(number) { list += file.pending }
        return list.sorted { $0.call < $1.call }
    }

    /// What the disk holds after a crash.
    ///
    /// - Parameter fates: of the pending changes by their place in the trace; one that is not named is kept.
    package func image(_ fates: [Int: Fate]) -> DiskImage {
        var image = DiskImage()
        var contents: [Int: [UInt8]] = [:]
        for (path, entry) in entries.resolved(fates) {
            switch entry {
            case .directory: image.directories.insert(path)
            case .file(let number):
                let bytes = contents[number] ?? files[number]?.bytes(fates) ?? []
                contents[number] = bytes
                image.files[path] = bytes
            }
        }
        return image
    }

    /// A number that two crashes share where they leave the same disk behind; within this process only.
    package func digest(_ fates: [Int: Fate]) -> Int {
        var digest = 0
        for (path, entry) in entries.resolved(fates) {
            var hasher = Hasher()
            hasher.combine(path)
            if case .file(let number) = entry { files[number]?.hash(fates, into: &hasher) }
            digest ^= hasher.finalize()
        }
        return digest
    }
}
