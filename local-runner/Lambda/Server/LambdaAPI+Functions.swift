import FoundationEssentials
import Lambda
import Model

extension LambdaAPI {
    /// `/2015-03-31/functions…`
    func functions(_ request: LambdaRequest) async throws -> LambdaResponse {
        let path = request.path
        switch (request.method, path.count, path.count > 3 ? path[3] : "") {
        case ("GET", 2, _): return try await list(request)
        case ("POST", 2, _): return try await create(request)
        case ("GET", 3, _): return try await get(request)
        case ("DELETE", 3, _):
            let reference = try reference(request)
            try await service.change { catalog, _ throws(LambdaError) in try catalog.delete(reference) }
            await service.runner.retire(reference.name)
            return LambdaResponse(status: 204)
        case ("POST", 4, "invocations"): return try await invoke(request)
        case ("PUT", 4, "code"): return try await updateCode(request)
        case ("GET", 4, "configuration"):
            let reference = try reference(request)
            return await shown(try await service.functions.configuration(reference), reference.qualifier)
        case ("PUT", 4, "configuration"):
            let (reference, body, now) = (try reference(request), try request.object(), service.now())
            let updated = try await service.change { catalog, random throws(LambdaError) in
                try catalog.updateConfiguration(reference, body, now: now, using: &random)
            }
            return await shown(updated, nil)
        case ("GET", 4, "versions"):
            let functions = await service.functions
            let page = try functions.listVersions(
                reference(request), marker: request.query["Marker"], maximum: request.number("MaxItems"))
            return page.elements.map { functions.json($0, $0.version) }.page("Versions", page.nextMarker)
        case ("POST", 4, "versions"):
            let (reference, body, now) = (try reference(request), try request.object(), service.now())
            let published = try await service.change { catalog, random throws(LambdaError) in
                try catalog.publish(reference, body, now: now, using: &random)
            }
            return await shown(published, published.version, status: 201)
        case (_, 4, "aliases"), (_, 5, "aliases"): return try await aliases(request)
        default: throw unknown(request)
        }
    }

    private func shown(_ function: FunctionConfiguration, _ qualifier: String?, status: Int = 200) async
        -> LambdaResponse
    {
        LambdaResponse(await service.functions.json(function, qualifier), status: status)
    }

    private func list(_ request: LambdaRequest) async throws -> LambdaResponse {
        let functions = await service.functions
        let isAll = request.query["FunctionVersion"] == "ALL"
        let page = try functions.list(
            allVersions: isAll, marker: request.query["Marker"], maximum: request.number("MaxItems"))
        return page.elements.map { functions.json($0, isAll ? $0.version : nil) }.page("Functions", page.nextMarker)
    }

    private func get(_ request: LambdaRequest) async throws -> LambdaResponse {
        let reference = try reference(request)
        let functions = await service.functions
        let found = try functions.configuration(reference)
        var members: [JSON.Member] = [
            .init("Configuration", functions.json(found, reference.qualifier)),
            .init("Code", ["RepositoryType": "local", "Location": .string(found.code.location ?? "")]),
            .init("Tags", .texts(found.tags)),
        ]
        if let reserved = try functions.concurrency(reference) {
            members.append(.init("Concurrency", ["ReservedConcurrentExecutions": .integer(reserved)]))
        }
        return LambdaResponse(.object(members))
    }

    private func create(_ request: LambdaRequest) async throws -> LambdaResponse {
        let body = try request.object()
        let now = service.now()
        // What cannot be created is refused before its code is unpacked.
        var trial = await service.functions
        var random = SystemRandomNumberGenerator()
        _ = try trial.create(body, code: .none, now: now, using: &random)
        let code = try await code(body["Code"])
        let created = try await service.change { catalog, random throws(LambdaError) in
            try catalog.create(body, code: code, now: now, using: &random)
        }
        return await shown(created, created.version == FunctionReference.latest ? nil : created.version, status: 201)
    }

    private func updateCode(_ request: LambdaRequest) async throws -> LambdaResponse {
        let (reference, body, now) = (try reference(request), try request.object(), service.now())
        var trial = await service.functions
        var random = SystemRandomNumberGenerator()
        _ = try trial.updateCode(reference, body, code: .none, now: now, using: &random)
        let code = try await code(body)
        let updated = try await service.change { catalog, random throws(LambdaError) in
            try catalog.updateCode(reference, body, code: code, now: now, using: &random)
        }
        return await shown(updated, updated.version == FunctionReference.latest ? nil : updated.version)
    }

    /// Unpacks `ZipFile`.
    private func code(_ json: JSON?) async throws -> FunctionCode {
        guard let text = json?["ZipFile"]?.text else {
            throw LambdaError.invalid("Here a function's code is given as ZipFile; S3 and images are not available.")
        }
        guard let bytes = Data(base64Encoded: text) else {
            throw LambdaError("InvalidRequestContentException", "ZipFile is not base64.")
        }
        guard bytes.count <= LambdaLimits.zippedBytes else {
            throw LambdaError(
                "RequestEntityTooLargeException", "Request must be smaller than \(LambdaLimits.zippedBytes) bytes",
                status: 413)
        }
        return try await service.unpack(Array(bytes))
    }

    // MARK: Aliases

    private func aliases(_ request: LambdaRequest) async throws -> LambdaResponse {
        let reference = try reference(request)
        let name = request.path.count == 5 ? request.path[4] : ""
        let body = request.method == "PUT" || request.method == "POST" ? try request.object() : .object([])
        let found: FunctionAlias
        switch (request.method, request.path.count) {
        case ("POST", 4):
            found = try await service.change { catalog, random throws(LambdaError) in
                try catalog.createAlias(reference, body, using: &random)
            }
        case ("GET", 4):
            let functions = await service.functions
            let page = try functions.listAliases(
                reference, version: request.query["FunctionVersion"], marker: request.query["Marker"],
                maximum: request.number("MaxItems"))
            return page.elements.map {
                $0.json(function: reference.name, account: functions.account, region: functions.region)
            }.page("Aliases", page.nextMarker)
        case ("GET", 5): found = try await service.functions.alias(reference, name)
        case ("PUT", 5):
            found = try await service.change { catalog, random throws(LambdaError) in
                try catalog.updateAlias(reference, name, body, using: &random)
            }
        case ("DELETE", 5):
            try await service.change { catalog, _ throws(LambdaError) in try catalog.deleteAlias(reference, name) }
            return LambdaResponse(status: 204)
        default: throw unknown(request)
        }
        let configuration = service.configuration
        return LambdaResponse(
            found.json(function: reference.name, account: configuration.account, region: configuration.region),
            status: request.method == "POST" ? 201 : 200)
    }
}

extension FunctionCatalog {
    /// A function as this account's API shows it.
    fileprivate func json(_ function: FunctionConfiguration, _ qualifier: String?) -> JSON {
        function.json(account: account, region: region, qualifier: qualifier)
    }
}
