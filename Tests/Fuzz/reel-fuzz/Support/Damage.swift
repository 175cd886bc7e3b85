/// What happens to bytes on a disk: flipped, zeroed, overwritten, cut, lengthened.
enum Damage {
    static func apply(_ input: inout FuzzInput, to content: inout [UInt8]) {
        for _ in 0..<1 + input.number(below: 4) {
            let size = content.count
            guard size > 0 else { return content += input.bytes(input.number(below: 64)) }
            let start = input.number(below: size)
            switch input.byte() % 6 {
            case 0: content[start] ^= 1 << (input.byte() % 8)
            case 1: content[start] = input.byte()
            case 2: content.replaceSubrange(start..., with: repeatElement(0, count: size - start))
            case 3:
                // A sector that was never written.
                let sector = start / 512 * 512
                for index in sector..<min(sector + 512, size) { content[index] = 0 }
            case 4: content.removeLast(size - start)
            default: content += input.bytes(input.number(below: 300))
            }
        }
    }
}
