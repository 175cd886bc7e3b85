import ReelFormat
import ReelHTTP
import ReelStore
import ReelSystem
import Testing

@testable import ReelServer

/// What viewers share, from inside; what each of them gets is in EndToEnd/test_live.py and test_live_list.py.
struct LiveTests {
    private let workers = WorkerPool(threadCount: 1, waitingMax: 100)

    private func piece(_ ordinals: Range<UInt64>, sizeBytes: Int = 10) -> LivePiece {
        LivePiece(
            [.events(lines: [UInt8](repeating: 0x0A, count: sizeBytes), first: ordinals.lowerBound)], ordinals: ordinals
        )
    }

    private func changes(_ changed: some Sequence<UInt64>, gone: [ClosedRange<UInt64>] = []) -> CommittedChanges {
        var changes = CommittedChanges()
        changes.changed = Set(changed)
        changes.gone = gone
        return changes
    }

    @Test func whatOneViewerReadIsGivenToTheOthers() {
        let topic = RecordingTopic(1, workers)
        #expect(topic.look(from: 0).isUnknown)
        let reading = topic.beginReading(from: 0)
        let read = piece(0..<5)
        topic.keep(read)
        topic.settle(at: 5, reading)
        #expect(topic.look(from: 0).piece === read)
        #expect(topic.look(from: 5).isNothing)
        #expect(topic.look(from: 3).isUnknown, "a viewer in the middle reads for itself")
        topic.change(isGone: false, at: 7)
        #expect(topic.look(from: 5).isUnknown)
        #expect(topic.look(from: 0).piece === read, "what is past stays so")
        workers.stop()
    }

    @Test func whatChangedWhileItWasReadIsNotTakenForRead() {
        let topic = RecordingTopic(1, workers)
        let reading = topic.beginReading(from: 0)
        topic.change(isGone: false, at: 7)
        topic.settle(at: 5, reading)
        #expect(topic.look(from: 5).isUnknown)
        workers.stop()
    }

    @Test func lagCountsFromTheFirstChangeThatTheNewestViewerLacks() {
        let topic = RecordingTopic(1, workers)
        topic.change(isGone: false, at: 3)
        let first = topic.beginReading(from: 0)
        #expect(first.changedMicroseconds == nil, "what was there before is not late")
        topic.settle(at: 5, first)
        topic.change(isGone: false, at: 7)
        topic.change(isGone: false, at: 9)
        #expect(topic.beginReading(from: 2).changedMicroseconds == nil)
        let second = topic.beginReading(from: 5)
        #expect(second.changedMicroseconds == 7)
        topic.settle(at: 6, second)
        topic.change(isGone: false, at: 11)
        #expect(topic.beginReading(from: 6).changedMicroseconds == 11)
        workers.stop()
    }

    @Test func whatIsErasedIsKeptForNobody() {
        let topic = RecordingTopic(1, workers)
        topic.keep(piece(0..<5))
        topic.change(isGone: true, at: 7)
        #expect(topic.look(from: 0).isUnknown)
        // Read before it was erased, and kept behind that.
        topic.keep(piece(5..<6))
        #expect(topic.look(from: 5).isUnknown)
        workers.stop()
    }

    @Test func fewPiecesAreKept() {
        let topic = RecordingTopic(1, workers)
        for index in 0..<40 { topic.keep(piece(UInt64(index)..<UInt64(index + 1))) }
        #expect((0..<40).filter { topic.look(from: $0).piece != nil } == Array(24..<40))
        topic.keep(piece(40..<41, sizeBytes: 1 << 20))
        #expect((0..<41).filter { topic.look(from: $0).piece != nil } == [40], "the newest one, however large")
        workers.stop()
    }

