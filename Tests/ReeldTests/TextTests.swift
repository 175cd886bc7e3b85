import Glibc
import ReelSystem
import Testing

@testable import reeld

struct TextTests {
    @Test func aNarrowTerminalCutsTheLastElasticColumnFirst() {
        var table = TextTable([
            .init(title: "NO", isNumeric: true), .init(title: "USER", isElastic: true),
            .init(title: "URL", isElastic: true),
        ])
        table.add(["7", "zoe@example.org", "https://shop.example/orders"])
        table.add(["1234", "日本語", "a\nb"])
        #expect(
            table.text(width: nil)
                == "  NO  USER             URL\n   7  zoe@example.org  https://shop.example/orders\n"
                + "1234  日本語           a\\x0ab\n")
        #expect(
            table.text(width: 34)
                == "  NO  USER             URL\n   7  zoe@example.org  https://s…\n1234  日本語           a\\x0ab\n"
                .replacing("https://s…", with: "https://sh…"))
        for line in table.text(width: 24).split(separator: "\n") { #expect(String(line).displayWidth <= 24) }
    }

    @Test func aTableIsNeverWiderThanItsTerminalAndDropsTheLeastColumnFirst() {
        var table = TextTable([
            .init(title: "NUMBER", isNumeric: true), .init(title: "STARTED", dropRank: 1),
            .init(title: "SIZE", dropRank: 2), .init(title: "URL", isElastic: true),
        ])
        table.add(["7", "2026-11-21", "128 M", "https://shop.example/orders"])
        for width in 1...60 {
            for line in table.text(width: width).split(separator: "\n") {
                #expect(String(line).displayWidth <= width, "\(width)")
            }
        }
        #expect(table.text(width: 36).contains("SIZE"))
        #expect(!table.text(width: 33).contains("SIZE") && table.text(width: 33).contains("STARTED"))
        #expect(table.text(width: 16) == "NUMBER  URL\n     7  https:/…\n")
    }

    @Test(arguments: [
        (0, "0 B"), (812, "812 B"), (999, "999 B"), (1000, "1.0 K"), (1024, "1.0 K"), (10_189, "10 K"),
        (1_023_000, "999 K"), (128 << 20, "128 M"), (UInt64.max, "16384 P"),
    ])
    func sizesHaveThreeDigits(bytes: UInt64, text: String) { #expect(HumanText.size(bytes) == text) }

    @Test(arguments: [
        (0, "0:00"), (7_900_000, "0:07"), (754_000_000, "12:34"), (3_723_000_000, "1:02:03"), (-1, "0:00"),
        (999_999, "0.9s"), (99_999, "<0.1s"), (1_000_000, "0:01"), (359_999_000_000, "99:59:59"),
        (360_000_000_000, "4d"), (1_881_037_645_000_000, "21771d"),
    ])
    func durationsReadAsOnAPlayer(microseconds: Int64, text: String) {
        #expect(HumanText.duration(microseconds: microseconds) == text)
    }

    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")])
    func countsHaveGroups(number: UInt64, text: String) { #expect(HumanText.count(number) == text) }

    private struct FixedClock: Clock {
        var wallMicroseconds: Int64 { 1_795_225_327_500_000 }  // 2026-11-21T01:42:07.5Z
        var isSynchronised: Bool { true }
        var uptimeMicroseconds: Int64 { 0 }
    }

    @Test(arguments: [
        ("2026-11-21T01:42:07Z", 1_795_225_327), ("2026-11-21T01:42Z", 1_795_225_320),
        ("2026-11-21Z", 1_795_219_200), ("1970-01-01T00:00:00Z", 0), ("2024-02-29Z", 1_709_164_800),
    ])
    func timesInUTCAreRead(text: String, seconds: Int64) throws {
        #expect(try TimeSyntax(clock: FixedClock()).parse(text) == seconds * 1_000_000)
    }

    @Test func relativeTimesCountFromNow() throws {
        let syntax = TimeSyntax(clock: FixedClock())
        let now = FixedClock().wallMicroseconds
        #expect(try syntax.parse("now") == now)
        #expect(try syntax.parse("-1h 30min") == now - 5_400_000_000)
        #expect(try syntax.parse("1h 30min") == now - 5_400_000_000)
        #expect(try syntax.parse("today") <= now)
        #expect(try syntax.parse("today") > now - 25 * 3_600_000_000)
        #expect(try syntax.parse("yesterday") < syntax.parse("today"))
        #expect(try CalendarTime.localText(syntax.parse("yesterday")).hasSuffix("00:00:00"))
    }

    @Test func aLocalTimeReadsBackAsItself() throws {
        let moment: Int64 = 1_795_225_327_000_000
        #expect(try TimeSyntax().parse(CalendarTime.localText(moment)) == moment)
        #expect(CalendarTime.utcText(moment) == "2026-11-21T01:42:07Z")
        #expect(CalendarTime.utcText(-1) == "1969-12-31T23:59:59Z")
    }

    @Test(arguments: ["", "tomorrow-ish", "2026-13-01", "2026-02-30", "2026-11-21 24:00", "-2x", "2026-1-1", "1e9"])
    func whatIsNoTimeIsRefused(text: String) {
        #expect(throws: BadValue.self) { try TimeSyntax().parse(text) }
    }
}

struct ProgressBarTests {
    private final class StepClock: Clock {
        let time = Monitor<Int64>(0)
        var wallMicroseconds: Int64 { 0 }
        var isSynchronised: Bool { true }
        var uptimeMicroseconds: Int64 { time.withLock { $0 } }
    }

    @Test func theBarIsDrawnAtMostTenTimesASecondAndOnlyOnATerminal() {
        let clock = StepClock()
        var drawn: [String] = []
        var bar = ProgressBar(total: 1000, clock: clock, isShown: true) { drawn.append($0) }
        for step in 0...100 {
            bar.advance(to: UInt64(step * 10), "a.json")
            clock.time.withLock { $0 += 10_000 }
        }
        #expect(drawn.count == 11)
        #expect(drawn.last == "\r" + String(repeating: "█", count: 24) + " 100 % 1.0 K/s a.json\u{1B}[K")
        bar.clear()
        bar.clear()
        #expect(drawn.count == 12)
        var silent = ProgressBar(total: 10, clock: clock, isShown: false) { drawn.append($0) }
        silent.advance(to: 5, "x")
        silent.clear()
        #expect(drawn.count == 12)
    }
}

struct ReplacingFileTests {
    @Test func theOldFileStaysUntilTheNewOneIsWhole() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("a.json", "old")
        do {
            let file = try ReplacingFile(path)
            try file.write(Array("half".utf8))
        }
        #expect(try SmallFile.read(path, sizeMaxBytes: 10) == Array("old".utf8))
        let file = try ReplacingFile(path)
        try file.write(Array("new".utf8))
        try file.commit()
        #expect(try SmallFile.read(path, sizeMaxBytes: 10) == Array("new".utf8))
        #expect(try SmallFile.names(in: directory.path) == ["a.json"])
    }

    @Test func aDirectoryIsNotReplaced() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: SystemError(EISDIR, "open", directory.path)) { _ = try ReplacingFile(directory.path) }
    }

    @Test func aFileOverItsLimitIsRefusedAndAtItIsRead() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("a", "12345")
        #expect(try SmallFile.read(path, sizeMaxBytes: 5).count == 5)
        #expect(throws: SystemError(EFBIG, "read", path)) { try SmallFile.read(path, sizeMaxBytes: 4) }
        #expect(throws: SystemError(EEXIST, "open", path)) { try SmallFile.createPrivate(path, holding: []) }
        #expect(try SmallFile.access(of: path).mode == 0o600)
    }
}
