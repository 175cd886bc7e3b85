import Foundation
import ReelCodec
import ReelFormat
import Testing

@testable import ReelStore

@Suite struct StoreTests {
    @Test func eventsComeOutByteForByteAndInOrder() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        let first = try store.start()
        #expect(first.recording.number == 1)
        let events = makeEvents(120)
        for start in stride(from: 0, to: 120, by: 50) {
            let batch = Array(events[start..<min(start + 50, 120)])
            let receipt = try store.append(batch, to: 1)
            #expect(receipt.firstOrdinal == UInt64(start))
            #expect(receipt.eventCount == UInt32(batch.count))
        }
        #expect(try store.events(of: 1) == events)
    }

    @Test func gzipSpliceIsOneDocumentThatGzipAccepts() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        _ = try store.start()
        let events = makeEvents(90)
        for start in stride(from: 0, to: 90, by: 30) {
            _ = try store.append(Array(events[start..<start + 30]), to: 1)
        }
        let reader = SpliceReader(try store.snapshot(1), coding: .gzip)
        let promised = reader.lengthBytes
        var body: [UInt8] = []
        while let piece = try reader.nextPiece() { body += piece }
        #expect(body.count == promised)
        let file = "\(directory.path)/whole.json.gz"
        try Data(body).write(to: URL(filePath: file))
        let gunzip = Process()
        let output = Pipe()
        gunzip.executableURL = URL(filePath: "/bin/gzip")
        gunzip.arguments = ["-dc", file]
        gunzip.standardOutput = output
        try gunzip.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        gunzip.waitUntilExit()
        #expect(gunzip.terminationStatus == 0)
        #expect(
            String(decoding: text, as: UTF8.self) == "[" + events.joined(separator: ",\n").replacing(",\n", with: ",\n")
                + "]")
    }

    @Test func aRepeatedBatchGetsItsFirstAnswer() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        _ = try store.start()
        let first = try store.append(makeEvents(3), to: 1, writer: "w", batch: 7)
        _ = try store.append(makeEvents(2, from: 3), to: 1, writer: "w", batch: 8)
        let again = try store.append(makeEvents(3), to: 1, writer: "w", batch: 7)
        #expect(again.firstOrdinal == first.firstOrdinal && again.eventCount == first.eventCount)
        #expect(again.isDuplicate && !first.isDuplicate)
        #expect(try store.events(of: 1).count == 5)
    }

    @Test func anotherBodyUnderAUsedNumberIsAConflict() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        _ = try store.start()
        _ = try store.append(makeEvents(3), to: 1, writer: "w", batch: 7)
        #expect { try store.append(makeEvents(4), to: 1, writer: "w", batch: 7) } throws: {
            if case StoreError.batchConflict = $0 { true } else { false }
        }
        // Another writer's numbers are its own.
        _ = try store.append(makeEvents(4), to: 1, writer: "v", batch: 7)
    }

    @Test func batchNumbersComeInAnyOrderWithinTheWindow() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        _ = try store.start()
        _ = try store.append(makeEvents(1), to: 1, writer: "w", batch: 2000)
        _ = try store.append(makeEvents(1, from: 1), to: 1, writer: "w", batch: 977)
        #expect { try store.append(makeEvents(1, from: 2), to: 1, writer: "w", batch: 976) } throws: {
            if case StoreError.batchTooOld(oldestRemembered: 977) = $0 { true } else { false }
        }
    }

    @Test func dedupeOutlivesRestartCompactionAndEnd() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        var store = try Store.forTest(directory, clock: clock)
        _ = try store.start()
        for batch in 0..<20 {
            _ = try store.append(makeEvents(5, from: batch * 5), to: 1, writer: "w", batch: UInt64(batch))
        }
        _ = try store.end(1)
        clock.advance(seconds: 600)
        for round in 0..<3 {
            let again = try store.append(makeEvents(5, from: 15), to: 1, writer: "w", batch: 3)
            #expect(again.isDuplicate && again.firstOrdinal == 15, "round \(round)")
            #expect { try store.append(makeEvents(1), to: 1, writer: "w", batch: 3) } throws: {
                if case StoreError.batchConflict = $0 { true } else { false }
            }
            if round == 0 { _ = try store.vacuum() }
            store.close()
            store = try Store.forTest(directory, clock: clock)
        }
        #expect(try store.snapshot(1).frames.count == 1)
        store.close()
    }

    @Test func aClientMadeIDStartsOnce() throws {
        let directory = TemporaryDirectory()
        var store = try Store.forTest(directory)
        let id = try UUIDv7(unixMilliseconds: 1_800_000_000_000)
        let first = try store.start(id: id)
        #expect(try store.start(id: id) == StartReceipt(recording: first.recording, isDuplicate: true))
        store.close()
        store = try Store.forTest(directory)
        #expect(try store.start(id: id).recording == first.recording)
        #expect(store.number(of: id) == 1)
        #expect(try store.start().recording.number == 2)
        store.close()
    }

    @Test func endIsFinalAfterTheGrace() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try Store.forTest(directory, clock: clock)
        defer { store.close() }
        _ = try store.start()
        _ = try store.append(makeEvents(2), to: 1)
        let row = try store.end(1)
        #expect(row.status == .ended)
        clock.advance(seconds: 299)
        _ = try store.append(makeEvents(1, from: 2), to: 1)
        #expect(try store.recording(1).row.status == .ended)
        clock.advance(seconds: 2)
        #expect { try store.append(makeEvents(1, from: 3), to: 1) } throws: {
            if case StoreError.ended(.request, at: row.endedMicroseconds) = $0 { true } else { false }
        }
        #expect(try store.end(1).endedMicroseconds == row.endedMicroseconds)
    }

    @Test func aRecordingAtItsLengthNamesItsSuccessor() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try Store.forTest(directory, clock: clock)
        defer { store.close() }
        var metadata = RecordingMetadata()
        metadata.user = "ada"
        _ = try store.start(metadata)
        _ = try store.append(makeEvents(2), to: 1)
        clock.advance(seconds: 86_401)
        for _ in 0..<2 {
            #expect { try store.append(makeEvents(1, from: 2), to: 1) } throws: {
                if case StoreError.full(let successor) = $0 { successor.number == 2 } else { false }
            }
        }
        let closed = try store.recording(1)
        #expect(closed.row.status == .ended && closed.metadata.end?.reason == .length && closed.row.successor == 2)
        let next = try store.recording(2)
        #expect(next.metadata.user == "ada" && next.metadata.predecessor?.number == 1)
        _ = try store.append(makeEvents(1, from: 2), to: 2)
    }

    @Test func aRecordingAtItsSizeIsClosed() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory) { $0.recordingSizeMaxBytes = 4000 }
        defer { store.close() }
        _ = try store.start()
        _ = try store.append(makeEvents(30), to: 1)
        #expect { try store.append(makeEvents(30, from: 30), to: 1) } throws: {
            if case StoreError.full = $0 { true } else { false }
        }
        #expect(try store.recording(1).metadata.end?.reason == .size)
    }

    @Test func aSilentRecordingGoesIdleAndResumes() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try Store.forTest(directory, clock: clock)
        defer { store.close() }
        _ = try store.start()
        _ = try store.append(makeEvents(2), to: 1)
        clock.advance(seconds: 1801)
        store.tick()
        #expect(try store.change(1) { $0.notes = "waits for the lease's frame" }.status == .idle)
        _ = try store.append(makeEvents(1, from: 2), to: 1)
        #expect(try store.recording(1).row.status == .recording)
        #expect(try store.recording(1).row.endedMicroseconds == 0)
    }

    @Test func anIdleRecordingCannotBeResumedForEver() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try Store.forTest(directory, clock: clock) { $0.recordingLengthMaxMicroseconds = .max }
        defer { store.close() }
        _ = try store.start()
        clock.advance(seconds: 1801)
        store.tick()
        #expect(try store.change(1) { $0.notes = "x" }.status == .idle)
        clock.advance(seconds: 86_401)
        #expect { try store.append(makeEvents(1), to: 1) } throws: {
            if case StoreError.ended(.lease, at: _) = $0 { true } else { false }
        }
    }

    @Test func aNewGraceCountsAtOnce() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try Store.forTest(directory, clock: clock)
        defer { store.close() }
        _ = try store.start()
        _ = try store.end(1)
        clock.advance(seconds: 10)
        var options = StoreOptions()
        options.graceMicroseconds = 5_000_000
        options.compaction.isAutomatic = false
        store.apply(options)
        #expect { try store.append(makeEvents(1), to: 1) } throws: {
            if case StoreError.ended = $0 { true } else { false }
        }
    }

    @Test func anErasedRecordingIsGoneForGoodAndPinnedOnesAreHeld() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        let id = try store.start().recording.id
        _ = try store.append(makeEvents(2), to: 1)
        _ = try store.change(1) { $0.isPinned = true }
        #expect { try store.erase(1) } throws: { if case StoreError.held = $0 { true } else { false } }
        _ = try store.change(1) { $0.isPinned = false }
        let tombstone = try store.erase(1)
        #expect(try store.erase(1) == tombstone)
        for call in [
            { _ = try store.snapshot(1) }, { _ = try store.append(makeEvents(1), to: 1) },
            { _ = try store.start(id: id) },
        ] {
            #expect { try call() } throws: { if case StoreError.erased = $0 { true } else { false } }
        }
    }

    @Test func receiveTimesNeverRunBackwards() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try Store.forTest(directory, clock: clock)
        defer { store.close() }
        _ = try store.start()
        _ = try store.append(makeEvents(1), to: 1)
        clock.setWall(0)
        _ = try store.append(makeEvents(1, from: 1), to: 1)
        let times = try store.snapshot(1).frames.map(\.entry.receivedMicroseconds)
        #expect(times == times.sorted() && times[0] == 1_800_000_000_000_000)
    }

    @Test func aSecondDaemonIsRefused() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        #expect { try Store.forTest(directory) } throws: { if case OpenError.locked = $0 { true } else { false } }
    }

    @Test func aDirectoryOfSomebodyElseIsLeftAlone() throws {
        let directory = TemporaryDirectory()
        try Data("mine".utf8).write(to: URL(filePath: "\(directory.path)/thesis.txt"))
        #expect { try Store.forTest(directory) } throws: { if case OpenError.notAStore = $0 { true } else { false } }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["thesis.txt"])
    }

    @Test func unknownRecordingsAreUnknown() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        for number in [0, 1, 99, UInt64.max] {
            #expect { try store.snapshot(number) } throws: {
                if case StoreError.unknownRecording = $0 { true } else { false }
            }
            #expect { try store.append(makeEvents(1), to: number) } throws: {
                if case StoreError.unknownRecording = $0 { true } else { false }
            }
        }
    }
}
