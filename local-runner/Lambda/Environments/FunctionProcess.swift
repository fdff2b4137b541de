import Model

/// What an execution environment runs: a function's program and its settings, of one version.
package struct FunctionProcess: Hashable, Sendable {
    package var name: String
    /// `$LATEST` or a number.
    package var version = "$LATEST"
    package var arn: String
    package var region: String
    /// The program, absolute or found by `PATH`, and its arguments.
    package var command: [String]
    /// Such as `handler.main`; `_HANDLER`.
    package var handler: String
    /// Where the code is, and the working directory.
    package var folder: String
    package var timeout: Duration = .seconds(3)
    /// In MB.
    package var memory = 128
    /// The function's own variables.
    package var environment: [String: String] = [:]
    package var freezes = false
    /// Differs when the code has changed; part of what makes an environment usable.
    package var fingerprint = ""

    /// A function with the defaults given at each property.
    package init(
        name: String, arn: String, region: String, command: [String], handler: String, folder: String
    ) {
        self.name = name
        self.arn = arn
        self.region = region
        self.command = command
        self.handler = handler
        self.folder = folder
    }

    /// The environment of the process ("Defined runtime environment variables", AWS documentation).
    ///
    /// - Parameters:
    ///   - host: variables that all functions get, such as `PATH`; the function's own go before them.
    ///   - port: of the Runtime API.
    ///   - stream: names the environment.
    ///   - temporary: a folder of the environment's own.
    func variables(host: [String: String], port: Int, stream: String, temporary: String) -> [String: String] {
        var variables = host
        variables.merge(environment) { _, own in own }
        variables.merge(
            [
                "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:\(port)", "_HANDLER": handler, "AWS_REGION": region,
                "AWS_DEFAULT_REGION": region, "AWS_EXECUTION_ENV": "AWS_Lambda_local",
                "AWS_LAMBDA_FUNCTION_NAME": name, "AWS_LAMBDA_FUNCTION_VERSION": version,
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": String(memory),
                "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/\(name)", "AWS_LAMBDA_LOG_STREAM_NAME": stream,
                "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "LAMBDA_TASK_ROOT": folder,
                "LAMBDA_RUNTIME_DIR": folder, "TMPDIR": temporary, "TZ": environment["TZ"] ?? ":UTC",
            ]
        ) { _, fixed in fixed }
        return variables
    }
}
