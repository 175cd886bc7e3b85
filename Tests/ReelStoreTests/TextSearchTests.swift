import Testing

@testable import ReelStore

struct TextSearchTests {
    @Test(arguments: [
        ("refund", "The REFUND page", true), ("REFUND", "refund", true), ("refund", "refun", false), ("", "", true),
        ("", "x", true), ("x", "", false), ("aab", "aaab", true), ("[", "{", false), ("@", "`", false),
        ("unterwegs", "Ünterwegs", false), ("ünterwegs", "unterwegs", false), ("ünterwegs", "das ÜNTERWEGS da", true),
        // Written as one character and as two.
        ("caf\u{E9}", "CAFE\u{301} au lait", true), ("page", "die Page für Käufer", true), ("ß", "STRASSE", false),
    ])
    func textIsFoundWhateverItsCase(wanted: String, text: String, isFound: Bool) {
        #expect(TextSearch(wanted).isContained(in: text) == isFound)
    }

    @Test func bytesAndCharactersGiveTheSameAnswer() {
        var generator = SystemRandomNumberGenerator()
        let seed = generator.next()
        var state = seed
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let letters = Array("aAbB[{")
        for _ in 0..<2000 {
            let text = String((0..<next(12)).map { _ in letters[next(letters.count)] })
            let wanted = String((0..<next(4)).map { _ in letters[next(letters.count)] })
            let expected = wanted.isEmpty || text.lowercased().contains(wanted.lowercased())
            #expect(TextSearch(wanted).isContained(in: text) == expected, "seed \(seed): '\(wanted)' in '\(text)'")
        }
    }
}
