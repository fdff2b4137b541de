package import Model

extension FunctionCatalog {
    /// PublishVersion: keeps `$LATEST` under the next number. If neither code nor configuration has changed since the last
    /// one, the answer is that one.
    package mutating func publish(
        _ reference: FunctionReference, _ request: JSON, now: Timestamp, using random: inout some RandomNumberGenerator
    ) throws(LambdaError) -> FunctionConfiguration {
        let body = try RequestBody(request)
        var record = try record(reference)
        let latest = record.latest
        try check(body, latest.revision)
        if let wanted = try body.text("CodeSha256"), wanted != latest.code.sha256 {
            throw .invalid(
                "CodeSHA256 (\(wanted)) is different from current CodeSHA256 in $LATEST (\(latest.code.sha256)). Please try again with the CodeSHA256 in $LATEST."
            )
        }
        if let last = record.versions.last, last.version == "\(record.nextVersion - 1)",
            record.lastPublished?.isEquivalent(to: latest) == true
        {
            return last
        }
        var version = latest
        version.version = "\(record.nextVersion)"
        version.revision = .v4(using: &random)
        version.modified = now
        version.description = try body.text("Description") ?? latest.description
        try version.check()
        record.nextVersion += 1
        record.versions.append(version)
        record.lastPublished = latest
        record.latest.revision = .v4(using: &random)
        functions[reference.name] = record
        return version
    }

    /// CreateAlias.
    package mutating func createAlias(
        _ reference: FunctionReference, _ request: JSON, using random: inout some RandomNumberGenerator
    ) throws(LambdaError) -> FunctionAlias {
        let body = try RequestBody(request)
        let (name, version) = (try body.text("Name"), try body.text("FunctionVersion"))
        var check = RequestCheck()
        check.present(name, at: "name")
        check.present(version, at: "functionVersion")
        check.length(name, at: "name", most: LambdaLimits.qualifierCharacters)
        check.pattern(name, at: "name", "(?!^[0-9]+$)([a-zA-Z0-9-_]+)") {
            FunctionReference.isAlias($0) || $0.utf8.count > LambdaLimits.qualifierCharacters
        }
        check.pattern(version, at: "functionVersion", #"(\$LATEST|[0-9]+)"#) {
            $0 == FunctionReference.latest || FunctionReference.isVersion($0)
        }
        try check.finish()
        guard let name, let version else { preconditionFailure("a member that is missing was accepted") }
        let record = try record(reference)
        guard record.aliases[name] == nil else {
            throw .conflict("Alias already exists: \(arn(reference, name))")
        }
        var alias = FunctionAlias(name: name, version: version, description: "", revision: .v4(using: &random))
        try set(&alias, of: record, body)
        functions[reference.name]?.aliases[name] = alias
        return alias
    }

    /// GetAlias.
    package func alias(_ reference: FunctionReference, _ name: String) throws(LambdaError) -> FunctionAlias {
        guard let alias = try record(reference).aliases[name] else {
            throw .notFound("Cannot find alias arn: \(arn(reference, name))")
        }
        return alias
    }

    /// UpdateAlias: what the body does not name stays.
    package mutating func updateAlias(
        _ reference: FunctionReference, _ name: String, _ request: JSON, using random: inout some RandomNumberGenerator
    ) throws(LambdaError) -> FunctionAlias {
        let body = try RequestBody(request)
        var alias = try alias(reference, name)
        try check(body, alias.revision)
        alias.revision = .v4(using: &random)
        try set(&alias, of: record(reference), body)
        functions[reference.name]?.aliases[name] = alias
        return alias
    }

    /// DeleteAlias. One that there is not is deleted, too.
    package mutating func deleteAlias(_ reference: FunctionReference, _ name: String) throws(LambdaError) {
        _ = try record(reference)
        functions[reference.name]?.aliases[name] = nil
        functions[reference.name]?.eventInvoke[name] = nil
    }

    private func arn(_ reference: FunctionReference, _ alias: String) -> String {
        FunctionReference.arn(reference.name, qualifier: alias, account: account, region: region)
    }

    /// Sets what a body names, and checks what it then leads to.
    private func set(
        _ alias: inout FunctionAlias, of record: FunctionRecord, _ body: RequestBody
    ) throws(LambdaError) {
        alias.version = try body.text("FunctionVersion") ?? alias.version
        alias.description = try body.text("Description") ?? alias.description
        if let routing = try body.object("RoutingConfig") {
            let weights = try routing.numbers("AdditionalVersionWeights") ?? [:]
            guard weights.count <= 1 else {
                throw .invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
            }
            alias.additional = weights.first.map { .init(version: $0.key, weight: $0.value) }
        }
        var check = RequestCheck()
        check.length(alias.description, at: "description", most: 256)
        try check.finish()
        try alias.additional?.check(besides: alias.version)
        for version in [alias.version, alias.additional?.version].compactMap({ $0 }) {
            guard record.version(version) != nil else {
                throw notFound(FunctionReference(name: record.latest.name, qualifier: version))
            }
        }
    }
}

extension FunctionAlias.Additional {
    /// Throws what Lambda answers to a version or weight that cannot be beside an alias's first version.
    fileprivate func check(besides first: String) throws(LambdaError) {
        var check = RequestCheck()
        let (pair, member) = ("{\(version)=\(weight)}", "routingConfig.additionalVersionWeights")
        if !(0...1).contains(weight) {
            check.fail(
                pair, at: member,
                "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]"
            )
        }
        if !FunctionReference.isVersion(version) {
            check.fail(
                pair, at: member,
                "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+, Member must not be null]"
            )
        }
        try check.finish()
        guard first != FunctionReference.latest else {
            throw .invalid("$LATEST is not supported for an alias pointing to more than 1 version")
        }
        guard first != version else {
            throw .invalid(
                "Invalid function version \(first). Function version \(first) is already included in routing configuration."
            )
        }
    }
}
