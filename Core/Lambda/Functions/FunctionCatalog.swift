package import Model

/// All functions of an account in a region: a value on which the calls of the Lambda API are carried out.
///
/// Operations throw what Lambda answers (Lambda API Reference, version 2015-03-31), and then change nothing. They get the
/// bodies of requests, the time and random numbers; code has been unpacked before.
package struct FunctionCatalog: Hashable, Sendable {
    /// Twelve digits.
    package let account: String
    /// Such as `us-east-1`.
    package let region: String
    /// By name.
    package internal(set) var functions: [String: FunctionRecord] = [:]

    /// A catalog without functions.
    package init(account: String, region: String) {
        self.account = account
        self.region = region
    }

    // MARK: Finding

    /// The function that is named, whether or not it has the qualifier.
    package func record(_ reference: FunctionReference) throws(LambdaError) -> FunctionRecord {
        try checkPlace(reference)
        guard let record = functions[reference.name] else { throw notFound(reference) }
        return record
    }

    /// The version that is named, of an alias its first one. Show it with the reference's qualifier.
    package func configuration(_ reference: FunctionReference) throws(LambdaError) -> FunctionConfiguration {
        guard let found = try record(reference).configuration(reference.qualifier) else { throw notFound(reference) }
        return found
    }

    /// The version that an invocation runs. An alias with two versions divides its invocations by their weights.
    ///
    /// - Parameter roll: a random number, at least 0 and below 1.
    package func resolve(
        _ reference: FunctionReference, roll: Double
    ) throws(LambdaError) -> (configuration: FunctionConfiguration, executedVersion: String) {
        let record = try record(reference)
        let alias = reference.qualifier.flatMap { record.aliases[$0] }
        guard let found = record.configuration(alias?.version(roll: roll) ?? reference.qualifier) else {
            throw notFound(reference)
        }
        return (found, found.version)
    }

    /// Throws if a reference leads to another account or region.
    private func checkPlace(_ reference: FunctionReference) throws(LambdaError) {
        if let region = reference.region, region != self.region {
            throw .notFound("Functions from '\(region)' are not reachable in this region ('\(self.region)')")
        }
        if let account = reference.account, account != self.account {
            throw .accessDenied("\(reference.arn(account: account, region: region)) belongs to another account.")
        }
    }

    func notFound(_ reference: FunctionReference) -> LambdaError {
        .functionNotFound(reference.arn(account: account, region: region))
    }

    /// The function, if the API may change it.
    func changeable(_ reference: FunctionReference) throws(LambdaError) -> FunctionRecord {
        let record = try record(reference)
        guard !record.isManaged else {
            throw .conflict(
                "The function \(reference.name) is defined in the topology: change it there. The API can invoke it, publish it and configure its aliases, concurrency and asynchronous invocations."
            )
        }
        return record
    }

    // MARK: Creating, changing, deleting

    /// CreateFunction. With `Publish` the answer is version 1.
    package mutating func create(
        _ request: JSON, code: FunctionCode, now: Timestamp, using random: inout some RandomNumberGenerator
    ) throws(LambdaError) -> FunctionConfiguration {
        let new = try FunctionConfiguration(creating: request, code: code, now: now, revision: .v4(using: &random))
        let isPublished = try RequestBody(request).flag("Publish") ?? false
        try checkPlace(FunctionReference(request["FunctionName"]?.text ?? new.name))
        guard functions[new.name] == nil else { throw .conflict("Function already exist: \(new.name)") }
        functions[new.name] = FunctionRecord(new)
        return isPublished
            ? try publish(FunctionReference(name: new.name), [:], now: now, using: &random) : new
    }

    /// UpdateFunctionCode. With `DryRun` nothing changes; with `Publish` the answer is the new version.
    package mutating func updateCode(
        _ reference: FunctionReference, _ request: JSON, code: FunctionCode, now: Timestamp,
        using random: inout some RandomNumberGenerator
    ) throws(LambdaError) -> FunctionConfiguration {
        let body = try RequestBody(request)
        var record = try changeable(reference)
        try check(body, record.latest.revision)
        if let architectures = try body.list("Architectures") {
            try record.latest.set(architectures: architectures)
            try record.latest.check()
        }
        record.latest.code = code
        (record.latest.modified, record.latest.revision) = (now, .v4(using: &random))
        let (isTrial, isPublished) = (try body.flag("DryRun") ?? false, try body.flag("Publish") ?? false)
        if isTrial { return record.latest }
        functions[reference.name] = record
        return isPublished
            ? try publish(FunctionReference(name: reference.name), [:], now: now, using: &random) : record.latest
    }

    /// UpdateFunctionConfiguration.
    package mutating func updateConfiguration(
        _ reference: FunctionReference, _ request: JSON, now: Timestamp, using random: inout some RandomNumberGenerator
    ) throws(LambdaError) -> FunctionConfiguration {
        let record = try changeable(reference)
        try check(RequestBody(request), record.latest.revision)
        let updated = try record.latest.updated(by: request, now: now, revision: .v4(using: &random))
        functions[reference.name]?.latest = updated
        return updated
    }

    /// DeleteFunction: the function with all that it has, or one of its versions.
    package mutating func delete(_ reference: FunctionReference) throws(LambdaError) {
        var record = try changeable(reference)
        guard let qualifier = reference.qualifier else {
            functions[reference.name] = nil
            return
        }
        if qualifier == FunctionReference.latest {
            throw .invalid("$LATEST version cannot be deleted without deleting the function.")
        }
        guard FunctionReference.isVersion(qualifier) else {
            throw .invalid("Deletion of aliases is not currently supported.")
        }
        guard let index = record.versions.firstIndex(where: { $0.version == qualifier }) else {
            throw notFound(reference)
        }
        let aliases = record.aliases.values.filter { $0.version == qualifier || $0.additional?.version == qualifier }
        guard aliases.isEmpty else {
            let names = aliases.map(\.name).sorted().joined(separator: ", ")
            throw .conflict("Function version \(qualifier) is used by these aliases: \(names)")
        }
        record.versions.remove(at: index)
        record.eventInvoke[qualifier] = nil
        functions[reference.name] = record
    }

    /// Throws if a request names a revision that is not the present one.
    func check(_ body: RequestBody, _ revision: Identifier) throws(LambdaError) {
        if let wanted = try body.text("RevisionId"), wanted != revision.description { throw .preconditionFailed }
    }
}
