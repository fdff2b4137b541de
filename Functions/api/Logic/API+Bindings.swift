import Flows
import HTTPTypes
import Hummingbird
import Model
import Store

/// Which calls perform the types of steps.
extension API {
    var bindingRoutes: [Route] {
        [
            Route(
                method: .get, path: "/v1/bindings", summary: "List the bindings that apply to the tenant",
                role: .author,
                answer: "BindingPage", handle: listBindings),
            Route(
                method: .get, path: "/v1/bindings/{type}", summary: "Show the binding of a type of step",
                role: .author, answer: "Binding", handle: getBinding),
            Route(
                method: .put, path: "/v1/bindings/{type}",
                summary: "Say which call performs a type of step, for the tenant or (platform admins) for everybody",
                role: .admin, query: [.bindingScope], body: .json("BindingDocument"), answer: "Binding",
                handle: putBinding),
        ]
    }

    private func stepType(_ call: Call) throws -> StepContract {
        let name = try call.path("type")
        guard let contract = StepContract.builtIn.first(where: { $0.name == name }) else {
            throw Problem.notFound("the type of step \(name)", hint: "; GET /v1/step-types lists them")
        }
        return contract
    }

    private func putBinding(_ call: Call) async throws -> Response {
        let contract = try stepType(call)
        if ["wait", "http"].contains(contract.name) {
            throw Problem.conflict("steps of the type \(contract.name) need no binding")
        }
        let isForAll = call.text("scope") == "platform"
        if isForAll, !call.caller.isPlatform {
            throw Problem.forbidden("only a platform admin may bind a type of step for everybody")
        }
        let json = try await call.json()
        let texts = json.textMistakes()
        guard texts.isEmpty else { throw Problem.invalid(texts) }
        let binding: FlowBinding
        do throws(FieldErrors) { binding = try FlowBinding(json) } catch { throw Problem.invalid(error.errors) }
        let mistakes = binding.mistakes(against: contract)
        guard mistakes.isEmpty else { throw Problem.invalid(mistakes) }
        let now = try await call.now(status)
        let row = try await flowRegistry.putBinding(
            contract.name, tenant: isForAll ? nil : call.caller.tenant, body: json.description,
            by: call.caller.actor, now: now)
        return Response.json(API.document(row))
    }

    private func getBinding(_ call: Call) async throws -> Response {
        let contract = try stepType(call)
        let rows = try await flowRegistry.bindings(of: call.caller.tenant)
        guard let row = rows.first(where: { $0.type == contract.name }) else {
            throw Problem.notFound("a binding of \(contract.name)")
        }
        return Response.json(API.document(row))
    }

    private func listBindings(_ call: Call) async throws -> Response {
        let rows = try await flowRegistry.bindings(of: call.caller.tenant)
        return Response.json(["items": .array(rows.map(API.document)), "next": .null])
    }

    private static func document(_ row: BindingRow) -> JSON {
        [
            "type": .string(row.type), "scope": .string(row.tenant == nil ? "platform" : "tenant"),
            "id": .integer(row.id), "createdAt": .time(row.createdAt),
            "binding": (try? JSON(parsing: row.body)) ?? .object([]),
        ]
    }
}
