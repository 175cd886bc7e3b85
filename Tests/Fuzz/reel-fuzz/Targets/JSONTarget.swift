import ReelCodec

/// The event scanner against the plain reading of RFC 8259: the same verdict on every body, and of a good one exactly
/// the octets of its events.
enum JSONTarget {
    private static let depthMax = 512
    private static let scanner = Unshared(EventScanner())
    private static let eventSizeMaxBytes = 48
    private static let smallScanner = Unshared(EventScanner(eventSizeMaxBytes: eventSizeMaxBytes))

    static func run(_ bytes: [UInt8]) {
        let form = (bytes.first ?? 0) % 3
        let body = Array(bytes.dropFirst())
        switch form {
        case 0: compare(scan(body, .json), document(body), body)
        case 1: compare(scan(body, .ndjson), lines(body), body)
        default: compare(scan(body, .detect), isLines(body) ? lines(body) : document(body), body)
        }
    }

    // MARK: What must come out

    private enum Expected {
        case notJSON
        case notABatch
        /// The values that stand where events do; nil for a line that is no JSON.
        case elements([PlainJSON.Node?], text: [[UInt8]], envelope: [(name: String, value: PlainJSON.Node)])
    }

    private static func document(_ body: [UInt8]) -> Expected {
        guard let node = PlainJSON.parse(body) else { return .notJSON }
        switch node.value {
        case .array(let elements):
            guard elements.allSatisfy({ $0.depth <= depthMax }) else { return .notJSON }
            return .elements(elements, text: elements.map { Array(body[$0.range]) }, envelope: [])
        case .object(let members):
            var events: PlainJSON.Node?
            for member in members {
                // The array of events is around them, and not of them.
                var depth = member.value.depth
                if member.name == "events" {
                    events = member.value
                    if case .array(let elements) = member.value.value { depth = elements.map(\.depth).max() ?? 0 }
                }
                guard depth <= depthMax else { return .notJSON }
            }
            guard case .array(let elements) = events?.value else { return .notABatch }
            return .elements(elements, text: elements.map { Array(body[$0.range]) }, envelope: members)
        default: return .notABatch
        }
    }

    private static func lines(_ body: [UInt8]) -> Expected {
        var nodes: [PlainJSON.Node?] = []
        var texts: [[UInt8]] = []
        for line in split(body) {
            let node = PlainJSON.parse(line).flatMap { $0.depth <= depthMax ? $0 : nil }
            nodes.append(node)
            texts.append(node.map { Array(line[$0.range]) } ?? [])
        }
        return .elements(nodes, text: texts, envelope: [])
    }

    /// The lines that hold more than white space.
    private static func split(_ body: [UInt8]) -> [[UInt8]] {
        body.split(separator: 0x0A).filter { !$0.allSatisfy { [0x20, 0x09, 0x0D].contains($0) } }.map { Array($0) }
    }

