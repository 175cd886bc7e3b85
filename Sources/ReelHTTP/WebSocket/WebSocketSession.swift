import CReelWslay

/// What a WebSocket's client sends, read by wslay, and the control frames that answer it. What the server has to say goes
/// past it, as frames that are made already.
///
/// A client has nothing to say but control frames: a message closes the connection. What breaks the protocol (RFC 6455)
/// closes it, too, with the code that says why. Belongs to one event loop.
final class WebSocketSession {
    private var context: wslay_event_context_ptr?
    private let exchange = WebSocketExchange()

    /// - Throws: there is no memory for it.
    init() throws(SystemFault) {
        var callbacks = wslay_event_callbacks()
        callbacks.recv_callback = giveReceivedBytes
        callbacks.send_callback = takeAnswerBytes
        callbacks.on_msg_recv_callback = noteMessage
        let user = Unmanaged.passUnretained(exchange).toOpaque()
        guard wslay_event_context_server_init(&context, &callbacks, user) == 0 else { throw SystemFault() }
        wslay_event_config_set_max_recv_msg_length(context, WebSocketSession.messageSizeMaxBytes)
    }

    deinit { wslay_event_context_free(context) }

    struct SystemFault: Error {}

    /// Control frames have at most 125 bytes; of a message no more than this is looked at before it is refused.
    private static let messageSizeMaxBytes: UInt64 = 4_096

    /// Takes what was received.
    ///
    /// - Returns: what is to be sent, which may be nothing, and whether the connection ends behind it.
    func receive(_ bytes: ArraySlice<UInt8>) -> (answer: [UInt8], isOver: Bool) {
        exchange.input = bytes
        // Each round takes input or ends; once something was refused, wslay reads no more.
        while wslay_event_want_read(context) != 0, !exchange.input.isEmpty {
            let left = exchange.input.count
            guard wslay_event_recv(context) == 0, exchange.input.count < left else { break }
        }
        if exchange.hasMessage, wslay_event_get_close_sent(context) == 0 {
            wslay_event_queue_close(context, WebSocketFrame.CloseCode.unsupportedData.rawValue, nil, 0)
        }
        while wslay_event_want_write(context) != 0 {
            guard wslay_event_send(context) == 0 else { break }
        }
        let isOver =
            wslay_event_get_close_sent(context) != 0 || wslay_event_get_close_received(context) != 0
            || wslay_event_get_read_enabled(context) == 0
        defer { exchange.output = [] }
        return (withCode(exchange.output), isOver)
    }

    /// wslay says nothing of why it closes where a frame itself is malformed; RFC 6455 §7.4.1 has a code for that.
    private func withCode(_ output: [UInt8]) -> [UInt8] {
        let bareClose: [UInt8] = [0x88, 0x00]
        guard wslay_event_get_close_sent(context) != 0, wslay_event_get_close_received(context) == 0,
            output.suffix(2) == bareClose[...]
        else { return output }
        return output.dropLast(2) + WebSocketFrame.close(.protocolError)
    }
}

/// What wslay's callbacks work on.
private final class WebSocketExchange {
    var input: ArraySlice<UInt8> = []
    var output: [UInt8] = []
    /// The client sent a message.
    var hasMessage = false
}

private func exchange(_ user: UnsafeMutableRawPointer?) -> WebSocketExchange? {
    user.map { Unmanaged<WebSocketExchange>.fromOpaque($0).takeUnretainedValue() }
}

private func giveReceivedBytes(
    _ context: wslay_event_context_ptr?, _ buffer: UnsafeMutablePointer<UInt8>?, _ countMax: Int, _ flags: Int32,
    _ user: UnsafeMutableRawPointer?
) -> Int {
    guard let exchange = exchange(user), let buffer, !exchange.input.isEmpty else {
        wslay_event_set_error(context, Int32(WSLAY_ERR_WOULDBLOCK.rawValue))
        return -1
    }
    let taken = exchange.input.prefix(countMax)
    taken.withUnsafeBufferPointer { bytes in
        guard let start = bytes.baseAddress else { return }
        buffer.update(from: start, count: bytes.count)
    }
    exchange.input = exchange.input.dropFirst(taken.count)
    return taken.count
}

private func takeAnswerBytes(
    _ context: wslay_event_context_ptr?, _ data: UnsafePointer<UInt8>?, _ count: Int, _ flags: Int32,
    _ user: UnsafeMutableRawPointer?
) -> Int {
    exchange(user)?.output.append(contentsOf: UnsafeBufferPointer(start: data, count: count))
    return count
}

private func noteMessage(
    _ context: wslay_event_context_ptr?, _ message: UnsafePointer<wslay_event_on_msg_recv_arg>?,
    _ user: UnsafeMutableRawPointer?
) {
    guard let opcode = message?.pointee.opcode else { return }
    // Control frames have the highest bit of the four.
    if opcode & 0x8 == 0 { exchange(user)?.hasMessage = true }
}
