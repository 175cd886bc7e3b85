import Glibc

/// The machine's processors, and how long they have worked for this process.
package enum CPUs {
    /// Those that are online; at least one.
    package static var count: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// What all threads of this process have used, microseconds.
    package static var processMicroseconds: Int64 { read(CLOCK_PROCESS_CPUTIME_ID) }

    /// What the calling thread has used, microseconds.
    package static var threadMicroseconds: Int64 { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
