import ReelCodec
import ReelFormat
import Testing

/// What two copies of a slot say together, and who can open it.
@Suite struct KeyringTests {
    private let rings = RingSet(store: Samples.store, keyID: 1, generation: 2)
    private let dataKey = secret(Array(0..<32))

    private func storeKey(_ byte: UInt8 = 7) throws -> StoreKey {
        try StoreKey(secret(Array(repeating: byte, count: 32)))
    }

    private func slot(_ recording: UInt64 = 5, _ byte: UInt8 = 1) -> KeyringSlot {
        KeyringSlot(
            recording: recording,
            .live(
                microseconds: 1,
                WrappedKey(
                    nonce: Nonce(first: 1), sealed: Array(repeating: byte, count: WrappedKey.sealedSizeBytes))))
    }

    private func destroyed(_ recording: UInt64 = 5, at microseconds: Int64 = 9) -> KeyringSlot {
        KeyringSlot(recording: recording, .destroyed(microseconds: microseconds))
    }

    @Test func whatTwoCopiesSayIsJudgedByTheTable() {
        let (live, other, gone, later) = (slot(), slot(5, 2), destroyed(), destroyed(at: 10))
        let table: [(KeyringSlot.Reading, KeyringSlot.Reading, KeyringVerdict)] = [
            (.empty, .empty, .empty),
            (.sound(live), .sound(live), .sound(live, repairs: [])),
            (.sound(live), .empty, .sound(live, repairs: [.second])),
            (.empty, .sound(live), .sound(live, repairs: [.first])),
            (.sound(live), .unsound, .sound(live, repairs: [.second])),
            (.unsound, .sound(live), .sound(live, repairs: [.first])),
            (.sound(gone), .sound(gone), .sound(gone, repairs: [])),
            (.sound(gone), .sound(live), .sound(gone, repairs: [.second])),
            (.sound(live), .sound(gone), .sound(gone, repairs: [.first])),
            (.sound(gone), .unsound, .sound(gone, repairs: [.second])),
            (.unsound, .sound(gone), .sound(gone, repairs: [.first])),
            (.sound(gone), .empty, .sound(gone, repairs: [.second])),
            (.empty, .sound(gone), .sound(gone, repairs: [.first])),
            (.sound(gone), .sound(later), .sound(gone, repairs: [.second])),
            (.sound(later), .sound(gone), .sound(gone, repairs: [.first])),
            (.sound(live), .sound(other), .conflict(first: live, second: other)),
            (.unsound, .unsound, .lost), (.empty, .unsound, .lost), (.unsound, .empty, .lost),
        ]
        for (first, second, verdict) in table {
            #expect(KeyringVerdict(first: first, second: second) == verdict, "\(first), \(second)")
        }
    }

    @Test func aWrappedKeyOpensInItsOwnPlaceOnly() throws {
        let wrapper = try KeyWrapper(storeKey(), rings)
        let wrapped = try wrapper.wrap(dataKey, of: 5)
        #expect(try wrapper.unwrap(wrapped, of: 5) == dataKey)
        #expect(try KeyWrapper(storeKey(), rings).unwrap(wrapped, of: 5) == dataKey)
        #expect(throws: SealBroken()) { try wrapper.unwrap(wrapped, of: 6) }
        #expect(throws: SealBroken()) { try KeyWrapper(storeKey(8), rings).unwrap(wrapped, of: 5) }
        let others = [
            RingSet(store: StoreID(high: 1, low: Samples.store.low), keyID: 1, generation: 2),
            RingSet(store: StoreID(high: Samples.store.high, low: 1), keyID: 1, generation: 2),
            RingSet(store: Samples.store, keyID: 2, generation: 2),
            RingSet(store: Samples.store, keyID: 1, generation: 1),
        ]
        for other in others {
            #expect(throws: SealBroken()) { try KeyWrapper(storeKey(), other).unwrap(wrapped, of: 5) }
        }
        #expect(try wrapper.wrap(dataKey, of: 5) != wrapped, "a nonce is never used again")
    }

    @Test func aDestroyedSlotHoldsNothingOfItsKey() throws {
        let wrapped = try KeyWrapper(storeKey(), rings).wrap(dataKey, of: 5)
        let live = KeyringSlot(recording: 5, .live(microseconds: 1, wrapped)).encoded()
        let gone = destroyed().encoded()
        #expect(gone[24..<124].allSatisfy { $0 == 0 } && gone.count == live.count)
        #expect(live[24..<96].contains { $0 != 0 })
        #expect(readSlot(gone, 5) == .sound(destroyed()))
    }

    @Test func aSlotInAnotherPlaceIsUnsound() {
        #expect(readSlot(slot(5).encoded(), 5) == .sound(slot(5)))
        #expect(readSlot(slot(5).encoded(), 6) == .unsound)
        #expect(readSlot(destroyed(5).encoded(), 6) == .unsound)
        #expect(readSlot(Array(repeating: 0, count: 128), 6) == .empty)
    }

