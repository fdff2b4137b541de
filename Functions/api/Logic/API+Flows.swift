import Crypto
import Flows
import HTTPTypes
import Hummingbird
import Model
import Store

/// Publishing flows.
extension API {
    var flowRoutes: [Route] {
        [
            Route(
                method: .get, path: "/v1/flows", summary: "List flows, by name", role: .viewer,
                query: [.limit, .nameCursor], answer: "FlowPage", handle: listFlows),
            Route(
                method: .put, path: "/v1/flows/{name}",
                summary: "Publish a flow: a changed definition makes a new version", role: .author,
                body: .json("FlowDocument"), statuses: [200, 201], answer: "Flow", handle: putFlow),
            Route(
                method: .get, path: "/v1/flows/{name}", summary: "Show a flow, by default its current version",
                role: .viewer, query: [.flowVersion], answer: "Flow", handle: getFlow),
            Route(
                method: .delete, path: "/v1/flows/{name}", summary: "Delete a flow; its executions go on",
                role: .author, statuses: [204], handle: deleteFlow),
            Route(
                method: .post, path: "/v1/flows/{name}/validate",
                summary: "Check a definition, and list all its mistakes, without publishing it", role: .viewer,
                body: .json("FlowToCheck"), answer: "Checked", changesNothing: true, handle: validateFlow),
            Route(
                method: .get, path: "/v1/step-types", summary: "List the types of steps, with what they take and give",
                role: .viewer, answer: "StepTypes", handle: listStepTypes),
        ]
    }

    func flowName(_ call: Call) throws -> FlowName {
        guard let name = FlowName(try call.path("name")) else {
            throw Problem.parameter("name", "a flow's name is \(NameRule.flow.requirement)")
        }
        return name
    }

    /// Reads a definition and checks everything that can be known of it before it runs.
    private func definition(_ call: Call) async throws -> (JSON, [FieldError]) {
        let json = try await call.json()
        let texts = json.textMistakes()
        if !texts.isEmpty { return (json, texts) }
        let mistakes = FlowChecker.mistakes(in: json)
        return (json, mistakes.isEmpty ? try await handlerMistakes(FlowDefinition(json), call) : mistakes)
    }

    /// Whether the flow that is to start after a failure exists, and can be given what a failure gives.
    private func handlerMistakes(_ definition: FlowDefinition, _ call: Call) async throws -> [FieldError] {
        guard let name = definition.onFailure else { return [] }
        if name == (try flowName(call)) { return FailureReport.mistakes(in: definition, name) }
        guard let row = try await flowRegistry.flow(name, version: nil, tenant: call.caller.tenant) else {
            return [FieldError(pointer: "/onFailure/flow", detail: "there is no flow \(name); publish it first")]
        }
        return FailureReport.mistakes(in: try FlowDefinition(try JSON(parsing: row.body)), name)
    }

    private func putFlow(_ call: Call) async throws -> Response {
        let name = try flowName(call)
        let (json, mistakes) = try await definition(call)
        guard mistakes.isEmpty else { throw Problem.invalid(mistakes) }
        let now = try await call.now(status)
        let body = json.serialized
        var random = SystemRandomNumberGenerator()
        let result = try await flowRegistry.publish(
            name, id: DefinitionID.v7(at: now, using: &random), digest: Array(SHA256.hash(data: body)),
            body: String(decoding: body, as: UTF8.self), by: call.caller.actor, now: now)
        return Response.json(API.document(result.row), status: result.isNew ? .created : .ok)
    }

    private func validateFlow(_ call: Call) async throws -> Response {
        _ = try flowName(call)
        let (json, mistakes) = try await definition(call)
        guard json.members != nil else { throw Problem.invalid(mistakes) }
        return Response.json(["mistakes": .mistakes(mistakes)])
    }

    private func getFlow(_ call: Call) async throws -> Response {
        let name = try flowName(call)
        let version = call.text("version").flatMap { Int($0) }
        guard let row = try await flowRegistry.flow(name, version: version, tenant: call.caller.tenant) else {
            throw Problem.notFound("the flow \(name)\(version.map { "@\($0)" } ?? "")")
        }
        return Response.json(API.document(row))
    }

    private func listFlows(_ call: Call) async throws -> Response {
        let limit = try call.int("limit", in: 1...1_000, default: 100)
        let after = call.text("cursor").map { FlowName(checked: $0) }
        let rows = try await flowRegistry.flows(tenant: call.caller.tenant, after: after, limit: limit + 1)
        let next: JSON = rows.count > limit ? .string(rows[limit - 1].name?.description ?? "") : .null
        return Response.json([
            "items": .array(rows.prefix(limit).map { API.document($0, isBrief: true) }), "next": next,
        ])
    }

    private func deleteFlow(_ call: Call) async throws -> Response {
        let name = try flowName(call)
        guard try await flowRegistry.deleteFlow(name, by: call.caller.actor, now: try await call.now(status)) else {
            throw Problem.notFound("the flow \(name)")
        }
        return Response(status: .noContent)
    }

    private static func document(_ row: DefinitionRow, isBrief: Bool = false) -> JSON {
        var members = [
            JSON.Member("name", row.name.map { .string("\($0)") } ?? .null),
            JSON.Member("version", row.version.map { .integer($0) } ?? .null),
            JSON.Member("createdAt", .time(row.createdAt)),
        ]
        if !isBrief { members.append(JSON.Member("definition", (try? JSON(parsing: row.body)) ?? .object([]))) }
        return .object(members)
    }

    private func listStepTypes(_ call: Call) async throws -> Response {
        func fields(_ fields: [String: StepContract.Field]) -> JSON {
            .array(
                fields.sorted { $0.key < $1.key }.map { name, field in
                    [
                        "name": .string(name), "type": .string("\(field.type)"), "optional": .bool(field.isOptional),
                        "secret": .bool(field.isSecret),
                    ]
                })
        }
        return Response.json([
            "items": .array(
                StepContract.builtIn.map { contract in
                    [
                        "name": .string(contract.name), "inputs": fields(contract.inputs),
                        "outputs": fields(contract.outputs),
                    ]
                })
        ])
    }
}
