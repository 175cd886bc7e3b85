import ReelSystem

// A connection that became a WebSocket: frames of its stream go out as any piece does; what the client sends is read
// whenever nothing waits to be sent, so that one that pings and does not read is not answered for ever.
extension EventLoop {
    func beginWebSocket(_ stream: any BodyStream, on connection: Connection) {
        connection.streaming = Connection.Streaming(stream: stream, isChunked: false, leftBytes: nil)
        connection.heardAt = now
        do {
            connection.webSocket = try WebSocketSession()
        } catch {
            cut(connection)
        }
    }

    /// Takes bytes of a client's frames, and sends what answers them.
    func take(_ bytes: ArraySlice<UInt8>, on connection: Connection) {
        guard let session = connection.webSocket else { return }
        connection.heardAt = now
        connection.deadline = now + Int64(options.webSocketSilenceSecondsMax) * 1_000
        let (answer, isOver) = session.receive(bytes)
        if isOver {
            // The stream ends with it; what it still gives finds nobody.
            connection.webSocket = nil
            connection.isDemandOut = false
            connection.ticket.request &+= 1
            connection.streaming?.stream.cancel()
            connection.streaming = nil
        }
        guard isOver || !answer.isEmpty else { return }
        if !answer.isEmpty { connection.output.waiting.insert(.bytes(answer), at: 0) }
        connection.phase = .writing
        connection.deadline = now + Int64(options.writeStallSecondsMax) * 1_000
    }
}
