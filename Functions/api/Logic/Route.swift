import HTTPTypes
import Hummingbird
import Model

/// One call of the API: what the router serves and what `openapi.json` describes.
struct Route: Sendable {
    var method: HTTPRequest.Method
    /// With `{name}` for parameters.
    var path: String
    var summary: String
    /// The least role that may call it.
    var role: Role
    var query: [String] = []
    var hasBody = false
    /// Bytes of a body that are taken.
    var bodyLimit = 1 << 20
    var statuses: [Int] = [200]
    /// The answer holds what is shown once: a repeat does not get it.
    var isAnsweredOnce = false
    var handle: @Sendable (Call) async throws -> Response

    func matches(_ path: String) -> Bool {
        let (mine, theirs) = (self.path.split(separator: "/"), path.split(separator: "/"))
        return mine.count == theirs.count && zip(mine, theirs).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }

    /// Parameters in the path, in order.
    var parameters: [String] {
        path.split(separator: "/").compactMap { part in
            part.hasPrefix("{") && part.hasSuffix("}") ? String(part.dropFirst().dropLast()) : nil
        }
    }
}

/// The routes as OpenAPI 3.1.
enum OpenAPI {
    static func document(_ routes: [Route]) -> JSON {
        var paths: [JSON.Member] = []
        for path in Set(routes.map(\.path)).sorted() {
            let operations = routes.filter { $0.path == path }.map { route in
                JSON.Member(route.method.rawValue.lowercased(), operation(route))
            }
            paths.append(.init(path, .object(operations)))
        }
        for (path, summary) in [
            ("/healthz", "The process lives"), ("/readyz", "It can serve: Postgres, Redis, migrations"),
            ("/metrics", "Prometheus text"), ("/openapi.json", "This document"),
        ] {
            let responses: JSON = ["200": ["description": "OK"]]
            paths.append(.init(path, ["get": ["summary": .string(summary), "security": [], "responses": responses]]))
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Headgate", "version": "1", "description": "Schedules, triggers and queues of many tenants.",
            ],
            "security": [["key": []]], "paths": .object(paths),
            "components": [
                "securitySchemes": ["key": ["type": "http", "scheme": "bearer"]],
                "schemas": [
                    "Problem": [
                        "type": "object",
                        "properties": [
                            "type": ["type": "string"], "title": ["type": "string"], "status": ["type": "integer"],
                            "detail": ["type": "string"],
                            "errors": [
                                "type": "array",
                                "items": [
                                    "type": "object",
                                    "properties": ["pointer": ["type": "string"], "detail": ["type": "string"]],
                                ],
                            ],
                        ],
                    ]
                ],
            ],
        ]
    }

    private static func header(_ name: String, _ description: String) -> JSON {
        ["name": .string(name), "in": "header", "description": .string(description), "schema": ["type": "string"]]
    }

    private static func operation(_ route: Route) -> JSON {
        let parameters =
            route.parameters.map { name -> JSON in
                ["name": .string(name), "in": "path", "required": true, "schema": ["type": "string"]]
            }
            + route.query.map { name -> JSON in ["name": .string(name), "in": "query", "schema": ["type": "string"]] }
        var headers: [JSON] = []
        if route.method == .post {
            headers.append(header("Idempotency-Key", "Repeats within 24 hours get the first answer"))
        }
        let isNamed = route.path == "/v1/schedules/{name}" && route.method != .get
        if isNamed || route.path == "/v1/tenants/{tenant}" && route.method == .put {
            headers.append(header("If-Match", "The ETag that it must still have"))
        }
        var responses = route.statuses.map { JSON.Member(String($0), ["description": "OK"]) }
        let problem: JSON = ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]]
        responses.append(.init("default", ["description": "A refusal", "content": problem]))
        var members: [JSON.Member] = [
            .init("summary", .string(route.summary)), .init("x-role", .string(route.role.rawValue)),
            .init("parameters", .array(parameters + headers)),
        ]
        if route.hasBody {
            let type = route.path.hasSuffix("/import") ? "application/x-ndjson" : "application/json"
            let content = JSON.object([
                .init(type, ["schema": ["type": type == "application/json" ? "object" : "string"]])
            ])
            members.append(.init("requestBody", ["content": content]))
        }
        members.append(.init("responses", .object(responses)))
        return .object(members)
    }
}
