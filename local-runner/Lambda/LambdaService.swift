import Crypto
import FoundationEssentials
import FunctionRuntime
import Glibc
package import Lambda
import Model
package import Processes
import Zip

/// Lambda on this machine: functions, their invocations, and what invokes them. An API is put on it by `LambdaServer`.
package actor LambdaService {
    /// The settings of a service.
    package struct Configuration: Sendable {
        /// Twelve digits.
        package var account = "000000000000"
        /// Such as `us-east-1`.
        package var region = "us-east-1"
        /// A folder for the state, the code and temporary files; created if need be.
        package var folder: String
        /// Variables of all functions, such as `PATH` and the addresses of services.
        package var variables: [String: String] = [:]
        /// Further variables of single functions, by name, that the Lambda API does not show: settings with secrets.
        package var hiddenVariables: [String: [String: String]] = [:]
        /// MB that functions may use, all together: as an environment counts what its function may use. Default: three quarters
        /// of the machine's.
        package var memory = Configuration.machineMemory / 4 * 3
        /// Gets the lines that functions write, with the environment that wrote them and the invocation.
        package var log: @Sendable (_ environment: String, _ line: String, _ id: String?) -> Void = { _, _, _ in }
        /// Gets what goes wrong in the service.
        package var report: @Sendable (String) -> Void = { _ in }

        /// A service that keeps its state in a folder, with the defaults given at each property.
        package init(folder: String) { self.folder = folder }

        /// In MB.
        private static let machineMemory = sysconf(Int32(_SC_PHYS_PAGES)) / 1_024 * sysconf(Int32(_SC_PAGESIZE)) / 1_024
    }

    let configuration: Configuration
    let queues: any QueueService
    let runner: FunctionRunner
    let events: EventQueue
    var catalog: FunctionCatalog
    private var eventTask: Task<Void, Never>?
    var mappings = MappingCatalog()
    /// The mappings that the topology made.
    var topologyMappings: Set<String> = []
    /// Those that are enabled, by UUID.
    var mappingRunners: [String: MappingRunner] = [:]
    /// The last change of each.
    var mappingTasks: [String: Task<Void, Never>] = [:]
    private(set) var isStopping = false
    var random = SystemRandomNumberGenerator()

    /// A service with the state that its folder has; invokes nothing by itself before `start`.
    package init(_ configuration: Configuration, queues: any QueueService, fleet: Fleet) throws {
        self.configuration = configuration
        self.queues = queues
        for name in ["code", "events", "tmp"] { try LocalFile.makeDirectory("\(configuration.folder)/\(name)") }
        // What environments of an earlier run have left.
        for name in LocalFile.names(in: "\(configuration.folder)/tmp") {
            LocalFile.remove("\(configuration.folder)/tmp/\(name)")
        }
        catalog = FunctionCatalog(account: configuration.account, region: configuration.region)
        runner = FunctionRunner(
            .init(
                fleet: fleet, variables: configuration.variables,
                hiddenVariables: configuration.hiddenVariables, temporary: "\(configuration.folder)/tmp",
                memory: configuration.memory, report: configuration.report, log: configuration.log))
        events = try EventQueue(folder: "\(configuration.folder)/events", report: configuration.report)
        if let text = LocalFile.text("\(configuration.folder)/functions.json") {
            guard let json = try? JSON(parsing: text), let stored = FunctionCatalog(stored: json),
                stored.account == configuration.account, stored.region == configuration.region
            else {
                throw RunnerError(
                    .setup,
                    "\(configuration.folder)/functions.json is damaged or of another account or region: "
                        + "remove it to begin without the functions that were created")
            }
            catalog = stored
        }
        if let text = LocalFile.text("\(configuration.folder)/mappings.json") {
            let json = try? JSON(parsing: text)
            let records = (json?["mappings"]?.elements ?? []).compactMap { MappingRecord(stored: $0) }
            // One that cannot be read would be lost with the next change of another.
            guard let json, json["mappings"]?.elements?.count == records.count else {
                throw RunnerError(
                    .setup,
                    "\(configuration.folder)/mappings.json is damaged: remove it to begin without the mappings that were "
                        + "created")
            }
            mappings = MappingCatalog(records)
            topologyMappings = Set((json["topology"]?.elements ?? []).compactMap(\.text))
        }
        removeUnusedCode(catalog)
    }

    /// Begins to handle asynchronous invocations.
    package func start() {
        guard eventTask == nil else { return }
        eventTask = Task {
            await withDiscardingTaskGroup { group in
                for await event in events.due() { group.addTask { await self.attempt(event) } }
            }
        }
    }

    /// Begins nothing more, and ends the environments; invocations under way may last so long.
    package func stop(grace: Duration) async {
        isStopping = true
        eventTask?.cancel()
        let deadline = ContinuousClock.now + grace
        // What a function answers in time is settled; what is ended below stays in its queue.
        await stopMappings(grace: grace)
        await runner.stop(grace: max(.zero, deadline - .now))
        for task in mappingTasks.values { await task.value }
        await eventTask?.value
    }

    /// Removes code that no function has any more, and what an interrupted upload left.
    private nonisolated func removeUnusedCode(_ catalog: FunctionCatalog) {
        let used = catalog.functions.values.flatMap { [$0.latest] + $0.versions }.compactMap(\.code.location)
        let names = Set(used.map { $0.split(separator: "/").last.map(String.init) ?? $0 })
        for name in LocalFile.names(in: "\(configuration.folder)/code") where !names.contains(name) {
            LocalFile.remove("\(configuration.folder)/code/\(name)")
        }
    }

    // MARK: Functions

    /// Carries out an operation on the functions, and keeps the result. If it cannot be kept nothing has changed.
    package func change<Value: Sendable>(
        _ body: (inout FunctionCatalog, inout SystemRandomNumberGenerator) throws(LambdaError) -> Value
    ) throws -> Value {
        var copy = catalog
        let value = try body(&copy, &random)
        if copy != catalog {
            try LocalFile.write(copy.stored.description, to: "\(configuration.folder)/functions.json")
            catalog = copy
        }
        return value
    }

    /// The functions as they are.
    package var functions: FunctionCatalog { catalog }

    /// Puts the functions of the topology beside those that were created.
    package func define(_ functions: [(configuration: FunctionConfiguration, reserved: Int?)]) throws {
        try change { catalog, _ throws(LambdaError) in
            catalog.dropManaged(except: Set(functions.map(\.configuration.name)))
            for function in functions { try catalog.define(function.configuration, reserved: function.reserved) }
        }
    }

    /// Unpacks a deployment package; one that is there already is not unpacked again.
    func unpack(_ bytes: [UInt8]) async throws -> FunctionCode {
        let digest = SHA256.hash(data: bytes)
        let name = digest.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        let folder = "\(configuration.folder)/code/\(name)"
        if !LocalFile.isDirectory(folder) {
            do {
                try await DetachedThread.value { try ZipArchive(bytes).extract(to: folder) }
            } catch let error as ZipError where error.code == .exists {
                // Another upload of the same was quicker.
            } catch let error as ZipError {
                throw LambdaError.invalid("Could not unzip uploaded file: \(error)")
            }
        }
        return FunctionCode(sha256: Data(digest).base64EncodedString(), bytes: bytes.count, location: "code/\(name)")
    }
}
