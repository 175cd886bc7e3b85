import CReelSQLite

/// A SQLite database with one table of batches, as durable as the log: WAL, `synchronous=FULL`.
///
/// Used by one thread at a time.
final class SQLiteDatabase: @unchecked Sendable {
    // `@unchecked`: made by one thread and handed to the one that inserts.
    private var database: OpaquePointer?
    private var insert: OpaquePointer?

    init(path: String) throws(BenchmarkError) {
        guard sqlite3_open(path, &database) == SQLITE_OK else { throw failure("open") }
        try execute("PRAGMA journal_mode=WAL")
        try execute("PRAGMA synchronous=FULL")
        // Batches are found by recording and number: what deduplication and reading need.
        try execute(
            "CREATE TABLE batches (recording INTEGER, batch INTEGER, body BLOB, UNIQUE (recording, batch))")
        guard sqlite3_prepare_v2(database, "INSERT INTO batches VALUES (?, ?, ?)", -1, &insert, nil) == SQLITE_OK else {
            throw failure("prepare")
        }
    }

    deinit {
        sqlite3_finalize(insert)
        sqlite3_close(database)
    }

    /// Inserts batches in one transaction; they are durable when this returns.
    func insert(_ batches: [(recording: Int, batch: Int, blob: [UInt8])]) throws(BenchmarkError) {
        try execute("BEGIN IMMEDIATE")
        for batch in batches {
            sqlite3_bind_int64(insert, 1, Int64(batch.recording))
            sqlite3_bind_int64(insert, 2, Int64(batch.batch))
            let status = batch.blob.withUnsafeBytes { blob in
                // Nil for the destructor promises that the bytes stay where they are until the step is over.
                sqlite3_bind_blob(insert, 3, blob.baseAddress, Int32(blob.count), nil)
                return sqlite3_step(insert)
            }
            sqlite3_reset(insert)
            guard status == SQLITE_DONE else { throw failure("insert") }
        }
        try execute("COMMIT")
    }

    private func execute(_ statement: String) throws(BenchmarkError) {
        guard sqlite3_exec(database, statement, nil, nil, nil) == SQLITE_OK else { throw failure(statement) }
    }

    private func failure(_ call: String) -> BenchmarkError {
        BenchmarkError("sqlite: \(call): \(String(cString: sqlite3_errmsg(database)))")
    }
}
