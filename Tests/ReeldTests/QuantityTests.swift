import Testing

@testable import reeld

struct QuantityTests {
    @Test(arguments: [
        ("90d", 7_776_000.0), ("12h", 43_200), ("30min", 1800), ("10s", 10), ("1h 30min", 5400), ("1h30min", 5400),
        ("2 h", 7200), ("250ms", 0.25), ("2w", 1_209_600), ("0", 0), ("5m", 300),
    ])
    func durationsReadAsSystemdWritesThem(text: String, seconds: Double) {
        #expect(Quantity.duration(text) == .seconds(seconds))
    }

    @Test(arguments: [
        "", " ", "90", "90x", "d", "-1d", "+1d", "1.5h", "1h-", "99999999999999999999d", "300000000d", "1d,2h", "９d",
    ])
    func whatIsNoDurationIsRefused(text: String) {
        #expect(Quantity.duration(text) == nil)
    }

    @Test(arguments: [
        ("0", 0), ("1", 1), ("512", 512), ("1K", 1024), ("64m", 64 << 20), ("10G", 10 << 30), ("2T", 2 << 40),
        ("7B", 7), ("18446744073709551615", UInt64.max),
    ])
    func sizesAreOfBase1024(text: String, bytes: UInt64) {
        #expect(Quantity.size(text) == bytes)
    }

    @Test(arguments: ["", "K", "1KB", "1 K", "1.5G", "-1", "0x10", "18446744073709551616", "17000000T", "1P"])
    func whatIsNoSizeIsRefused(text: String) {
        #expect(Quantity.size(text) == nil)
    }

    @Test func textOfAQuantityReadsBackAsTheSame() {
        var random = SeededRandom()
        for _ in 0..<1000 {
            let duration = Duration.microseconds(
                Int64.random(in: 0...Int64.max >> Int.random(in: 0...60), using: &random))
            #expect(Quantity.duration(Quantity.text(of: duration)) == duration, "seed \(random.seed)")
            let bytes = UInt64.random(in: 0...UInt64.max >> UInt64.random(in: 0...60), using: &random)
            #expect(Quantity.size(Quantity.text(ofBytes: bytes)) == bytes, "seed \(random.seed)")
        }
    }

    @Test(arguments: [("24h", "24h"), ("1440min", "24h"), ("48h", "2d"), ("90min", "1h 30min"), ("1d 1s", "24h 1s")])
    func durationsAreWrittenAsPeopleSayThem(text: String, expected: String) throws {
        #expect(Quantity.text(of: try #require(Quantity.duration(text))) == expected)
    }
}

/// SplitMix64 with a seed that failures can print.
struct SeededRandom: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init(seed: UInt64 = .random(in: .min ... .max)) {
        self.seed = seed
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
