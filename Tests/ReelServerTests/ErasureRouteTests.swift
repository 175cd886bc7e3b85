import ReelCodec
import ReelFormat
import ReelSystem
import Testing

@testable import ReelServer

/// `DELETE /v1/recordings/{r}` with its parameters, and `POST /v1/erase`.
struct ErasureRouteTests {
    /// Recordings 1 to 6: of zoe 1, 2 and 3 (pinned), of max 4 and 5, of nobody 6.
    private func server(clock: any Clock = SystemClock()) throws -> TestServer {
        let server = try TestServer(clock: clock)
        for body in [
            #"{"user":"zoe","project":"shop"}"#, #"{"user":"zoe","session":"s1"}"#, #"{"user":"zoe","pinned":true}"#,
            #"{"user":"max","project":"shop"}"#, #"{"user":"max"}"#, "{}",
        ] { try server.start(body) }
        return server
    }

    private func erase(_ server: TestServer, _ body: String) throws -> Answer {
        try server.send(.post, "/v1/erase", body)
    }

    private func numbers(_ answer: Answer) -> [Int64] {
        (answer.json["recordings"]?.array ?? []).compactMap { $0["number"]?.integer }.sorted()
    }

    private func left(_ server: TestServer) throws -> [Int64] { numbers(try server.get("/v1/recordings")) }

