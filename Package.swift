// swift-tools-version: 6.2
import PackageDescription

// The rooms of the program, lowest first; a target imports only what stands above it here.
// C libraries come from Debian and each is reached through one `CReel…` target.

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

// The Debian package has simdjson linked in, as its soname is another in every release: packaging/simdjson-static.
let simdjson = Context.environment["REELD_STATIC_SIMDJSON"] == "1" ? ":libsimdjson.a" : "simdjson"

let package = Package(
    name: "reeld",
    products: [.executable(name: "reeld", targets: ["reeld"])],
    targets: [
        .systemLibrary(name: "CReelZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CReelISAL", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
        .systemLibrary(name: "CReelCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CReelSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CReelWslay", providers: [.apt(["libwslay-dev"])]),
        .target(name: "CReelSystem"),
        .target(name: "CReelWeb"),
        .target(name: "CReelSIMDJSON", linkerSettings: [.linkedLibrary(simdjson)]),

        .target(name: "ReelSystem", dependencies: ["CReelSystem", "CReelSystemd"], swiftSettings: strict),
        .target(
            name: "ReelCodec", dependencies: ["CReelZlib", "CReelISAL", "CReelCrypto", "CReelSIMDJSON"],
            swiftSettings: strict),
        .target(name: "ReelFormat", dependencies: ["ReelCodec"], exclude: ["FORMAT.md"], swiftSettings: strict),
        .target(
            name: "ReelWeb", dependencies: ["ReelCodec", "CReelWeb"], exclude: ["Page", "Recorder"],
            swiftSettings: strict),
        .target(name: "ReelHTTP", dependencies: ["ReelSystem", "CReelWslay", "CReelCrypto"], swiftSettings: strict),
        .target(
            name: "ReelStore", dependencies: ["ReelSystem", "ReelCodec", "ReelFormat"], swiftSettings: strict),
        .target(
            name: "ReelServer",
            dependencies: ["ReelStore", "ReelHTTP", "ReelWeb", "ReelFormat", "ReelCodec", "ReelSystem"],
            exclude: ["API.md"], swiftSettings: strict),
        .executableTarget(
            name: "reeld",
            dependencies: ["ReelServer", "ReelStore", "ReelHTTP", "ReelFormat", "ReelCodec", "ReelSystem"],
            swiftSettings: strict),
        .executableTarget(
            name: "reel-bench-codec", dependencies: ["ReelCodec", "CReelCrypto"],
            path: "Tests/Benchmarks/reel-bench-codec", swiftSettings: strict),
        .systemLibrary(
            name: "CReelSQLite", path: "Tests/Benchmarks/CReelSQLite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"])]),
        .executableTarget(
            name: "reel-bench-rivals",
            dependencies: [
                "ReelStore", "ReelFormat", "ReelCodec", "ReelSystem", "ReelHTTP", "StoreFixtures", "CReelSQLite",
                "CReelZlib", "CReelCrypto",
            ],
            path: "Tests/Benchmarks/Rivals", swiftSettings: strict),

        .testTarget(name: "ReelSystemTests", dependencies: ["ReelSystem"], swiftSettings: strict),
        .testTarget(name: "ReelCodecTests", dependencies: ["ReelCodec"], swiftSettings: strict),
        .testTarget(
            name: "ReelFormatTests",
            dependencies: ["ReelFormat", "ReelCodec", "ReelStore", "ReelSystem", "StoreFixtures"],
            swiftSettings: strict),
        .testTarget(name: "ReelHTTPTests", dependencies: ["ReelHTTP"], swiftSettings: strict),
        .target(
            name: "SimulatedDisk", dependencies: ["ReelSystem"], path: "Tests/SimulatedDisk", swiftSettings: strict),
        .target(
            name: "StoreFixtures", dependencies: ["ReelStore", "ReelFormat", "ReelCodec"], path: "Tests/StoreFixtures",
            swiftSettings: strict),
        .testTarget(
            name: "CrashTests",
            dependencies: ["SimulatedDisk", "StoreFixtures", "ReelStore", "ReelFormat", "ReelCodec", "ReelSystem"],
            swiftSettings: strict),
        .testTarget(
            name: "DamageTests",
            dependencies: ["SimulatedDisk", "StoreFixtures", "ReelStore", "ReelFormat", "ReelCodec", "ReelSystem"],
            swiftSettings: strict),
        .testTarget(name: "ReelServerTests", dependencies: ["ReelServer", "StoreFixtures"], swiftSettings: strict),
        .testTarget(
            name: "ReelStoreTests", dependencies: ["ReelStore", "StoreFixtures", "SimulatedDisk"], swiftSettings: strict
        ),
        .testTarget(
            name: "ReeldTests",
            dependencies: ["reeld", "ReelStore", "ReelHTTP", "ReelFormat", "ReelCodec", "ReelSystem"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)

// Under the fuzzer libFuzzer brings the main function, and the daemon's room is a library: Tests/Fuzz/README.md.
if Context.environment["REELD_FUZZ"] == "1" {
    let rooms = package.targets.first { $0.name == "reeld" }?.dependencies ?? []
    package.products = []
    package.targets.removeAll { $0.name == "reeld" }
    package.targets += [
        .target(name: "reeld", dependencies: rooms, exclude: ["Reeld.swift"], swiftSettings: strict),
        .executableTarget(
            name: "reel-fuzz", dependencies: ["reeld", "CReelZlib"] + rooms, path: "Tests/Fuzz/reel-fuzz",
            swiftSettings: strict),
    ]
}
