import ReelHTTP

/// What the rooms below are told of the configuration, in their own words.
extension Configuration {
    var httpOptions: HTTPOptions {
        var options = HTTPOptions()
        options.loopCount = server.loopThreads
        options.connectionCountMax = server.connections
        options.connectionCountMaxPerPeer = server.connections
        options.memory = MemoryBudget(totalBytes: Int(server.memory))
        return options
    }

    /// Where the server listens when the service manager passed no sockets.
    var listeners: [Listener] {
        [.unix(path: server.socket)] + (server.listen.map { [.tcp(address: $0.host, port: $0.port)] } ?? [])
    }
}
