extension RawSpan {
    /// The little-endian field at a byte offset; traps outside the span, as a constant offset there is a bug.
    @inlinable
    package func field<Value: FixedWidthInteger & BitwiseCopyable>(_ offsetBytes: Int, as _: Value.Type = Value.self)
        -> Value
    {
        Value(littleEndian: unsafeLoadUnaligned(fromByteOffset: offsetBytes, as: Value.self))
    }
}
