/// Why a benchmark could not be run; a missed goal is no error.
struct BenchmarkError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
