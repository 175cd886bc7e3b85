import CReelSystem
import Glibc

/// What one send or receive did.
package enum Transfer: Equatable, Sendable {
    case moved(bytes: Int)
    /// The kernel has nothing, or no room, now. On a blocking socket: the timeout is over.
    case wouldBlock
    /// The peer will send no more; never from a send.
    case ended
    /// The connection is dead; an errno.
    case failed(Int32)
}

extension FileDescriptor {
    /// Receives as many bytes as there are, and as fit into the buffer from `offset` on.
    package func receive(into buffer: inout [UInt8], from offset: Int = 0) -> Transfer {
        precondition(offset < buffer.count)
        let moved = buffer.withUnsafeMutableBytes { bytes in
            creel_receive(raw, bytes.baseAddress?.advanced(by: offset), bytes.count - offset)
        }
        if moved > 0 { return .moved(bytes: moved) }
        if moved == 0 { return .ended }
        return Self.failure(-moved)
    }

    /// Receives at most `countMax` bytes behind those of an array, without touching them in between.
    package func receive(appendingTo bytes: inout [UInt8], countMax: Int) -> Transfer {
        precondition(countMax > 0)
        var moved = 0
        bytes.append(addingCapacity: countMax) { (room: inout OutputSpan<UInt8>) in
            room.withUnsafeMutableBufferPointer { room, count in
                moved = creel_receive(raw, room.baseAddress?.advanced(by: count), min(countMax, room.count - count))
                if moved > 0 { count += moved }
            }
        }
        if moved > 0 { return .moved(bytes: moved) }
        return moved == 0 ? .ended : Self.failure(-moved)
    }

    /// Sends three pieces as one, less the first `skippedBytes` of them together, in one system call without SIGPIPE.
    ///
    /// - Parameter hasMore: more follows at once, so the kernel may wait for it to fill a packet.
    /// - Returns: `.moved` with what the kernel took, which may be less than all.
    package func send(
        _ first: [UInt8], _ second: [UInt8] = [], _ third: [UInt8] = [], skippedBytes: Int = 0, hasMore: Bool = false
    ) -> Transfer {
        let moved = first.withUnsafeBytes { first in
            second.withUnsafeBytes { second in
                third.withUnsafeBytes { third in
                    creel_send(
                        raw, first.baseAddress, first.count, second.baseAddress, second.count, third.baseAddress,
                        third.count, skippedBytes, hasMore)
                }
            }
        }
        return moved >= 0 ? .moved(bytes: moved) : Self.failure(-moved)
    }

    /// Whether there are bytes, an end or an error to be read now; a kept connection that has any of them is not fit
    /// for another request.
    package var hasInput: Bool { creel_has_input(raw) }

    /// Tells the peer that no more is coming; receiving goes on.
    package func shutdownWriting() { _ = shutdown(raw, Int32(SHUT_WR)) }

    /// Makes the coming close a reset, so that the peer cannot take a cut answer for a whole one.
    package func resetOnClose() { creel_reset_on_close(raw) }

    static func failure(_ code: Int) -> Transfer {
        code == EAGAIN ? .wouldBlock : .failed(Int32(truncatingIfNeeded: code))
    }
}
