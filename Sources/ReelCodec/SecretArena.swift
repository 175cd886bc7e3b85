import CReelCrypto
import Glibc

/// The memory that secrets lie in: libcrypto's secure heap, one run of pages between two guard pages, locked (mlock(2)) and left
/// out of core dumps (MADV_DONTDUMP). libcrypto puts its own copies of HMAC and Ed25519 keys there too.
///
/// Locked memory is scarce (RLIMIT_MEMLOCK), so there is one arena and not a page a secret. Where it cannot be locked, or is full,
/// secrets lie in memory that may be swapped out: they work all the same, and `protection` says so.
package enum SecretArena {
    /// How well secrets are kept from disks.
    package enum Protection: Equatable, Sendable {
        /// Neither swapped out nor dumped.
        case locked
        /// The kernel refused at least one of the two; see RLIMIT_MEMLOCK in `setrlimit(2)`, LimitMEMLOCK= in systemd.exec(5).
        case unlocked
    }

    /// A key's size: 32,768 of them would fill the larger arena.
    private static let pieceSizeBytes = 32

    // The size is chosen beforehand, as libcrypto cannot take an arena back while other threads may be using it.
    private static let made: (protection: Protection, sizeBytes: Int) = {
        var limit = rlimit()
        let isSmall = getrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &limit) == 0 && limit.rlim_cur < 2 << 20
        // The second fits into 64 KiB, which is what kernels before 5.16 let unprivileged processes lock.
        let size = isSmall && limit.rlim_cur >= 48 << 10 ? 32 << 10 : 1 << 20
        // 1: done; 2: done, but the pages could not be guarded, locked or kept out of dumps; 0: failed.
        switch CRYPTO_secure_malloc_init(size, pieceSizeBytes) {
        case 1: return (.locked, size)
        case 2: return (.unlocked, size)
        default: return (.unlocked, 0)
        }
    }()

    /// What the kernel granted when the first secret was made; a daemon may log it once.
    package static var protection: Protection { made.protection }

    static func take(_ count: Int) -> UnsafeMutableRawPointer {
        let sizeBytes = made.sizeBytes
        // The last quarter is libcrypto's, which would fail where secrets of ours only go elsewhere.
        let hasRoom = sizeBytes > 0 && Int(CRYPTO_secure_used()) + count <= sizeBytes / 4 * 3
        let piece = hasRoom ? CRYPTO_secure_malloc(count, "SecretArena", 0) : nil
        guard let memory = piece ?? CRYPTO_malloc(count, "SecretArena", 0) else {
            preconditionFailure("no memory for \(count) bytes")
        }
        return memory
    }

    /// Wipes and frees.
    static func giveBack(_ memory: UnsafeMutableRawPointer, _ count: Int) {
        CRYPTO_secure_clear_free(memory, count, "SecretArena", 0)
    }

    /// Whether the memory is the arena's, rather than ordinary.
    static func holds(_ memory: UnsafeRawPointer) -> Bool { CRYPTO_secure_allocated(memory) == 1 }
}
