import ReelSystem

// From answers to bytes.
extension EventLoop {
    /// Sends an answer's head, and its content or the first demand for it.
    func begin(_ response: Response, on connection: Connection) {
        if response.closesConnection || drainDeadline != nil { connection.exchange.closes = true }
        var exchange = connection.exchange
        let hasContent = response.status != 204 && response.status != 304
        let framing: ResponseHead.Framing
        var content: [UInt8] = []
        switch response.body {
        case _ where !hasContent: framing = .absent
        case .none: framing = .length(0)
        case .bytes(let bytes):
            framing = .length(bytes.count)
            content = bytes
        case .stream(_, let lengthBytes?): framing = .length(lengthBytes)
        case .stream where exchange.isVersion10: framing = .untilClose
        case .stream: framing = .chunked
        }
        if case .untilClose = framing { exchange.closes = true }
        connection.exchange = exchange

        headScratch.removeAll(keepingCapacity: true)
        ResponseHead.write(response, framing, closes: exchange.closes, date: date.bytes, into: &headScratch)

        let isSent = hasContent && !exchange.isHead
        if case .stream(let stream, let lengthBytes) = response.body {
            if isSent {
                let isChunked = if case .chunked = framing { true } else { false }
                connection.streaming = Connection.Streaming(
                    stream: stream, isChunked: isChunked, leftBytes: lengthBytes)
            } else {
                stream.cancel()
            }
        }
        send(headScratch, isSent ? content : [], [], on: connection)
    }

    /// Sends a piece of a streamed answer in its framing.
    func write(piece bytes: [UInt8], isLast: Bool, on connection: Connection) {
        guard var streaming = connection.streaming else { return }
        streaming.isLastGiven = isLast
        if let left = streaming.leftBytes {
            streaming.leftBytes = left - bytes.count
            // The stream broke its word on the length: the answer cannot end well.
            guard left >= bytes.count, !isLast || left == bytes.count else { return cut(connection) }
        }
        connection.streaming = streaming
        if !streaming.isChunked {
            send(bytes, [], [], on: connection)
        } else if bytes.isEmpty {
            send(isLast ? ResponseHead.lastChunk : [], [], [], on: connection)
        } else {
            send(
                ResponseHead.chunkStart(sizeBytes: bytes.count), bytes,
                isLast ? ResponseHead.lastChunkEnd : ResponseHead.chunkEnd, on: connection)
        }
    }

    /// `100 Continue`. If the kernel has no room for it, it goes out before whatever is sent next.
    func goOn(_ connection: Connection) {
        connection.output = Output(first: ResponseHead.goOn)
        _ = flush(connection)
    }

    func flushGoOn(_ connection: Connection) {
        if !connection.output.isEmpty { _ = flush(connection) }
    }

    /// Hands bytes to the kernel, and keeps what it does not take; `pump` goes on from there.
    private func send(_ first: [UInt8], _ second: [UInt8], _ third: [UInt8], on connection: Connection) {
        connection.phase = .writing
        connection.deadline = now + Int64(options.writeStallSecondsMax) * 1_000
        guard connection.output.isEmpty else {
            let unsent = connection.output.first[connection.output.sentBytes...]
            connection.output = Output(first: Array(unsent) + first, second: second, third: third)
            return
        }
        let total = first.count + second.count + third.count
        // The usual case: all goes out at once and nothing is kept.
        let sent: Int
        switch connection.fd.send(first, second, third) {
        case .moved(let count): sent = count
        case .wouldBlock: sent = 0
        case .ended, .failed: return close(connection)
        }
        counts.bytesOut += sent
        if sent < total {
            connection.output = Output(first: first, second: second, third: third, sentBytes: sent)
        }
    }

    /// Sends what is kept. False when the kernel has no more room, or the connection is gone.
    func flush(_ connection: Connection) -> Bool {
        while !connection.output.isEmpty {
            let output = connection.output
            switch connection.fd.send(output.first, output.second, output.third, skippedBytes: output.sentBytes) {
            case .moved(let count):
                counts.bytesOut += count
                connection.output.sentBytes += count
                if connection.phase == .writing {
                    connection.deadline = now + Int64(options.writeStallSecondsMax) * 1_000
                }
            case .wouldBlock: return false
            case .ended, .failed:
                close(connection)
                return false
            }
        }
        connection.output = Output()
        return true
    }

    /// What was to be sent is sent: demands the next piece, or ends the exchange.
    func afterOutput(_ connection: Connection) {
        if let streaming = connection.streaming, !streaming.isLastGiven {
            connection.phase = .awaitingPiece
            connection.deadline = now + Int64(options.replySecondsMax) * 1_000
            connection.ticket.request &+= 1
            return streaming.stream.demand(BodySink(mailbox, connection.ticket))
        }
        connection.streaming = nil
        if connection.exchange.closes { return linger(connection) }
        connection.exchange = Connection.Exchange()
        connection.phase = .idle
        connection.deadline = now + Int64(options.idleSecondsMax) * 1_000
        if drainDeadline != nil { linger(connection) }
    }

    /// Ends the sending side and reads until the peer ends its own: closing over unread input would send a reset,
    /// which can destroy the answer on its way.
    private func linger(_ connection: Connection) {
        connection.fd.shutdownWriting()
        connection.phase = .lingering
        connection.input = []
        connection.lingerLeftBytes = options.lingerSizeMaxBytes
        connection.deadline = now + Int64(options.lingerSecondsMax) * 1_000
    }

    /// Breaks the connection off so that the peer sees that its answer is not whole.
    func cut(_ connection: Connection) {
        connection.fd.resetOnClose()
        close(connection)
    }
}
