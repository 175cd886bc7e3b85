import ReelCodec
import ReelStore
import StoreFixtures

/// What the corpus takes on disk once compacted, beside `gzip -6` of each whole recording.
struct DiskBenchmark {
    /// What a recording may cost beyond its events: its row, its metadata, its frames' headers.
    static let allowanceBytes = 600

    let setting: Setting

    func scores() throws -> [Score] {
        let directory = try setting.emptyDirectory("disk") + "/data"
        let recordings = setting.corpus.recordings
        let logSizeBytes = try compactedSize(recordings, directory)
        let zlib = try ZlibDeflater()
        let gzipSizeBytes = recordings.reduce(0) {
            $0 + zlib.deflated($1.document).count + ZlibDeflater.gzipFrameSizeBytes
        }
        let documentsSizeBytes = recordings.reduce(0) { $0 + $1.document.count }
        let allowed = gzipSizeBytes + gzipSizeBytes / 50 + DiskBenchmark.allowanceBytes * recordings.count
        setting.note(
            "disk: \(recordings.count) recordings of \(kilobytes(documentsSizeBytes)) KB, gzip -6"
                + " \(kilobytes(gzipSizeBytes)) KB, log \(kilobytes(Int(logSizeBytes))) KB, allowed \(kilobytes(allowed)) KB"
        )
        return [
            Score(
                what: "disk, log after compaction / gzip -6 of each recording",
                ours: "\(kilobytes(Int(logSizeBytes))) KB",
                rival: "\(kilobytes(gzipSizeBytes)) KB",
                ratio: (Double(logSizeBytes) / Double(gzipSizeBytes)).text(3),
                goal: "<= \((Double(allowed) / Double(gzipSizeBytes)).text(3)) (+2 %, +600 B each)",
                isMet: Int(logSizeBytes) <= allowed)
        ]
    }

    private func compactedSize(_ recordings: [Corpus.Recording], _ directory: String) throws -> UInt64 {
        let store = try Store.open(directory, .test)
        defer { store.close() }
        let scanner = EventScanner()
        for recording in recordings {
            let number = try store.startAndWait(RecordingMetadata()).recording.number
            for batch in recording.batches {
                _ = try store.appendAndWait(batch, to: number, scanner: scanner)
            }
            _ = try store.answer { try store.end(number, $0) }
        }
        let before = store.statistics.logSizeBytes
        let report = try store.answer { store.vacuum($0) }
        let after = store.statistics.logSizeBytes
        setting.note(
            "disk: log before \(kilobytes(Int(before))) KB, after \(kilobytes(Int(after))) KB,"
                + " \(report.segmentCount) segments compacted")
        return after
    }

    private func kilobytes(_ bytes: Int) -> String { (Double(bytes) / 1000).text(1) }
}
