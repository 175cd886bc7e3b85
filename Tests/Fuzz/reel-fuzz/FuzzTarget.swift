import Glibc

/// One thing that is fuzzed: what is done with the fuzzer's bytes, and what must hold then.
struct FuzzTarget: Sendable {
    /// As the runner and the corpus directory call it.
    let name: String
    /// Ends the process where a claim does not hold.
    let run: @Sendable ([UInt8]) -> Void

    static let all = [
        FuzzTarget(name: "frame", run: FrameTarget.run),
        FuzzTarget(name: "segment", run: SegmentTarget.run),
        FuzzTarget(name: "index", run: IndexTarget.run),
        FuzzTarget(name: "erasures", run: ErasureTarget.run),
        FuzzTarget(name: "keyring", run: KeyringTarget.run),
        FuzzTarget(name: "recovery", run: RecoveryTarget.run),
        FuzzTarget(name: "json", run: JSONTarget.run),
        FuzzTarget(name: "value", run: ValueTarget.run),
        FuzzTarget(name: "gzip", run: GzipTarget.run),
        FuzzTarget(name: "splice", run: SpliceTarget.run),
        FuzzTarget(name: "http", run: HTTPTarget.run),
        FuzzTarget(name: "routes", run: RoutesTarget.run),
        FuzzTarget(name: "query", run: QueryTarget.run),
        FuzzTarget(name: "configuration", run: ConfigurationTarget.run),
        FuzzTarget(name: "canary", run: CanaryTarget.run),
    ]

    /// The target that `REELD_FUZZ_TARGET` names. A variable and no argument, because libFuzzer starts itself anew when it
    /// merges corpora, with the arguments it knows.
    static let chosen: FuzzTarget = {
        let name = getenv("REELD_FUZZ_TARGET").map { String(cString: $0) } ?? ""
        if let target = all.first(where: { $0.name == name }) { return target }
        fatalError("REELD_FUZZ_TARGET='\(name)' is none of \(all.map(\.name).joined(separator: " "))")
    }()
}

/// What libFuzzer calls with every input it makes.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzTarget.chosen.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}
