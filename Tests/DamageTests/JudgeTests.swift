import ReelCodec
import ReelFormat
import ReelStore
import SimulatedDisk
import Testing

/// The judge finds what is wrong: stores that lie without any damage to their bytes.
@Suite struct JudgeTests {
    private func golden() throws -> GoldenImage { try GoldenImage("v1-losses", count: 6) }

    private func judge(_ golden: GoldenImage) throws -> DamageJudge {
        try DamageJudge(golden)
    }

    /// The store without its index, its segments changed by a program that knows the format.
    private func forged(
        _ name: String, _ golden: GoldenImage, _ change: (GoldenImage.Frame, [UInt8]) throws -> [UInt8]?
    ) throws -> DamageCase {
        var segments: [String: [UInt8]] = [:]
        for segment in golden.segments {
            let bytes = golden.disk.files[segment] ?? []
            var made: [UInt8] = []
            for frame in try golden.frames(segment) {
                made += try change(frame, Array(bytes[frame.range])) ?? []
            }
            segments[segment] = made
        }
        let index = golden.index
        return DamageCase(name, .unchangedOrTold) { [segments] files in
            for path in index { files[path] = nil }
            files.merge(segments) { $1 }
        }
    }

    private func isFirstBatch(_ frame: GoldenImage.Frame, of recording: UInt64) -> Bool {
        frame.header.kind == .events && frame.header.recording == recording && frame.header.firstOrdinal == 0
    }

    /// The frame with another header, all checksums right.
    private func sealed(_ frame: GoldenImage.Frame, _ bytes: [UInt8], _ change: (inout FrameHeader) -> Void) -> [UInt8]
    {
        var header = frame.header
        change(&header)
        return header.encoded() + bytes[FrameHeader.sizeBytes...]
    }

    @Test func theUnchangedStoreIsRight() throws {
        let golden = try golden()
        let same = try forged("nothing changed", golden) { $1 }
        #expect(try judge(golden).problems(same) == [])
    }

    @Test func anEventAtAnotherOrdinalIsFound() throws {
        let golden = try golden()
        // Two batches of ten events exchange their ordinals.
        let swapped = try forged("ordinals exchanged", golden) { frame, bytes in
            guard frame.header.kind == .events, frame.header.recording == 5, frame.header.eventCount == 3 else {
                return bytes
            }
            return sealed(frame, bytes) {
                $0.firstOrdinal = $0.firstOrdinal == 0 ? 3 : $0.firstOrdinal == 3 ? 0 : $0.firstOrdinal
            }
        }
        // Its batches are alike, so of recording 4.
        let other = try forged("ordinals moved", golden) { frame, bytes in
            guard frame.header.kind == .events, frame.header.recording == 4 else { return bytes }
            return sealed(frame, bytes) { header in
                if header.firstOrdinal == 25 {
                    header.firstOrdinal = 30
                } else if header.firstOrdinal == 30 {
                    header.firstOrdinal = 25
                }
            }
        }
        #expect(try judge(golden).problems(swapped) == [])
        #expect(try judge(golden).problems(other).contains { $0.contains("was never sent") })
    }

    @Test func aFrameThatVanishesIsFound() throws {
        let golden = try golden()
        let last = try forged("recording 2's last batch left out", golden) { frame, bytes in
            frame.header.kind == .events && frame.header.recording == 2 && frame.header.firstOrdinal == 80 ? nil : bytes
        }
        let problems = try judge(golden).problems(last)
        #expect(problems.contains { $0.contains("recording 2: event 80 is missing in silence") }, "\(problems)")
        #expect(problems.contains { $0.contains("as if it were whole") }, "\(problems)")
    }

    @Test func aLossThatIsForgottenIsFound() throws {
        let golden = try golden()
        // The events behind the loss move up, as if nothing had been there.
        let closed = try forged("the gap of recording 5 closed", golden) { frame, bytes in
            guard frame.header.recording == 5 else { return bytes }
            if frame.header.kind == .loss { return nil }
            guard frame.header.firstOrdinal == 9 else { return bytes }
            return sealed(frame, bytes) { $0.firstOrdinal = 6 }
        }
        #expect(try !judge(golden).problems(closed).isEmpty)
    }

    @Test func anErasedRecordingThatIsBackIsFound() throws {
        let golden = try golden()
        let back = try forged("tombstone 6 left out", golden) { frame, bytes in
            frame.header.kind == .tombstone ? nil : bytes
        }
        #expect(try judge(golden).problems(back) == [], "the ledger erases it again")
        let withoutLedger = DamageCase("its line left out, too", .unchangedOrTold) { files in
            files["\(GoldenImage.root)/erased.ledger"] = nil
        }
        let problems = try judge(golden).problems(back.and(withoutLedger, .unchangedOrTold))
        #expect(problems.contains { $0.contains("recording 6 is back") }, "\(problems)")
    }

    @Test func otherMetadataIsFound() throws {
        let golden = try golden()
        let older = try forged("the change left out", golden) { frame, bytes in
            frame.header.kind == .change ? nil : bytes
        }
        #expect(try judge(golden).problems(older).contains { $0.contains("recording 2 has other metadata") })
    }

    @Test func damageThatVerifyDoesNotTellIsFound() throws {
        let golden = try golden()
        let segment = golden.active
        let frame = try #require(golden.frames(segment).last)
        let claimed = DamageCase.flip(
            segment, frame.padding.lowerBound, bit: 0, .told(file: segment, offset: frame.padding.lowerBound))
        try #require(!frame.padding.isEmpty)
        #expect(try judge(golden).problems(claimed).contains { $0.contains("verify does not tell") })
        let harmless = DamageCase.flip(segment, frame.offset + 20, bit: 0, .untouched)
        #expect(try !judge(golden).problems(harmless).isEmpty)
    }

    @Test func anIndexThatShowsItsDamageIsFound() throws {
        let golden = try golden()
        let segment = golden.active
        let frame = try #require(golden.frames(segment).last)
        let shown = DamageCase.flip(segment, frame.offset + 20, bit: 0, .healed)
        #expect(try judge(golden).problems(shown).contains { $0.contains("is another") })
        let accepted = DamageCase("nothing", .refused(file: "store")) { _ in }
        #expect(try judge(golden).problems(accepted).contains { $0.contains("it is opened") })
    }
}
