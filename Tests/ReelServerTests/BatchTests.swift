import ReelCodec
import ReelHTTP
import ReelSystem
import Testing

@testable import ReelServer

/// Exactly once, and the ends of a recording.
struct BatchTests {
    @Test func aRepeatedBatchGetsTheFirstAnswer() throws {
        let server = try TestServer()
        try server.start()
        let first = try server.append(events(0..<3), writer: "w", batch: 5)
        _ = try server.append(events(3..<4), writer: "w", batch: 6)
        let state = server.state
        let again = try server.append(events(0..<3), writer: "w", batch: 5)
        #expect(first.status == 201 && again.status == 200)
        #expect(again.json["first"]?.integer == 0 && again.json["count"]?.integer == 3)
        #expect(again.json["duplicate"]?.bool == true)
        #expect(server.state == state)
    }

    @Test func aRepeatIsKnownAfterARestart() throws {
        let directory = try TemporaryDirectory()
        do {
            let server = try TestServer(directory)
            try server.start()
            _ = try server.append(events(0..<3), writer: "w", batch: 5)
        }
        let server = try TestServer(directory)
        #expect(try server.append(events(0..<3), writer: "w", batch: 5).json["duplicate"]?.bool == true)
        #expect(try server.get("/v1/recordings/1").json["events"]?.integer == 3)
    }

    @Test func otherEventsUnderTheSameNumberConflict() throws {
        let server = try TestServer()
        try server.start()
        _ = try server.append(events(0..<3), writer: "w", batch: 5)
        let state = server.state
        let other = try server.append(events(0..<2), writer: "w", batch: 5)
        #expect(other.status == 409 && other.problem == "batch-conflict")
        #expect(other.json["first"]?.integer == 0 && other.json["count"]?.integer == 3)
        #expect(server.state == state)
        // Of another writer it is another batch.
        #expect(try server.append(events(0..<2), writer: "v", batch: 5).status == 201)
    }

    @Test func aForgottenNumberIsRefused() throws {
        let server = try TestServer()
        try server.start()
        for batch in 0..<1_030 {
            #expect(try server.append(events(batch..<batch + 1), writer: "w", batch: UInt64(batch)).status == 201)
        }
        let old = try server.append(events(0..<1), writer: "w", batch: 0)
        #expect(old.status == 409 && old.problem == "batch-too-old")
        let oldest = try #require(old.json["oldest"]?.integer)
        let known = try server.append(
            events(Int(oldest)..<Int(oldest) + 1), writer: "w", batch: UInt64(oldest))
        #expect(known.json["duplicate"]?.bool == true, "the oldest it named is remembered")
    }

    @Test func numbersMayComeInAnyOrder() throws {
        let server = try TestServer()
        try server.start()
        for batch in [3, 1, 2] as [UInt64] {
            #expect(try server.append([event(Int(batch))], writer: "w", batch: batch).status == 201)
        }
        #expect(try server.get("/v1/recordings/1/events").text == "[\(event(3)),\n\(event(1)),\n\(event(2))]")
    }

    @Test func headersOutrankTheEnvelope() throws {
        let server = try TestServer()
        try server.start()
        let body = #"{"writer":"v","batch":1,"events":[\#(event(0))]}"#
        let headers: Headers = ["Reeld-Writer": "w", "Reeld-Batch": "1"]
        #expect(try server.send(.post, "/v1/recordings/1/events", body, headers: headers).status == 201)
        #expect(try server.append([event(0)], writer: "w", batch: 1).json["duplicate"]?.bool == true)
        #expect(try server.append([event(0)], writer: "v", batch: 1).json["duplicate"]?.bool == false)
    }

    // MARK: Ends

    @Test func anEndIsFinalAfterItsGrace() throws {
        let clock = FakeClock()
        let server = try TestServer(clock: clock)
        try server.start()
        _ = try server.append(events(0..<1), writer: "w", batch: 0)
        let ended = try server.send(.post, "/v1/recordings/1/end")
        #expect(ended.json["status"]?.string == "ended" && ended.json["end_reason"]?.string == "request")
        #expect(try server.send(.post, "/v1/recordings/1/end").json["ended"] == ended.json["ended"])
        clock.advance(seconds: 299)
        #expect(try server.append(events(1..<2)).status == 201, "late events are taken within the grace")
        clock.advance(seconds: 2)
        let state = server.state
        let late = try server.append(events(2..<3))
        #expect(late.status == 409 && late.problem == "recording-ended")
        #expect(late.json["reason"]?.string == "request" && late.json["ended"] == ended.json["ended"])
        #expect(server.state == state)
        // A repeat is still a repeat.
        #expect(try server.append(events(0..<1), writer: "w", batch: 0).json["duplicate"]?.bool == true)
    }

    @Test func aLeaseThatRanOutCanBeResumedForADay() throws {
        let clock = FakeClock()
        let server = try TestServer(clock: clock)
        try server.start()
        _ = try server.append(events(0..<1))
        clock.advance(seconds: 31 * 60)
        server.store.tick()
        // The lease is ended on the writer's thread: a change behind it says when it is.
        let idle = try server.send(.patch, "/v1/recordings/1", "{}").json
        #expect(idle["status"]?.string == "idle" && idle["end_reason"]?.string == "lease")
        #expect(try server.append(events(1..<2)).status == 201)
        let resumed = try server.get("/v1/recordings/1").json
        #expect(resumed["status"]?.string == "recording" && resumed["end_reason"]?.isNull == true)
        clock.advance(seconds: 31 * 60)
        server.store.tick()
        #expect(try server.send(.patch, "/v1/recordings/1", "{}").json["status"]?.string == "idle")
        clock.advance(seconds: 24 * 3_600 + 1)
        #expect(try server.append(events(2..<3)).json["reason"]?.string == "lease")
    }

    @Test func aFullRecordingNamesItsSuccessorAndTheTokenForIt() throws {
        let server = try TestServer(store: { $0.recordingSizeMaxBytes = 1_000 })
        try server.start(#"{"user":"ann"}"#)
        #expect(try server.append([event(0, padding: 900)]).status == 201)
        let full = try server.append([event(1, padding: 900)])
        #expect(full.status == 409 && full.problem == "recording-full")
        let successor = try #require(full.json["successor"])
        #expect(successor["number"]?.integer == 2)
        let id = try #require(successor["id"]?.string)
        let token = try #require(successor["token"]?.string)
        let headers: Headers = ["Authorization": "Bearer \(token)"]
        let goesOn = try server.send(.post, "/v1/recordings/\(id)/events", "[\(event(1))]", headers: headers)
        #expect(goesOn.status == 201)
        let (old, new) = (try server.get("/v1/recordings/1").json, try server.get("/v1/recordings/2").json)
        #expect(old["status"]?.string == "ended" && old["end_reason"]?.string == "size")
        #expect(old["successor"]?["id"]?.string == id && new["predecessor"]?["number"]?.integer == 1)
        #expect(new["user"]?.string == "ann")
        #expect(try server.append([event(2)]).json["successor"]?["number"]?.integer == 2, "and goes on naming it")
    }
}
