import ReelCodec
import ReelSystem

/// The files an import is about.
enum ImportFiles {
    struct File: Equatable {
        var path: String
        var sizeBytes: UInt64

        /// The name without directories and endings: what a recording is called that has no better name.
        var title: String {
            var name = path.split(separator: "/").last.map(String.init) ?? path
            for ending in endings where name.hasSuffix(ending) && name.count > ending.count {
                name.removeLast(ending.count)
                break
            }
            return name
        }
    }

    /// The longer first, so that all of `.json.gz` goes.
    static let endings = [".ndjson.gz", ".jsonl.gz", ".json.gz", ".ndjson", ".jsonl", ".json"]
    /// Of one file, as it lies there and inflated: it is read into memory whole.
    static let sizeMaxBytes = 2 << 30
    private static let depthMax = 64

    /// The files named, and those of the directories named, in the order of their names.
    ///
    /// - Throws: when one is not there, or none is left.
    static func find(_ paths: [String]) throws(CommandFailure) -> [File] {
        var files: [File] = []
        for path in paths {
            do throws(SystemError) {
                try add(path, isNamed: true, depth: 0, to: &files)
            } catch {
                throw CommandFailure(.failure, "\(error.path): \(error.reason)")
            }
        }
        guard !files.isEmpty else {
            throw CommandFailure(
                .failure, "there is nothing to import: no file ends in \(endings.joined(separator: " "))")
        }
        return files
    }

    private static func add(
        _ path: String, isNamed: Bool, depth: Int, to files: inout [File]
    ) throws(SystemError) {
        if SmallFile.isDirectory(path) {
            // A symbolic link may lead back to where it came from.
            guard depth < depthMax else { return }
            let base = path.hasSuffix("/") ? path : path + "/"
            for name in try SmallFile.names(in: path) {
                try add(base + name, isNamed: false, depth: depth + 1, to: &files)
            }
        } else if isNamed || endings.contains(where: { path.hasSuffix($0) }) {
            files.append(File(path: path, sizeBytes: try SmallFile.sizeBytes(of: path)))
        }
    }

    /// The text of a file, inflated when it is gzip.
    static func read(_ file: File) throws(CommandFailure) -> [UInt8] {
        do {
            let bytes = try SmallFile.read(file.path, sizeMaxBytes: sizeMaxBytes)
            return GzipBody.isGzip(bytes) ? try GzipBody.inflate(bytes, limitBytes: sizeMaxBytes) : bytes
        } catch let error as SystemError {
            throw CommandFailure(.failure, error.reason)
        } catch {
            throw CommandFailure(.failure, "this gzip file cannot be inflated: \(error)")
        }
    }
}
