import Glibc

extension RawSpan {
    /// The little-endian field at a byte offset; traps outside the span, as a constant offset there is a bug.
    @inlinable
    package func field<Value: FixedWidthInteger & BitwiseCopyable>(_ offsetBytes: Int, as _: Value.Type = Value.self)
        -> Value
    {
        Value(littleEndian: unsafeLoadUnaligned(fromByteOffset: offsetBytes, as: Value.self))
    }

    /// Whether every byte is zero.
    package var isZero: Bool {
        withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, let first = bytes.first else { return true }
            // Every byte equals the one before it.
            return first == 0 && memcmp(base, base + 1, bytes.count - 1) == 0
        }
    }
}
