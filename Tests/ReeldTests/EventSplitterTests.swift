import ReelSystem
import Testing

@testable import reeld

struct EventSplitterTests {
    private func split(_ text: String, pieceSize: Int = .max) throws -> [String] {
        var splitter = EventSplitter()
        var events: [String] = []
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let piece = Array(bytes[start..<start + min(pieceSize, bytes.count - start)])
            var index = 0
            while let event = try splitter.next(in: piece, from: &index) {
                events.append(String(decoding: event, as: UTF8.self))
            }
            start += piece.count
        }
        try splitter.finish()
        return events
    }

    private static let documents: [(String, [String])] = [
        ("", []), (" \n", []), ("[]", []), ("[ ]\n", []), ("{\"events\":[]}", []),
        ("[{\"a\":1},{\"b\":[2,{}]}]", ["{\"a\":1}", "{\"b\":[2,{}]}"]),
        ("{\"a\":1}\n{\"b\":2}\r\n{}", ["{\"a\":1}", "{\"b\":2}", "{}"]),
        ("{\"a\":\"}\\\"{\"}", ["{\"a\":\"}\\\"{\"}"]),
        ("{\"a\":\"\\\\\"}{\"b\":0}", ["{\"a\":\"\\\\\"}", "{\"b\":0}"]),
        (
            " {\"writer\":\"w\",\"batch\":[1,{\"events\":[]}],\"events\" : [ {\"a\":1} ,\n{\"b\":2}],\"x\":{\"y\":[{}]}} ",
            ["{\"a\":1}", "{\"b\":2}"]
        ),
        ("{\"a\":\"events\",\"b\":[1]}", ["{\"a\":\"events\",\"b\":[1]}"]),
        ("{\"a\":{\"events\":[1]}}", ["{\"a\":{\"events\":[1]}}"]),
        ("{\"a\":1}\n{\"events\":[{}]}", ["{\"a\":1}", "{\"events\":[{}]}"]),
        ("[{\"events\":[{}]}]", ["{\"events\":[{}]}"]),
        ("[{\n \"a\": \"é\u{2028}😀\"\n}]", ["{\n \"a\": \"é\u{2028}😀\"\n}"]),
    ]

    @Test(arguments: documents) func eventsAreCutOutOfEveryForm(text: String, expected: [String]) throws {
        #expect(try split(text) == expected)
    }

    @Test(arguments: documents) func piecesOfAnySizeGiveTheSameEvents(text: String, expected: [String]) throws {
        for size in 1...max(1, text.utf8.count) {
            #expect(try split(text, pieceSize: size) == expected, "pieces of \(size)")
        }
    }

    @Test(arguments: [
        ("1", 0, "an event must be a JSON object, {…}"), ("[1]", 1, "an event must be a JSON object, {…}"),
        ("[{},null]", 4, "an event must be a JSON object, {…}"), ("[[]]", 1, "an event must be a JSON object, {…}"),
        ("[{}", 3, "the document ends in its middle"), ("{\"a\":[}", 7, "the document ends in its middle"),
        ("{\"events\":[]", 12, "the document ends in its middle"), ("{\"a\":\"", 6, "the document ends in its middle"),
        ("[]x", 2, "something follows the end of the document"), ("{}]", 2, "an event must be a JSON object, {…}"),
        ("[{},]", 4, "an event is missing beside the comma"), ("[,{}]", 1, "an event is missing beside the comma"),
        ("[{},,{}]", 4, "an event is missing beside the comma"),
        ("[{} {}]", 4, "a comma is missing between two events"),
        ("{\"events\":[{},]}", 14, "an event is missing beside the comma"),
        ("{\"events\":[]}{}", 13, "something follows the end of the document"),
    ])
    func whatIsNoListOfEventsIsRefusedWithItsPlace(text: String, offset: Int, reason: String) {
        let expected = EventSplitter.Malformed(offsetBytes: offset, reason: reason)
        for size in [1, 2, 1000] { #expect(throws: expected) { try split(text, pieceSize: size) } }
    }

    @Test(arguments: [("form.json", 56), ("navigation.json", 24), ("scrolling.ndjson", 44)])
    func ownRecordingsHaveTheirEvents(name: String, count: Int) throws {
        let bytes = try SmallFile.read("\(repositoryRoot)/Tests/Recordings/\(name)", sizeMaxBytes: 1 << 20)
        #expect(try split(String(decoding: bytes, as: UTF8.self), pieceSize: 777).count == count)
    }
}
