import ReelCodec
import ReelStore
import ReelSystem
import Testing

@testable import ReelServer

/// Retention as clients see it.
@Suite struct RetentionRouteTests {
    private static let day: Int64 = 86_400

    private func server(_ clock: FakeClock, _ change: (inout StoreOptions) -> Void = { _ in }) throws -> TestServer {
        try TestServer(clock: clock, store: change)
    }

    private func record(_ count: Int, on server: TestServer) throws {
        for _ in 0..<count {
            let number = try server.start().json["number"]?.integer ?? 0
            #expect(try server.append(events(0..<3), to: "\(number)").status == 201)
            #expect(try server.send(.post, "/v1/recordings/\(number)/end").status == 200)
        }
    }

    @Test func aVacuumByAgeAnswersWhatWentAndTheRestOf410() throws {
        let clock = FakeClock()
        let server = try server(clock)
        try record(2, on: server)
        clock.advance(seconds: 10 * Self.day)
        try record(1, on: server)
        let target = "/v1/store/compact?max_age=\(5 * Self.day)"
        let dry = try server.send(.post, target + "&dry_run=1").json
        #expect(dry["recordings_removed"]?.integer == 2 && dry["dry_run"]?.bool == true)
        #expect(try server.get("/v1/recordings/1").status == 200)
        let done = try server.send(.post, target).json
        #expect(done["recordings_removed"]?.integer == 2 && done["dry_run"] == nil)
        #expect(done["oldest"]?.string == dry["oldest"]?.string && done["newest"]?.string == dry["newest"]?.string)
        for target in ["", "/events", "/chunks", "/chunks/0"] {
            let answer = try server.get("/v1/recordings/2" + target)
            #expect(answer.status == 410 && answer.problem == "expired", "\(target)")
            #expect(answer.json["reason"]?.string == "age")
        }
        #expect(try server.send(.delete, "/v1/recordings/2").problem == "expired")
        #expect(try server.append(events(0..<1), to: "2").problem == "expired")
        #expect(try server.get("/api/events?activity_id=2").status == 404)
        #expect(try server.get("/v1/recordings/3").status == 200)
        let figures = try server.get("/v1/store").json
        #expect(figures["recordings"]?.integer == 1 && figures["erased_recordings"]?.integer == 0)
        #expect(figures["expired_recordings"]?.integer == 2 && (figures["expired_bytes"]?.integer ?? 0) > 0)
        let metrics = try server.get("/metrics").text
        #expect(metrics.contains("reeld_retention_recordings_total{cause=\"age\"} 2\n"))
    }

    @Test func aClockThatJumpedWaitsForConfirmation() throws {
        let clock = FakeClock()
        let directory = try TemporaryDirectory()
        try record(3, on: TestServer(directory, clock: clock))
        clock.advance(seconds: 60 * Self.day)
        let server = try TestServer(directory, clock: clock) {
            $0.retention.ageMaxMicroseconds = 30 * Self.day * 1_000_000
        }
        let waiting = try server.send(.post, "/v1/store/compact?max_age=\(30 * Self.day)")
        #expect(waiting.status == 409 && waiting.problem == "retention-waits")
        #expect(waiting.json["detail"]?.string?.contains("reeld vacuum --confirm") == true)
        #expect(try server.get("/v1/recordings/1").status == 200)
        #expect(try server.send(.post, "/v1/store/compact?confirm=1").json["recordings_removed"]?.integer == 3)
        #expect(try server.get("/v1/recordings/1").status == 410)
    }

    @Test func limitsThatAreNoneAreRefused() throws {
        let server = try server(FakeClock())
        for query in ["max_age=0", "max_age=-1", "max_age=30d", "max_size=0", "max_size=1e9", "dry_run=yes", "age=1"] {
            let answer = try server.send(.post, "/v1/store/compact?" + query)
            #expect(answer.status == 400 && answer.problem == "bad-query", "\(query)")
        }
    }

    @Test func whereNothingMayGoWritersAreToldWhy() throws {
        let server = try server(FakeClock()) {
            $0.retention.sizeMax = .bytes(1)
            $0.retention.isAutomatic = true
        }
        try server.start()
        let done = server.limitsKept()
        #expect(done)
        let refused = try server.append(events(0..<3))
        #expect(refused.status == 507 && refused.problem == "over-limit")
        #expect(refused.json["detail"]?.string?.contains("0 recordings are pinned and 1 still recording") == true)
        #expect(try server.send(.post, "/v1/recordings", "{}").status == 507)
        #expect(try server.get("/readyz").json["retention_waits"]?.string == "nothing-removable")
        #expect(try server.get("/v1/store").json["retention_waits"]?.string?.contains("still recording") == true)
        #expect(try server.get("/metrics").text.contains("reeld_retention_waits{for=\"nothing-removable\"} 1\n"))
    }
}

extension TestServer {
    /// Lets retention do what it does by itself.
    fileprivate func limitsKept() -> Bool {
        let answer = Monitor<Bool?>(nil)
        store.keepLimits { result in
            if case .success = result { answer.broadcast { $0 = true } } else { answer.broadcast { $0 = false } }
        }
        return answer.wait(timeoutMilliseconds: 60_000) { $0 } ?? false
    }
}
