import ReelSystem

/// A source of an answer's content, asked for one piece at a time, so that a slow reader holds one piece and no more.
package protocol BodyStream: AnyObject, Sendable {
    /// The connection has room: answer, once, from any thread, now or later, with `send` or `abort`. Called on the
    /// loop's thread; must not block. There is one outstanding demand at a time.
    func demand(_ sink: BodySink)

    /// The client is gone or its answer is over before the last piece; nothing more will be demanded. Called on the
    /// loop's thread, at most once; an answer still to come is dropped.
    func cancel()
}

/// Where a stream answers one demand.
package struct BodySink: Sendable {
    private enum Target: Sendable {
        case connection(Mailbox, Ticket)
        case closure(@Sendable ([UInt8]?, Bool) -> Void)
    }
    private let target: Target

    init(_ mailbox: Mailbox, _ ticket: Ticket) { target = .connection(mailbox, ticket) }

    /// A sink without a connection, for driving a stream by hand: gets the piece, or nil for an abort.
    package init(_ receive: @escaping @Sendable (_ bytes: [UInt8]?, _ isLast: Bool) -> Void) {
        target = .closure(receive)
    }

    /// Gives the next piece. An empty one is allowed; nothing is written for it.
    package func send(_ bytes: [UInt8], isLast: Bool) {
        send(parts: bytes.isEmpty ? [] : [.bytes(bytes)], isLast: isLast)
    }

    /// Gives the next piece in parts. No part may be empty.
    package func send(parts: [SendPart], isLast: Bool) {
        switch target {
        case .connection(let mailbox, let ticket): mailbox.post(.piece(ticket, parts, isLast: isLast))
        case .closure(let receive): receive(BodySink.bytes(of: parts), isLast)
        }
    }

    /// Nil where a file cannot be read.
    private static func bytes(of parts: [SendPart]) -> [UInt8]? {
        var bytes: [UInt8] = []
        for part in parts {
            switch part {
            case .bytes(let own): bytes += own
            case .file(let range):
                let size = bytes.count + range.count
                try? range.file.read(range.count, at: range.offsetBytes, into: &bytes)
                guard bytes.count == size else { return nil }
            }
        }
        return bytes
    }

    /// Gives up: the connection is closed so that the peer sees a cut answer, never a well-formed short one.
    package func abort() {
        switch target {
        case .connection(let mailbox, let ticket): mailbox.post(.abort(ticket))
        case .closure(let receive): receive(nil, true)
        }
    }
}
