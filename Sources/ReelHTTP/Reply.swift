/// The way back to one request's connection. It may be kept and used on any thread; it holds no connection alive.
///
/// The first `complete` counts. One that comes when the client has gone, or after `HTTPOptions.replySecondsMax`, is
/// dropped. A reply that is never completed costs its client a 503 `reply-overdue` at that time.
package struct Reply: Sendable {
    private enum Target: Sendable {
        case connection(Mailbox, Ticket)
        case closure(@Sendable (Response) -> Void)
    }
    private let target: Target

    init(_ mailbox: Mailbox, _ ticket: Ticket) { target = .connection(mailbox, ticket) }

    /// A reply without a connection, for calling a handler by hand.
    package init(_ receive: @escaping @Sendable (Response) -> Void) { target = .closure(receive) }

    package func complete(_ response: Response) {
        switch target {
        case .connection(let mailbox, let ticket): mailbox.post(.reply(ticket, response))
        case .closure(let receive): receive(response)
        }
    }
}
