import ReelSystem

/// Names one request of one connection of a loop. A slot is used again under another generation, and each request of
/// a connection counts one up, so that what comes late finds nobody instead of somebody else.
struct Ticket: Sendable, Equatable {
    var slot: UInt32
    var generation: UInt32
    var request: UInt32
}

/// What other threads tell an event loop.
enum Message: Sendable {
    case reply(Ticket, Response)
    case piece(Ticket, [SendPart], isLast: Bool)
    case abort(Ticket)
    case share(Ticket, MemoryShare)
    /// A connection accepted for this loop; the raw descriptor is the receiver's to close.
    case adopt(rawDescriptor: Int32, Peer)
    /// Take no new work; close all by then, in `EventLoop.now` milliseconds.
    case drain(deadline: Int64)
}

/// The queue into an event loop. Its bound is the loop's connections: each has at most one request and one demand out.
final class Mailbox: Sendable {
    private struct State: Sendable {
        var messages: [Message] = []
        var isAsleep = false
    }
    private let state = Monitor(State())
    let wake: WakeEvent

    init() throws(SystemError) { wake = try WakeEvent() }

    /// Adds a message. Only the first after the loop fell asleep costs a wake-up: the rest of a batch finds it awake.
    func post(_ message: Message) {
        let wakes = state.withLock { state in
            state.messages.append(message)
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if wakes { wake.signal() }
    }

    /// Takes all messages, leaving `emptied` (which keeps its capacity) in their place.
    func take(into emptied: inout [Message]) {
        state.withLock { state in swap(&state.messages, &emptied) }
    }

    /// Says that the loop is about to wait. False when there are messages: then it must not.
    func fallAsleep() -> Bool {
        state.withLock { state in
            state.isAsleep = state.messages.isEmpty
            return state.isAsleep
        }
    }

    func wakeUp() { state.withLock { $0.isAsleep = false } }
}
