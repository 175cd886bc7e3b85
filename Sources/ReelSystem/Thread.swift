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
        // Nothing goes on without its threads. In a release build a precondition would not say why.
        guard code == 0 else {
            fatalError("cannot start a thread: \(String(cString: strerror(code))); see TasksMax= of the unit")
        }
        self.handle = handle
    }

    /// Waits until the body has returned; to be called once.
    package func join() { pthread_join(handle, nil) }

    /// Does the same to several things at once, each on a thread of its own, and waits for all; for what waits for the disk.
    /// A single one is done by the caller.
    ///
    /// - Throws: the first error that one of them met; the others are done all the same.
    package static func each<Element: Sendable, Failure: Error>(
        of elements: some Collection<Element>, named name: String,
        _ body: @escaping @Sendable (Element) throws(Failure) -> Void
    ) throws(Failure) {
        if elements.count == 1, let only = elements.first { return try body(only) }
        let failures = Monitor<[Failure]>([])
        let threads = elements.map { element in
            Thread(name) {
                do throws(Failure) { try body(element) } catch { failures.withLock { $0.append(error) } }
            }
        }
        for thread in threads { thread.join() }
        if let failure = failures.withLock({ $0.first }) { throw failure }
    }
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
