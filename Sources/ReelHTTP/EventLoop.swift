import ReelSystem

/// Moves the bytes of its connections, on a thread of its own; nothing else touches it or them.
///
/// Edge-triggered: each connection remembers what the kernel last said it is ready for, and is worked on until the
/// kernel has no more, or its turn is over and it goes on the list for the next.
final class EventLoop {
    /// Tags that are no connection's: a slot number is below 2^32 - 2.
    enum Tag {
        static let wake = UInt64.max
        static let listener = UInt64.max - 1
    }

    let handler: any RequestHandler
    let options: HTTPOptions
    let limits: RequestParser.Limits
    let mailbox: Mailbox
    let ledger: ConnectionLedger
    let counters: LoopCounters
    var poller: Poller
    var acceptor: Acceptor?

    private var slots: [Connection?] = []
    private var freeSlots: [UInt32] = []
    private var generation: UInt32 = 0
    private var openCount = 0

    /// Connections with work left over from this turn.
    var ready: [Connection] = []
    private var readyNow: [Connection] = []
    private var messages: [Message] = []

    /// What a receive fills and a head is written into; both are used again and again.
    var scratch: [UInt8]
    var headScratch: [UInt8] = []
    var date = DateLine()
    var counts = HTTPStatistics()
    private var shown = HTTPStatistics()

    private let clock = SystemClock()
    /// Milliseconds since boot, as of this turn.
    private(set) var now: Int64 = 0
    private var nextSweep: Int64 = 0
    private(set) var drainDeadline: Int64?

    private static let scratchSizeBytes = 64 << 10
    private static let sweepMilliseconds: Int64 = 1_000
    /// Between sweeps while nothing happens and no deadline is near.
    private static let quietSweepMilliseconds: Int64 = 5_000

    init(
        handler: any RequestHandler, options: HTTPOptions, mailbox: Mailbox, ledger: ConnectionLedger,
        counters: LoopCounters, acceptor: Acceptor?
    ) throws(SystemError) {
        self.handler = handler
        self.options = options
        self.mailbox = mailbox
        self.ledger = ledger
        self.counters = counters
        self.acceptor = acceptor
        limits = RequestParser.Limits(
            headSizeMaxBytes: options.headSizeMaxBytes, targetSizeMaxBytes: options.targetSizeMaxBytes,
            fieldCountMax: options.fieldCountMax)
        scratch = [UInt8](repeating: 0, count: Self.scratchSizeBytes)
        poller = try Poller()
        try poller.addInput(mailbox.wake.raw, tag: Tag.wake)
        try acceptor?.watch(poller)
        readClock()
    }

    /// Runs until it is drained.
    func run() {
        while drainDeadline == nil || openCount > 0 { turn() }
        counters.show(counts)
    }

    private func turn() {
        let mayWait = ready.isEmpty && mailbox.fallAsleep()
        let count = poller.wait(timeoutMilliseconds: mayWait ? timeout() : 0)
        mailbox.wakeUp()
        readClock()
        if count > 0 { nextSweep = min(nextSweep, now + Self.sweepMilliseconds) }
        for index in 0..<count {
            let (tag, readiness) = poller.event(at: index)
            switch tag {
            case Tag.wake: mailbox.wake.clear()
            case Tag.listener: accept()
            default: connection(tag: tag).map { note(readiness, on: $0) }
            }
        }
        swap(&ready, &readyNow)
        for connection in readyNow {
            connection.isReady = false
            pump(connection)
        }
        readyNow.removeAll(keepingCapacity: true)
        deliver()
        if now >= nextSweep { sweep() }
        if counts != shown {
            counters.show(counts)
            shown = counts
        }
    }

    /// How long nothing can be due: without connections for ever, so that an idle server does not wake.
    private func timeout() -> Int32 {
        guard openCount > 0 || acceptor?.isPaused == true else { return -1 }
        return Int32(clamping: max(nextSweep - now, 0) + 1)
    }

    private func readClock() {
        now = clock.uptimeMicroseconds / 1_000
        date.update(second: clock.wallMicroseconds / 1_000_000)
    }

