import CReelSystem
import Glibc

/// A thread of our own: blocking calls never run in Swift's cooperative pool.
package struct Thread: Sendable {
    private let handle: pthread_t

    /// Starts a thread.
    ///
    /// - Parameter name: as `ps -L` shows it; cut at 15 bytes.
    package init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var handle = pthread_t()
        let code = pthread_create(&handle, nil, threadMain, start.toOpaque())
        precondition(code == 0, "pthread_create: \(String(cString: strerror(code)))")
        self.handle = handle
    }

    /// Waits until the body has returned; to be called once.
    package func join() { pthread_join(handle, nil) }
}

private final class Start {
    let name: String
    let body: @Sendable () -> Void
    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

// A top-level function: a closure written inside `@main` would carry MainActor's isolation and trap on this thread.
private func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
    creel_name_thread(start.name)
    start.body()
    return nil
}
