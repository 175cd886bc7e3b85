import ReelCodec

/// Looks a file's events over as the daemon will, before a recording is begun for them: a file that would be refused
/// leaves nothing behind, and what is wrong is told with its place in the file.
struct ImportCheck {
    private static let pieceSizeMaxBytes = 1 << 20

    let dropsInvalid: Bool
    // How large an event may be is the daemon's configuration, and its to judge.
    private let scanner = EventScanner(eventSizeMaxBytes: ImportFiles.sizeMaxBytes)

    init(dropsInvalid: Bool) { self.dropsInvalid = dropsInvalid }

    /// - Throws: what would be refused; nothing was sent then.
    func run(_ text: [UInt8]) throws(CommandFailure) {
        var splitter = EventSplitter()
        var index = 0
        var found = Findings()
        var piece = Piece()
        do throws(EventSplitter.Malformed) {
            while let event = try splitter.next(in: text, from: &index) {
                piece.add(event)
                if piece.body.count > Self.pieceSizeMaxBytes { look(at: &piece, &found) }
            }
            try splitter.finish()
        } catch {
            throw CommandFailure(.failure, error.description)
        }
        look(at: &piece, &found)
        guard found.eventCount > 0 else { throw CommandFailure(.failure, "there are no events in it") }
        if let fault = found.fault { throw CommandFailure(.failure, "\(fault); nothing was imported") }
        guard let first = found.firstInvalid else { return }
        if dropsInvalid {
            guard found.invalidCount == found.eventCount else { return }
            throw CommandFailure(.failure, "all of its events are invalid: \(first); nothing was imported")
        }
        let count = HumanText.plural(UInt64(found.invalidCount), "invalid event")
        throw CommandFailure(
            .failure,
            "\(count) of \(HumanText.count(UInt64(found.eventCount))): \(first); nothing was imported; "
                + "--drop-invalid leaves invalid events out")
    }

    private struct Findings {
        var eventCount = 0
        var invalidCount = 0
        var firstInvalid: String?
        /// The first event that is no JSON: that cannot be left out.
        var fault: String?
    }

    /// Some events as one array, with where each begins.
    private struct Piece {
        var starts: [Int] = []
        var body: [UInt8] = []

        mutating func add(_ event: [UInt8]) {
            body.append(UInt8(ascii: starts.isEmpty ? "[" : ","))
            starts.append(body.count)
            body += event
        }
    }

    /// Events are counted from 1, as people count.
    private func look(at piece: inout Piece, _ found: inout Findings) {
        guard !piece.starts.isEmpty else { return }
        do throws(ScanError) {
            let dropped = try scanner.scan(piece.body + [UInt8(ascii: "]")], policy: .drop).dropped
            if found.firstInvalid == nil, let first = dropped.first.first {
                found.firstInvalid = "event \(found.eventCount + first.index + 1) \(Self.text(first.reason))"
            }
            found.invalidCount += dropped.count
        } catch {
            if found.fault == nil { found.fault = Self.text(error, piece, after: found.eventCount) }
        }
        found.eventCount += piece.starts.count
        piece = Piece()
    }

    private static func text(_ error: ScanError, _ piece: Piece, after eventCount: Int) -> String {
        guard case .syntax(let fault) = error else { return "its events are none" }
        let index = piece.starts.lastIndex { $0 <= fault.offsetBytes } ?? 0
        let offset = max(0, fault.offsetBytes - piece.starts[index])
        return "event \(eventCount + index + 1) is no JSON at its byte \(offset): \(fault.reason.rawValue)"
    }

    private static func text(_ reason: BadEvent.Reason) -> String {
        switch reason {
        case .notAnObject: "is not an object"
        case .timestampMissing: "has no timestamp"
        case .timestampNotANumber: "has a timestamp that is not a number"
        case .typeMissing: "has no type"
        case .typeNotANumber: "has a type that is not a number"
        case .tooLarge: "is larger than the limit"
        case .syntax(let fault): "is no JSON: \(fault.reason.rawValue)"
        }
    }
}
