import ReelCodec
import ReelSystem

/// The rival: the same batches as blobs in SQLite. Two threads make the blobs, one inserts, as SQLite has one writer.
enum SQLiteIngest {
    enum Blobs: Sendable {
        /// zlib at level 6 of the body as it came; nothing is validated.
        case zlib
        /// What our workers make: validated, sliced, deflated by ISA-L.
        case ours
        /// The same, made before the clock starts.
        case prepared
    }

    private struct Waiting: Sendable {
        var batches: [(recording: Int, batch: Int, blob: [UInt8])] = []
        var completions: [@Sendable (String?) -> Void] = []
    }

    /// - Parameters:
    ///   - path: of a database that does not exist yet.
    ///   - batchesInTransaction: a transaction waits for so many, except at the end.
    static func run(
        _ loop: WriterLoop, path: String, blobs: Blobs, batchesInTransaction: Int
    ) throws -> WriterLoop.Outcome {
        let database = try SQLiteDatabase(path: path)
        let waiting = Monitor(Waiting())
        let inserter = Thread("bench-sqlite") {
            var left = loop.batchCount
            while left > 0 {
                let count = min(batchesInTransaction, left)
                guard let (batches, completions) = take(count, from: waiting) else { return }
                var failure: String?
                do { try database.insert(batches) } catch { failure = "\(error)" }
                left -= count
                for completion in completions { completion(failure) }
            }
        }
        let prepared = try blobs == .prepared ? loop.corpus.batches.map(blobMaker(.ours)) : []
        let outcome = try loop.run {
            let makeBlob = blobMaker(blobs)
            return { job, done in
                do {
                    let blob = prepared.isEmpty ? try makeBlob(job.body) : prepared[job.index]
                    waiting.signal { waiting in
                        waiting.batches.append((job.writer, job.batch, blob))
                        waiting.completions.append(done)
                    }
                } catch {
                    done("\(error)")
                }
            }
        }
        inserter.join()
        return outcome
    }

    private static func take(
        _ count: Int, from waiting: Monitor<Waiting>
    ) -> ([(recording: Int, batch: Int, blob: [UInt8])], [@Sendable (String?) -> Void])? {
        waiting.wait { waiting in
            guard waiting.batches.count >= count else { return nil }
            let taken = (Array(waiting.batches.prefix(count)), Array(waiting.completions.prefix(count)))
            waiting.batches.removeFirst(count)
            waiting.completions.removeFirst(count)
            return taken
        }
    }

    private static func blobMaker(_ blobs: Blobs) -> ([UInt8]) throws -> [UInt8] {
        switch blobs {
        case .zlib:
            let deflater = Result { try ZlibDeflater() }
            return { try deflater.get().deflated($0) }
        case .ours, .prepared:
            let scanner = EventScanner()
            let deflater = FrameDeflater()
            return { deflater.member(of: try scanner.scan($0).run.text) }
        }
    }
}
