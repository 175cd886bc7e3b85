import Glibc

/// What lies on a disk at one moment: directories, and files by their path.
///
/// Files share their bytes with the disk they were taken from until one of the two changes them.
package struct DiskImage: Sendable {
    package var directories: Set<String>
    package var files: [String: [UInt8]]

    /// - Parameter directories: must name every parent of every file, but `/`.
    package init(directories: Set<String> = [], files: [String: [UInt8]] = [:]) {
        self.directories = directories
        self.files = files
    }

    /// Where two images differ, a line a difference; none where they are equal.
    package func differences(to other: DiskImage) -> [String] {
        var lines = directories.symmetricDifference(other.directories).map { "directory \($0)" }
        for path in Set(files.keys).union(other.files.keys) {
            switch (files[path], other.files[path]) {
            case (let old?, let new?):
                if let offset = firstDifference(old, new) {
                    lines.append("\(path):\(offset) (\(old.count) and \(new.count) bytes)")
                }
            case (nil, _): lines.append("\(path) is new")
            default: lines.append("\(path) is gone")
            }
        }
        return lines.sorted()
    }
}

extension DiskImage: Equatable {
    package static func == (one: DiskImage, other: DiskImage) -> Bool {
        guard one.directories == other.directories, one.files.count == other.files.count else { return false }
        for (path, bytes) in one.files {
            guard let others = other.files[path], isEqual(bytes, others) else { return false }
        }
        return true
    }
}

/// Whether two arrays hold the same, compared in one piece: a test's build compares elements one by one.
package func isEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    guard one.count == other.count else { return false }
    return one.withUnsafeBytes { one in
        other.withUnsafeBytes { other in
            guard let first = one.baseAddress, let second = other.baseAddress, first != second else { return true }
            return memcmp(first, second, one.count) == 0
        }
    }
}

private func firstDifference(_ one: [UInt8], _ other: [UInt8]) -> Int? {
    if isEqual(one, other) { return nil }
    return zip(one, other).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(one.count, other.count)
}

extension [UInt8] {
    private static let zeros = [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
        buffer.update(repeating: 0)
        count = buffer.count
    }

    /// Makes the array exactly so long, with zeros where it grows.
    mutating func resize(to size: Int) {
        if size < count { return removeLast(count - size) }
        while count < size { append(contentsOf: [UInt8].zeros[..<Swift.min(size - count, [UInt8].zeros.count)]) }
    }

    /// Puts bytes at an offset, as pwrite(2) does: a gap before them becomes zeros.
    mutating func put(_ bytes: ArraySlice<UInt8>, at offset: Int) {
        if count < offset + bytes.count { resize(to: offset + bytes.count) }
        withUnsafeMutableBytes { all in
            bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: all[offset...]).copyMemory(from: $0) }
        }
    }

    /// Puts zeros at an offset.
    mutating func putZeros(_ size: Int, at offset: Int) {
        if count < offset + size { resize(to: offset + size) }
        for start in stride(from: offset, to: offset + size, by: [UInt8].zeros.count) {
            put([UInt8].zeros[..<Swift.min(offset + size - start, [UInt8].zeros.count)], at: start)
        }
    }
}
