import ReelCodec

/// Real events at other times.
enum Retimed {
    private static let name = Array("\"timestamp\":".utf8)

    /// A batch's events spread evenly over a span of time. An event whose own timestamp cannot be told from others
    /// inside it is left out.
    static func body(
        _ body: [UInt8], startMilliseconds: Int64, lengthMilliseconds: Int64, scanner: EventScanner
    ) throws -> [UInt8] {
        let run = try scanner.scan(body).run
        var moved = [UInt8(ascii: "[")]
        for (index, event) in run.events.enumerated() {
            let text = run.text[event.offsetBytes..<event.offsetBytes + event.sizeBytes]
            let time = startMilliseconds + lengthMilliseconds * Int64(index) / Int64(run.events.count)
            guard let changed = changed(text, to: time),
                try scanner.scan([UInt8(ascii: "[")] + changed + [UInt8(ascii: "]")]).run.events.first?
                    .timestampMicroseconds == time * 1000
            else { continue }
            if moved.count > 1 { moved.append(UInt8(ascii: ",")) }
            moved += changed
        }
        return moved + [UInt8(ascii: "]")]
    }

    /// The event with the last number that is named `timestamp` replaced.
    private static func changed(_ event: ArraySlice<UInt8>, to milliseconds: Int64) -> [UInt8]? {
        var start = event.endIndex - name.count
        while start > event.startIndex, !event[start..<start + name.count].elementsEqual(name) { start -= 1 }
        guard start > event.startIndex else { return nil }
        let number = start + name.count
        let end = event[number...].firstIndex { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let end else { return nil }
        return Array(event[..<number]) + Array(String(milliseconds).utf8) + Array(event[end...])
    }
}