    @Test func slotsLieInOneSectorAndBlocksInOneBlock() {
        var ends: Set<UInt64> = []
        for recording in 1...3000 as ClosedRange<UInt64> {
            let offset = Ring.offset(of: recording)
            let last = offset + UInt64(KeyringSlot.sizeBytes) - 1
            #expect(offset / 512 == last / 512 && last < UInt64(Ring.sizeBytes))
            #expect(Ring.recordings(of: Ring.page(of: recording)).contains(recording))
            let block = Ring.block(of: recording)
            #expect(block.contains(recording) && block.count == 32)
            #expect(Ring.offset(of: block.lowerBound) / 4096 == Ring.offset(of: block.upperBound) / 4096)
            #expect(Ring.page(of: block.lowerBound) == Ring.page(of: block.upperBound))
            ends.insert(last)
        }
        #expect(ends.count == 1024, "a page's slots do not overlap, and the next page begins anew")
        #expect(Ring.page(of: 1) == 0 && Ring.page(of: 1024) == 0 && Ring.page(of: 1025) == 1)
    }

    @Test func namesOfRingsAreReadAsTheyAreWritten() {
        for copy in RingCopy.allCases {
            for page in [0, 3, 9_999_999_999, 12_345_678_901] as [UInt64] {
                let header = RingHeader(rings: rings, page: page, copy: copy)
                #expect(RingHeader(fileName: header.fileName, store: Samples.store) == header)
            }
        }
        #expect(RingHeader(rings: rings, page: 3, copy: .first).fileName == "0000000003.1-2a.ring")
        let strangers = [
            "", ".ring", "a.ring", "3.1-2a.ring", "0000000003.1-2c.ring", "0000000003.1-2.ring",
            "0000000003.01-2a.ring",
            "0000000003.1-2a.ring.new", "0000000003.1a.ring", "0000000003.1-2-3a.ring", "x000000003.1-2a.ring",
            "0000000003.-1-2a.ring", "00000000003.1-2a.ring", "0000000003.1-2a.rin", "18446744073709551615.1-2a.ring",
        ]
        for name in strangers { #expect(RingHeader(fileName: name, store: Samples.store) == nil, "\(name)") }
    }

    /// Damage to one copy: what was done to its bytes, whether its header still counts, and what slots 1 (live) and 2
    /// (destroyed) say then.
    @Test func aDamagedRingIsReadAsFarAsItGoes() {
        let header = RingHeader(rings: rings, page: 0, copy: .first)
        var ring = Ring.empty(header)
        ring.replaceSubrange(4096..<4096 + 128, with: slot(1).encoded())
        ring.replaceSubrange(4096 + 128..<4096 + 256, with: destroyed(2).encoded())
        let (live, gone) = (KeyringSlot.Reading.sound(slot(1)), KeyringSlot.Reading.sound(destroyed(2)))
        typealias Row = (String, (inout [UInt8]) -> Void, Bool, KeyringSlot.Reading, KeyringSlot.Reading)
        let other = RingHeader(rings: rings, page: 0, copy: .second).encoded()
        let table: [Row] = [
            ("nothing", { _ in }, true, live, gone), ("a bit of the header", { $0[100] ^= 1 }, false, live, .unsound),
            ("the other copy's file", { $0.replaceSubrange(0..<512, with: other) }, false, live, .unsound),
            ("a bit of the live slot", { $0[4096 + 50] ^= 1 }, true, .unsound, gone),
            ("a bit of the destroyed slot", { $0[4096 + 128] ^= 1 }, true, live, .unsound),
            ("cut behind the first slot", { $0.removeLast($0.count - 4224) }, true, live, .unsound),
            ("cut in the first slot", { $0.removeLast($0.count - 4200) }, true, .unsound, .unsound),
            ("cut in the header", { $0.removeLast($0.count - 100) }, false, .unsound, .unsound),
            ("empty", { $0 = [] }, false, .unsound, .unsound),
            ("zeros", { $0 = Array(repeating: 0, count: $0.count) }, false, .empty, .empty),
            ("longer", { $0.append(1) }, true, live, gone),
        ]
        for (name, damage, isHeaderSound, first, second) in table {
            var bytes = ring
            damage(&bytes)
            let reading = Ring.read(bytes, expecting: header)
            #expect(reading.isHeaderSound == isHeaderSound, "\(name)")
            #expect(reading.slots.count == 1024 && reading.slots[0] == first && reading.slots[1] == second, "\(name)")
            if name == "nothing" { #expect(reading.slots[2...].allSatisfy { $0 == .empty }) }
        }
    }
}
