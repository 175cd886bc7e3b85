import CReelISAL

/// Inflates the blocks of a member by ISA-L, in as many calls as one likes, and knows where blocks end. Owns ISA-L's state.
struct BlockInflater: ~Copyable {
    private let state: UnsafeMutablePointer<inflate_state>
    /// What an empty output is given for an address.
    private let nowhere: UnsafeMutablePointer<UInt8>

    /// What a call came to.
    enum Outcome {
        /// Input or room was used up.
        case goesOn
        /// A final block ended.
        case ended
        /// No deflate.
        case corrupt
    }

    /// Takes about 100 KB.
    init() {
        state = .allocate(capacity: 1)
        nowhere = .allocate(capacity: 1)
        isal_inflate_init(state)
        state.pointee.crc_flag = UInt32(ISAL_DEFLATE)
    }

    deinit {
        nowhere.deallocate()
        state.deallocate()
    }

    /// Forgets what was read.
    mutating func reset() {
        isal_inflate_reset(state)
        state.pointee.crc_flag = UInt32(ISAL_DEFLATE)
    }

    /// Reads on, from the first byte that was not taken before.
    mutating func inflate(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<UInt8>
    ) -> (takenBytes: Int, madeBytes: Int, outcome: Outcome) {
        let bytes = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        state.pointee.next_in = UnsafeMutablePointer(mutating: bytes)
        state.pointee.avail_in = UInt32(input.count)
        state.pointee.next_out = output.baseAddress ?? nowhere
        state.pointee.avail_out = UInt32(output.count)
        let status = isal_inflate(state)
        let isSound = status == ISAL_DECOMP_OK || status == ISAL_END_INPUT || status == ISAL_OUT_OVERFLOW
        return (
            InflateInput.takenBytes(of: input.count, left: state.pointee.avail_in),
            output.count - Int(state.pointee.avail_out),
            isSound ? state.pointee.block_state == ISAL_BLOCK_FINISH ? .ended : .goesOn : .corrupt
        )
    }

    /// Whether the blocks read so far end at a byte, with none begun: else what follows them in a splice would be read as
    /// a part of the last one. ISA-L looks for the next block's header as soon as a block ends.
    var isBetweenBlocks: Bool {
        let isAtHeader = [ISAL_BLOCK_NEW_HDR, ISAL_BLOCK_HDR].contains(state.pointee.block_state)
        return isAtHeader && state.pointee.read_in_length == 0 && state.pointee.tmp_in_size == 0
    }
}
