import ReelFormat
import ReelSystem

extension LogWriter {
    /// Tells who waits for a plan that is durable. An erasure is in the ledger, and its key destroyed, before it is answered:
    /// so the eraser answers it.
    func answer(_ plan: CommitPlan) {
        var erasures = plan.erasures
        if let failure = writeLedger(plan.tombstones) {
            // The recording is gone all the same: who asks again gets the same tombstone, once the ledger has it.
            for index in erasures.indices {
                let completion = erasures[index].completion
                erasures[index].completion = { _ in completion(.failure(.ledgerFailed(failure))) }
            }
        }
        context.eraser.submit(erasures)
        for (_, succeed) in plan.waiting { succeed() }
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
