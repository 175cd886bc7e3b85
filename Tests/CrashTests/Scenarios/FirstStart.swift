extension Scenario {
    /// A store is made in a directory that is not there yet, and takes its first batches.
    static let firstStart = Scenario(name: "first start", isFirst: true) { run in
        try run.open()
        try run.start(1)
        try run.append(1, 1)
        try run.append(1, 2, noiseBytes: 3000)
        run.close()
    }
}
