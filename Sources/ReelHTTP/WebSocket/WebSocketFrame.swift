import CReelWslay

/// Whole frames as a server sends them: unmasked, in one piece (RFC 6455 §5). Made once they may go to any number of
/// connections.
package enum WebSocketFrame {
    package enum CloseCode: UInt16, Sendable {
        case normal = 1000
        case goingAway = 1001
        case protocolError = 1002
        case unsupportedData = 1003
    }

    /// - Parameter message: UTF-8.
    package static func text(_ message: [UInt8]) -> [UInt8] { frame(WSLAY_TEXT_FRAME, message) }

    package static let ping = frame(WSLAY_PING, [])

    package static func close(_ code: CloseCode) -> [UInt8] {
        frame(WSLAY_CONNECTION_CLOSE, [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)])
    }

    private static func frame(_ opcode: wslay_opcode, _ payload: [UInt8]) -> [UInt8] {
        let output = FrameOutput()
        output.bytes.reserveCapacity(payload.count + 10)
        var callbacks = wslay_frame_callbacks()
        callbacks.send_callback = takeFrameBytes
        var context: wslay_frame_context_ptr?
        let user = Unmanaged.passUnretained(output).toOpaque()
        precondition(wslay_frame_context_init(&context, &callbacks, user) == 0, "out of memory")
        defer { wslay_frame_context_free(context) }
        payload.withUnsafeBufferPointer { payload in
            var frame = wslay_frame_iocb()
            frame.fin = 1
            frame.opcode = UInt8(opcode.rawValue)
            frame.payload_length = UInt64(payload.count)
            frame.data = payload.baseAddress
            frame.data_length = payload.count
            let sent = wslay_frame_send(context, &frame)
            precondition(sent == payload.count, "everything is taken, so that everything is sent")
        }
        return output.bytes
    }
}

/// Where wslay puts a frame.
private final class FrameOutput {
    var bytes: [UInt8] = []
}

private func takeFrameBytes(
    _ data: UnsafePointer<UInt8>?, _ count: Int, _ flags: Int32, _ user: UnsafeMutableRawPointer?
) -> Int {
    guard let user else { return -1 }
    let output = Unmanaged<FrameOutput>.fromOpaque(user).takeUnretainedValue()
    output.bytes.append(contentsOf: UnsafeBufferPointer(start: data, count: count))
    return count
}
