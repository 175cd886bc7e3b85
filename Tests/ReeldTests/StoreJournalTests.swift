import ReelSystem
import Testing

@testable import ReelStore
@testable import reeld

struct StoreJournalTests {
    private final class Lines: JournalSink {
        let lines = Monitor<[String]>([])
        func write(_ message: LogMessage) { lines.withLock { $0.append(message.line) } }
    }

    private func lines(_ event: StoreEvent) -> [String] {
        let sink = Lines()
        let journal = Journal(level: .debug, sink: sink)
        journal.log(event)
        journal.close()
        return sink.lines.withLock { $0 }
    }

    @Test func damageIsLoggedWithFileAndOffset() {
        let damage = Corruption(file: "/s/log/1.seg", offsetBytes: 4096, kind: .payloadChecksum)
        #expect(
            lines(.damage(damage)) == [
                "error: /s/log/1.seg:4096: the payload's checksum does not hold (file=/s/log/1.seg offset=4096)"
            ])
    }

    @Test func anOpeningTellsWhatItHadToMend() {
        var report = OpenReport()
        report.segmentCount = 3
        report.recordingCount = 40
        report.replayedFrameCount = 7
        report.rebuiltIndex = true
        report.cutBytes = 100
        #expect(
            lines(.opened(report)) == [
                "warning: the index was missing or damaged and has been rebuilt from the log",
                "notice: opened the store: 3 segments, 40 recordings; 7 frames taken into the index; a torn tail of 100 "
                    + "bytes cut off (count=40)",
            ])
    }

    @Test func aFailedWriteNamesSegmentAndCause() {
        let told = lines(.segmentPoisoned(segment: 9, lengthBytes: 512, SystemError(5, "fdatasync", "/s/log/9.seg")))
        #expect(
            told == [
                "error: a write to segment 9 failed; nothing more is written to it (segment=9 offset=512 "
                    + "error=fdatasync /s/log/9.seg: Input/output error)"
            ])
    }
}