    /// As `EventScanner.Format.detect` and `BatchReader.beginsAsEnvelope` say it.
    private static func isLines(_ body: [UInt8]) -> Bool {
        let lines = split(body)
        guard let line = lines.first?.drop(while: { [0x20, 0x09, 0x0D].contains($0) }), line.first == UInt8(ascii: "{")
        else { return false }
        let beginnings = [#"{"events":"#, #"{"writer":"#, #"{"batch":"#]
        if lines.count == 1, beginnings.contains(where: { line.starts(with: $0.utf8) }) { return false }
        guard let node = PlainJSON.parse(Array(line)), node.depth <= depthMax, case .object(let members) = node.value
        else { return false }
        return lines.count > 1 || !members.contains { $0.name == "events" }
    }

    // MARK: What comes out

    private static func scan(
        _ body: [UInt8], _ format: EventScanner.Format, isSmall: Bool = false
    ) -> Result<ScannedBatch, ScanError> {
        do throws(ScanError) {
            let scanner = isSmall ? smallScanner : scanner
            return .success(try scanner.value.scan(body, format: format, policy: .drop))
        } catch {
            return .failure(error)
        }
    }

    private static func compare(
        _ result: Result<ScannedBatch, ScanError>, _ expected: Expected, _ body: [UInt8]
    ) {
        switch (result, expected) {
        case (.failure(.syntax(let fault)), .notJSON):
            claim((0...body.count).contains(fault.offsetBytes), "a fault at \(fault.offsetBytes) of \(body.count)")
        case (.failure(.notABatch(let offset)), .notABatch):
            claim((0...body.count).contains(offset), "no batch at \(offset) of \(body.count)")
        case (.failure(.badEnvelope(let member)), .elements(_, _, let envelope)):
            let last = envelope.last { $0.name == member }
            switch last?.value.value {
            case .string: claim(member == "batch", "a writer's name is refused")
            case .null, nil: claim(false, "\(member) is refused, and is not there")
            default: break
            }
        case (.success(let batch), .elements(let nodes, let texts, let envelope)):
            check(batch, nodes, texts, body)
            switch envelope.last(where: { $0.name == "writer" })?.value.value {
            case .string(let name)?: claim(batch.writer?.utf8.elementsEqual(name.utf8) == true, "another writer")
            case .null?, nil: claim(batch.writer == nil, "a writer is made up")
            default: claim(false, "a writer that is no string is taken")
            }
        default: claim(false, "\(result), but \(expected)")
        }
    }

    private static func check(
        _ batch: ScannedBatch, _ nodes: [PlainJSON.Node?], _ texts: [[UInt8]], _ body: [UInt8]
    ) {
        var good: [[UInt8]] = []
        for (node, text) in zip(nodes, texts) where node.map({ isEvent($0, text) }) ?? false { good.append(text) }
        claim(batch.dropped.count == nodes.count - good.count, "\(batch.dropped.count) events are dropped")
        for bad in batch.dropped.first { claim((0...body.count).contains(bad.offsetBytes), "a bad event outside") }
        let run = batch.run
        claim(run.text == Array(good.joined(separator: [0x2C, 0x0A])), "the events' octets differ")
        claim(run.events.count == good.count && Int(run.summary.eventCount) == good.count, "\(run.events.count) events")
        for (fact, text) in zip(run.events, good) {
            let range = fact.offsetBytes..<fact.offsetBytes + fact.sizeBytes
            claim(Array(run.text[range]) == text, "an event's place is wrong")
        }
        checkAgain(run)
        let sizes = zip(nodes, texts).map { node, text in
            if case .object? = node?.value { text.count } else { 0 }
        }
        let largest = sizes.max() ?? 0
        guard largest > eventSizeMaxBytes else { return }
        // The same under a limit that one event passes.
        let small = Array("[".utf8) + Array(texts.filter { !$0.isEmpty }.joined(separator: [0x2C])) + Array("]".utf8)
        guard case .failure(.eventTooLarge(_, _, let size, _)) = scan(small, .json, isSmall: true) else {
            return claim(false, "an event of \(largest) bytes passes a limit of \(eventSizeMaxBytes)")
        }
        claim(size > eventSizeMaxBytes && sizes.contains(size), "an event of \(size) bytes is made up")
    }

    /// A run is what it was when it is read from a frame, and cut in two it adds up to the same.
    private static func checkAgain(_ run: EventRun) {
        let again = claimed("a run is read again") { try scanner.value.rescan(run.text) }
        claim(again.events == run.events && again.summary == run.summary, "a run read again differs")
        guard run.events.count > 1 else { return }
        let middle = run.events[run.events.count / 2].offsetBytes
        var summary = claimed("the first half is read") {
            try scanner.value.rescan(Array(run.text[..<(middle - 2)])).summary
        }
        let second = claimed("the second half is read") { try scanner.value.rescan(Array(run.text[middle...])) }
        summary.append(second.summary)
        claim(summary == run.summary, "two halves do not add up")
    }

    private static func isEvent(_ node: PlainJSON.Node, _ text: [UInt8]) -> Bool {
        guard case .object(let members) = node.value else { return false }
        return ["timestamp", "type"].allSatisfy { name in
            if case .number? = members.last(where: { $0.name == name })?.value.value { true } else { false }
        }
    }
}

/// A value that only the fuzzer's one thread uses.
struct Unshared<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
