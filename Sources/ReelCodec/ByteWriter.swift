import Glibc

/// Appends little-endian fields to a growing array.
package struct ByteWriter {
    package private(set) var bytes: [UInt8] = []

    package init(capacityBytes: Int = 0) { bytes.reserveCapacity(capacityBytes) }

    package mutating func append<Value: FixedWidthInteger>(_ value: Value) {
        var rest = value.littleEndian
        withUnsafeBytes(of: &rest) { bytes.append(contentsOf: $0) }
    }

    package mutating func append(_ other: [UInt8]) { bytes.append(contentsOf: other) }

    /// Appends zeros: a reserved field.
    package mutating func appendZeros(_ count: Int) {
        bytes.append(addingCapacity: count) { space in
            space.withUnsafeMutableBufferPointer { space, size in
                if let base = space.baseAddress { memset(base, 0, count) }
                size = count
            }
        }
    }
}
