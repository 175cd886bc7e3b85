import CReelZlib

/// zlib as programs use it by default, its state kept from text to text: what the rivals store.
///
/// Used by one thread.
final class ZlibDeflater {
    private let stream: UnsafeMutablePointer<z_stream>

    /// Bytes that gzip(1) writes around the deflated text when it is told no file name.
    static let gzipFrameSizeBytes = 18

    /// - Parameter level: 1 … 9.
    init(level: Int32 = 6) throws(BenchmarkError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // Negative window bits: no header or checksum of zlib's own.
        let status = deflateInit2_(
            stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw BenchmarkError("zlib: deflateInit2: \(status)") }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func deflated(_ text: [UInt8]) -> [UInt8] {
        deflateReset(stream)
        let capacity = Int(deflateBound(stream, UInt(text.count)))
        return text.withUnsafeBytes { text in
            [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
                stream.pointee.next_in = UnsafeMutablePointer(
                    mutating: text.baseAddress?.assumingMemoryBound(to: UInt8.self))
                stream.pointee.avail_in = UInt32(text.count)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(capacity)
                deflate(stream, Z_FINISH)
                count = capacity - Int(stream.pointee.avail_out)
            }
        }
    }
}
