import CReelSystem
import Glibc

/// An open file of the kernel's.
package final class HostFile: File {
    package let path: String
    private let descriptor: FileDescriptor

    init(_ descriptor: consuming FileDescriptor, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    package func write(_ bytes: [UInt8], at offsetBytes: UInt64) throws(SystemError) {
        let failure: SystemError? = bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
                let count = retrying { pwrite(descriptor.raw, rest.baseAddress, rest.count, off_t(offsetBytes) + done) }
                if count < 0 { return SystemError.last("pwrite", path) }
                if count == 0 { return SystemError(ENOSPC, "pwrite", path) }
                done += count
            }
            return nil
        }
        if let failure { throw failure }
    }

    package func read(_ count: Int, at offsetBytes: UInt64, into buffer: inout [UInt8]) throws(SystemError) {
        var failure: SystemError?
        buffer.append(addingCapacity: count) { space in
            space.withUnsafeMutableBufferPointer { space, size in
                failure = fill(space, size: &size, at: offsetBytes)
            }
        }
        if let failure { throw failure }
    }

    /// Reads until the space is full or the file ends.
    ///
    /// - Parameters:
    ///   - size: bytes at the beginning of `space` that are there already.
    ///   - offsetBytes: where the beginning of `space` lies in the file.
    private func fill(
        _ space: UnsafeMutableBufferPointer<UInt8>, size: inout Int, at offsetBytes: UInt64
    ) -> SystemError? {
        while size < space.count, let base = space.baseAddress {
            let offset = off_t(offsetBytes) + size
            let got = retrying { pread(descriptor.raw, base + size, space.count - size, offset) }
            if got < 0 { return SystemError.last("pread", path) }
            if got == 0 { break }
            size += got
        }
        return nil
    }

    package func send(_ count: Int, at offsetBytes: UInt64, to socket: borrowing FileDescriptor) -> Transfer {
        var offset = off_t(offsetBytes)
        let moved = retrying { sendfile(socket.raw, descriptor.raw, &offset, count) }
        if moved > 0 { return .moved(bytes: moved) }
        return FileDescriptor.failure(moved == 0 ? Int(EIO) : Int(errno))
    }

    package func sync() throws(SystemError) {
        guard fdatasync(descriptor.raw) == 0 else { throw SystemError.last("fdatasync", path) }
    }

    package func sizeBytes() throws(SystemError) -> UInt64 {
        var status = stat()
        guard fstat(descriptor.raw, &status) == 0 else { throw SystemError.last("fstat", path) }
        return UInt64(status.st_size)
    }

    package func allocatedBytes() throws(SystemError) -> UInt64 {
        var status = stat()
        guard fstat(descriptor.raw, &status) == 0 else { throw SystemError.last("fstat", path) }
        // In units of 512 bytes, whatever the file system's blocks are.
        return UInt64(status.st_blocks) * 512
    }

    package func truncate(to sizeBytes: UInt64) throws(SystemError) {
        guard retrying({ ftruncate(descriptor.raw, off_t(sizeBytes)) }) == 0 else {
            throw SystemError.last("ftruncate", path)
        }
    }

    package func allocate(_ sizeBytes: UInt64) throws(SystemError) {
        // The error is the result here, not errno.
        var code: Int32
        repeat { code = posix_fallocate(descriptor.raw, 0, off_t(sizeBytes)) } while code == EINTR
        guard code == 0 else { throw SystemError(code, "fallocate", path) }
    }

    package func lock() throws(SystemError) {
        let code = creel_lock_exclusive(descriptor.raw)
        guard code == 0 else { throw SystemError(code, "lock", path) }
    }

    package func map(windowBytes: Int) throws(SystemError) -> any Mapping {
        try HostMapping(descriptor: descriptor.raw, windowBytes: windowBytes, path: path)
    }
}
