import HTTPTypes
import Model

/// The routes as an OpenAPI 3.1 document.
enum OpenAPI {
    /// Paths served without a key.
    static let open: [(path: String, summary: String, type: String, schema: JSON, statuses: [Int])] = [
        ("/healthz", "The process lives", "application/json", Answers.ref("Health"), [200]),
        (
            "/readyz", "It can serve: the names of the checks, and which failed", "application/json",
            Answers.ref("Readiness"), [200, 503]
        ),
        ("/metrics", "Prometheus text", "text/plain", ["type": "string"], [200]),
        ("/openapi.json", "This document", "application/json", ["type": "object"], [200]),
    ]

    static func document(_ routes: [Route]) -> JSON {
        var paths: [JSON.Member] = []
        for path in Set(routes.map(\.path)).sorted() {
            let operations = routes.filter { $0.path == path }.map { route in
                JSON.Member(route.method.rawValue.lowercased(), operation(route))
            }
            paths.append(.init(path, .object(operations)))
        }
        for served in open {
            let content = JSON.object([.init(served.type, ["schema": served.schema])])
            let responses = served.statuses.map { status in
                JSON.Member("\(status)", ["description": .string(served.summary), "content": content])
            }
            let operation: JSON = [
                "summary": .string(served.summary),
                "operationId": .string(String(served.path.dropFirst().prefix { $0 != "." })),
                "security": [], "responses": .object(responses),
            ]
            paths.append(.init(served.path, ["get": operation]))
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Headgate", "version": "1", "description": "Schedules, triggers and queues of many tenants.",
            ],
            "security": [["key": []]], "paths": .object(paths),
            "components": [
                "securitySchemes": ["key": ["type": "http", "scheme": "bearer"]],
                "schemas": .object(Bodies.schemas + Answers.schemas),
            ],
        ]
    }

    private static func parameter(_ parameter: Parameter, in place: String) -> JSON {
        [
            "name": .string(parameter.name), "in": .string(place), "required": .bool(parameter.isRequired),
            "description": .string(parameter.expected), "schema": parameter.schema,
        ]
    }

    private static func operation(_ route: Route) -> JSON {
        let parameters =
            route.parameters.map { parameter(.inPath($0, of: route.path), in: "path") }
            + route.query.map { parameter($0, in: "query") } + route.headers.map { parameter($0, in: "header") }
        var members: [JSON.Member] = [
            .init("summary", .string(route.summary)), .init("operationId", .string(identifier(route))),
            .init("x-role", .string(route.role.rawValue)), .init("parameters", .array(parameters)),
        ]
        if let body = route.body { members.append(.init("requestBody", requestBody(body))) }
        members.append(.init("responses", .object(responses(route))))
        return .object(members)
    }

    /// The operation id: `put_schedules_name` for `PUT /v1/schedules/{name}`.
    private static func identifier(_ route: Route) -> String {
        let parts = route.path.split(separator: "/").dropFirst().map { $0.filter { $0 != "{" && $0 != "}" } }
        return ([route.method.rawValue.lowercased()] + parts).joined(separator: "_")
    }

    private static func requestBody(_ body: Route.Body) -> JSON {
        switch body {
        case .json(let name, let isOptional):
            [
                "required": .bool(!isOptional),
                "content": [
                    "application/json": ["schema": Answers.ref(name), "example": Examples.bodies[name] ?? .null]
                ],
            ]
        case .lines(let name):
            [
                "required": true, "description": .string("NDJSON: each line is a \(name)"),
                // OpenAPI 3.1 has no word for the schema of a line; 3.2 calls it itemSchema.
                "content": [
                    "application/x-ndjson": [
                        "schema": ["description": "one JSON document a line"], "x-itemSchema": Answers.ref(name),
                    ]
                ],
            ]
        }
    }

    private static func responses(_ route: Route) -> [JSON.Member] {
        var responses = route.statuses.map { status -> JSON.Member in
            var members: [JSON.Member] = [.init("description", .string(status == 204 ? "Done" : "The answer"))]
            if route.isVersioned, status != 204 {
                members.append(
                    .init("headers", ["ETag": ["description": "its version", "schema": ["type": "string"]]]))
            }
            if let answer = route.answer {
                members.append(.init("content", ["application/json": ["schema": Answers.ref(answer)]]))
            }
            return .init("\(status)", .object(members))
        }
        let problem: JSON = ["application/problem+json": ["schema": Answers.ref("Problem")]]
        responses.append(.init("default", ["description": "A refusal", "content": problem]))
        return responses
    }
}
