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
                "error: a write to segment 9 failed: nothing more is written to it, and a new segment is tried; look for "
                    + "the disk's own errors (dmesg, smartctl) (segment=9 file=/s/log/9.seg offset=512 errno=5 "
                    + "error=fdatasync /s/log/9.seg: Input/output error)"
            ])
    }

    @Test func whatRetentionRemovedIsToldWithCauseCountAndSize() {
        var receipt = ExpiryReceipt()
        receipt.recordingCount = 120
        receipt.sizeBytes = 2 << 20
        #expect(
            lines(.expired(RetentionRemoval(cause: .age, receipt: receipt))) == [
                "notice: retention removed 120 recordings, 2.0 M: older than they may become (count=120 size=2097152 "
                    + "cause=age)"
            ])
        #expect(
            lines(.segmentsUnlinked(count: 2, sizeBytes: 4096)) == [
                "info: removed 2 segments in which nothing was left: 4.0 K (count=2 size=4096)"
            ])
    }

    @Test func aClockThatRetentionWaitsForIsToldWithWhatToDo() {
        let wait = RetentionWait.confirmation(
            movedMicroseconds: 60 * 86_400_000_000, recordingCount: 5, sizeBytes: 1000)
        #expect(
            lines(.retentionWaits(wait)) == [
                "warning: Nothing is removed by age: the clock moved by 60 days, and 5 recordings (1000 bytes), more than a "
                    + "tenth of the store, would go. If the clock is right, say so with reeld vacuum --confirm. "
                    + "(cause=confirmation)"
            ])
    }

    @Test func theEndOfWritingNamesItsCauseAndWhatToDo() {
        let told = lines(.storeReadOnly(SystemError(30, "open", "/s/log/10.seg")))
        #expect(
            told == [
                "error: the disk failed twice: the store takes no more writes, and serves what it has; mend the disk, "
                    + "then restart the daemon (file=/s/log/10.seg errno=30 error=open /s/log/10.seg: Read-only file "
                    + "system)"
            ])
    }
}
