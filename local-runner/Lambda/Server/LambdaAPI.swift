import Lambda
import Model

/// The Lambda API, versions 2015-03-31 and of the dates that later calls have (AWS Lambda API reference). It knows no HTTP
/// server: a request's parts go in, an answer's come out.
struct LambdaAPI: Sendable {
    let service: LambdaService

    /// Carries out a request; never throws.
    func respond(to request: LambdaRequest) async -> LambdaResponse {
        do {
            return try await route(request)
        } catch let error as LambdaError {
            return LambdaResponse(error)
        } catch {
            service.configuration.report("\(request.method) /\(request.path.joined(separator: "/")): \(error)")
            return LambdaResponse(
                LambdaError("ServiceException", "The service has failed; its log says why.", status: 500))
        }
    }

    private func route(_ request: LambdaRequest) async throws -> LambdaResponse {
        switch (request.path.first ?? "", request.path.count > 1 ? request.path[1] : "") {
        case ("2015-03-31", "functions"): return try await functions(request)
        case ("2015-03-31", "event-source-mappings"): return try await mappings(request)
        case ("2017-10-31", "functions"), ("2019-09-30", "functions"): return try await concurrency(request)
        case ("2019-09-25", "functions"): return try await eventInvoke(request)
        case ("2016-08-19", "account-settings") where request.method == "GET": return await accountSettings()
        case ("2017-03-31", "tags") where request.method == "GET" && request.path.count == 3:
            let found = try await service.functions.configuration(FunctionReference(request.path[2]))
            return LambdaResponse(["Tags": .texts(found.tags)])
        default: throw unknown(request)
        }
    }

    func unknown(_ request: LambdaRequest) -> LambdaError {
        LambdaError(
            "UnknownOperationException",
            "\(request.method) /\(request.path.joined(separator: "/")) is not offered here; "
                + "docs/lambda-and-sqs.md lists what is", status: 404)
    }

    /// The function that a path names, with the qualifier of the query.
    func reference(_ request: LambdaRequest) throws(LambdaError) -> FunctionReference {
        try FunctionReference(request.path[2], qualifier: request.query["Qualifier"])
    }

    private func accountSettings() async -> LambdaResponse {
        let functions = await service.functions
        let bytes = functions.functions.values.reduce(0) { $0 + $1.latest.code.bytes }
        return LambdaResponse([
            "AccountLimit": [
                "TotalCodeSize": 80_530_636_800, "CodeSizeUnzipped": .integer(LambdaLimits.unzippedBytes),
                "CodeSizeZipped": .integer(LambdaLimits.zippedBytes),
                "ConcurrentExecutions": .integer(LambdaLimits.concurrency),
                "UnreservedConcurrentExecutions": .integer(LambdaLimits.concurrency - functions.reservedConcurrency),
            ],
            "AccountUsage": [
                "TotalCodeSize": .integer(bytes), "FunctionCount": .integer(functions.functions.count),
            ],
        ])
    }

    // MARK: Concurrency

    private func concurrency(_ request: LambdaRequest) async throws -> LambdaResponse {
        guard request.path.count == 4, request.path[3] == "concurrency" else { throw unknown(request) }
        let reference = try reference(request)
        switch (request.path[0], request.method) {
        case ("2017-10-31", "PUT"):
            let body = try request.object()
            let value = try await service.change { catalog, _ throws(LambdaError) in
                try catalog.putConcurrency(reference, body)
            }
            return LambdaResponse(["ReservedConcurrentExecutions": .integer(value)])
        case ("2017-10-31", "DELETE"):
            try await service.change { catalog, _ throws(LambdaError) in try catalog.deleteConcurrency(reference) }
            return LambdaResponse(status: 204)
        case ("2019-09-30", "GET"):
            let value = try await service.functions.concurrency(reference)
            return LambdaResponse(
                .object(value.map { [.init("ReservedConcurrentExecutions", .integer($0))] } ?? []))
        default: throw unknown(request)
        }
    }

    // MARK: Asynchronous invocations

    private func eventInvoke(_ request: LambdaRequest) async throws -> LambdaResponse {
        guard request.path.count >= 4, request.path[3] == "event-invoke-config" else { throw unknown(request) }
        let reference = try reference(request)
        let body = request.method == "PUT" || request.method == "POST" ? try request.object() : .object([])
        let now = service.now()
        let found: EventInvokeConfiguration
        switch (request.method, request.path.count) {
        case ("PUT", 4):
            found = try await service.change { catalog, _ throws(LambdaError) in
                try catalog.putEventInvoke(reference, body, now: now)
            }
        case ("POST", 4):
            found = try await service.change { catalog, _ throws(LambdaError) in
                try catalog.updateEventInvoke(reference, body, now: now)
            }
        case ("GET", 4): found = try await service.functions.eventInvoke(reference)
        case ("DELETE", 4):
            try await service.change { catalog, _ throws(LambdaError) in try catalog.deleteEventInvoke(reference) }
            return LambdaResponse(status: 204)
        case ("GET", 5) where request.path[4] == "list":
            let functions = await service.functions
            let page = try functions.listEventInvoke(
                reference, marker: request.query["Marker"], maximum: request.number("MaxItems"))
            let list = page.elements.map { element in
                element.configuration.json(
                    arn: functions.eventInvokeARN(.init(name: reference.name, qualifier: element.qualifier)))
            }
            return list.page("FunctionEventInvokeConfigs", page.nextMarker)
        default: throw unknown(request)
        }
        return LambdaResponse(found.json(arn: await service.functions.eventInvokeARN(reference)))
    }
}

extension [JSON] {
    /// The elements of a page under a name, and the marker of the next one.
    func page(_ name: String, _ nextMarker: String?) -> LambdaResponse {
        var members: [JSON.Member] = [.init(name, .array(self))]
        if let nextMarker { members.append(.init("NextMarker", .string(nextMarker))) }
        return LambdaResponse(.object(members))
    }
}