    @Test func aPieceIsEncodedOnceForEachWay() {
        let piece = LivePiece([
            .begin(first: 0, events: 2), .events(lines: Array("{\"a\":1}\n{\"b\":2}\n".utf8), first: 7), .lost(9..<12),
            .end(reason: "ended"),
        ])
        let stream = String(decoding: piece.bytes(.eventStream), as: UTF8.self)
        #expect(
            stream == """
                retry: 1000
                event: begin
                data: {"first":0,"events":2}

                id: 7
                data: {"a":1}

                id: 8
                data: {"b":2}

                id: 11
                event: lost
                data: {"first":9,"count":3}

                event: end
                data: {"reason":"ended"}


                """)
        let socket = piece.bytes(.webSocket)
        let messages = [
            #"{"type":"begin","first":0,"events":2}"#, #"{"type":"events","first":7,"events":[{"a":1},{"b":2}]}"#,
            #"{"type":"lost","first":9,"count":3}"#, #"{"type":"end","reason":"ended"}"#,
        ]
        #expect(socket == messages.flatMap { WebSocketFrame.text(Array($0.utf8)) })
    }

    // MARK: The list

    /// A list that somebody watches, of a server that is not asked.
    private func watched(_ server: TestServer) throws -> (ServerContext, LiveStream) {
        let context = ServerContext(store: server.store, options: ServerOptions(), clock: SystemClock(), note: { _ in })
        let stream = context.live.watchList { leave in
            LiveStream(ListSource(RecordingQuery(), context), .eventStream, context, leave: leave)
        }
        return (context, stream)
    }

    @Test func aListOfNobodyGathersNothing() {
        let list = ListTopic(workers)
        #expect(!list.note(changes([1, 2])))
        #expect(list.nextRound == 0)
        workers.stop()
    }

    @Test func changesAreToldInRoundsEachRecordingOnce() throws {
        let (context, stream) = try watched(TestServer())
        let list = context.live.list
        _ = list.note(changes([3, 1], gone: [7...8]))
        _ = list.note(changes([1, 2]))
        _ = list.tell()
        #expect(list.look(at: 0).recordings == [1, 3, 7, 8, 2])
        #expect(list.look(at: 1).isNothing)
        _ = list.note(changes(10..<400))
        #expect(list.tell(), "more than one round tells")
        #expect(list.look(at: 1).recordings.count == 256)
        #expect(!list.tell())
        #expect(list.look(at: 2).recordings.count == 134)
        withExtendedLifetime(stream) { context.live.stop() }
        context.workers.stop()
    }

    @Test func whoeverIsTooFarBehindIsToldToAskAnew() throws {
        let (context, stream) = try watched(TestServer())
        let list = context.live.list
        for index in 0..<17 {
            _ = list.note(changes([UInt64(index + 1)]))
            _ = list.tell()
        }
        #expect(list.look(at: 0).missedNext == 17)
        #expect(list.look(at: 1).recordings == [2])
        withExtendedLifetime(stream) { context.live.stop() }
        context.workers.stop()
    }

    @Test func moreThanCanBeToldIsToldAsOne() throws {
        let (context, stream) = try watched(TestServer())
        let list = context.live.list
        _ = list.note(changes([], gone: [1...1_000_000_000]))
        #expect(list.look(at: 0).missedNext == 1)
        _ = list.note(changes([5]))
        _ = list.tell()
        #expect(list.look(at: 1).recordings == [5])
        withExtendedLifetime(stream) { context.live.stop() }
        context.workers.stop()
    }
}

extension LiveLook {
    fileprivate var piece: LivePiece? { if case .piece(let piece) = self { piece } else { nil } }
    fileprivate var isNothing: Bool { if case .nothing = self { true } else { false } }
    fileprivate var isUnknown: Bool { if case .unknown = self { true } else { false } }
}

extension ListTopic.Look {
    fileprivate var recordings: [UInt64] { if case .round(let round) = self { round.recordings } else { [] } }
    fileprivate var isNothing: Bool { if case .nothing = self { true } else { false } }
    fileprivate var missedNext: UInt64? { if case .missed(let next) = self { next } else { nil } }
}
