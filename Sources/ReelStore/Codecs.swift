import ReelCodec
import ReelSystem

/// The store's codecs: each borrowed by one thread at a time.
enum Codecs {
    static let inflaters = Pool { Inflater() }
    static let fast = Pool { FrameDeflater() }
    static let dense = Pool { makeDense() }
    static let scanners = Pool { EventScanner() }

    private static func makeDense() -> DenseDeflater {
        do { return try DenseDeflater() } catch { preconditionFailure("zlib has no memory for a stream") }
    }
}
