import ReelStore
import ReelSystem
import Testing

/// A piece of a store's life that is crashed at every call. A new one is a file in `Scenarios` and a line in `all`.
struct Scenario: Sendable, CustomTestStringConvertible {
    let name: String
    /// Whether it begins with an empty disk, and not with an empty store.
    var isFirst = false
    /// Whether an answer promises nothing before the next `synced` fact.
    var isAckedLate = false
    /// Small limits, so that a few hundred calls see much.
    var options = Scenario.smallOptions
    let play: @Sendable (ScenarioRun) throws -> Void

    static let all: [Scenario] = [
        .firstStart, .batches, .writers, .rotation, .ends, .metadata, .erasure, .checkpoints, .compaction, .stops,
        .failedSync, .fullDisk, .interval, .kills,
        .expiryByAge, .expiryBySize, .expiryDays, .reserve, .archiving, .archiveRemoval,
    ]

    static let smallOptions: StoreOptions = {
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        options.compaction.chunkSizeBytes = 2048
        return options
    }()

    var testDescription: String { name }
}
