import ReelStore

/// Why a ledger of erasures could not be applied, and what to do. Nothing is served then: what was erased might be read.
enum LedgerFailure {
    static func failure(_ error: LedgerError, _ path: String) -> CommandFailure {
        switch error {
        case .system(let error) where error.isMissing:
            CommandFailure(
                .failure, "\(path): there is no such ledger; name an erased.ledger with --ledger or store.ledger")
        case .system(let error): CommandFailure(.failure, "\(error)")
        case .damaged(let path, let line, let count):
            CommandFailure(
                .failure,
                "\(path):\(line): the line's checksum does not hold"
                    + (count > 1 ? " (and \(count - 1) more)" : "")
                    + ": what it says was erased is not known; name a whole copy of the ledger")
        case .foreign(let path, let store, let own):
            CommandFailure(
                .failure,
                "\(path): this ledger is of store \(store.hexadecimal), and this store is \(own.hexadecimal); "
                    + "name a copy of this store's own erased.ledger")
        case .notErased(let recording, let error):
            CommandFailure(
                .failure, "\(path): recording \(recording) was erased and could not be erased again: \(error)")
        }
    }
}
