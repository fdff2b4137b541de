// swift-tools-version:6.2
import PackageDescription

/// Every target of Headgate is compiled alike; only tests may use memory-unsafe calls without marking them.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]
let testSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
]
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

/// A function: a library with its logic, and an executable of a few lines that wires it to the real world.
func function(
    _ name: String, _ module: String, _ dependencies: [Target.Dependency], main: [Target.Dependency]
) -> [Target] {
    [
        .target(
            name: module, dependencies: dependencies + ["Model", "FunctionRuntime", "Telemetry", logging],
            path: "Functions/\(name)/Logic", swiftSettings: settings),
        .executableTarget(
            name: name, dependencies: [.byName(name: module), "Model", "FunctionRuntime", argumentParser] + main,
            path: "Functions/\(name)/Main", swiftSettings: settings),
    ]
}

func core(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Core/\(name)", exclude: ["README.md"], resources: resources,
        swiftSettings: settings)
}

func test(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: testSettings)
}

let package = Package(
    name: "headgate",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CLibpq", path: "Core/C/CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CHiredis", path: "Core/C/CHiredis", pkgConfig: "hiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(
            name: "CCurl", path: "Core/C/CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CPlatform", path: "Core/C/CPlatform"),
        core("Model", []),
        core("Blocking", ["CPlatform"]),
        core("Queue", ["Model"]),
        core("Redis", ["Model", "Queue", "Blocking", "CHiredis"], resources: [.embedInCode("scripts")]),
        core("Store", ["Model"]),
        core("Postgres", ["Model", "Store", "Blocking", "CLibpq"], resources: [.embedInCode("sql")]),
        core("HTTP", ["Model", "Blocking", "CCurl", "CPlatform"]),
        core("Scheduling", ["Model"]),
        core("Secrets", ["Model", crypto]),
        .target(
            name: "TestTarget", dependencies: ["Model"] + nio, path: "local-runner/TestTarget", exclude: ["README.md"],
            swiftSettings: settings),
        .target(
            name: "LocalRunner", dependencies: ["Model", "TestTarget", "Yams"], path: "local-runner/Runner",
            exclude: ["README.md"], swiftSettings: settings),
        .executableTarget(
            name: "local-runner",
            dependencies: [
                "LocalRunner", "TestTarget", "Model", "FunctionRuntime", "HTTP", "Postgres", "Queue", "Redis", "Store",
                argumentParser, crypto,
            ], path: "local-runner/Main", exclude: ["README.md"], swiftSettings: settings),
        .executableTarget(
            name: "headgate", dependencies: ["Model", "FunctionRuntime", "HTTP", "Postgres", argumentParser],
            path: "local-runner/CLI", exclude: ["README.md"], swiftSettings: settings),
        .executableTarget(
            name: "headgate-bench",
            dependencies: [
                "Model", "HTTP", "Postgres", "Queue", "Redis", "Scheduling", "TestServers", argumentParser,
            ],
            path: "Tests/Benchmarks",
            exclude: ["README.md"], swiftSettings: testSettings),
        .executableTarget(
            name: "runner-probe", dependencies: ["LocalRunner", "Model"], path: "Tests/RunnerProbe",
            swiftSettings: settings),
        test("LocalRunnerTests", ["LocalRunner", "TestRandom", "TestTarget", "Model", "runner-probe"]),
        test(
            "IntegrationTests",
            [
                "Model", "FunctionRuntime", "HTTP", "Postgres", "Queue", "Redis", "Scheduling", "Store", "TestServers",
                "TestTarget", "loader",
                "trigger-worker", "historian", "monitor", "api", "headgate", crypto,
            ]),
        test("WrapperTests", ["Model", "HTTP", "Postgres", "Queue", "Redis", "TestServers", "TestTarget"]),
        test("SchedulingTests", ["Model", "Scheduling", "TestRandom"]),
        test("SecretsTests", ["Model", "Secrets"]),
        test(
            "FunctionLogicTests",
            [
                "APIFunction", "LoaderFunction", "Model", "Queue", "Secrets", "Store", "TestRandom",
                "TriggerWorkerFunction",
            ]),
        .target(
            name: "Telemetry", dependencies: ["Model", logging], path: "Core/Telemetry", exclude: ["README.md"],
            swiftSettings: settings),
        core(
            "FunctionRuntime",
            [
                "Model", "Blocking", "CPlatform", "HTTP", "Queue", "Redis", "Scheduling", "Store", "Telemetry", logging,
            ]),
        .target(name: "TestRandom", path: "Tests/TestRandom", swiftSettings: settings),
        .target(name: "TestServers", path: "Tests/TestServers", swiftSettings: testSettings),
        test("ModelTests", ["Model"]),
        .target(
            name: "SimulationKit",
            dependencies: [
                "Model", "Queue", "Scheduling", "Store", "TestRandom", "LoaderFunction", "TriggerWorkerFunction",
            ],
            path: "Tests/Simulation/Kit", swiftSettings: settings),
        .executableTarget(
            name: "simulation", dependencies: ["Model", "SimulationKit", "FunctionRuntime", argumentParser],
            path: "Tests/Simulation/Main", swiftSettings: settings),
        test("SimulationTests", ["SimulationKit", "Model", "Queue", "Scheduling", "Store", "FunctionRuntime"]),
        test("StoreTests", ["Model", "Postgres", "Store", "TestServers"]),
        test("QueueTests", ["Model", "Queue", "Redis", "TestRandom", "TestServers"]),
    ]
        + function(
            "api", "APIFunction",
            [
                "HTTP", "Postgres", "Queue", "Redis", "Scheduling", "Secrets", "Store", hummingbird, httpTypes, nioCore,
                nioHTTPTypes, crypto,
            ],
            main: ["HTTP", "Postgres", "Queue", "Redis", "Scheduling", "Secrets"])
        + function("loader", "LoaderFunction", ["Queue", "Scheduling", "Store"], main: ["Postgres"])
        + function(
            "trigger-worker", "TriggerWorkerFunction", ["HTTP", "Queue", "Secrets"],
            main: ["HTTP", "Queue", "Redis", "Secrets"])
        + function("historian", "HistorianFunction", ["Queue", "Store"], main: ["Postgres", "Queue", "Redis"])
        + function(
            "monitor", "MonitorFunction", ["LoaderFunction", "Queue", "Redis", "Store"],
            main: ["Postgres", "Redis", logging]),
    swiftLanguageModes: [.v6]
)
