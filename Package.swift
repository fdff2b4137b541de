// swift-tools-version:6.2
import Foundation
import PackageDescription

/// A target, as one line of the tables below.
///
/// A target may import what its line names, and nothing else; a module of the product only what is in a layer below its own.
/// `infra/scripts/gates.sh` holds the sources to that.
struct Module {
    enum Kind { case library, program, tests, testLibrary, testProgram }

    var name: String
    var path: String
    var imports: [String]
    var resources: String?
    var kind = Kind.library

    init(_ name: String, at path: String, imports: String = "", resources: String? = nil, _ kind: Kind = .library) {
        self.name = name
        self.path = path
        self.imports = imports.split(separator: " ").map(String.init)
        self.resources = resources
        self.kind = kind
    }
}

let layers: [[Module]] = [
    // Layer 1: values that every module uses.
    [
        Module("Model", at: "Core/Model"),
        Module("Blocking", at: "Core/Blocking", imports: "CPlatform"),
    ],
    // Layer 2: deciding code and protocols, without I/O.
    [
        Module("Scheduling", at: "Core/Scheduling", imports: "Model"),
        Module("Flows", at: "Core/Flows", imports: "Model"),
        Module("Queue", at: "Core/Queue", imports: "Model"),
        Module("Store", at: "Core/Store", imports: "Model"),
        Module("HTTP", at: "Core/HTTP", imports: "Model"),
        Module("Secrets", at: "Core/Secrets", imports: "Model Crypto"),
        Module("SQS", at: "Core/SQS", imports: "Model Crypto"),
        Module("Lambda", at: "Core/Lambda", imports: "Model"),
        Module("Telemetry", at: "Core/Telemetry", imports: "Model Logging"),
    ],
    // Layer 3: drivers, and what builds on the protocols.
    [
        Module("Postgres", at: "Core/Postgres", imports: "Model Store Blocking CLibpq", resources: "sql"),
        Module("Redis", at: "Core/Redis", imports: "Model Queue SQS Blocking CHiredis", resources: "scripts"),
        Module("Curl", at: "Core/Curl", imports: "Model HTTP Blocking CCurl CPlatform"),
        Module("Memory", at: "Core/Memory", imports: "Model Queue SQS Store"),
        Module("SQSClient", at: "Core/SQSClient", imports: "Model Queue SQS HTTP"),
        Module("Sending", at: "Core/Sending", imports: "Model Queue Store"),
        Module(
            "FunctionRuntime", at: "Core/FunctionRuntime",
            imports: "Model Blocking Queue Scheduling Store Telemetry CPlatform Logging"),
        Module("Calls", at: "Core/Calls", imports: "Model HTTP Queue Secrets"),
        Module("FlowTesting", at: "Core/FlowTesting", imports: "Model Flows"),
        Module("FlowGraph", at: "Core/FlowGraph", imports: "Model Flows"),
        Module("Serving", at: "Core/Serving", imports: "HTTPTypes NIOCore NIOHTTP1 NIOHTTPTypes NIOPosix"),
        Module("Processes", at: "local-runner/Processes", imports: "Model CPlatform"),
        Module("Zip", at: "local-runner/Zip", imports: "CZlib"),
        Module("TestTarget", at: "local-runner/TestTarget", imports: "Model NIOCore NIOPosix NIOHTTP1"),
    ],
    // Layer 4: what workers share, and the wiring, which only programs import.
    [
        Module("Worker", at: "Core/Worker", imports: "Model Queue FunctionRuntime Logging"),
        Module("Wiring", at: "Core/Wiring", imports: "FunctionRuntime Queue Redis"),
        Module("LambdaFunction", at: "Core/LambdaFunction", imports: "Model Queue SQS HTTP SQSClient"),
        Module("TopologyFile", at: "local-runner/Topology", imports: "Model Lambda Processes Yams"),
        Module(
            "LambdaHost", at: "local-runner/Lambda",
            imports: """
                Model HTTP Lambda Processes Serving Zip FunctionRuntime Crypto Hummingbird HTTPTypes NIOCore NIOPosix NIOHTTP1 \
                NIOHTTPTypes Logging
                """),
    ],
    // Layer 5: the functions' logic, which knows no driver; and the wiring of queues, which only programs import.
    [
        Module(
            "QueueWiring", at: "Core/QueueWiring",
            imports: "Model FunctionRuntime Queue Redis HTTP Curl SQSClient LambdaFunction Wiring Logging"),
        Module(
            "LoaderFunction", at: "Functions/loader/Logic",
            imports: "Model Queue Scheduling Sending Store FunctionRuntime Telemetry Logging"),
        Module(
            "TriggerWorkerFunction", at: "Functions/trigger-worker/Logic",
            imports: "Model Calls HTTP Queue Secrets Worker FunctionRuntime Telemetry Logging"),
        Module(
            "StepWorkerFunction", at: "Functions/step-worker/Logic",
            imports: "Model Calls Flows HTTP Queue Secrets Store Worker FunctionRuntime Telemetry Logging"),
        Module(
            "HistorianFunction", at: "Functions/historian/Logic",
            imports: "Model Queue Sending Store Worker FunctionRuntime Telemetry Logging"),
        Module(
            "FlowHistorianFunction", at: "Functions/flow-historian/Logic",
            imports: "Model Flows Store FunctionRuntime Telemetry Logging"),
        Module(
            "MonitorFunction", at: "Functions/monitor/Logic",
            imports: "Model Queue Sending Store FunctionRuntime Telemetry Logging"),
        Module(
            "APIFunction", at: "Functions/api/Logic",
            imports: """
                Model Calls Flows HTTP Queue Scheduling Secrets Sending Serving Store FunctionRuntime Telemetry Logging Crypto Hummingbird \
                HummingbirdCore HTTPTypes NIOCore NIOHTTPTypes
                """),
        Module(
            "SQSFunction", at: "Functions/sqs/Logic",
            imports: """
                Model SQS Serving FunctionRuntime Telemetry Logging Hummingbird HummingbirdCore HTTPTypes NIOCore NIOHTTPTypes
                """),
        Module(
            "LocalRunner", at: "local-runner/Runner",
            imports: "Model Lambda LambdaHost FunctionRuntime Processes TestTarget TopologyFile"),
        Module("Rendering", at: "local-runner/Rendering", imports: "Model Processes TopologyFile Crypto Yams"),
        Module(
            "ComputeGateway", at: "local-runner/ComputeGateway",
            imports: "Model HTTP Serving Crypto NIOCore NIOPosix NIOHTTP1"),
    ],
    // Layer 6: programs.
    [
        Module(
            "loader", at: "Functions/loader/Main",
            imports: "LoaderFunction Model FunctionRuntime QueueWiring Wiring Postgres ArgumentParser", .program),
        Module(
            "trigger-worker", at: "Functions/trigger-worker/Main",
            imports:
                "TriggerWorkerFunction Model FunctionRuntime QueueWiring Wiring Curl HTTP Queue Redis Secrets ArgumentParser",
            .program),
        Module(
            "step-worker", at: "Functions/step-worker/Main",
            imports: """
                StepWorkerFunction Model FunctionRuntime Wiring Curl HTTP Postgres Queue Redis Secrets ArgumentParser
                """, .program),
        Module(
            "historian", at: "Functions/historian/Main",
            imports: "HistorianFunction Model FunctionRuntime QueueWiring Postgres Queue Redis ArgumentParser", .program
        ),
        Module(
            "flow-historian", at: "Functions/flow-historian/Main",
            imports: "FlowHistorianFunction Model FunctionRuntime Postgres ArgumentParser", .program),
        Module(
            "monitor", at: "Functions/monitor/Main",
            imports: "MonitorFunction Model FunctionRuntime QueueWiring Wiring Postgres Redis ArgumentParser Logging",
            .program),
        Module(
            "api", at: "Functions/api/Main",
            imports:
                "APIFunction Model FunctionRuntime QueueWiring Wiring Postgres Queue Redis Scheduling Secrets ArgumentParser",
            .program),
        Module(
            "sqs", at: "Functions/sqs/Main",
            imports: "SQSFunction SQS Model FunctionRuntime Wiring Redis ArgumentParser Logging",
            .program),
        Module(
            "headgate", at: "local-runner/CLI",
            imports: "Model Flows FlowTesting FlowGraph FunctionRuntime Curl HTTP Postgres ArgumentParser",
            .program),
        Module(
            "headgate-render", at: "local-runner/RenderMain",
            imports: "Model Processes Rendering TopologyFile ArgumentParser",
            .program),
        Module(
            "local-runner", at: "local-runner/Main",
            imports: """
                LocalRunner TopologyFile LambdaHost SQSFunction Processes ComputeGateway TestTarget Model FunctionRuntime Curl HTTP Postgres Queue Redis SQS Store \
                ArgumentParser Crypto
                """, .program),
    ],
]

