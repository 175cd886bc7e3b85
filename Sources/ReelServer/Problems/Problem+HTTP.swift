import ReelHTTP

/// What never became a request, in the API's words.
extension Problem {
    init(_ refusal: HTTPRefusal) { self.init(refusal.problemType, refusal.detail) }
}

extension HTTPRefusal {
    var problemType: ProblemType {
        switch self {
        case .badRequestLine: .badRequestLine
        case .badTarget: .badTarget
        case .badField: .badField
        case .badHost: .badHost
        case .badLength: .badLength
        case .badChunk: .badChunk
        case .ambiguousLength: .ambiguousLength
        case .targetTooLong: .targetTooLong
        case .headTooLarge: .headTooLarge
        case .bodyTooLarge: .bodyTooLarge
        case .unknownMethod: .unknownMethod
        case .unknownVersion: .unknownVersion
        case .unknownTransferCoding: .unknownTransferCoding
        case .unknownExpectation: .unknownExpectation
        case .headTimeout: .headTimeout
        case .bodyTimeout: .bodyTimeout
        case .replyOverdue: .replyOverdue
        case .busy: .busy
        case .tooManyConnections: .tooManyConnections
        }
    }
}
