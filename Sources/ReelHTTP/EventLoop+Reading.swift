import ReelSystem

// From readiness to whole requests.
extension EventLoop {
    /// Receives of one connection before the others get their turn.
    private static let receivesPerTurnMax = 16
    private static let headReceiveSizeBytes = 16 << 10
    /// A body is received into its own place in steps of these sizes, and in smaller ones by way of the scratch.
    private static let directSizeMinBytes = 4 << 10
    private static let directSizeMaxBytes = 1 << 20

    /// Takes an event in and works on its connection.
    func note(_ readiness: Readiness, on connection: Connection) {
        if readiness.contains(.readable) || readiness.contains(.peerClosed) { connection.isReadable = true }
        if readiness.contains(.peerClosed) { connection.isPeerClosed = true }
        if readiness.contains(.hungUp) {
            connection.isReadable = true
            connection.isPeerClosed = true
            switch connection.phase {
            case .awaitingReply, .awaitingPiece, .awaitingShare: return close(connection)
            default: break
            }
        }
        pump(connection)
    }

    /// Works on a connection until it waits for something. Each round takes input, takes output away, or leaves.
    func pump(_ connection: Connection) {
        var receivesLeft = Self.receivesPerTurnMax
        while true {
            switch connection.phase {
            case .idle, .readingHead, .readingBody:
                if !connection.input.isEmpty {
                    let input = connection.input
                    connection.input = []
                    read(input, 0..<input.count, on: connection)
                    continue
                }
                guard connection.isReadable else { return flushGoOn(connection) }
                guard receivesLeft > 0 else { return again(connection) }
                receivesLeft -= 1
                receive(on: connection)
            case .lingering:
                guard connection.isReadable else { return }
                guard receivesLeft > 0 else { return again(connection) }
                receivesLeft -= 1
                discard(on: connection)
            case .writing:
                guard flush(connection) else { return }
                afterOutput(connection)
            case .awaitingPiece where connection.webSocket != nil:
                guard !connection.input.isEmpty || connection.isReadable else { return }
                guard receivesLeft > 0 else { return again(connection) }
                receivesLeft -= 1
                receiveFrames(on: connection)
            case .awaitingShare, .awaitingReply, .awaitingPiece, .closed:
                return
            }
        }
    }

    private func again(_ connection: Connection) {
        guard !connection.isReady else { return }
        connection.isReady = true
        ready.append(connection)
    }

    private func receive(on connection: Connection) {
        if connection.phase == .readingBody, let left = connection.reader.bodyLeftBytes, left >= Self.directSizeMinBytes
        {
            var transfer = Transfer.wouldBlock
            connection.reader.extendBody { body, countMax in
                transfer = connection.fd.receive(appendingTo: &body, countMax: min(countMax, Self.directSizeMaxBytes))
                return if case .moved(let count) = transfer { count } else { 0 }
            }
            received(transfer, of: min(left, Self.directSizeMaxBytes), on: connection)
            if case .moved = transfer { read([], 0..<0, on: connection) }
        } else {
            // Little of a body comes with its head, so that most of it need not be copied out of the scratch.
            let start = connection.phase == .readingBody ? 0 : scratch.count - Self.headReceiveSizeBytes
            let transfer = connection.fd.receive(into: &scratch, from: start)
            received(transfer, of: scratch.count - start, on: connection)
            if case .moved(let count) = transfer { read(scratch, start..<start + count, on: connection) }
        }
    }

    /// Notes what a receive of so many bytes says about the socket.
    private func received(_ transfer: Transfer, of countMax: Int, on connection: Connection) {
        switch transfer {
        case .moved(let count):
            counts.bytesIn += count
            // Room not filled is a socket emptied; only an end behind it must still be fetched.
            connection.isReadable = count == countMax || connection.isPeerClosed
        case .wouldBlock: connection.isReadable = false
        case .ended, .failed: close(connection)
        }
    }

    /// Takes what a WebSocket's client sent to its session.
    private func receiveFrames(on connection: Connection) {
        if !connection.input.isEmpty {
            let input = connection.input
            connection.input = []
            return take(input[...], on: connection)
        }
        let transfer = connection.fd.receive(into: &scratch)
        received(transfer, of: scratch.count, on: connection)
        if case .moved(let count) = transfer { take(scratch[..<count], on: connection) }
    }

    private func discard(on connection: Connection) {
        let transfer = connection.fd.receive(into: &scratch)
        received(transfer, of: scratch.count, on: connection)
        if case .moved(let count) = transfer {
            connection.lingerLeftBytes -= count
            if connection.lingerLeftBytes < 0 { close(connection) }
        }
    }

