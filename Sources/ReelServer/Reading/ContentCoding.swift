import ReelHTTP

/// What Accept-Encoding says (RFC 9110 §12.5.3).
enum ContentCoding {
    /// Whether gzip is accepted and not liked less than no coding at all. Without the header it is not: then nothing was
    /// said, and plain bytes are what every client reads.
    static func prefersGzip(_ headers: Headers) -> Bool {
        var gzip: Double?
        var identity: Double?
        var any: Double?
        for value in headers.values("Accept-Encoding") {
            for element in value.split(separator: ",") {
                let parts = element.split(separator: ";", maxSplits: 1)
                guard let coding = parts.first?.trimmingBlanks.lowercased() else { continue }
                let quality = parts.count > 1 ? quality(parts[1].trimmingBlanks.lowercased()) : 1
                switch coding {
                case "gzip", "x-gzip": gzip = max(gzip ?? 0, quality)
                case "identity": identity = quality
                case "*": any = quality
                default: break
                }
            }
        }
        let wanted = gzip ?? any ?? 0
        return wanted > 0 && wanted >= identity ?? 0
    }

    /// `q=0.5`; what is malformed counts as a refusal.
    private static func quality(_ parameter: String) -> Double {
        guard parameter.hasPrefix("q="), let value = Double(parameter.dropFirst(2)), (0...1).contains(value) else {
            return 0
        }
        return value
    }
}
