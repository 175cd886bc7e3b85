import ReelHTTP

/// From a request to its route. Judges by the head alone, so that nothing is read for whoever may not ask.
struct Router: RequestHandler {
    let context: ServerContext
    /// The server's own figures, which exist only once it does.
    let statistics: @Sendable () -> HTTPStatistics?

    /// A body where none is needed: read and dropped up to so much.
    private static let uselessBodySizeMaxBytes = 16 << 10

    func admit(_ head: RequestHead, peer: Peer) -> Admission {
        do throws(Problem) {
            let route = try judge(head, peer: peer).route
            return .accept(bodyLimitBytes: try bodyLimitBytes(route, head))
        } catch {
            context.metrics.noteRefusal(status: error.type.row.status)
            return .refuse(error.response)
        }
    }

    private func judge(_ head: RequestHead, peer: Peer) throws(Problem) -> (route: Route, grant: Access.Grant) {
        let route = try Route(path: head.path)
        try route.require(head.method)
        let grant = try context.access.judge(head, route, peer: peer)
        if context.isStopping, route != .healthz, route != .readyz { throw .stopping }
        return (route, grant)
    }

    private func bodyLimitBytes(_ route: Route, _ head: RequestHead) throws(Problem) -> Int {
        switch (route, head.method) {
        case (.events, .post):
            // What the head says of a body can be refused before the body is sent.
            _ = try BatchHeaders(head)
            return context.options.bodySizeMaxBytes
        case (.recordings, .post), (.recording, .patch), (.erase, _), (.snapshot, _):
            try MetadataBody.check(head)
            return MetadataBody.sizeMaxBytes
        default: return Router.uselessBodySizeMaxBytes
        }
    }

    func respond(to request: Request, reply: Reply) {
        do throws(Problem) {
            let (route, grant) = try judge(request.head, peer: request.peer)
            dispatch(request, grant, Exchange(context, route, request.method, reply))
        } catch {
            context.metrics.noteRefusal(status: error.type.row.status)
            reply.complete(error.response)
        }
    }

    private func dispatch(_ request: Request, _ grant: Access.Grant, _ exchange: Exchange) {
        switch (exchange.route, request.method) {
        case (.recordings, .post): RecordingRoutes.start(grant, request, exchange)
        case (.recordings, _): RecordingRoutes.list(request, exchange)
        case (.recording(let name), .patch): RecordingRoutes.change(name, request, exchange)
        case (.recording(let name), .delete): ErasureRoutes.eraseOne(name, request, exchange)
        case (.recording(let name), _): RecordingRoutes.show(name, request, exchange)
        case (.end(let name), _): RecordingRoutes.end(name, grant, request, exchange)
        case (.events(let name), .post): BatchRoute.append(name, grant, request, exchange)
        case (.events(let name), _): EventRoutes.read(name, request, exchange)
        case (.live(let name), _): LiveRoutes.watch(name, request, exchange)
        case (.liveList, _): LiveRoutes.watchList(request, exchange)
        case (.chunks(let name), _): ChunkRoutes.table(name, request, exchange)
        case (.chunk(let name, let first), _): ChunkRoutes.chunk(name, first: first, request, exchange)
        case (.playerEvents, _): EventRoutes.play(request, exchange)
        case (.erase, _): ErasureRoutes.eraseSelected(request, exchange)
        case (.store, _): StoreRoutes.show(request, exchange)
        case (.snapshot, _): SnapshotRoute.make(request, exchange)
        case (.compact, _): CompactionRoute.compact(request, exchange)
        case (.healthz, _): HealthRoutes.live(exchange)
        case (.readyz, _): HealthRoutes.ready(exchange)
        case (.asset(let name), _): AssetRoutes.send(name, request, exchange)
        case (.metrics, _): MetricsRoute.show(statistics(), exchange)
        }
    }

    func problem(for refusal: HTTPRefusal) -> Response {
        context.metrics.noteRefusal(status: refusal.status)
        return Problem(refusal).response
    }
}
