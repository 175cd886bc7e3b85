import ReelCodec
import Testing

struct JSONGrammarTests {
    /// What must be refused, with place and reason. `␣` stands for nothing: texts are exact.
    static let refused: [(text: [UInt8], offset: Int, reason: JSONFault.Reason)] = [
        (bytes(""), 0, .empty), (bytes(" \n"), 2, .empty),
        ([0xEF, 0xBB, 0xBF] + bytes("[]"), 0, .byteOrderMark),
        (bytes("[NaN]"), 1, .expectedValue), (bytes("[Infinity]"), 1, .expectedValue),
        (bytes("[-Infinity]"), 1, .badNumber),
        (bytes("[1,]"), 3, .expectedValue), (bytes("[,1]"), 1, .expectedValue), (bytes("[1,,2]"), 3, .expectedValue),
        (bytes(#"[{"a":1,}]"#), 8, .expectedKey), (bytes("[{,}]"), 2, .expectedKey),
        (bytes("[{1:2}]"), 2, .expectedKey),
        (bytes("[{'a':1}]"), 2, .expectedKey), (bytes("[{a:1}]"), 2, .expectedKey),
        (bytes(#"[{"a" 1}]"#), 6, .expectedColon), (bytes(#"[{"a"}]"#), 5, .expectedColon),
        (bytes(#"[{"a":}]"#), 6, .expectedValue), (bytes(#"[{"a":1:2}]"#), 7, .expectedCommaOrEnd),
        (bytes("[1 2]"), 3, .expectedCommaOrEnd), (bytes("[[1}]"), 3, .expectedCommaOrEnd),
        (bytes(#"[{"a":1]]"#), 7, .expectedCommaOrEnd), (bytes(#"["a" "b"]"#), 5, .expectedCommaOrEnd),
        (bytes(#"["a"b]"#), 4, .expectedCommaOrEnd), (bytes(#"["a""b"]"#), 4, .expectedCommaOrEnd),
        (bytes("["), 1, .endsEarly), (bytes("[1"), 2, .endsEarly), (bytes("[{"), 2, .endsEarly),
        (bytes(#"[{"a":"#), 6, .endsEarly), (bytes("[1,"), 3, .endsEarly), (bytes(#"[{"a":1"#), 7, .endsEarly),
        (bytes("[] []"), 3, .trailing), (bytes("[]]"), 2, .trailing), (bytes("[]x"), 2, .trailing),
        (bytes("[01]"), 1, .badNumber), (bytes("[-]"), 1, .badNumber), (bytes("[+1]"), 1, .expectedValue),
        (bytes("[.5]"), 1, .expectedValue), (bytes("[1.]"), 1, .badNumber), (bytes("[1e]"), 1, .badNumber),
        (bytes("[1e+]"), 1, .badNumber), (bytes("[0x10]"), 1, .badNumber), (bytes("[1.2.3]"), 1, .badNumber),
        (bytes("[--1]"), 1, .badNumber), (bytes("[1\"a\"]"), 1, .badNumber), (bytes("[-a]"), 1, .badNumber),
        (bytes("[1\u{c}]"), 1, .badNumber), (bytes("[1\\]"), 2, .badEscape),
        (bytes("[tru]"), 1, .badLiteral), (bytes("[truee]"), 1, .badLiteral), (bytes("[nul"), 1, .badLiteral),
        (bytes("[True]"), 1, .expectedValue), (bytes("[true\"a\"]"), 1, .badLiteral),
        (bytes("[falsefalse]"), 1, .badLiteral),
        (bytes("[\"a\u{1}\"]"), 3, .controlCharacter), (bytes("[\"\n\"]"), 2, .controlCharacter),
        ([0x5B, 0x22, 0x00, 0x22, 0x5D], 2, .controlCharacter),
        (bytes("[\"abc]"), 1, .unclosedString), (bytes(#"["abc\"]"#), 1, .unclosedString),
        (bytes(#"["\a"]"#), 2, .badEscape), (bytes(#"["\u12"]"#), 2, .badEscape),
        (bytes(#"["\u12g4"]"#), 2, .badEscape),
        (bytes(#"["\U0041"]"#), 2, .badEscape), (bytes(#"["\'"]"#), 2, .badEscape),
        (bytes(#"[\n]"#), 1, .expectedValue),
        (bytes("[\u{c}]"), 1, .expectedValue), (bytes("[\u{1a}]"), 1, .expectedValue),
        (bytes("[1,\u{a0}2]"), 3, .expectedValue),
        ([0x5B, 0x22, 0xFF, 0x22, 0x5D], 2, .invalidUTF8), ([0x5B, 0x22, 0xC3, 0x22, 0x5D], 2, .invalidUTF8),
        ([0x5B, 0x22, 0xC0, 0x80, 0x22, 0x5D], 2, .invalidUTF8),
        ([0x5B, 0x22, 0xED, 0xA0, 0x80, 0x22, 0x5D], 2, .invalidUTF8),
        ([0x5B, 0x22, 0xF4, 0x90, 0x80, 0x80, 0x22, 0x5D], 2, .invalidUTF8), ([0x5B, 0x5D, 0x80], 2, .invalidUTF8),
    ]

    @Test(arguments: refused.indices) func brokenJSONIsRefusedWithPlaceAndReason(index: Int) {
        let (text, offset, reason) = JSONGrammarTests.refused[index]
        #expect(throws: ScanError.syntax(JSONFault(reason, at: offset)), "\(String(decoding: text, as: UTF8.self))") {
            try EventScanner().scan(text, format: .json, policy: .drop)
        }
    }

    @Test(arguments: [
        "[0,-0,1.0,1e5,1E+5,1e-5,-1.5e10,123456789012345678901234567890,1e999999]",
        #"["\ud800","\udc00\ud800","\u0000"]"#,
        #"["\"\\\/\b\f\n\r\t\u00Ff"]"#, "[true,false,null,{},[],[[]],{\"\":\"\"}]", "\t\r\n [ ] \t\r\n",
        "[\"\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10ffff}\"]", "[1 , 2]", "[\"a\" , \"b\"]",
        #"{"events":[],"events":[]}"#,
    ])
    func soundJSONIsAccepted(text: String) throws {
        _ = try EventScanner().scan(bytes(text), format: .json, policy: .drop)
    }
}
