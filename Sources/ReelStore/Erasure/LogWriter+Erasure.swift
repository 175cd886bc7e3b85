import ReelFormat
import ReelSystem

extension LogWriter {
    /// Tells who waits for a plan that is durable. An erasure is in the ledger before it is answered.
    func answer(_ plan: CommitPlan) {
        let failure = writeLedger(plan.tombstones)
        for (operation, succeed) in plan.waiting {
            // The recording is gone all the same: who asks again gets the same tombstone, once the ledger has it.
            if let failure, case .erase = operation { operation.fail(.ledgerFailed(failure)) } else { succeed() }
        }
    }

    private func writeLedger(_ tombstones: [Tombstone]) -> SystemError? {
        if !tombstones.isEmpty {
            context.erasedRecordings.note(tombstones.map(\.recording), uptime: context.clock.uptimeMicroseconds)
        }
        guard !tombstones.isEmpty || context.ledger.isBehind else { return nil }
        guard let error = append(tombstones) else { return nil }
        // What could not be added is added with the next ones.
        if error.isDiskFull, context.reserve.release(), append([]) == nil { return nil }
        context.note(.ledgerFailed(error))
        return error
    }

    private func append(_ tombstones: [Tombstone]) -> SystemError? {
        do {
            try context.ledger.append(tombstones)
            return nil
        } catch {
            return error
        }
    }
}
