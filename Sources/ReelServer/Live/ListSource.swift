import ReelCodec
import ReelHTTP
import ReelStore

/// The list as it changes, for one viewer: of each recording that changed what the list would show of it now, or that it
/// would not show it.
struct ListSource: LiveSource {
    private let context: ServerContext
    private let query: RecordingQuery
    /// The next round to tell.
    private var next: UInt64
    private var isBegun = false

    init(_ query: RecordingQuery, _ context: ServerContext) {
        self.query = query
        self.context = context
        next = context.live.list.nextRound
    }

    mutating func made() -> LiveLook {
        if !isBegun {
            isBegun = true
            return .piece(LivePiece([.beginList]))
        }
        switch context.live.list.look(at: next) {
        case .nothing: return .nothing
        case .missed(let next):
            self.next = next
            return .piece(LivePiece([.reload]))
        case .round(let round):
            guard let piece = round.piece(for: query) else { return .unknown }
            next += 1
            return .piece(piece)
        }
    }

    mutating func read(under share: MemoryShare) -> LiveStep {
        switch context.live.list.look(at: next) {
        case .nothing: return .nothing
        case .missed(let next):
            self.next = next
            return .piece(LivePiece([.reload]))
        case .round(let round):
            next += 1
            // Another viewer may have been quicker.
            if let piece = round.piece(for: query) { return .piece(piece) }
            let piece = piece(of: round, share)
            round.keep(piece, for: query)
            return .piece(piece)
        }
    }

    private func piece(of round: ListTopic.Round, _ share: MemoryShare) -> LivePiece {
        let page = context.store.list(query, among: round.recordings)
        var messages: [LiveMessage] = []
        var absent = Set(round.recordings)
        for recording in page.recordings {
            absent.remove(recording.row.number)
            var json = JSONWriter(capacityBytes: 1_024)
            json.recording(recording)
            messages.append(.recording(json.bytes))
        }
        // What could not be read is the list's to tell of; here it is neither shown anew nor taken away.
        let unread = page.damage.count + page.failures.count
        if unread == 0 { messages += absent.sorted().map { .absent(number: $0) } }
        return LivePiece(messages, readUnder: share, of: context.options.http.memory)
    }
}
