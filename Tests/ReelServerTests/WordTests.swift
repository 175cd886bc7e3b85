import ReelCodec
import ReelHTTP
import ReelSystem
import Testing

@testable import ReelServer

/// The small words of the API: times, parameters, paths, problem types.
struct WordTests {
    static let times: [(microseconds: Int64, text: String)] = [
        (0, "1970-01-01T00:00:00.000000Z"), (1, "1970-01-01T00:00:00.000001Z"),
        (-1, "1969-12-31T23:59:59.999999Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"), (1_700_000_000_123_456, "2023-11-14T22:13:20.123456Z"),
        (-62_167_219_200_000_000, "0000-01-01T00:00:00.000000Z"),
        (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
    ]

    @Test(arguments: times)
    func timesAreWrittenAndReadBack(microseconds: Int64, text: String) {
        #expect(TimeText.text(microseconds) == text)
        #expect(TimeText.microseconds(text) == microseconds)
    }

    @Test func timesThatCannotBeWrittenAreNone() {
        for time in [Int64.min, -62_167_219_200_000_001, 253_402_300_800_000_000, .max] {
            #expect(TimeText.text(time) == nil)
        }
    }

    @Test func timesWithOffsetsAndFractionsAreRead() {
        let noon: Int64 = 1_700_000_000_000_000
        #expect(TimeText.microseconds("2023-11-14T23:13:20+01:00") == noon)
        #expect(TimeText.microseconds("2023-11-14t17:43:20.5-04:30") == noon + 500_000)
        #expect(TimeText.microseconds("2023-11-14 22:13:20.0000019Z") == noon + 1)
        #expect(TimeText.microseconds("2016-12-31T23:59:60Z") == TimeText.microseconds("2016-12-31T23:59:59Z"))
    }

    @Test(arguments: [
        "", "2023-11-14", "2023-11-14T22:13:20", "2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z", "2023-00-01T00:00:00Z",
        "2023-01-00T00:00:00Z", "2023-01-01T24:00:00Z", "2023-01-01T00:60:00Z", "2023-01-01T00:00:00+24:00",
        "23-01-01T00:00:00Z", "2023-01-01T00:00:00.Z", "2023-01-01T00:00:00Zx", "２０２３-01-01T00:00:00Z",
    ])
    func whatIsNoTimeIsNone(text: String) { #expect(TimeText.microseconds(text) == nil) }

    @Test func millisecondsKeepTheirFraction() {
        for (microseconds, text) in [(1_500, "1.500"), (-1_500, "-1.500"), (-1, "-0.001"), (2_000, "2")]
            as [(Int64, String)]
        {
            var json = JSONWriter()
            json.milliseconds(microseconds)
            #expect(String(decoding: json.bytes, as: UTF8.self) == text)
        }
    }

    @Test func parametersAreDecoded() throws {
        let query = try Query("a=1&b=x+y%2Bz&c&d=%C3%BC&a=2&&e==")
        #expect(query.all("a") == ["1", "2"])
        #expect(try query.text("b") == "x y+z" && query.text("c") == "" && query.text("d") == "ü")
        #expect(try query.text("e") == "=" && query.text("f") == nil)
        #expect(throws: Problem.self) { try query.text("a") }
        for bad in ["a=%FF", "a=%", "a=%1", "a=%+1", "%FF=a"] { #expect(throws: Problem.self) { try Query(bad) } }
    }

    @Test func everyRefusalHasATypeOfItsNameAndStatus() {
        for refusal in HTTPRefusal.allCases {
            #expect(refusal.problemType.rawValue == refusal.rawValue)
            #expect(refusal.problemType.row.status == refusal.status)
            #expect(refusal.problemType.row.isRetryable == refusal.isRetryable)
        }
    }

    @Test func everyTypeHasAnErrorStatusAndATitle() {
        for type in ProblemType.allCases {
            #expect((400...599).contains(type.row.status), "\(type)")
            #expect(!type.row.title.isEmpty && !type.row.title.hasSuffix("."))
            #expect(
                (type.row.status == 503 || type.row.status == 507) == (type.row.retryAfterSeconds != nil), "\(type)")
            #expect(type.rawValue.utf8.allSatisfy { $0 == 0x2D || (0x61...0x7A).contains($0) })
        }
    }

    @Test func aProblemIsADocumentOfItsOwnType() throws {
        let problem = Problem(.eventTooLarge, "a \"quoted\"\nline", .event(3), .limit(9))
        guard case .bytes(let body) = problem.response.body else { return #expect(Bool(false)) }
        let json = try JSONValue(parsing: body)
        #expect(json["type"]?.string == "urn:reeld:problem:event-too-large")
        #expect(json["detail"]?.string == "a \"quoted\"\nline")
        #expect(json["event"]?.integer == 3 && json["limit"]?.integer == 9)
        #expect(problem.response.headers["Content-Type"] == "application/problem+json")
    }

    @Test func aPoolRunsEverythingItTookAndRefusesBeyondItsBound() {
        let gate = Monitor(false)
        let done = Monitor(0)
        let pool = WorkerPool(threadCount: 1, waitingMax: 5_000)
        let isHeld = Monitor(false)
        #expect(
            pool.submit {
                isHeld.broadcast { $0 = true }
                _ = gate.wait { $0 ? true : nil }
            })
        _ = isHeld.wait { $0 ? true : nil }
        var taken = 0
        while pool.submit({ done.withLock { $0 += 1 } }) { taken += 1 }
        #expect(taken == 5_000 && pool.depth == 5_000)
        gate.broadcast { $0 = true }
        pool.stop()
        #expect(done.withLock { $0 } == taken)
        #expect(!pool.submit {})
    }
}
