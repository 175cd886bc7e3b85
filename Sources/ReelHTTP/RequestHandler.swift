/// What serves the requests of an `HTTPServer`. All three are called on a loop's thread and must not block.
package protocol RequestHandler: Sendable {
    /// Judges a request by its head, before any of its body is read.
    func admit(_ head: RequestHead, peer: Peer) -> Admission

    /// Answers a whole request by `reply`, once, now or later, from any thread.
    func respond(to request: Request, reply: Reply)

    /// The answer to what never became a request; the connection closes after it.
    func problem(for refusal: HTTPRefusal) -> Response
}

extension RequestHandler {
    package func problem(for refusal: HTTPRefusal) -> Response { refusal.problem() }
}

/// A handler's judgement of a head.
package enum Admission: Sendable {
    /// Go on; a body above the limit gets 413 `body-too-large`.
    case accept(bodyLimitBytes: Int)
    /// Answer this without reading the body. The connection goes on if there is no body, and closes otherwise.
    case refuse(Response)
}
