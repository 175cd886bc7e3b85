import CReelSIMDJSON
import Glibc

/// Makes tapes: simdjson's first stage finds the structure and checks UTF-8, strings' ends and control characters;
/// escapes are checked here; the grammar is left to `JSONTape`. Reusable, one a thread.
final class JSONIndexer {
    /// The deepest nesting any walk allows.
    static let depthMax = 512

    private let indexer: OpaquePointer
    private let containers: UnsafeMutablePointer<Bool>

    init() {
        guard let indexer = creel_simdjson_create() else { fatalError("out of memory") }
        self.indexer = indexer
        containers = .allocate(capacity: JSONIndexer.depthMax + 1)
        containers.initialize(repeating: false, count: JSONIndexer.depthMax + 1)
    }

    deinit {
        creel_simdjson_destroy(indexer)
        containers.deallocate()
    }

    /// The tape of `text`, good until the next call and no longer than the text.
    ///
    /// - Parameter text: less than 4 GiB.
    func tape(of text: UnsafeBufferPointer<UInt8>) throws(JSONFault) -> JSONTape {
        var positions: UnsafePointer<UInt32>?
        var count = 0
        let status = creel_simdjson_index(indexer, text.baseAddress, text.count, &positions, &count)
        switch Int(status) {
        case CREEL_SIMDJSON_OK: break
        case CREEL_SIMDJSON_EMPTY: throw JSONFault(.empty, at: text.count)
        case CREEL_SIMDJSON_FAULT: throw JSONFault.locate(in: text)
        case CREEL_SIMDJSON_TOO_LARGE: preconditionFailure("a text of 4 GiB has no tape")
        default: fatalError("out of memory")
        }
        guard let base = text.baseAddress, let positions else { throw JSONFault(.empty, at: 0) }
        if let offset = JSONEscapes.firstBad(in: text) { throw JSONFault(.badEscape, at: offset) }
        return JSONTape(text: base, size: text.count, positions: positions, count: count, containers: containers)
    }

    /// Gives the memory of an outsized text back; tapes made before are dead.
    func trim() { creel_simdjson_trim(indexer) }
}
