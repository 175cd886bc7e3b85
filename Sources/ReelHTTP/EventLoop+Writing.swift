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
        case .webSocket: framing = .upgrade
        case .none: framing = .length(0)
        case .bytes(let bytes):
            framing = .length(bytes.count)
            content = bytes
        case .stream(_, let lengthBytes?): framing = .length(lengthBytes)
        case .stream where exchange.isVersion10: framing = .untilClose
        case .stream: framing = .chunked
        }
        switch framing {
        case .untilClose, .upgrade: exchange.closes = true
        default: break
        }
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
        if case .webSocket(let stream) = response.body { beginWebSocket(stream, on: connection) }
        send(headScratch, isSent ? content : [], [], on: connection)
    }

    /// Sends a piece of a streamed answer in its framing; `pump` hands it to the kernel.
    func write(_ parts: [SendPart], isLast: Bool, on connection: Connection) {
        guard var streaming = connection.streaming else { return }
        connection.isDemandOut = false
        let size = parts.reduce(0) { $0 + $1.count }
        streaming.isLastGiven = isLast
        if let left = streaming.leftBytes {
            streaming.leftBytes = left - size
            // The stream broke its word on the length: the answer cannot end well.
            guard left >= size, !isLast || left == size else { return cut(connection) }
        }
        connection.streaming = streaming
        connection.phase = .writing
        connection.deadline = now + Int64(options.writeStallSecondsMax) * 1_000
        var framed = parts
        if streaming.isChunked {
            if size > 0 {
                framed.insert(.bytes(ResponseHead.chunkStart(sizeBytes: size)), at: 0)
                framed.append(.bytes(isLast ? ResponseHead.lastChunkEnd : ResponseHead.chunkEnd))
            } else if isLast {
                framed.append(.bytes(ResponseHead.lastChunk))
            }
        }
        // A piece is demanded only once all before it is sent; but a WebSocket may have an answer to a ping on its way.
        connection.output.waiting.insert(contentsOf: framed.reversed(), at: 0)
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
            switch transfer(&connection.output, to: connection.fd) {
            case .moved(let count):
                counts.bytesOut += count
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

    /// Hands the next of what is kept to the kernel, and takes off what it took.
    private func transfer(_ output: inout Output, to socket: borrowing FileDescriptor) -> Transfer {
        if !output.hasPieces {
            // Neighbouring bytes go out in one call.
            output.first = output.takeBytes()
            output.second = output.takeBytes()
            output.third = output.takeBytes()
            output.sentBytes = 0
        }
        if output.hasPieces {
            let result = socket.send(
                output.first, output.second, output.third, skippedBytes: output.sentBytes,
                hasMore: !output.waiting.isEmpty)
            if case .moved(let count) = result { output.sentBytes += count }
            return result
        }
        guard case .file(var range)? = output.waiting.last else { return .moved(bytes: 0) }
        let result = range.file.send(range.count, at: range.offsetBytes, to: socket)
        if case .moved(let count) = result {
            range.offsetBytes += UInt64(count)
            range.count -= count
            output.waiting.removeLast()
            if range.count > 0 { output.waiting.append(.file(range)) }
        }
        return result
    }

    /// What was to be sent is sent: demands the next piece, or ends the exchange.
    func afterOutput(_ connection: Connection) {
        if let streaming = connection.streaming, !streaming.isLastGiven {
            connection.phase = .awaitingPiece
            if connection.webSocket != nil {
                connection.deadline = connection.heardAt + Int64(options.webSocketSilenceSecondsMax) * 1_000
                // Only an answer to a ping was sent.
                if connection.isDemandOut { return }
            } else {
                connection.deadline = now + Int64(options.replySecondsMax) * 1_000
            }
            connection.ticket.request &+= 1
            connection.isDemandOut = true
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
