package import Model

extension FunctionConfiguration {
    /// Reads the body of CreateFunction; throws what Lambda answers to a wrong one. The code has been unpacked already.
    package init(
        creating request: JSON, code: FunctionCode, now: Timestamp, revision: Identifier
    ) throws(LambdaError) {
        let body = try RequestBody(request)
        var check = RequestCheck()
        let (name, role) = (try body.text("FunctionName"), try body.text("Role"))
        check.present(name, at: "functionName")
        check.present(role, at: "role")
        try check.finish()
        if let type = try body.text("PackageType"), type != "Zip" {
            throw .invalid("PackageType \(type) is not available here; use Zip.")
        }
        let reference = try FunctionReference(name ?? "")
        guard reference.qualifier == nil else {
            throw .invalid("The function name \(name ?? "") has a qualifier; a new function has none.")
        }
        guard try body.text("Runtime") != nil, try body.text("Handler") != nil else {
            throw .invalid(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages.")
        }
        self.init(name: reference.name, modified: now, revision: revision)
        self.code = code
        tags = try body.texts("Tags") ?? [:]
        try set(body)
    }

    /// The configuration as the body of UpdateFunctionConfiguration changes it; throws what Lambda answers to a wrong one.
    package func updated(
        by request: JSON, now: Timestamp, revision: Identifier
    ) throws(LambdaError) -> FunctionConfiguration {
        var copy = self
        (copy.modified, copy.revision) = (now, revision)
        try copy.set(try RequestBody(request))
        return copy
    }

    /// Sets what a body names, and checks all.
    private mutating func set(_ body: RequestBody) throws(LambdaError) {
        if let layers = try body.list("Layers"), !layers.isEmpty { throw .invalid("Layers are not available here.") }
        runtime = try body.text("Runtime") ?? runtime
        handler = try body.text("Handler") ?? handler
        role = try body.text("Role") ?? role
        description = try body.text("Description") ?? description
        timeout = try body.int("Timeout") ?? timeout
        memory = try body.int("MemorySize") ?? memory
        ephemeralStorage = try body.object("EphemeralStorage")?.int("Size") ?? ephemeralStorage
        if let environment = try body.object("Environment") {
            self.environment = try environment.texts("Variables") ?? [:]
        }
        if let deadLetter = try body.object("DeadLetterConfig") {
            let target = try deadLetter.text("TargetArn")
            deadLetterTarget = target?.isEmpty == true ? nil : target
        }
        if let architectures = try body.list("Architectures") { try set(architectures: architectures) }
        try check()
    }

    mutating func set(architectures: [JSON]) throws(LambdaError) {
        guard architectures.count == 1, let architecture = architectures[0].text else {
            throw .validation([
                "Value '\(JSON.array(architectures))' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1"
            ])
        }
        self.architecture = architecture
    }

    /// The configuration as the API shows it.
    ///
    /// - Parameter qualifier: the version or alias by which it was asked for, which is then the end of its ARN.
    package func json(account: String, region: String, qualifier: String? = nil) -> JSON {
        let arn = FunctionReference.arn(name, qualifier: qualifier, account: account, region: region)
        var members: [JSON.Member] = [
            .init("FunctionName", .string(name)), .init("FunctionArn", .string(arn)),
            .init("Runtime", .string(runtime)), .init("Role", .string(role)), .init("Handler", .string(handler)),
            .init("CodeSize", .integer(code.bytes)), .init("Description", .string(description)),
            .init("Timeout", .integer(timeout)), .init("MemorySize", .integer(memory)),
            .init("LastModified", .string(modified.lambdaText)), .init("CodeSha256", .string(code.sha256)),
            .init("Version", .string(version)), .init("TracingConfig", ["Mode": "PassThrough"]),
            .init("RevisionId", .string(revision.description)), .init("State", "Active"),
            .init("LastUpdateStatus", "Successful"), .init("PackageType", "Zip"),
            .init("Architectures", [.string(architecture)]),
            .init("EphemeralStorage", ["Size": .integer(ephemeralStorage)]),
        ]
        if !environment.isEmpty { members.append(.init("Environment", ["Variables": .texts(environment)])) }
        if let deadLetterTarget {
            members.append(.init("DeadLetterConfig", ["TargetArn": .string(deadLetterTarget)]))
        }
        return .object(members)
    }
}

extension Timestamp {
    /// As Lambda writes times: `2026-11-28T17:00:00.000+0000`.
    package var lambdaText: String { description.dropLast() + "+0000" }
}
