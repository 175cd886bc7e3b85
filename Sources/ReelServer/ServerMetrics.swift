import ReelHTTP
import ReelSystem

/// What the server counts of its own work.
final class ServerMetrics: Sendable {
    struct AnswerKey: Hashable, Sendable {
        var route: String
        var status: Int
    }

    /// From a batch's arrival to its durable answer.
    let ack = Histogram()
    /// From a request for events to the beginning of its answer.
    let read = Histogram()
    let list = Histogram()
    /// From a batch's durable answer to its events' having gone out to a viewer; one observation a viewer.
    let liveLag = Histogram()

    let batches = Counter()
    let duplicateBatches = Counter()
    let events = Counter()
    let droppedEvents = Counter()
    /// Of bodies of batches: as sent, and inflated.
    let bodyBytes = Counter()
    let rawBytes = Counter()
    let abortedAnswers = Counter()
    let erasures = Counter()
    let erasedRecordings = Counter()
    private let answers = Monitor<[AnswerKey: Int]>([:])

    func noteAnswer(_ route: Route, _ method: Method, status: Int, microseconds: Int64) {
        answers.withLock { $0[AnswerKey(route: route.label, status: status), default: 0] += 1 }
        guard status < 400 else { return }
        switch (route, method) {
        case (.events, .post): ack.observe(microseconds: microseconds)
        case (.events, _), (.chunk, _), (.playerEvents, _): read.observe(microseconds: microseconds)
        case (.recordings, .get): list.observe(microseconds: microseconds)
        default: break
        }
    }

    /// A request that was refused before it came to a route.
    func noteRefusal(status: Int) {
        answers.withLock { $0[AnswerKey(route: "none", status: status), default: 0] += 1 }
    }

    /// Answers by route and status, in a fixed order.
    var answerCounts: [(key: AnswerKey, count: Int)] {
        answers.withLock { $0 }.sorted { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }
            .map { (key: $0.key, count: $0.value) }
    }
}
