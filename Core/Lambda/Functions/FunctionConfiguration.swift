package import Model

/// One version of a function: how it runs, and its code.
package struct FunctionConfiguration: Hashable, Sendable {
    /// Of the function.
    package var name: String
    /// `$LATEST`, or the number of a published version.
    package var version = FunctionReference.latest
    /// One of `LambdaRuntime`.
    package var runtime = LambdaRuntime.standard
    /// Such as `module.function`; programs get it as `_HANDLER`.
    package var handler = ""
    /// An ARN; it is kept, and not used.
    package var role = ""
    /// For people; at most 256 characters.
    package var description = ""
    /// Seconds that an invocation may take: 1 to 900.
    package var timeout = 3
    /// MB that an environment may use: 128 to 10,240.
    package var memory = 128
    /// MB of `/tmp`: it is kept, and not enforced.
    package var ephemeralStorage = 512
    /// `x86_64` or `arm64`: it is kept, and not used.
    package var architecture = "x86_64"
    /// What the developer set.
    package var environment: [String: String] = [:]
    /// Of the function.
    package var tags: [String: String] = [:]
    /// The queue for events that no try of an asynchronous invocation could handle; nil: none.
    package var deadLetterTarget: String?
    /// The deployment package.
    package var code = FunctionCode.none
    /// The program and its arguments, of a function of the topology; nil: the runtime says what is run.
    package var command: [String]?
    /// Whether its processes are stopped between two invocations, as on AWS.
    package var isFrozenBetweenInvocations = false
    /// When it last changed.
    package var modified: Timestamp
    /// Identifies this state of it.
    package var revision: Identifier

    /// A function of the topology with the defaults.
    package init(name: String, command: [String], modified: Timestamp, revision: Identifier) {
        self.init(name: name, modified: modified, revision: revision)
        self.command = command
        // Lambda has no function without a handler; custom runtimes are free to ignore it.
        handler = "bootstrap"
    }

    init(name: String, modified: Timestamp, revision: Identifier) {
        self.name = name
        self.modified = modified
        self.revision = revision
    }

    /// Throws what Lambda answers to values that are out of their ranges.
    package func check() throws(LambdaError) {
        var check = RequestCheck()
        check.range(timeout, at: "timeout", LambdaLimits.timeout)
        check.range(memory, at: "memorySize", LambdaLimits.memory)
        check.range(ephemeralStorage, at: "ephemeralStorage.size", LambdaLimits.ephemeralStorage)
        check.length(description, at: "description", most: 256)
        check.length(handler, at: "handler", most: 128)
        check.pattern(handler, at: "handler", #"[^\s]+"#) { !$0.isEmpty && !$0.contains(where: \.isWhitespace) }
        check.pattern(
            command == nil ? role : nil, at: "role",
            #"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"#, FunctionConfiguration.isRole)
        try check.finish()
        guard LambdaRuntime.exists(runtime) else { throw LambdaRuntime.refusal(runtime) }
        guard ["x86_64", "arm64"].contains(architecture) else {
            throw .validation([
                "Value '[\(architecture)]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"
            ])
        }
        try FunctionEnvironment.check(environment)
        if let target = deadLetterTarget, !DestinationTarget.isStandardQueue(target) {
            throw .invalid(
                "The dead-letter target \(target) is invalid: here it must be the ARN of a standard SQS queue.")
        }
    }

    private static func isRole(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 6 && parts[0] == "arn" && parts[2] == "iam" && parts[3].isEmpty
            && parts[4].utf8.count == 12 && FunctionReference.isVersion(String(parts[4]))
            && parts[5].hasPrefix("role") && parts[5].count > 4 && !parts[5].contains(where: \.isWhitespace)
    }

    /// Whether another configuration runs the same code in the same way. Versions, revisions and times do not count.
    func isEquivalent(to other: FunctionConfiguration) -> Bool {
        var copy = other
        (copy.version, copy.revision, copy.modified) = (version, revision, modified)
        return copy == self
    }
}
