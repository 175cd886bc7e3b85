import Glibc

/// CPU time, user and system together.
enum CPUTime {
    static func secondsOfThisProcess() -> Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }
    static func secondsOfThisThread() -> Double { seconds(CLOCK_THREAD_CPUTIME_ID) }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