let tests = [
    Module("TestRandom", at: "Tests/TestRandom", .library),
    Module("TestServers", at: "Tests/TestServers", .testLibrary),
    Module(
        "SimulationKit", at: "Tests/Simulation/Kit",
        imports: """
            Model Memory Queue Scheduling Sending Store TestRandom Calls Flows LoaderFunction StepWorkerFunction MonitorFunction \
            FlowHistorianFunction
            """),
    Module(
        "simulation", at: "Tests/Simulation/Main", imports: "Model SimulationKit FunctionRuntime ArgumentParser",
        .program),
    Module("runner-probe", at: "Tests/RunnerProbe", imports: "LocalRunner Processes Model", .program),
    Module(
        "headgate-bench", at: "Tests/Benchmarks",
        imports: "Model Curl Flows HTTP Postgres Queue Redis SQS Scheduling TestServers ArgumentParser", .testProgram),
    Module("ModelTests", at: "Tests/ModelTests", imports: "Model TestRandom", .tests),
    Module("SchedulingTests", at: "Tests/SchedulingTests", imports: "Model Scheduling TestRandom", .tests),
    Module(
        "FlowTests", at: "Tests/FlowTests", imports: "Model Flows FlowTesting FlowGraph TestRandom TestServers",
        .tests),
    Module("SecretsTests", at: "Tests/SecretsTests", imports: "Model Secrets", .tests),
    Module("StoreTests", at: "Tests/StoreTests", imports: "Model Memory Postgres Store TestServers", .tests),
    Module(
        "QueueTests", at: "Tests/QueueTests",
        imports: "Model HTTP Memory Queue Redis SQS SQSClient SQSFunction Sending SQSClientKit TestRandom TestServers",
        .tests),
    Module("SQSClientKit", at: "Tests/SQSClientKit", imports: "Model HTTP Memory Queue SQS SQSClient SQSFunction"),
    Module(
        "SQSClientTests", at: "Tests/SQSClientTests",
        imports: """
            Model Curl HTTP Memory Queue SQS SQSClient SQSFunction SQSClientKit TestServers sqs
            """, .tests),
    Module(
        "RenderingTests", at: "Tests/RenderingTests", imports: "Model Processes Rendering TopologyFile Yams", .tests),
    Module("ZipTests", at: "Tests/ZipTests", imports: "Zip", .tests),
    Module("LambdaTests", at: "Tests/LambdaTests", imports: "Model Lambda Memory SQS TestRandom", .tests),
    Module(
        "LambdaFunctionTests", at: "Tests/LambdaFunctionTests",
        imports: "Model Curl HTTP Lambda LambdaFunction LambdaHost Queue SQS SQSClient SQSClientKit TestServers", .tests
    ),
    Module(
        "LambdaHostTests", at: "Tests/LambdaHostTests",
        imports: "Model Lambda LambdaHost Memory Processes SQS SQSFunction Curl HTTP TestServers", .tests),
    Module(
        "SQSTests", at: "Tests/SQSTests",
        imports: "Model Memory Redis SQS SQSFunction TestRandom TestServers Curl HTTP sqs", .tests),
    Module(
        "WrapperTests", at: "Tests/WrapperTests",
        imports: "Model Curl HTTP Postgres Queue Redis TestServers TestTarget", .tests),
    Module(
        "FunctionLogicTests", at: "Tests/FunctionLogicTests",
        imports: """
            APIFunction Calls Flows FlowHistorianFunction HTTP LoaderFunction Memory StepWorkerFunction TriggerWorkerFunction Model Queue \
            Secrets Store \
            TestRandom
            """,
        .tests),
    Module(
        "SimulationTests", at: "Tests/SimulationTests",
        imports: "SimulationKit Memory Model Queue Scheduling Store FunctionRuntime", .tests),
    Module(
        "LocalRunnerTests", at: "Tests/LocalRunnerTests",
        imports:
            "Lambda LocalRunner TopologyFile Rendering Processes ComputeGateway Curl HTTP TestRandom TestServers TestTarget Model runner-probe",
        .tests),
    Module(
        "IntegrationTests", at: "Tests/IntegrationTests",
        imports: """
            Model FunctionRuntime Telemetry Curl HTTP Postgres Queue Redis SQSClient Scheduling Secrets Sending Store TestServers TestTarget loader \
            trigger-worker step-worker historian flow-historian monitor api sqs headgate local-runner Crypto
            """, .tests),
]

