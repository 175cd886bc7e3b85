import ReelCodec
import ReelFormat
import ReelStore
import SimulatedDisk

/// A batch no event of which is like any other's.
///
/// - Parameter noiseBytes: text that does not compress, so that the frame lies in several sectors.
func makeBatch(
    _ n: Int, _ number: UInt64, writer: String = "w", count: Int = 4, noiseBytes: Int = 0
) -> SentBatch {
    var random = SeededGenerator(seed: UInt64(n) << 32 | number)
    var events: [String] = []
    for index in 0..<count {
        let time = 1_700_000_000_000 + Int(number) * 1000 + index * 10
        let mark = "\(writer)-\(number)-\(index)"
        switch index {
        case 0:
            events.append(
                #"{"type":4,"data":{"href":"https://shop.example/\#(mark)","width":1280,"height":720},"timestamp":\#(time)}"#
            )
        case 1:
            events.append(
                #"{"type":2,"data":{"node":{"type":0,"childNodes":[],"id":1},"m":"\#(mark)"},"timestamp":\#(time)}"#)
        default:
            var noise = ""
            while noise.utf8.count * (count - 2) < noiseBytes { noise += String(random.next(), radix: 36) }
            events.append(
                #"{"type":3,"data":{"source":2,"type":2,"id":7,"m":"\#(mark)","n":"\#(noise)"},"timestamp":\#(time)}"#)
        }
    }
    return SentBatch(recording: ScenarioRun.id(n), writer: writer, number: number, events: events)
}

func scan(_ events: [String]) throws -> EventRun {
    try EventScanner().scan(Array(("[" + events.joined(separator: ",") + "]").utf8)).run
}

extension Store {
    /// A recording's events as a viewer gets them, each by itself.
    func events(of recording: UInt64) throws -> [String] {
        let reader = SpliceReader(try snapshot(recording), coding: .identity)
        var text: [UInt8] = []
        while let piece = try reader.nextPiece() { text += piece }
        let run = try EventScanner().scan(text).run
        return run.events.map {
            String(decoding: run.text[$0.offsetBytes..<$0.offsetBytes + $0.sizeBytes], as: UTF8.self)
        }
    }

    /// The index as text.
    func dump() throws -> [String] {
        var lines: [String] = []
        try IndexDump(self).write { lines.append($0) }
        return lines
    }
}
