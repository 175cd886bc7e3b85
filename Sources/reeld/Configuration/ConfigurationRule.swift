/// Rules between keys: values that are each fine but do not go together.
enum ConfigurationRule {
    /// What a configuration breaks, told at the place of the value that is to be changed.
    static func broken(by loaded: LoadedConfiguration) -> [ConfigurationProblem] {
        let server = loaded.values.server
        var problems: [ConfigurationProblem] = []
        func require(_ holds: Bool, _ key: String, _ text: String) {
            guard !holds else { return }
            let place = loaded.places[key] ?? ConfigurationPlace(file: "default")
            problems.append(ConfigurationProblem(place: place, text: "\(key): \(text)"))
        }
        let size = Quantity.text(ofBytes:)
        require(
            server.eventLimit <= server.inflatedLimit, "server.event_limit",
            "\(size(server.eventLimit)) is more than server.inflated_limit, \(size(server.inflatedLimit)); "
                + "a batch must have room for one event")
        // A batch is held as sent and inflated at the same time; with less, the largest legal one could never be read.
        let needed = server.bodyLimit + server.inflatedLimit
        require(
            server.memory >= needed, "server.memory",
            "\(size(server.memory)) is less than server.body_limit + server.inflated_limit; write \(size(needed)) or more"
        )
        let (archive, maxAge) = (loaded.values.archive, loaded.values.retention.maxAge)
        require(
            archive.directory == nil || maxAge == .zero || archive.after < maxAge, "archive.after",
            "\(Quantity.text(of: archive.after)) is not less than retention.max_age, \(Quantity.text(of: maxAge)); "
                + "nothing would ever be archived")
        require(
            archive.directory.map { !"\($0)/".hasPrefix("\(loaded.values.store.directory)/") } ?? true, "archive.dir",
            "it lies in store.directory; name a directory on another file system")
        return problems
    }
}
