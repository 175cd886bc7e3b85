/// Ends the process where a claim does not hold, so that the fuzzer keeps the input. Not `precondition`, which says
/// nothing in an optimised build.
func claim(
    _ holds: Bool, _ text: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
    if !holds { fatalError(text(), file: file, line: line) }
}

/// The value, which there must be.
func claimed<Value>(
    _ value: Value?, _ text: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) -> Value {
    guard let value else { fatalError(text(), file: file, line: line) }
    return value
}

/// What a call gives that must not throw.
func claimed<Value>(
    _ text: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line, _ body: () throws -> Value
) -> Value {
    do { return try body() } catch { fatalError("\(text()): \(error)", file: file, line: line) }
}
