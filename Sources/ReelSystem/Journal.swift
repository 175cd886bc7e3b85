import Glibc
import Synchronization

/// The daemon's log: to journald with structured fields when standard error leads there, else plain lines on it.
///
/// Callers only append to a bounded queue; one thread does the writing, so that a stalled journal never stalls the
/// writer of the log or an event loop. When the queue is full the newest messages are dropped and counted, and the
/// count is logged as soon as there is room.
package final class Journal: Sendable {
    /// Messages that may wait before further ones are dropped.
    package static let queueCountMax = 1024

    private let queue: Monitor<Queue>
    private let thread: Thread
    private let levelMax: Atomic<Int>

    /// - Parameter sink: where messages go; nil asks the environment (see `JournalSink`).
    package init(level: LogLevel = .info, sink: (any JournalSink)? = nil) {
        let queue = Monitor(Queue())
        let sink = sink ?? journalSinkOfStandardError()
        self.queue = queue
        levelMax = Atomic(level.rawValue)
        thread = Thread("journal") { drain(queue, into: sink) }
    }

    /// Messages less important than this are not logged; may be changed at any time.
    package var level: LogLevel {
        get { LogLevel(rawValue: levelMax.load(ordering: .relaxed)) ?? .info }
        set { levelMax.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// Queues a message; never blocks for longer than the queue's lock is held.
    package func log(_ kind: LogKind, _ text: @autoclosure () -> String, _ fields: LogField...) {
        log(kind, text(), fields)
    }

    package func log(_ kind: LogKind, _ text: @autoclosure () -> String, _ fields: [LogField]) {
        guard kind.level.rawValue <= levelMax.load(ordering: .relaxed) else { return }
        let message = LogMessage(kind, text(), fields)
        queue.broadcast { queue in
            if queue.waiting.count < Self.queueCountMax {
                queue.waiting.append(message)
            } else {
                queue.droppedCount += 1
            }
        }
    }

    /// Waits until everything logged so far is written, or the time is over; false when it was.
    @discardableResult
    package func flush(timeoutMilliseconds: Int = 2000) -> Bool {
        queue.wait(timeoutMilliseconds: timeoutMilliseconds) { $0.isEmpty ? true : nil } ?? false
    }

    /// Writes what waits (for at most two seconds) and ends the thread; nothing may be logged afterwards.
    package func close() {
        let isFlushed = flush()
        queue.broadcast { $0.isClosed = true }
        // A thread stuck in a dead journal is left behind: the process is about to end, and waiting helps nobody.
        if isFlushed { thread.join() }
    }
}

private struct Queue {
    var waiting: [LogMessage] = []
    var droppedCount = 0
    var isWriting = false
    var isClosed = false

    var isEmpty: Bool { waiting.isEmpty && droppedCount == 0 && !isWriting }

    /// What the thread is to write next; nil when there is nothing.
    mutating func take() -> [LogMessage]? {
        guard !waiting.isEmpty || droppedCount > 0 else { return isClosed ? [] : nil }
        var batch = waiting
        waiting = []
        if droppedCount > 0 {
            let text = "\(droppedCount) log messages were dropped because the journal did not keep up"
            batch.append(LogMessage(.messagesDropped, text, [.count(UInt64(droppedCount))]))
            droppedCount = 0
        }
        isWriting = true
        return batch
    }
}

private func drain(_ queue: Monitor<Queue>, into sink: any JournalSink) {
    while let batch = queue.wait(until: { $0.take() }), !batch.isEmpty {
        for message in batch { sink.write(message) }
        queue.broadcast { $0.isWriting = false }
    }
}
