import ReelHTTP
import ReelStore

/// One request on its way to its answer; it may be handed to any thread, and is answered once.
struct Exchange: Sendable {
    let context: ServerContext
    let route: Route
    let method: Method
    private let reply: Reply
    private let startedMicroseconds: Int64

    init(_ context: ServerContext, _ route: Route, _ method: Method, _ reply: Reply) {
        self.context = context
        self.route = route
        self.method = method
        self.reply = reply
        startedMicroseconds = context.clock.uptimeMicroseconds
    }

    /// Answers, and counts the answer. What is measured is the time until the answer is known, not until it is sent.
    func send(_ response: Response) {
        let duration = context.clock.uptimeMicroseconds - startedMicroseconds
        context.metrics.noteAnswer(route, method, status: response.status, microseconds: duration)
        reply.complete(response)
    }

    func send(_ problem: Problem) { send(problem.response) }

    /// Answers with JSON.
    func send(json: [UInt8], status: Int = 200, headers: Headers = Headers()) {
        var headers = headers
        headers.append("Content-Type", "application/json")
        headers.append("Cache-Control", "no-store")
        send(Response(status: status, headers: headers, body: .bytes(json + [0x0A])))
    }

    /// Answers with what became of a change. On the store's writer's thread, so `answer` must not block.
    func finish<Success>(_ result: Result<Success, StoreError>, _ name: String, _ answer: (Success) -> Void) {
        switch result {
        case .success(let success):
            context.noteWritten()
            answer(success)
        case .failure(let error): send(context.problem(error, name))
        }
    }

    /// Runs work on a worker's thread; what it throws is the answer.
    func onWorker(_ work: @escaping @Sendable () throws(Problem) -> Void) {
        answerUnlessTaken(context.workers.submit { answer(work) })
    }

    /// As `onWorker`, when no other large body is in work.
    func onLargeBodyLane(_ work: @escaping @Sendable () throws(Problem) -> Void) {
        answerUnlessTaken(context.largeBodies.submit { answer(work) })
    }

    private func answer(_ work: () throws(Problem) -> Void) {
        do throws(Problem) { try work() } catch { send(error) }
    }

    private func answerUnlessTaken(_ isTaken: Bool) {
        if !isTaken { send(context.isStopping ? Problem.stopping : .busy) }
    }
}
