import CReelSystem
import Glibc

/// A read-only window on a file. The window may be longer than the file: the pages behind its end become readable as
/// the file grows.
final class HostMapping: Mapping, @unchecked Sendable {
    // Nothing here changes after init, and nobody writes through the mapping.
    private let base: UnsafeRawPointer
    private let windowBytes: Int
    private let guardSlot: Int32

    init(descriptor: Int32, windowBytes: Int, path: String) throws(SystemError) {
        let flags = MAP_SHARED | MAP_NORESERVE
        guard let base = mmap(nil, windowBytes, PROT_READ, flags, descriptor, 0), base != MAP_FAILED else {
            throw SystemError.last("mmap", path)
        }
        self.base = UnsafeRawPointer(base)
        self.windowBytes = windowBytes
        creel_guard_mappings()
        guardSlot = creel_guard_add(base, windowBytes)
    }

    deinit {
        creel_guard_remove(guardSlot)
        munmap(UnsafeMutableRawPointer(mutating: base), windowBytes)
    }

    func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= windowBytes, "outside the mapping's window")
        let buffer = UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
        return try body(buffer.bytes)
    }

    var hasFaulted: Bool { creel_guard_faulted(guardSlot) }
}
