import Foundation
import HTTP
import Model
import Postgres
import TestServers
import TestTarget
import Testing

/// A cluster with everything that flows need, and calls on it.
struct FlowRig {
    let it: Cluster
    let api: APIClient

    /// The functions that move flows on, besides the API.
    static let functions: [(String, [String])] = [
        ("loader", []), ("step-worker", []), ("monitor", ["--every", "1s"]), ("flow-historian", ["--every", "50ms"]),
    ]

    static func start(_ it: Cluster, except: Set<String> = []) async throws -> FlowRig {
        let rig = FlowRig(it: it, api: try await APIClient.start(it))
        for (name, arguments) in functions where !except.contains(name) { try it.start(name, arguments) }
        return rig
    }

    /// Starts one of the functions, as it runs in the rig.
    @discardableResult
    func run(_ name: String, failpoint: String? = nil) throws -> Process {
        let arguments = FlowRig.functions.first { $0.0 == name }?.1 ?? []
        return try it.start(name, arguments, failpoint: failpoint)
    }

    private func call(
        _ method: String, _ path: String, _ body: JSON? = nil, expecting status: Int? = nil,
        at location: SourceLocation = #_sourceLocation
    ) async throws -> JSON {
        let answer = try await api.call(method, path, body?.description)
        if let status { #expect(answer.status == status, "\(answer.body)", sourceLocation: location) }
        return answer.body
    }

    func publish(_ name: String, _ flow: JSON, at location: SourceLocation = #_sourceLocation) async throws {
        _ = try await call("PUT", "/v1/flows/\(name)", flow, expecting: 201, at: location)
    }

    /// Binds a type of step to a path of the target.
    func bind(_ type: String, to path: String, _ more: [JSON.Member] = [], outputs: JSON = .object([])) async throws {
        let url = JSON.string("http://127.0.0.1:\(it.target.port)\(path)")
        let body: JSON = ["callback": "${callback}", "outputs": outputs]
        var members: [JSON.Member] = [
            .init("request", ["url": url, "body": body, "timeout": "10s"]), .init("completion", "callback"),
        ]
        members += more
        _ = try await call("PUT", "/v1/bindings/\(type)", .object(members), expecting: 200)
    }

    /// Starts an execution; returns its id.
    func start(
        _ flow: String, input: JSON = .object([]), id: String? = nil, at location: SourceLocation = #_sourceLocation
    ) async throws -> String {
        var members = [JSON.Member("input", input)]
        if let id { members.append(JSON.Member("id", .string(id))) }
        let answer = try await call(
            "POST", "/v1/flows/\(flow)/executions", .object(members), expecting: 202, at: location)
        return try #require(answer["id"]?.text, sourceLocation: location)
    }

    func execution(_ id: String) async throws -> JSON { try await call("GET", "/v1/executions/\(id)") }

    func control(_ verb: String, _ id: String, _ body: JSON? = nil, expecting status: Int = 202) async throws {
        _ = try await call("POST", "/v1/executions/\(id)/\(verb)", body, expecting: status)
    }

    /// Waits until an execution is in a state.
    func wait(
        for state: String, _ id: String, within timeout: Duration = .seconds(30),
        at location: SourceLocation = #_sourceLocation
    ) async throws -> JSON {
        try await eventually("\(id) is \(state)", within: timeout) { try await execution(id)["state"]?.text == state }
        return try await execution(id)
    }

    /// Waits until a step is in a state.
    func wait(for state: String, of step: String, _ id: String) async throws {
        try await eventually("\(step) is \(state)") {
            FlowRig.step(step, try await execution(id))?["state"]?.text == state
        }
    }

    static func step(_ name: String, _ execution: JSON) -> JSON? {
        execution["steps"]?.elements?.first { $0["name"]?.text == name }
    }

    /// The events of an execution, once its end is in the history: `stepSucceeded train`, ….
    func events(_ id: String) async throws -> [String] {
        var items: [JSON] = []
        try await eventually("the history of \(id) has its end") {
            items = try await call("GET", "/v1/executions/\(id)/events?limit=1000")["items"]?.elements ?? []
            return ["succeeded", "failed", "cancelled"].contains(items.last?["event"]?.text ?? "")
        }
        return items.map { item in
            [item["event"]?.text, item["step"]?.text].compactMap { $0 }.joined(separator: " ")
        }
    }

    /// A flow of three steps: a call, a work that reports by callback, a call.
    func threeSteps() -> JSON {
        let url = JSON.string("http://127.0.0.1:\(it.target.port)/status/200/flow")
        return [
            "inputs": ["n": "integer"],
            "steps": [
                "first": ["type": "http", "with": ["url": url, "body": "${inputs.n}"]],
                "train": [
                    "type": "model.train", "with": ["dataset": ["uri": "s3://data"], "n": "${first.status}"],
                ],
                "last": ["type": "http", "with": ["url": url, "body": ["model": "${train.model}"]]],
            ],
            "outputs": ["model": "${train.model.uri}"],
        ]
    }
}
