/// Counts what ISA-L took of its input.
enum InflateInput {
    /// - Parameters:
    ///   - givenBytes: what it was given.
    ///   - left: its `avail_in` afterwards. Where the input ends inside a code that cannot be, it counts the bits that are
    ///     missing as read, and `avail_in` runs below zero.
    static func takenBytes(of givenBytes: Int, left: UInt32) -> Int {
        left <= givenBytes ? givenBytes - Int(left) : givenBytes
    }
}
