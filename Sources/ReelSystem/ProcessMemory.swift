import CReelSystem
import Glibc

/// How the process deals with the kernel for memory.
package enum ProcessMemory {
    /// Keeps a little freed memory instead of giving it back at once; to be called before threads are started.
    ///
    /// By default malloc(3) maps each buffer of a few hundred KB anew, and the kernel clears every page of it: serving
    /// a recording took half as much CPU again. See mallopt(3).
    package static func keepForReuse() { creel_keep_memory(8 << 20, 4 << 20) }

    /// Forbids core dumps of this process: what it decrypted lies in its memory. Dumps to files and those that
    /// systemd-coredump takes go by this limit (core(5), systemd-coredump(8)).
    ///
    /// Not prctl(PR_SET_DUMPABLE), which forbids them without exception: it would make everything below /proc/PID root's, so
    /// that the daemon's own user could neither look at its memory's size nor attach a debugger.
    ///
    /// - Throws: the errno of setrlimit(2); lowering a limit does not fail.
    package static func forbidCoreDumps() throws(SystemError) {
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        guard setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 else { throw .last("setrlimit", "") }
    }
}