    /// Gives bytes to the reader, and does what it finds, until the connection waits; what is left is kept.
    private func read(_ bytes: [UInt8], _ range: Range<Int>, on connection: Connection) {
        var rest = range
        while connection.isReading {
            if connection.phase == .readingBody, !ensureShare(incoming: rest.count, on: connection) { break }
            switch connection.reader.advance(bytes, &rest, limits: limits) {
            case .needsMore: return waitForMore(connection)
            case .head(let head): judge(head, on: connection)
            case .whole(let head, let body): dispatch(head, body, on: connection)
            case .refused(let refusal): refuse(refusal, on: connection)
            }
        }
        if !rest.isEmpty, connection.phase != .closed, connection.phase != .lingering {
            connection.input = Array(bytes[rest])
        }
    }

    private func waitForMore(_ connection: Connection) {
        switch connection.phase {
        case .idle where !connection.reader.isFresh:
            connection.phase = .readingHead
            connection.deadline = now + Int64(options.headSecondsMax) * 1_000
        case .readingBody:
            let earnedSeconds = connection.reader.bodySizeBytes / options.bodyRateMinBytesPerSecond
            connection.deadline = connection.bodyBegan + Int64(options.bodyGraceSeconds + earnedSeconds) * 1_000
        default: break
        }
    }

    private func judge(_ head: RequestHead, on connection: Connection) {
        connection.exchange = Connection.Exchange(
            isHead: head.method == .head, isVersion10: head.isVersion10, closes: head.closesConnection,
            expectsContinue: head.expectsContinue && head.framing != .none)
        switch handler.admit(head, peer: connection.peer) {
        case .refuse(let response):
            // What follows the head is its body, and may not be taken for a request.
            if head.framing != .none { connection.exchange.closes = true }
            connection.reader = RequestReader()
            begin(response, on: connection)
        case .accept(let limitBytes):
            do {
                try connection.reader.accept(limitBytes: min(limitBytes, options.memory.totalBytes))
            } catch {
                return refuse(error, on: connection)
            }
            connection.phase = .readingBody
            connection.bodyBegan = now
        }
    }

    /// Sees to it that the body may hold what comes in; false when it must wait for memory.
    private func ensureShare(incoming: Int, on connection: Connection) -> Bool {
        let wanted = connection.reader.shareBytesWanted(incoming: incoming)
        let missing = wanted - (connection.share?.bytes ?? 0)
        if missing > 0 {
            let use = MemoryBudget.Use.body(ofSizeBytes: wanted)
            if let share = options.memory.tryShare(missing, for: use) {
                merge(share, on: connection)
            } else {
                connection.phase = .awaitingShare
                connection.shareBegan = now
                connection.deadline = now + Int64(options.shareSecondsMax) * 1_000
                let (mailbox, ticket) = (mailbox, connection.ticket)
                options.memory.share(missing, for: use) { share in mailbox.post(.share(ticket, share)) }
                return false
            }
        }
        if connection.exchange.expectsContinue {
            connection.exchange.expectsContinue = false
            // A body that is on its way already has not waited for leave.
            if incoming == 0, connection.reader.bodySizeBytes == 0 { goOn(connection) }
        }
        return connection.phase == .readingBody
    }

    /// A share that was waited for. The wait does not count against the sender.
    func take(_ share: MemoryShare, on connection: Connection) {
        merge(share, on: connection)
        connection.phase = .readingBody
        connection.bodyBegan += now - connection.shareBegan
        // Even without new input: leave to go on may have to be given, and the deadline set.
        read([], 0..<0, on: connection)
    }

    private func merge(_ share: MemoryShare, on connection: Connection) {
        // The newer one says what the body has become: one that grows chunk by chunk may now be large.
        if let held = connection.share { share.absorb(held) }
        connection.share = share
    }

    private func dispatch(_ head: RequestHead, _ body: [UInt8], on connection: Connection) {
        counts.requests += 1
        connection.phase = .awaitingReply
        connection.deadline = now + Int64(options.replySecondsMax) * 1_000
        connection.ticket.request &+= 1
        let request = Request(head: head, body: body, peer: connection.peer, share: connection.share)
        connection.share = nil
        handler.respond(to: request, reply: Reply(mailbox, connection.ticket))
    }

    /// Answers what the server will not take, once, as the last answer of the connection.
    func refuse(_ refusal: HTTPRefusal, on connection: Connection) {
        counts.refused += 1
        connection.exchange.closes = true
        connection.share = nil
        connection.input = []
        connection.reader = RequestReader()
        // A late answer to the same request must find nobody.
        connection.ticket.request &+= 1
        begin(handler.problem(for: refusal), on: connection)
    }
}
