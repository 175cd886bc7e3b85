import Glibc
import ReelSystem

/// Standard output behind a buffer: commands that print a million events make few system calls.
final class Output {
    private let sink: ([UInt8]) throws(SystemError) -> Void
    private var buffer: [UInt8] = []
    private static let bufferSizeBytes = 64 << 10

    /// - Parameter sink: takes everything written, in order; tests bring their own.
    init(sink: @escaping ([UInt8]) throws(SystemError) -> Void) { self.sink = sink }

    /// The process's standard output.
    static func standard() -> Output {
        Output { bytes throws(SystemError) in try writeAll(bytes, to: STDOUT_FILENO) }
    }

    /// - Throws: `.closedPipe` when the reader is gone, `.failure` when the disk is full and the like.
    func write(_ text: String) throws(CommandFailure) { try write(Array(text.utf8)) }

    func write(_ bytes: some Collection<UInt8>) throws(CommandFailure) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferSizeBytes { try flush() }
    }

    func flush() throws(CommandFailure) {
        guard !buffer.isEmpty else { return }
        let bytes = buffer
        buffer.removeAll(keepingCapacity: true)
        do throws(SystemError) {
            try sink(bytes)
        } catch {
            throw error.code == EPIPE
                ? CommandFailure(.closedPipe, "") : CommandFailure(.failure, "standard output: \(error.reason)")
        }
    }
}
