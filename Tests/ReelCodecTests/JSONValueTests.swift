import ReelCodec
import Testing

struct JSONValueTests {
    @Test func valuesAreReadAsTheyAreWritten() throws {
        let text = #" {"a":[1,-2.50e3,"x\n\u00e9\ud83d\ude00",true,false,null,{},[]],"b":"","a\"":{"n":1e400},"a":7} "#
        let value = try JSONValue(parsing: bytes(text))
        #expect(
            value
                == .object([
                    .init(
                        "a",
                        .array([
                            .number("1"), .number("-2.50e3"), .string("x\né😀"), .bool(true), .bool(false), .null,
                            .object([]), .array([]),
                        ])), .init("b", .string("")), .init("a\"", .object([.init("n", .number("1e400"))])),
                    .init("a", .number("7")),
                ]))
        #expect(value["a"]?.integer == 7, "the last of a repeated name counts")
        #expect(value["c"] == nil)
    }

    @Test(arguments: [
        ("1", 1), ("-7", -7), ("1e3", 1000), ("1.50e1", 15), ("9223372036854775807", Int64.max), ("1.5", nil),
        ("1e30", nil),
        ("9223372036854775808", nil), ("-0", 0), ("100000000000000000000e-20", 1), ("\"1\"", nil),
        ("-9223372036854775807", -Int64.max),
    ])
    func integersAreExactOrNone(text: String, expected: Int64?) throws {
        #expect(try JSONValue(parsing: bytes(text)).integer == expected)
    }

    @Test func limitsHold() throws {
        #expect(try JSONValue(parsing: bytes("[[[]]]"), sizeMaxBytes: 6, depthMax: 3) != .null)
        #expect(throws: JSONFault(.tooDeep, at: 2)) { try JSONValue(parsing: bytes("[[[]]]"), depthMax: 2) }
        #expect(throws: JSONFault(.tooLong, at: 5)) { try JSONValue(parsing: bytes("[[[]]]"), sizeMaxBytes: 5) }
        let deep = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
        #expect(try JSONValue(parsing: bytes(deep), depthMax: 512).array?.count == 1)
    }

    @Test(arguments: JSONGrammarTests.refused.indices) func whatTheScannerRefusesIsRefused(index: Int) {
        let (text, offset, reason) = JSONGrammarTests.refused[index]
        #expect(throws: JSONFault(reason, at: offset)) { try JSONValue(parsing: text) }
    }

    @Test func aLoneSurrogateIsReplaced() throws {
        #expect(
            try JSONValue(parsing: bytes(#""a\ud800b\udc00\ud800\ud83d\ude00""#)).string
                == "a\u{FFFD}b\u{FFFD}\u{FFFD}😀")
    }
}

struct JSONWriterTests {
    @Test func nestedValuesGetTheirCommas() {
        var json = JSONWriter()
        json.object { json in
            json.member("number", 7)
            json.member("empty") { json in json.array { _ in } }
            json.member("list") { json in
                json.array { json in
                    json.string("a")
                    json.null()
                    json.object { json in json.member("x", true) }
                    json.double(0.5)
                    json.double(.infinity)
                    json.raw(bytes("[1,2]"))
                }
            }
            json.member("last", "z")
        }
        let expected = #"{"number":7,"empty":[],"list":["a",null,{"x":true},0.5,null,[1,2]],"last":"z"}"#
        #expect(String(decoding: json.bytes, as: UTF8.self) == expected)
    }

    @Test func everyCharacterComesBack() throws {
        let text = String(String.UnicodeScalarView((0..<0x800).compactMap(Unicode.Scalar.init))) + "\u{FFFF}\u{10FFFF}😀"
        var json = JSONWriter()
        json.string(text)
        #expect(try JSONValue(parsing: json.bytes).string == text)
    }

    @Test func valuesComeBack() throws {
        let text = #"{"a":[1,-2.50e3,"x\né",true,false,null,{},[]],"b":"","c":{"n":1e400}}"#
        let value = try JSONValue(parsing: bytes(text))
        var json = JSONWriter()
        json.value(value)
        #expect(String(decoding: json.bytes, as: UTF8.self) == text)
    }
}
