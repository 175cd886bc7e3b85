/// The names of a replayed trace: those that are certain, and changes that are not.
struct DirectoryReplay: Sendable {
    enum Entry: Hashable, Sendable {
        case directory
        case file(Int)
    }

    enum Change: Sendable {
        case put(String, Entry)
        case move(String, String, Entry)
        case remove(String, Entry)

        /// The directory whose sync makes it durable.
        var directory: String {
            switch self {
            case .put(let path, _), .move(_, let path, _), .remove(let path, _): parent(of: path)
            }
        }

        var entry: Entry {
            switch self {
            case .put(_, let entry), .move(_, _, let entry), .remove(_, let entry): entry
            }
        }
    }

    private var durable: [String: Entry] = [:]
    private var steps: [(call: Int, change: Change)] = []

    init(directories: Set<String>, files: [String: Int]) {
        for path in directories { durable[path] = .directory }
        for (path, number) in files { durable[path] = .file(number) }
    }

    mutating func add(_ change: Change, call: Int) { steps.append((call, change)) }

    mutating func sync(_ directory: String) {
        var rest: [(call: Int, change: Change)] = []
        for step in steps {
            guard step.change.directory == directory else {
                rest.append(step)
                continue
            }
            DirectoryReplay.apply(step.change, to: &durable)
            // A file that was moved away for good does not come back under its old name.
            if case .move(let from, _, let entry) = step.change {
                rest.removeAll { earlier in
                    if case .put(let path, entry) = earlier.change { path == from } else { false }
                }
            }
        }
        steps = rest
    }

    var pending: [PendingChange] {
        steps.map { PendingChange(call: $0.call, group: $0.change.directory, sectorCount: 0) }
    }

    /// The files that some fate gives a name.
    var reachableFiles: Set<Int> {
        var numbers: Set<Int> = []
        for entry in durable.values { if case .file(let number) = entry { numbers.insert(number) } }
        for step in steps { if case .file(let number) = step.change.entry { numbers.insert(number) } }
        return numbers
    }

    /// The names after a crash; what lies in a directory that was lost is lost with it.
    func resolved(_ fates: [Int: Fate]) -> [String: Entry] {
        var names = durable
        for step in steps where fates[step.call] != .lost { DirectoryReplay.apply(step.change, to: &names) }
        return names.filter { path, _ in
            var directory = parent(of: path)
            while directory != "/" {
                guard names[directory] == .directory else { return false }
                directory = parent(of: directory)
            }
            return true
        }
    }

    private static func apply(_ change: Change, to names: inout [String: Entry]) {
        switch change {
        case .put(let path, let entry): names[path] = entry
        case .move(let from, let to, let entry):
            if names[from] == entry { names[from] = nil }
            names[to] = entry
        case .remove(let path, let entry): if names[path] == entry { names[path] = nil }
        }
    }
}
