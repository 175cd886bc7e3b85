@testable import ReelHTTP

/// What a reader made of some bytes: requests in order, then perhaps a refusal. Comparable, to hold runs of the same
/// bytes against each other.
struct ReaderRun: Equatable {
    struct Taken: Equatable {
        var head: [UInt8]
        var body: [UInt8]
    }
    var taken: [Taken] = []
    var refusal: HTTPRefusal?

    static let limits = RequestParser.Limits(headSizeMaxBytes: 16_384, targetSizeMaxBytes: 8_192, fieldCountMax: 100)

    /// Runs a fresh reader over pieces of input, as a connection would.
    init(_ pieces: [[UInt8]], bodyLimitBytes: Int = 1 << 20) {
        var reader = RequestReader()
        for piece in pieces {
            var rest = 0..<piece.count
            steps: while true {
                switch reader.advance(piece, &rest, limits: Self.limits) {
                case .needsMore: break steps
                case .head:
                    do {
                        try reader.accept(limitBytes: bodyLimitBytes)
                    } catch {
                        refusal = error
                        return
                    }
                case .whole(let head, let body): taken.append(Taken(head: head.bytes, body: body))
                case .refused(let refusal):
                    self.refusal = refusal
                    return
                }
                if rest.isEmpty, reader.isFresh { break }
            }
        }
    }

    init(whole bytes: [UInt8]) { self.init([bytes]) }

    /// Cuts bytes at places.
    static func cut(_ bytes: [UInt8], at places: [Int]) -> [[UInt8]] {
        let ends = (places + [bytes.count]).sorted()
        return zip([0] + ends, ends).map { Array(bytes[$0..<$1]) }
    }
}
