import ReelFormat
import ReelSystem

/// Where the events of a segment are that has a marker.
struct ArchivedCopy: Sendable {
    let archive: Archive
    /// Nil where the marker is damaged.
    let marker: ArchiveMarker?
    /// Of the marker.
    let path: String

    /// - Returns: nil where the segment has no marker.
    static func of(
        _ segment: UInt64, _ archive: Archive, _ paths: StorePaths, store: StoreID
    ) throws(SystemError) -> ArchivedCopy? {
        let path = paths.marker(segment)
        do throws(SystemError) {
            let marker = try read(path, archive.fileSystem)
            let isOurs = marker?.segment == segment && marker?.store == store
            return ArchivedCopy(archive: archive, marker: isOurs ? marker : nil, path: path)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    /// Nil where the file is no marker.
    static func read(_ path: String, _ fileSystem: any FileSystem) throws(SystemError) -> ArchiveMarker? {
        ArchiveMarker(decoding: try fileSystem.open(path, .readOnly).read(ArchiveMarker.sizeBytes + 1, at: 0))
    }

    func open() throws(StoreError) -> any File {
        guard let marker else { throw .damaged(Corruption(file: path, offsetBytes: 0, kind: .archiveMarker)) }
        return try archive.open(marker)
    }
}
