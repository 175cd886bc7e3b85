import Foundation
import ReelSystem
import Testing

@testable import ReelStore

/// What is done while a call fails.
enum FaultScenario: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case firstStart, writing, compaction, existing, interval, stopping, verifying

    var testDescription: String { rawValue }

    func run(_ run: FaultRun) {
        switch self {
        case .firstStart:
            run.open()
            run.start()
            run.append(0)
            run.read()
        case .writing, .interval:
            run.open()
            write(run)
        case .compaction:
            run.open()
            write(run)
            run.vacuum()
            run.append(1)
            run.checkpoint()
            run.end(1)
            run.vacuum()
            run.read()
        case .existing:
            run.open()
            run.read()
            run.append(1)
            run.start()
            run.append(2)
        case .stopping:
            run.open()
            write(run)
            run.append(1)
            run.close()
        case .verifying: run.verify()
        }
    }

    private func write(_ run: FaultRun) {
        for index in 0..<3 {
            run.start()
            run.append(index)
        }
        for _ in 0..<4 { run.append(0) }
        run.change(0)
        run.end(0)
        run.checkpoint()
        run.erase(2)
        for _ in 0..<4 { run.append(1) }
        run.change(1)
        run.checkpoint()
        run.append(1)
        run.read()
    }

    var durability: Durability { self == .interval || self == .stopping ? .interval(milliseconds: 1000) : .sync }

    /// A store to begin with, and what it holds: one that was killed with a compacted segment, sealed ones, and a tail that
    /// no checkpoint speaks of, torn at its end.
    func prepare() throws -> (TemporaryDirectory, FaultModel)? {
        guard self == .existing || self == .verifying else { return nil }
        let directory = TemporaryDirectory(parent: TemporaryDirectory.memory)
        let run = FaultRun(directory, nil, durability: .sync)
        run.open()
        run.start()
        run.start()
        for _ in 0..<4 { run.append(0) }
        run.end(0)
        run.vacuum()
        run.checkpoint()
        for _ in 0..<10 { run.append(1) }
        let copy = try directory.crashed(in: TemporaryDirectory.memory)
        if self == .existing {
            let last = try FileManager.default.contentsOfDirectory(atPath: "\(copy.path)/log").max() ?? ""
            let file = try HostFileSystem().open("\(copy.path)/log/\(last)", .existing)
            try file.write([0x52, 0x46, 0, 0], at: file.sizeBytes())
        }
        let model = run.model
        run.finish()
        return (copy, model)
    }
}
