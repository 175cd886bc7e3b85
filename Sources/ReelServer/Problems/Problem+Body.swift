import ReelCodec

/// What is wrong with a body, in the API's words.
extension Problem {
    init(_ error: ScanError) {
        switch error {
        case .syntax(let fault): self.init(fault)
        case .notABatch(let offset):
            self.init(
                .notABatch, "Send an array of events, {\"events\": […]}, or an event a line.", .offset(offset))
        case .badEnvelope(let member):
            let kind = member == "writer" ? "a string" : "a whole number from 0 on"
            self.init(.badEnvelope, "The envelope's member '\(member)' must be \(kind).", .member(member))
        case .badEvents(let bad):
            let first = bad.first.first.map { " The first is event \($0.index): \($0.reason.text)." } ?? ""
            self.init(
                .badEvents,
                "\(bad.count) of the events \(bad.count == 1 ? "is" : "are") bad, so none was stored.\(first) "
                    + "With ?invalid=drop the good ones are stored.", .errors(bad))
        case .eventTooLarge(let index, let offset, let size, let limit):
            self.init(
                .eventTooLarge, "Event \(index) has \(size) bytes; the limit is \(limit).", .event(index),
                .offset(offset), .size(size), .limit(limit))
        }
    }

    init(_ fault: JSONFault) {
        self.init(
            .badJSON, "At byte \(fault.offsetBytes): \(fault.reason.rawValue).", .offset(fault.offsetBytes))
    }

    init(_ error: GzipError) {
        switch error {
        case .tooLarge(let limit):
            self.init(
                .inflatedTooLarge, "The body inflates to more than \(limit) bytes; send smaller batches.",
                .limit(limit))
        case .badHeader(let offset):
            self.init(.badGzip, "No gzip header stands at byte \(offset).", .offset(offset))
        case .corrupt(let offset):
            self.init(.badGzip, "The compressed data breaks off near byte \(offset).", .offset(offset))
        case .trailingBytes(let offset):
            self.init(.badGzip, "Something that is no gzip follows at byte \(offset).", .offset(offset))
        case .truncated: self.init(.badGzip, "The body ends inside the compressed data.")
        case .checksumMismatch: self.init(.badGzip, "The checksum of the inflated text does not hold.")
        case .sizeMismatch: self.init(.badGzip, "The inflated text is not as long as it says.")
        case .notSpliceable, .outOfMemory: self.init(.busy, "There is no memory to inflate the body now.")
        }
    }
}

extension BadEvent.Reason {
    /// Ends the sentence "Event 7: …".
    var text: String {
        switch self {
        case .notAnObject: "not an object"
        case .timestampMissing: "no timestamp"
        case .timestampNotANumber: "the timestamp is not a number"
        case .typeMissing: "no type"
        case .typeNotANumber: "the type is not a number"
        case .tooLarge: "larger than the limit"
        case .syntax(let fault): fault.reason.rawValue
        }
    }
}
