import ReelSystem

/// Who is connected, over all loops, so that the limits on connections hold over all of them.
final class ConnectionLedger: Sendable {
    private enum Key: Hashable, Sendable {
        case user(UInt32)
        case address(String)
    }
    private struct State: Sendable {
        var open = 0
        var accepted = 0
        var refused = 0
        var counts: [Key: Int] = [:]
    }
    private let state = Monitor(State())
    private let countMax: Int
    private let countMaxPerPeer: Int

    init(_ options: HTTPOptions) {
        countMax = options.connectionCountMax
        countMaxPerPeer = options.connectionCountMaxPerPeer
    }

    /// Counts a connection in; false when a limit is reached, and then it is not counted.
    func enter(_ peer: Peer) -> Bool {
        let key = Self.key(peer)
        return state.withLock { state in
            let count = state.counts[key, default: 0]
            guard state.open < countMax, count < countMaxPerPeer else {
                state.refused += 1
                return false
            }
            state.counts[key] = count + 1
            state.open += 1
            state.accepted += 1
            return true
        }
    }

    func leave(_ peer: Peer) {
        let key = Self.key(peer)
        state.withLock { state in
            state.open -= 1
            let count = state.counts[key, default: 1]
            state.counts[key] = count > 1 ? count - 1 : nil
        }
    }

    func add(to sum: inout HTTPStatistics) {
        state.withLock { state in
            sum.connectionsOpen += state.open
            sum.connectionsAccepted += state.accepted
            sum.connectionsRefused += state.refused
        }
    }

    private static func key(_ peer: Peer) -> Key {
        switch peer {
        case .unix(let userID, _, _): .user(userID)
        case .tcp(let address, _): .address(address)
        }
    }
}
