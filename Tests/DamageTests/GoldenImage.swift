import Foundation
import ReelCodec
import ReelFormat
import ReelStore
import SimulatedDisk
import StoreFixtures

/// A golden store on a disk in memory, and where the frames lie in its segments.
struct GoldenImage: Sendable {
    /// Where the store is said to be.
    static let root = "/golden"

    struct Frame: Sendable {
        var offset: Int
        var header: FrameHeader
        var range: Range<Int> { offset..<offset + Int(header.strideBytes) }
        var payload: Range<Int> {
            offset + FrameHeader.sizeBytes..<offset + FrameHeader.sizeBytes + Int(header.storedSizeBytes)
        }
        var padding: Range<Int> { payload.upperBound..<range.upperBound }
    }

    var disk: DiskImage
    let encryption: StoreEncryption
    /// Recordings in it.
    let count: UInt64
    /// One that takes batches still.
    let writable: UInt64 = 2

    /// - Parameter version: a directory of Tests/Golden. It is opened and closed once, so that the whole index is there.
    init(_ version: String, count: UInt64, _ encryption: StoreEncryption = .off) throws {
        self.count = count
        self.encryption = encryption
        let store = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden/\(version)/store")
        var image = DiskImage(directories: ["/", GoldenImage.root])
        for name in try FileManager.default.subpathsOfDirectory(atPath: store.path) {
            let url = store.appending(path: name)
            let path = "\(GoldenImage.root)/\(name)"
            if try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true {
                image.files[path] = Array(try Data(contentsOf: url))
            } else {
                image.directories.insert(path)
            }
        }
        let opened = SimulatedDisk(image)
        try DamageJudge.open(opened, encryption).close()
        disk = opened.image()
    }

    init(disk: DiskImage, count: UInt64, _ encryption: StoreEncryption) {
        self.disk = disk
        self.count = count
        self.encryption = encryption
    }

    /// Segment files, in order.
    var segments: [String] { disk.files.keys.filter { $0.hasSuffix(".seg") }.sorted() }
    /// Index files, in order.
    var index: [String] { disk.files.keys.filter { $0.hasPrefix("\(GoldenImage.root)/index/") }.sorted() }
    /// The files of its keyring, in order; none where it is not sealed.
    var rings: [String] { disk.files.keys.filter { $0.hasSuffix(".ring") }.sorted() }
    /// The segment that was being written: the golden stores end in a hot one.
    var active: String { segments.last ?? "" }

    func size(_ path: String) -> Int { disk.files[path]?.count ?? 0 }

    /// The frames of an undamaged segment.
    func frames(_ path: String) throws -> [Frame] {
        let bytes = disk.files[path] ?? []
        var frames: [Frame] = []
        var offset = 0
        while offset < bytes.count {
            let span = bytes.span
            let header = try FrameHeader(decoding: span.bytes.extracting(droppingFirst: offset))
            frames.append(Frame(offset: offset, header: header))
            offset += Int(header.strideBytes)
        }
        return frames
    }
}