    @Test func aUsersRecordingsGoAndNobodyElses() throws {
        let server = try server()
        let answer = try erase(server, #"{"user":"zoe"}"#)
        #expect(answer.status == 200 && numbers(answer) == [1, 2])
        #expect(answer.json["erased"]?.integer == 2 && answer.json["repeated"]?.integer == 0)
        let refused = try #require(answer.json["refused"]?.array)
        #expect(refused.count == 1 && refused[0]["recording"]?.string == "3")
        #expect(refused[0]["type"]?.string == "urn:reeld:problem:held")
        #expect(try left(server) == [3, 4, 5, 6])
        #expect(try server.get("/v1/recordings/1").problem == "erased")
    }

    @Test func filtersMustAllHold() throws {
        let server = try server()
        #expect(numbers(try erase(server, #"{"user":"max","project":"shop"}"#)) == [4])
        #expect(numbers(try erase(server, #"{"project":"shop","before":"2020-01-01T00:00:00Z"}"#)) == [])
        #expect(numbers(try erase(server, #"{"project":"shop","before":"2999-01-01T00:00:00Z"}"#)) == [1])
        #expect(try left(server) == [2, 3, 5, 6])
    }

    @Test func aDryRunErasesNothing() throws {
        let server = try server()
        let before = server.state
        let answer = try erase(server, #"{"user":"zoe","dry_run":true}"#)
        #expect(numbers(answer) == [1, 2, 3] && answer.json["count"]?.integer == 3)
        #expect(answer.json["held"]?.integer == 1 && server.state == before)
    }

    @Test func namedOnesAreErasedAndTheRestIsNamed() throws {
        let server = try server()
        let id = try #require(try server.get("/v1/recordings/2").json["id"]?.string)
        _ = try server.send(.delete, "/v1/recordings/1")
        let answer = try erase(server, #"{"recordings":[1,"\#(id)",99,3,"5"]}"#)
        #expect(numbers(answer) == [1, 2, 5])
        #expect(answer.json["erased"]?.integer == 2 && answer.json["repeated"]?.integer == 1)
        let refused = (answer.json["refused"]?.array ?? []).compactMap { $0["type"]?.string }
        #expect(refused == ["urn:reeld:problem:unknown-recording", "urn:reeld:problem:held"])
    }

    @Test func anOverrideErasesPinnedOnesAndIsTold() throws {
        let server = try server()
        #expect(try server.send(.delete, "/v1/recordings/3").problem == "held")
        #expect(try server.send(.delete, "/v1/recordings/3?override=").problem == "bad-selection")
        #expect(try server.send(.delete, "/v1/recordings/3?override=court+order&reason=asked").status == 200)
        let notices = server.events.withLock { events in
            events.compactMap { if case .erased(let notice) = $0 { notice } else { nil } }
        }
        #expect(notices.map(\.numbers) == [[3]])
        #expect(notices.first?.override == "court order" && notices.first?.reason == "asked")
        #expect(notices.first?.requester.hasPrefix("uid ") == true)
    }

    @Test func aCertificateIsSignedByTheStore() throws {
        let server = try server()
        let answer = try erase(
            server, #"{"user":"zoe","certificate":true,"reason":"why\nnot","override":"all of it"}"#)
        let text = try #require(answer.json["certificate"]?.string)
        let keyText = try server.get("/v1/store").json["public_key"]?.string ?? ""
        let key = try #require(Hexadecimal.bytes(keyText))
        let certificate = try #require(try CertificateReader.read(Array(text.utf8), publicKey: key).first)
        #expect(certificate.erased.map(\.recording).sorted() == [1, 2, 3])
        #expect(certificate.selection == "user=zoe" && certificate.reason == "why not")
        #expect(certificate.override == "all of it")
        // The same again, by its name.
        let again = try server.send(.delete, "/v1/recordings/1?certificate=1").json["certificate"]?.string ?? ""
        let second = try #require(try CertificateReader.read(Array(again.utf8), publicKey: key).first)
        #expect(
            second.erased.first?.erasedMicroseconds
                == certificate.erased.first { $0.recording == 1 }?.erasedMicroseconds)
        #expect(try erase(server, #"{"user":"nobody","certificate":true}"#).json["certificate"] == nil)
    }

    /// Who asked for a person's erasing must not take a certificate for more than it is.
    @Test func aCertificateSaysWhatWasLeft() throws {
        let server = try server()
        let text = try erase(server, #"{"user":"zoe","certificate":true}"#).json["certificate"]?.string ?? ""
        let certificate = try #require(try CertificateReader.read(Array(text.utf8)).first)
        #expect(certificate.erased.count == 2 && certificate.refusedCount == 1 && certificate.unreadCount == 0)
        // What is not there is not left.
        let named = try erase(server, #"{"recordings":[1,99],"certificate":true}"#).json["certificate"]?.string ?? ""
        #expect(try CertificateReader.read(Array(named.utf8)).first?.refusedCount == 0)
    }

    /// For who lost the answer: nobody knows any more whose they were.
    @Test func whatWasErasedCanBeNamedByItsTime() throws {
        let clock = FakeClock()
        let server = try server(clock: clock)
        _ = try erase(server, #"{"user":"max"}"#)
        let before = try #require(TimeText.text(clock.wallMicroseconds + 1_000_000))
        clock.advance(seconds: 60)
        _ = try erase(server, #"{"user":"zoe"}"#)
        let state = server.state
        let answer = try erase(server, #"{"erased_since":"\#(before)","certificate":true,"reason":"lost"}"#)
        #expect(numbers(answer) == [1, 2] && answer.json["erased"]?.integer == 0)
        #expect(answer.json["repeated"]?.integer == 2)
        let text = answer.json["certificate"]?.string ?? ""
        let certificate = try #require(try CertificateReader.read(Array(text.utf8)).first)
        #expect(certificate.erased.map(\.recording).sorted() == [1, 2])
        #expect(certificate.selection == "erased-since=\(before)")
        #expect(numbers(try erase(server, #"{"erased_since":"1h"}"#)) == [1, 2, 4, 5])
        #expect(numbers(try erase(server, #"{"erased_since":"1h","erased_until":"\#(before)"}"#)) == [4, 5])
        #expect(numbers(try erase(server, #"{"erased_since":"1h","cursor":"4"}"#)) == [1, 2])
        #expect(server.state == state)
    }

    static let refusals: [(body: String, type: String)] = [
        ("", "bad-json"), ("[]", "bad-selection"), ("{}", "bad-selection"), ("{\"before\":\"1d\"}", "bad-selection"),
        (#"{"user":""}"#, "bad-selection"), (#"{"user":7}"#, "bad-selection"), (#"{"usr":"zoe"}"#, "bad-selection"),
        (#"{"user":"zoe","before":"yesterday"}"#, "bad-selection"),
        (#"{"user":"zoe","recordings":[1]}"#, "bad-selection"),
        (#"{"recordings":[]}"#, "bad-selection"), (#"{"recordings":[0]}"#, "bad-selection"),
        (#"{"recordings":["x"]}"#, "bad-selection"), (#"{"recordings":1}"#, "bad-selection"),
        (#"{"recordings":[1],"before":"1d"}"#, "bad-selection"), (#"{"user":"zoe","override":" "}"#, "bad-selection"),
        (#"{"user":"zoe","dry_run":"yes"}"#, "bad-selection"), (#"{"user":"zoe","cursor":"x"}"#, "bad-selection"),
        (#"{"erased_since":"1d","user":"zoe"}"#, "bad-selection"),
        (#"{"erased_since":"1d","recordings":[1]}"#, "bad-selection"),
        (#"{"erased_since":"1d","dry_run":true}"#, "bad-selection"),
        (#"{"erased_since":"1h","erased_until":"1d"}"#, "bad-selection"),
        (#"{"erased_since":"soon"}"#, "bad-selection"),
    ]

    @Test(arguments: refusals.indices) func aBadOrderErasesNothing(index: Int) throws {
        let server = try server()
        let before = server.state
        let (body, type) = ErasureRouteTests.refusals[index]
        #expect(try erase(server, body).problem == type, "\(body)")
        #expect(try server.send(.post, "/v1/erase?user=zoe", "{}").problem == "bad-query")
        #expect(server.state == before)
    }

    @Test func tooLongAReasonIsRefusedAndTheLongestIsNot() throws {
        let server = try server()
        let limit = ErasureOrder.textSizeMaxBytes
        func body(_ size: Int) -> String { #"{"user":"max","reason":"\#(String(repeating: "x", count: size))"}"# }
        #expect(try erase(server, body(limit + 1)).problem == "bad-selection")
        #expect(try erase(server, body(limit)).status == 200)
    }

    @Test func anErasedRecordingStillWrittenRefusesItsWriter() throws {
        let server = try server()
        #expect(try server.append(events(0..<2), to: "4").status == 201)
        _ = try erase(server, #"{"user":"max"}"#)
        #expect(try server.append(events(2..<4), to: "4").problem == "erased")
    }

    /// Who has the answer may ask again at once: `reeld erase` does, page by page.
    @Test func theNextErasingIsNotKeptWaitingByTheOneThatWasAnswered() throws {
        let server = try server()
        for _ in 0..<200 { #expect(try erase(server, #"{"user":"nobody"}"#).status == 200) }
        for _ in 0..<20 { #expect(try server.send(.post, "/v1/store/compact").status == 200) }
    }

    @Test func whatIsThereIsCountedApartFromWhatIsNot() throws {
        let server = try server()
        func counts() throws -> [Int64?] {
            let figures = try server.get("/v1/store").json
            return ["recordings", "erased_recordings", "expired_recordings"].map { figures[$0]?.integer }
        }
        #expect(try counts() == [6, 0, 0])
        _ = try erase(server, #"{"user":"max"}"#)
        _ = try erase(server, #"{"recordings":[4]}"#)
        #expect(try counts() == [4, 2, 0])
        let metrics = try server.get("/metrics").text
        #expect(metrics.contains("\nreeld_recordings 4\n"))
        #expect(metrics.contains("\nreeld_recordings_gone{how=\"erased\"} 2\n"))
    }

    @Test func erasingIsCounted() throws {
        let server = try server()
        _ = try erase(server, #"{"user":"max"}"#)
        _ = try server.send(.delete, "/v1/recordings/6")
        _ = try server.send(.delete, "/v1/recordings/6")
        let metrics = try server.get("/metrics").text
        #expect(
            metrics.contains("\nreeld_erasures_total 2\n") && metrics.contains("\nreeld_recordings_erased_total 3\n"))
    }
}
