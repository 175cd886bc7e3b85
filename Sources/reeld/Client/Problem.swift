import ReelCodec

/// An error as the daemon answers it, `application/problem+json` (RFC 9457).
struct Problem: Error, Equatable {
    /// The last part of the type: `batch-conflict`.
    var name: String
    var status: Int
    var detail: String
    /// Whether the same request may succeed later.
    var mayRetry: Bool

    /// - Parameter body: what came; when it is no problem document, the status speaks alone.
    init(status: Int, body: [UInt8]) {
        let json = try? JSONValue(parsing: body)
        self.status = status
        name = json?["type"]?.string?.split(separator: ":").last.map(String.init) ?? "status-\(status)"
        detail = json?["detail"]?.string ?? json?["title"]?.string ?? "the daemon answered with status \(status)"
        mayRetry = json?["retry"]?.bool ?? false
    }

    var failure: CommandFailure { CommandFailure(exitCode, detail) }

    private var exitCode: ExitCode {
        switch status {
        case 404, 410: .notFound
        case 401, 403: .denied
        case 400, 421, 422: .usage
        default: .failure
        }
    }
}
