import FunctionRuntime
package import Lambda
import Model
import Processes

extension LambdaService {
    /// What a caller passes along with a payload.
    package struct InvokeRequest: Sendable {
        package var payload: [UInt8]
        /// JSON; nil: none.
        package var clientContext: String?
        /// The value of `X-Amzn-Trace-Id`; nil: one is made.
        package var traceID: String?
        /// The request id; nil: one is made.
        package var id: String?

        /// A payload alone.
        package init(payload: [UInt8]) { self.payload = payload }
    }

    /// What came of a synchronous invocation.
    package struct InvokeAnswer: Sendable {
        /// The request id.
        package var id: String
        package var result: InvocationResult
        /// The version that ran.
        package var executedVersion: String
        /// The end of the log, at most 4 KB.
        package var log: [UInt8]
    }

    /// Invokes a function and waits for its answer. Throws a refusal; a failure of the function is an answer.
    package func invoke(
        _ reference: FunctionReference, _ request: InvokeRequest
    ) async throws(LambdaError) -> InvokeAnswer {
        let (function, version) = try catalog.resolve(reference, roll: .random(in: 0..<1, using: &random))
        let id = request.id ?? newID()
        var invocation = Invocation(
            id: id, payload: request.payload,
            functionARN: reference.arn(account: catalog.account, region: catalog.region),
            timeout: .seconds(function.timeout), traceID: request.traceID ?? newTraceID())
        invocation.clientContext = request.clientContext
        let outcome = try await runner.run(
            try process(of: function), invocation, reserved: catalog.record(reference).reservedConcurrency,
            reservedSum: catalog.reservedConcurrency)
        return InvokeAnswer(id: id, result: outcome.result, executedVersion: version, log: outcome.tail)
    }

    /// What runs a version of a function.
    func process(of function: FunctionConfiguration) throws(LambdaError) -> FunctionProcess {
        let folder: String
        let command: [String]
        if let own = function.command {
            folder = function.code.location ?? "."
            command = own
        } else {
            guard let location = function.code.location else { throw .functionNotFound(function.name) }
            folder = "\(configuration.folder)/\(location)"
            command =
                LambdaRuntime.minorVersion(function.runtime) == nil
                ? ["\(folder)/bootstrap"] : ["python3", "-m", "awslambdaric", function.handler]
        }
        var process = FunctionProcess(
            name: function.name,
            arn: FunctionReference.arn(function.name, account: catalog.account, region: catalog.region),
            region: catalog.region, command: command, handler: function.handler, folder: folder)
        process.version = function.version
        process.timeout = .seconds(function.timeout)
        process.memory = function.memory
        process.environment = function.environment
        process.freezes = function.isFrozenBetweenInvocations
        process.fingerprint = fingerprint(command, handler: function.handler, folder: folder)
        return process
    }

    /// Changes with the files that a command is likely to run: the program, what the arguments name, and the module of the
    /// handler. An environment that runs another state of them is not used again.
    private func fingerprint(_ command: [String], handler: String, folder: String) -> String {
        let module = handler.split(separator: ".").dropLast().joined(separator: "/")
        var names = command.map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }
        for text in command + [module] where !text.hasPrefix("-") {
            names.append("\(folder)/\(text.split(separator: ".").dropLast().joined(separator: "/")).py")
            names.append("\(folder)/\(text).py")
        }
        return names.compactMap { LocalFile.stamp($0) }.joined(separator: " ")
    }

    func newID() -> String { Identifier.v4(using: &random).description }

    /// `Root=1-SECONDS-24 DIGITS;Parent=16 DIGITS;Sampled=0` ("Tracing header", AWS X-Ray documentation).
    private func newTraceID() -> String {
        func hexadecimal(_ value: UInt64, _ length: Int) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: max(0, length - text.count)) + text.suffix(length)
        }
        let time = hexadecimal(UInt64(WallClock.now().seconds), 8)
        let root = hexadecimal(random.next(), 16) + hexadecimal(random.next(), 8)
        return "Root=1-\(time)-\(root);Parent=\(hexadecimal(random.next(), 16));Sampled=0"
    }
}
