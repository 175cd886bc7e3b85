import ReelHTTP
import ReelSystem

/// Who asks, as the kernel and the tokens say: for the journal and for certificates.
enum Requester {
    static func text(_ peer: Peer, _ options: ServerOptions) -> String {
        switch peer {
        case .unix(let userID, _, let processID):
            let name = UserName.of(userID).map { " (\($0))" } ?? ""
            return "uid \(userID)\(name), pid \(processID), \(options.unixPlace)"
        // Nobody else gets as far as a route that wants it.
        case .tcp(let address, _): return "the holder of the token file's token, from \(address)"
        }
    }
}
