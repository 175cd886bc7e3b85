import ReelHTTP
import ReelWeb

/// The page: `/`, `/recordings/{r}` and the files they name below `/assets/`. They hold nothing of a recording, so
/// everybody who reaches the listener gets them; what they show they ask the API for, with the reader's token.
enum AssetRoutes {
    /// A recording is hostile input that is shown inside the page: no script but the daemon's own runs, and nothing is
    /// loaded from elsewhere. Styles are the recorded page's, hence inline.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "connect-src 'self'", "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:", "font-src data:", "media-src 'self' data: blob:", "frame-src 'self' blob:",
        "worker-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'self'",
    ].joined(separator: "; ")

    static func send(_ name: String, _ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            // The query is the page's own state and means nothing here.
            guard let asset = WebAsset.named(name) else { throw Route.nowhere }
            guard exchange.context.options.offersDemo || name != "demo.html" else {
                throw Problem(.unknownPath, "The demo is off; `demo = yes` below [server] in reeld.conf offers it.")
            }
            let isGzip = ContentCoding.prefersGzip(request.headers)
            let tag = EntityTag([asset.digest] + (isGzip ? ["gzip"] : []))
            var headers: Headers = [
                "Content-Type": asset.contentType,
                // Asked for again each time, and mostly answered with 304: the page is never older than the daemon.
                "Cache-Control": "no-cache",
                "ETag": tag.text,
                "Vary": "Accept-Encoding",
                "Content-Security-Policy": policy,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin",
            ]
            guard !tag.satisfies(noneMatch: request.headers) else {
                return exchange.send(Response(status: 304, headers: headers))
            }
            if isGzip { headers.append("Content-Encoding", "gzip") }
            exchange.send(Response(status: 200, headers: headers, body: .bytes(isGzip ? asset.gzip : asset.bytes)))
        }
    }
}
