import ReelHTTP
import ReelStore
import ReelSystem

/// A document that several connections read at the same time: each piece is made once, by whoever needs it first, and
/// kept until the last of them is done. So a thousand viewers of one recording cost the disk and the checksums of one.
final class SharedDocument: Sendable {
    /// What a place in the document holds.
    enum Step: Sendable {
        case piece([SendPart])
        case end
        case failed(StoreError)
    }

    /// Held while a piece is made.
    private let source: Monitor<any PieceSource>
    private let share: MemoryShare
    /// What was made so far; held for moments only, so that an event loop may look.
    private let made = Monitor<[Step]>([])
    private let onEnd: @Sendable () -> Void

    /// - Parameters:
    ///   - share: for all of the document's bytes.
    ///   - onEnd: called when nobody holds it any more.
    init(_ source: any PieceSource, _ share: MemoryShare, onEnd: @escaping @Sendable () -> Void) {
        self.source = Monitor(source)
        self.share = share
        self.onEnd = onEnd
    }

    deinit { onEnd() }

    /// The step at an index, if it has been made: never waits for the disk.
    func madeStep(_ index: Int) -> Step? { made.withLock { index < $0.count ? $0[index] : $0.last?.ending } }

    /// The step at an index; reads what is not there yet.
    func step(_ index: Int) -> Step {
        source.withLock { source in
            while true {
                if let step = madeStep(index) { return step }
                let next = SharedDocument.next(of: source)
                made.withLock { $0.append(next) }
            }
        }
    }

    private static func next(of source: any PieceSource) -> Step {
        do throws(StoreError) {
            return try source.nextParts().map { .piece($0) } ?? .end
        } catch {
            return .failed(error)
        }
    }
}

extension SharedDocument.Step {
    /// Itself where nothing follows it.
    fileprivate var ending: SharedDocument.Step? {
        if case .piece = self { return nil }
        return self
    }
}

/// The documents that are being read now, by their tags.
final class SharedDocuments: Sendable {
    private struct State {
        var documents: [String: Reference] = [:]
        /// Bytes of the documents that live.
        var sizeBytes = 0
    }
    private struct Reference {
        weak var document: SharedDocument?
    }

    private let state = Monitor(State())
    private let budget: MemoryBudget

    init(_ budget: MemoryBudget) { self.budget = budget }

    /// What all of them may hold: a reader that stalls keeps its whole document, and must not keep others from theirs.
    private var sizeMaxBytes: Int { budget.totalBytes / 4 }

    /// The document of that tag, already being read or begun with `source`; nil where there is no room for it: it is
    /// then to be read piece by piece.
    func document(_ tag: EntityTag, sizeBytes: Int, _ source: any PieceSource) -> SharedDocument? {
        // Whoever drops the last reference is called back, so none may be dropped under the lock.
        if let document = state.withLock({ $0.documents[tag.text]?.document }) { return document }
        let hasRoom = state.withLock { state in
            guard state.sizeBytes + sizeBytes <= sizeMaxBytes else { return false }
            state.sizeBytes += sizeBytes
            return true
        }
        guard hasRoom else { return nil }
        guard let share = budget.tryShare(sizeBytes, for: .piece) else {
            state.withLock { $0.sizeBytes -= sizeBytes }
            return nil
        }
        let document = SharedDocument(source, share) { [weak self] in self?.forget(tag, sizeBytes) }
        // Two that begin at once may both begin; the later one is found by those who follow.
        state.withLock { $0.documents[tag.text] = Reference(document: document) }
        return document
    }

    private func forget(_ tag: EntityTag, _ sizeBytes: Int) {
        // A later document of the same tag may be there by now; it is let go outside the lock.
        _ = state.withLock { state in
            state.sizeBytes -= sizeBytes
            let later = state.documents[tag.text]?.document
            if later == nil { state.documents[tag.text] = nil }
            return later
        }
    }
}

/// Serves a shared document to one connection.
final class SharedStream: BodyStream {
    private struct State {
        var document: SharedDocument?
        var nextIndex = 0
    }

    private let context: ServerContext
    /// For errors.
    private let recording: String
    private let state: Monitor<State>

    init(_ document: SharedDocument, _ context: ServerContext, recording: String) {
        self.context = context
        self.recording = recording
        state = Monitor(State(document: document))
    }

    func demand(_ sink: BodySink) {
        let (document, index) = state.withLock { state in
            defer { state.nextIndex += 1 }
            return (state.document, state.nextIndex)
        }
        guard let document else { return sink.abort() }
        if let step = document.madeStep(index) { return give(step, sink) }
        let isTaken = context.workers.submit { [self] in give(document.step(index), sink) }
        if !isTaken { sink.abort() }
    }

    private func give(_ step: SharedDocument.Step, _ sink: BodySink) {
        switch step {
        case .piece(let parts): sink.send(parts: parts, isLast: false)
        case .end: sink.send([], isLast: true)
        case .failed(let error):
            context.noteAborted(error, recording: recording)
            sink.abort()
        }
    }

    func cancel() {
        let document = state.withLock { state in
            defer { state.document = nil }
            return state.document
        }
        _ = consume document
    }
}
