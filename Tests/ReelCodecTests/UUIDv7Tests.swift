import ReelCodec
import Testing

struct UUIDv7Tests {
    /// The example of RFC 9562 §A.6.
    private let example = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

    @Test func theRFCsExampleReadsAndPrints() throws {
        let id = try #require(UUIDv7(example))
        #expect(id.unixMilliseconds == 0x017F_22E2_79B0)
        #expect(id.description == example)
        #expect(UUIDv7(example.uppercased()) == id)
        #expect(UUIDv7(bytes: id.bytes) == id)
        #expect(UUIDv7(high: id.high, low: id.low) == id)
    }

    @Test func madeOnesAreValidOrderedAndDistinct() throws {
        let ids = try (0..<200).map { try UUIDv7(unixMilliseconds: 1_700_000_000_000 + UInt64($0)) }
        #expect(ids.sorted() == ids)
        #expect(ids.map(\.description).sorted() == ids.map(\.description))
        #expect(ids.allSatisfy { UUIDv7($0.description) == $0 && UUIDv7(high: $0.high, low: $0.low) == $0 })
        #expect(try UUIDv7(unixMilliseconds: 5) != UUIDv7(unixMilliseconds: 5))
        #expect(try UUIDv7(unixMilliseconds: 5).unixMilliseconds == 5)
    }

    @Test(arguments: [
        "", "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
        "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
        "017f22e2-79b0-7cc3-98c4_dc0c0c07398f",
        "017f22e-279b0-7cc3-98c4-dc0c0c07398f", "../../../../../../../../../etc/passwd",
    ])
    func anythingElseIsNoID(text: String) { #expect(UUIDv7(text) == nil) }
}
