import Testing

@testable import ReelFormat

struct VerificationRecordTests {
    private func record() -> VerificationRecord {
        var record = VerificationRecord(
            store: Samples.store, finishedMicroseconds: Samples.time, durationMicroseconds: 1_500_000)
        record.recordingCount = 5
        record.eventCount = 700
        record.sizeBytes = 65_536
        return record
    }

    @Test func theDocumentShowsAWordOfAVerification() throws {
        let text = String(decoding: record().encoded(), as: UTF8.self)
        #expect(try FormatDocument().example("verification") == text, "should read\n\(text)")
    }

    @Test func aWordOfAVerificationComesBackAsItWasWritten() {
        var record = record()
        #expect(record.isSound && VerificationRecord(decoding: record.encoded()) == record)
        record.faultCount = 3
        record.unopenedFrameCount = 1
        record.unreadFrameCount = 2
        #expect(!record.isSound && VerificationRecord(decoding: record.encoded()) == record)
    }

    @Test func whatIsNoSuchWordSaysNothing() {
        let text = String(decoding: record().encoded(), as: UTF8.self)
        for (old, new) in [
            ("verification 1", "verification 2"), ("2027-01-15", "yesterday"), ("\"faults\":0", "\"faults\":-1"),
            ("\"events\":700,", ""), ("1500000", "-1"), ("0706050403020100", ""), ("}", ""),
        ] {
            #expect(VerificationRecord(decoding: Array(text.replacing(old, with: new).utf8)) == nil, "\(old)")
        }
        #expect(VerificationRecord(decoding: []) == nil)
    }
}
