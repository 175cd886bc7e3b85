import Glibc

/// Random bytes no one can guess.
///
/// They come from the kernel at each call (getrandom(2)) and are never drawn ahead: what a process keeps of a generator's
/// state comes back to life when a virtual machine is resumed twice from one snapshot, and gives the same nonces again.
/// The kernel is told of a resume by the machine (vmgenid) and starts anew.
package enum SecureRandom {
    /// - Throws: `.noRandomness`.
    package static func bytes(count: Int) throws(CryptoError) -> [UInt8] {
        var isFilled = true
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { output, size in
            isFilled = fill(UnsafeMutableRawBufferPointer(output.prefixOf(count)))
            size = isFilled ? count : 0
        }
        guard isFilled else { throw .noRandomness }
        return bytes
    }

    /// Whether all of `space` was filled.
    static func fill(_ space: UnsafeMutableRawBufferPointer) -> Bool {
        var rest = space
        while let base = rest.baseAddress, !rest.isEmpty {
            // More at once is refused (getentropy(3)).
            let size = min(rest.count, 256)
            guard getentropy(base, size) == 0 else { return false }
            rest = UnsafeMutableRawBufferPointer(rebasing: rest[size...])
        }
        return true
    }
}

extension UnsafeMutableBufferPointer {
    fileprivate func prefixOf(_ count: Int) -> UnsafeMutableBufferPointer { .init(rebasing: self[..<count]) }
}
