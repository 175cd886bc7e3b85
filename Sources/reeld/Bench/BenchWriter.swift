import Glibc
import ReelCodec
import ReelHTTP
import ReelSystem

/// One writer: a connection, a recording, and numbered batches, each sent when the last was answered.
final class BenchWriter {
    private(set) var tally = BenchTally()

    private let plan: BenchPlan
    private let number: Int
    private let clock: any Clock
    private let client: HTTPClient
    private var recordings: [(path: String, token: String)] = []
    private var batchNumber = 0
    /// Where in the plan's batches this writer is; each begins elsewhere.
    private var position: Int
    /// Whether the last batch is to be sent again, because the daemon said that this can help.
    private var isRetry = false

    private static let retryPauseMicroseconds: UInt32 = 10_000

    init(_ plan: BenchPlan, number: Int, clock: any Clock) {
        self.plan = plan
        self.number = number
        self.clock = clock
        client = HTTPClient(plan.endpoint)
        position = plan.batches.count * number / plan.writerCount
    }

    /// Connects and starts a recording.
    func begin() throws(CommandFailure) {
        let headers = headers(token: plan.token, ["Content-Type": "application/json"])
        let body = Array("{\"activity\":\"reeld bench\",\"tags\":[\"bench\"]}".utf8)
        let response: HTTPClientResponse
        do throws(HTTPClientError) {
            response = try client.send(.post, "/v1/recordings", headers: headers, body: body)
        } catch {
            throw Daemon.failure(for: error, at: plan.endpoint)
        }
        guard response.status < 300 else { throw Problem(status: response.status, body: response.body).failure }
        let json = try Daemon.json(response.body)
        guard let number = json["number"]?.integer, let token = json["token"]?.string else {
            throw CommandFailure(.failure, "\(plan.endpoint): what answers there is no reeld")
        }
        recordings.append(("/v1/recordings/\(number)", token))
        batchNumber = 0
    }

    /// Sends the next batch and counts what came of it.
    func sendBatch() {
        guard let recording = recordings.last else { return }
        let batch = plan.batches[position % plan.batches.count]
        var fields: Headers = ["Reeld-Writer": "bench-\(number)", "Reeld-Batch": "\(batchNumber)"]
        if plan.isGzip { fields.append("Content-Encoding", "gzip") }
        fields.append("Content-Type", "application/json")
        let headers = headers(token: plan.token.map { _ in recording.token }, fields)
        let began = clock.uptimeMicroseconds
        do throws(HTTPClientError) {
            let response = try client.send(.post, recording.path + "/events", headers: headers, body: batch.body)
            if response.status < 300 {
                tally.latency.add(microseconds: clock.uptimeMicroseconds - began)
                tally.ackCount += 1
                tally.eventCount += batch.eventCount
                tally.rawSizeBytes += batch.rawSizeBytes
                tally.sentSizeBytes += batch.body.count
                // 201 is the first time. A retry may well meet what it sent before.
                if response.status == 200, !isRetry { tally.duplicateCount += 1 }
                advance()
            } else {
                refused(Problem(status: response.status, body: response.body))
            }
        } catch {
            count("connection: \(error)")
            retry()
        }
    }

    /// Ends the recordings, or erases them. What goes wrong here is no longer measured.
    func finish() {
        for recording in recordings {
            let headers = headers(token: plan.token, [:])
            if plan.erasesRecordings {
                _ = try? client.send(.delete, recording.path, headers: headers)
            } else {
                _ = try? client.send(.post, recording.path + "/end", headers: headers)
            }
        }
    }

    private func refused(_ problem: Problem) {
        count(problem.name)
        if problem.mayRetry { return retry() }
        // The recording is full or ended: go on in another one, as a recorder does.
        if [404, 409, 410].contains(problem.status) {
            do throws(CommandFailure) { try begin() } catch { count("start: \(error.message)") }
        }
        advance()
    }

    private func advance() {
        position += 1
        batchNumber += 1
        isRetry = false
    }

    private func retry() {
        isRetry = true
        usleep(Self.retryPauseMicroseconds)
    }

    private func count(_ error: String) { tally.errors[error, default: 0] += 1 }

    private func headers(token: String?, _ fields: Headers) -> Headers {
        var headers = fields
        if let token { headers.append("Authorization", "Bearer \(token)") }
        return headers
    }
}