    private func sweep() {
        acceptor?.resume(poller)
        var earliest = Int64.max
        for case .some(let connection) in slots {
            if connection.deadline <= now { expire(connection) } else { earliest = min(earliest, connection.deadline) }
        }
        // What happens on a connection sets new deadlines, and `turn` then sweeps within a second again: a loop whose
        // connections all keep still need not wake for each second of theirs.
        let isUrgent = drainDeadline != nil || acceptor?.isPaused == true
        let longest = isUrgent ? Self.sweepMilliseconds : Self.quietSweepMilliseconds
        nextSweep = now + min(max(earliest - now, Self.sweepMilliseconds), longest)
        if let drainDeadline, now >= drainDeadline {
            for case .some(let connection) in slots { cut(connection) }
        }
    }

    // MARK: - Messages

    private func deliver() {
        mailbox.take(into: &messages)
        for message in messages {
            switch message {
            case .reply(let ticket, let response):
                if let connection = connection(ticket), connection.phase == .awaitingReply {
                    begin(response, on: connection)
                    pump(connection)
                }
            case .piece(let ticket, let parts, let isLast):
                if let connection = connection(ticket), connection.isDemandOut {
                    write(parts, isLast: isLast, on: connection)
                    pump(connection)
                }
            case .abort(let ticket):
                if let connection = connection(ticket), connection.isDemandOut {
                    connection.streaming = nil
                    cut(connection)
                }
            case .share(let ticket, let share):
                if let connection = connection(ticket), connection.phase == .awaitingShare {
                    take(share, on: connection)
                    pump(connection)
                }
            case .adopt(let rawDescriptor, let peer):
                adopt(FileDescriptor(owning: rawDescriptor), peer)
            case .drain(let deadline): drain(until: deadline)
            }
        }
        messages.removeAll(keepingCapacity: true)
    }

    private func drain(until deadline: Int64) {
        drainDeadline = deadline
        nextSweep = min(nextSweep, deadline)
        acceptor?.close(poller)
        acceptor = nil
        for case .some(let connection) in slots where connection.phase == .idle {
            // A request may have come that the loop has not been told of; it is still served.
            connection.isReadable = true
            pump(connection)
            if connection.phase == .idle { close(connection) }
        }
    }

    // MARK: - Slots

    /// Takes a connection in and reads what has come with it.
    func adopt(_ fd: consuming FileDescriptor, _ peer: Peer) {
        generation &+= 1
        let slot = freeSlots.popLast() ?? UInt32(slots.count)
        let raw = fd.raw
        let connection = Connection(
            fd, peer, Ticket(slot: slot, generation: generation, request: 0),
            deadline: now + Int64(options.idleSecondsMax) * 1_000)
        if Int(slot) == slots.count { slots.append(connection) } else { slots[Int(slot)] = connection }
        openCount += 1
        do {
            try poller.addEdges(raw, tag: UInt64(generation) << 32 | UInt64(slot))
        } catch {
            // No memory or no watches left in the kernel: this connection cannot be served.
            return close(connection)
        }
        if nextSweep < now { nextSweep = now + Self.sweepMilliseconds }
        pump(connection)
        if drainDeadline != nil, connection.phase == .idle { close(connection) }
    }

    /// Forgets a connection and closes its socket.
    func close(_ connection: Connection) {
        guard connection.phase != .closed else { return }
        connection.phase = .closed
        connection.streaming?.stream.cancel()
        connection.streaming = nil
        connection.share = nil
        let slot = connection.ticket.slot
        slots[Int(slot)] = nil
        freeSlots.append(slot)
        openCount -= 1
        ledger.leave(connection.peer)
    }

    private func connection(_ ticket: Ticket) -> Connection? {
        guard Int(ticket.slot) < slots.count, let connection = slots[Int(ticket.slot)] else { return nil }
        return connection.ticket == ticket ? connection : nil
    }

    private func connection(tag: UInt64) -> Connection? {
        let slot = Int(tag & 0xFFFF_FFFF)
        guard slot < slots.count, let connection = slots[slot] else { return nil }
        return connection.ticket.generation == UInt32(tag >> 32) ? connection : nil
    }
}