/// The products of other packages, by the modules they bring.
let packages = [
    "ArgumentParser": "swift-argument-parser", "Crypto": "swift-crypto", "HTTPTypes": "swift-http-types",
    "Hummingbird": "hummingbird", "HummingbirdCore": "hummingbird", "Logging": "swift-log", "NIOCore": "swift-nio",
    "NIOHTTP1": "swift-nio",
    "NIOHTTPTypes": "swift-nio-extras", "NIOPosix": "swift-nio", "Yams": "Yams",
]

/// What is shipped is compiled alike.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]
/// Tests may use memory-unsafe calls without marking them.
let testSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

func target(_ module: Module) -> Target {
    let dependencies = module.imports.map { name -> Target.Dependency in
        packages[name].map { .product(name: name, package: $0) } ?? .byName(name: name)
    }
    let readme = "\(Context.packageDirectory)/\(module.path)/README.md"
    let excluded = FileManager.default.fileExists(atPath: readme) ? ["README.md"] : []
    let resources = module.resources.map { [Resource.embedInCode(.init(stringLiteral: $0))] } ?? []
    switch module.kind {
    case .library:
        return .target(
            name: module.name, dependencies: dependencies, path: module.path, exclude: excluded, resources: resources,
            swiftSettings: settings)
    case .program:
        return .executableTarget(
            name: module.name, dependencies: dependencies, path: module.path, exclude: excluded, swiftSettings: settings
        )
    case .testLibrary:
        return .target(
            name: module.name, dependencies: dependencies, path: module.path, exclude: excluded,
            swiftSettings: testSettings)
    case .testProgram:
        return .executableTarget(
            name: module.name, dependencies: dependencies, path: module.path, exclude: excluded,
            swiftSettings: testSettings)
    case .tests:
        return .testTarget(
            name: module.name, dependencies: dependencies, path: module.path, exclude: excluded,
            swiftSettings: testSettings)
    }
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
        .systemLibrary(name: "CZlib", path: "Core/C/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CPlatform", path: "Core/C/CPlatform"),
    ] + (layers.joined() + tests).map(target),
    swiftLanguageModes: [.v6]
)
