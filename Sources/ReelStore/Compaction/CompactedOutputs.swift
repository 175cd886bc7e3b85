import ReelSystem

/// The segments that one compaction writes: a new one is begun where another day of expiry begins, once the one before is
/// no longer small.
///
/// The first one names the segments that they all replace, so it is the last to be installed.
struct CompactedOutputs {
    private let context: StoreContext
    private let replaced: [UInt64]
    private let givenUp: [UInt64: [Range<UInt64>]]
    private let pace: CompactionPace?
    private var finished: [CompactedSegment] = []
    private var numbers: [UInt64] = []
    private var day: Int64?
    /// Of the segment being written.
    var writer: CompactedSegmentWriter

    init(
        _ context: StoreContext, replacing replaced: [UInt64], givenUp: [UInt64: [Range<UInt64>]],
        pace: CompactionPace?
    ) throws(StoreError) {
        self.context = context
        self.replaced = replaced
        self.givenUp = givenUp
        self.pace = pace
        let number = context.takeSegmentNumber()
        numbers = [number]
        writer = try CompactedOutputs.writer(context, number, replacing: replaced, pace)
    }

    private static func writer(
        _ context: StoreContext, _ number: UInt64, replacing replaced: [UInt64], _ pace: CompactionPace?
    ) throws(StoreError) -> CompactedSegmentWriter {
        let beginning = try context.wait { completion in .describe(segment: number, replacing: replaced, completion) }
        do {
            return try CompactedSegmentWriter(beginning, context: context, pace: pace)
        } catch {
            try? context.fileSystem.unlink(context.paths.temporarySegment(number))
            throw error.isDiskFull ? .diskFull : .system(error)
        }
    }

    /// What comes next goes on this day.
    mutating func begin(day: Int64) throws {
        defer { self.day = day }
        let isSmall = writer.lengthBytes < CompactionPolicy.smallSizeBytes(context.options.segmentSizeBytes)
        guard let last = self.day, last != day, !isSmall else { return }
        try finishCurrent()
        let number = context.takeSegmentNumber()
        numbers.append(number)
        writer = try CompactedOutputs.writer(context, number, replacing: [], pace)
    }

    private mutating func finishCurrent() throws(SystemError) {
        var segment = try writer.finish(replacing: finished.isEmpty ? replaced : [])
        segment.givenUp = givenUp
        finished.append(segment)
    }

    /// Makes all of them durable; their commit frames are the writer's to add.
    mutating func finish() throws(SystemError) -> [CompactedSegment] {
        try finishCurrent()
        return finished
    }

    /// Removes what was written, after a failure.
    func remove() {
        for number in numbers { try? context.fileSystem.unlink(context.paths.temporarySegment(number)) }
    }
}
