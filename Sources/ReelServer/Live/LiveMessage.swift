import ReelHTTP

/// One thing that a viewer is told: API.md "Live".
enum LiveMessage: Sendable {
    /// The stream begins with this ordinal, of so many events.
    case begin(first: UInt64, events: UInt64)
    /// An event a line; the first has the ordinal `first`.
    case events(lines: [UInt8], first: UInt64)
    /// Events that the store cannot give.
    case lost(Range<UInt64>)
    /// Nothing comes any more.
    case end(reason: String)

    /// The list's stream begins.
    case beginList
    /// A recording as the list shows it now: JSON.
    case recording([UInt8])
    /// A recording that is not in the list, or not any more.
    case absent(number: UInt64)
    /// Changes were left out: what is shown is to be asked for anew.
    case reload
}

/// How messages go out.
enum LiveEncoding: Int, Sendable {
    /// Server-sent events (WHATWG HTML §9.2).
    case eventStream
    /// WebSocket text messages, each a JSON object.
    case webSocket

    func encode(_ messages: [LiveMessage]) -> [UInt8] {
        var output: [UInt8] = []
        for message in messages {
            switch self {
            case .eventStream: message.addEvent(to: &output)
            case .webSocket: output += WebSocketFrame.text(message.object)
            }
        }
        return output
    }

    /// What says that a silent stream lives.
    var heartbeat: [UInt8] {
        switch self {
        case .eventStream: Array(":\n\n".utf8)
        case .webSocket: WebSocketFrame.ping
        }
    }

    /// What goes out behind the last message.
    ///
    /// - Parameter isStopping: the daemon goes, not the recording.
    func farewell(isStopping: Bool) -> [UInt8] {
        switch self {
        case .eventStream: []
        case .webSocket: WebSocketFrame.close(isStopping ? .goingAway : .normal)
        }
    }
}

extension LiveMessage {
    private static let lineFeed: UInt8 = 0x0A

    fileprivate func addEvent(to output: inout [UInt8]) {
        switch self {
        case .begin(let first, let events):
            output += Array("retry: 1000\nevent: begin\ndata: {\"first\":\(first),\"events\":\(events)}\n\n".utf8)
        case .events(let lines, let first):
            output.reserveCapacity(output.count + lines.count + lines.count / 8)
            var ordinal = first
            for line in lines.split(separator: LiveMessage.lineFeed) {
                output += Array("id: \(ordinal)\ndata: ".utf8)
                output += line
                output += [LiveMessage.lineFeed, LiveMessage.lineFeed]
                ordinal += 1
            }
        case .lost(let ordinals):
            // The id makes a viewer who comes again go on behind them.
            let text =
                "id: \(ordinals.upperBound - 1)\nevent: lost\ndata: {\"first\":\(ordinals.lowerBound),"
                + "\"count\":\(ordinals.count)}\n\n"
            output += Array(text.utf8)
        case .end(let reason): output += Array("event: end\ndata: {\"reason\":\"\(reason)\"}\n\n".utf8)
        case .beginList: output += Array("retry: 1000\nevent: begin\ndata: {}\n\n".utf8)
        case .recording(let json):
            output += Array("event: recording\ndata: ".utf8)
            output += json
            output += [LiveMessage.lineFeed, LiveMessage.lineFeed]
        case .absent(let number): output += Array("event: absent\ndata: {\"number\":\(number)}\n\n".utf8)
        case .reload: output += Array("event: reload\ndata: {}\n\n".utf8)
        }
    }

    /// A JSON object with the member `type`.
    fileprivate var object: [UInt8] {
        switch self {
        case .begin(let first, let events):
            return Array("{\"type\":\"begin\",\"first\":\(first),\"events\":\(events)}".utf8)
        case .events(let lines, let first):
            var object = Array("{\"type\":\"events\",\"first\":\(first),\"events\":[".utf8)
            object.reserveCapacity(object.count + lines.count + 2)
            // The last line feed ends the last event.
            for byte in lines.dropLast() { object.append(byte == LiveMessage.lineFeed ? UInt8(ascii: ",") : byte) }
            object += Array("]}".utf8)
            return object
        case .lost(let ordinals):
            let text = "{\"type\":\"lost\",\"first\":\(ordinals.lowerBound),\"count\":\(ordinals.count)}"
            return Array(text.utf8)
        case .end(let reason): return Array("{\"type\":\"end\",\"reason\":\"\(reason)\"}".utf8)
        case .beginList: return Array("{\"type\":\"begin\"}".utf8)
        case .recording(let json): return Array("{\"type\":\"recording\",\"recording\":".utf8) + json + [0x7D]
        case .absent(let number): return Array("{\"type\":\"absent\",\"number\":\(number)}".utf8)
        case .reload: return Array("{\"type\":\"reload\"}".utf8)
        }
    }
}
