import Glibc
import Synchronization
import Testing

@testable import ReelSystem

struct JournalTests {
    /// Keeps messages; can be held up like a journal that does not answer.
    private final class MemorySink: JournalSink {
        let state = Monitor((messages: [LogMessage](), isHeld: false, isStuck: false))

        func write(_ message: LogMessage) {
            state.broadcast { $0.isStuck = true }
            _ = state.wait { $0.isHeld ? nil : true }
            state.withLock { $0.messages.append(message) }
        }

        var messages: [LogMessage] { state.withLock { $0.messages } }
    }

    @Test func everyKindHasAnIdOfItsOwnThatJournaldTakes() {
        let ids = LogKind.allCases.map(\.messageID)
        #expect(Set(ids).count == ids.count)
        for id in ids { #expect(id.wholeMatch(of: /[0-9a-f]{32}/) != nil) }
    }

    @Test func messagesArriveInOrderAndLessImportantOnesNot() {
        let sink = MemorySink()
        let journal = Journal(level: .notice, sink: sink)
        journal.log(.started, "one", .recording(7))
        journal.log(.segmentBegun, "info is below notice")
        journal.level = .info
        journal.log(.segmentBegun, "two")
        journal.close()
        #expect(sink.messages.map(\.text) == ["one", "two"])
        #expect(sink.messages[0].fields == [LogField("recording", "7")])
    }

    @Test func aStuckJournalNeverBlocksTheCallerAndTheLossIsCounted() {
        let sink = MemorySink()
        sink.state.withLock { $0.isHeld = true }
        let journal = Journal(sink: sink)
        journal.log(.started, "first")
        _ = sink.state.wait { $0.isStuck ? true : nil }
        for index in 0..<Journal.queueCountMax + 10 { journal.log(.started, "\(index)") }
        #expect(journal.flush(timeoutMilliseconds: 1) == false)
        sink.state.broadcast { $0.isHeld = false }
        #expect(journal.flush(timeoutMilliseconds: 60_000))
        #expect(sink.messages.count == 1 + Journal.queueCountMax + 1)
        #expect(sink.messages.last?.kind == .messagesDropped)
        #expect(sink.messages.last?.fields == [.count(10)])
        journal.close()
    }

    @Test func aLineIsOneLineWhateverItHolds() {
        let message = LogMessage(.damageFound, "bad\nerror: forged\u{1B}[2J\u{202E}", [.file("a\rb"), .offset(12)])
        #expect(
            message.line == "error: bad\\x0aerror: forged\\x1b[2J\\u{202e} (file=a\\x0db offset=12)")
        #expect("Grüße 日本 👍🏽".printable == "Grüße 日本 👍🏽")
    }

    @Test func journaldGetsEveryFieldUnderItsName() {
        let fields = JournaldSink().entry(of: LogMessage(.damageFound, "two\nlines", [.segment(3), .lsn(9)]))
        let texts = fields.map { String(decoding: $0, as: UTF8.self) }
        #expect(
            texts == [
                "MESSAGE=two\nlines", "PRIORITY=3", "MESSAGE_ID=\(LogKind.damageFound.messageID)",
                "SYSLOG_IDENTIFIER=reeld", "REELD_SEGMENT=3", "REELD_LSN=9",
            ])
    }

    @Test func withoutAServiceManagerNothingIsAdoptedAndNobodyIsTold() {
        unsetenv("NOTIFY_SOCKET")
        unsetenv("LISTEN_FDS")
        #expect(ServiceManager.adoptSockets() == [])
        #expect(ServiceManager.notify(.ready, .status("up")) == false)
    }

    @Test func aStatusCannotForgeAnotherAssignment() {
        #expect(ServiceManager.State.status("a\nMAINPID=1").assignments == "STATUS=a\\x0aMAINPID=1")
    }
}
