import ReelCodec
import Testing

struct ByteCursorTests {
    @Test func fieldsComeBackInOrder() throws {
        var writer = ByteWriter()
        writer.append(0x1122_3344 as UInt32)
        writer.append(-2 as Int64)
        writer.append([9, 8])
        writer.appendZeros(3)
        writer.append(0xFE as UInt8)
        #expect(writer.bytes.prefix(4) == [0x44, 0x33, 0x22, 0x11], "little-endian")
        var reader = ByteReader(writer.bytes)
        #expect(try reader.read(UInt32.self) == 0x1122_3344)
        #expect(try reader.read(Int64.self) == -2)
        #expect(try reader.read(count: 2) == [9, 8])
        try reader.skip(3)
        #expect(reader.remainingBytes == 1)
        #expect(try reader.read(UInt8.self) == 0xFE)
    }

    @Test func nothingIsReadPastTheEnd() throws {
        var reader = ByteReader([0, 0, 1, 2, 3][2...])
        #expect(throws: ShortInput(offsetBytes: 2)) { try reader.read(UInt32.self) }
        #expect(throws: ShortInput(offsetBytes: 2)) { try reader.read(count: 4) }
        #expect(throws: ShortInput(offsetBytes: 2)) { try reader.skip(4) }
        #expect(throws: ShortInput(offsetBytes: 2)) { try reader.skip(-1) }
        #expect(throws: ShortInput(offsetBytes: 2)) { try reader.read(count: .max) }
        #expect(try reader.read(count: 3) == [1, 2, 3], "a failed read consumes nothing")
        #expect(throws: ShortInput(offsetBytes: 5)) { try reader.read(UInt8.self) }
        #expect(try reader.read(count: 0).isEmpty)
    }
}
