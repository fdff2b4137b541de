import Model
import Processes

/// The sample flow: each tenant's customers are transformed, a model is trained on them and evaluated, and registered if
/// it is good. A schedule a tenant starts the flow; a compute gateway of the runner's own does the work.
struct ChurnExample: Sendable {
    /// The directory with the flow, its bindings and the data.
    let directory: String
    let data: String
    let cloud: Cloud
    let console: Console

    /// Who has data in the example.
    static let tenants = ["acme", "globex", "initech"]
    /// The types of steps with bindings in the example.
    private static let types = ["dataset.transform", "model.train", "model.evaluate", "model.register"]
    /// How often each tenant's model is trained.
    private static let period = "1m"

    /// The gateway's process; `program` is this one.
    func gateway(program: String, environment: [String: String]) throws -> (request: SpawnRequest, port: Int) {
        // The port of the last run, if it is free: then the bindings stay unchanged.
        let path = "\(data)/gateway.port"
        let last = LocalFile.text(path).flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
        guard let port = LoopbackSocket.freePort(wanted: last) ?? LoopbackSocket.freePort(wanted: 0) else {
            throw RunnerError(.busy, "there is no free port for the compute gateway")
        }
        try LocalFile.write("\(port)\n", to: path)
        let arguments = [
            "compute-gateway", "--port", String(port), "--directory", "\(data)/gateway", "--data",
            "\(directory)/data",
        ]
        return (
            SpawnRequest(
                label: "gateway-1", executable: program, arguments: arguments, environment: environment), port
        )
    }

    /// Registers everything, then shows executions as they end; runs until the task is cancelled.
    func run(api: String, key: String, port: Int) async throws {
        let client = Client(api: api, key: key, cloud: cloud)
        for type in ChurnExample.types {
            let text = try file("bindings/\(type).json").replacing("127.0.0.1:8098", with: "127.0.0.1:\(port)")
            _ = try await client.call("PUT", "/v1/bindings/\(type)?scope=platform", text)
        }
        let flow = try file("flow.json")
        for tenant in ChurnExample.tenants {
            _ = try await client.call("PUT", "/v1/flows/churn", flow, tenant: tenant)
            _ = try await client.call("PUT", "/v1/schedules/churn", schedule(of: tenant).description, tenant: tenant)
        }
        console.say(
            "the flow churn is published for \(ChurnExample.tenants.joined(separator: ", ")); "
                + "a schedule starts it every \(ChurnExample.period): headgate execution list --tenant acme")
        try await show(client)
    }

    private func file(_ name: String) throws -> String {
        guard let text = LocalFile.text("\(directory)/\(name)") else {
            throw RunnerError(.setup, "cannot read the example \(directory)/\(name)")
        }
        return text
    }

    private func schedule(of tenant: String) -> JSON {
        let source: JSON = ["uri": .string("file://\(directory)/data/\(tenant).csv")]
        let transformation: JSON = ["uri": .string("file://\(directory)/data/transformation.json")]
        return [
            "action": [
                "flow": ["name": "churn", "input": ["source": source, "transformation": transformation]]
            ],
            "when": [["every": .string(ChurnExample.period)]], "overlap": "skip",
        ]
    }

    /// A line for each execution that has ended.
    private func show(_ client: Client) async throws {
        var shown: Set<String> = []
        var isFirst = true
        while true {
            for tenant in ChurnExample.tenants {
                let list = try await client.call("GET", "/v1/executions?flow=churn&limit=20", nil, tenant: tenant)
                for item in (list["items"]?.elements ?? []).reversed() {
                    guard let id = item["id"]?.text, item["endedAt"]?.text != nil, shown.insert(id).inserted, !isFirst
                    else { continue }
                    let whole = try await client.call("GET", "/v1/executions/\(id)", nil, tenant: tenant)
                    console.print(ChurnExample.line(whole, tenant: tenant), from: "flow")
                }
            }
            isFirst = false
            try await Task.sleep(for: .seconds(2))
        }
    }

    /// `acme  churn@1 succeeded in 240 ms: auc 0.83, registered`
    private static func line(_ execution: JSON, tenant: String) -> String {
        let state = execution["state"]?.text ?? ""
        var line = "\(tenant)  churn@\(execution["version"]?.int ?? 0) \(state)"
        if let begin = execution["createdAt"]?.text.flatMap({ Timestamp($0) }),
            let end = execution["endedAt"]?.text.flatMap({ Timestamp($0) })
        {
            line += " in \((end - begin).microseconds / 1_000) ms"
        }
        if let auc = execution["outputs"]?["auc"]?.double {
            let isRegistered = execution["outputs"]?["model"]?.members != nil
            line +=
                ": auc 0.\(String(1_000 + Int((auc * 1_000).rounded())).dropFirst()), \(isRegistered ? "registered" : "not good enough")"
        }
        if let message = execution["failure"]?["message"]?.text { line += ": \(message)" }
        return line
    }

    /// Calls the API for one tenant after another.
    private struct Client {
        let api: String
        let key: String
        let cloud: Cloud

        func call(_ method: String, _ path: String, _ body: String?, tenant: String? = nil) async throws -> JSON {
            var headers = [(name: "Authorization", value: "Bearer \(key)")]
            if let tenant { headers.append(("Headgate-Tenant", tenant)) }
            if body != nil { headers.append(("Content-Type", "application/json")) }
            let answer = try await cloud.http.call(
                method: method, url: api + path, headers: headers, body: Array((body ?? "").utf8))
            let text = String(decoding: answer.body, as: UTF8.self)
            guard (200..<300).contains(answer.status), let json = try? JSON(parsing: text) else {
                throw RunnerError(.failed, "\(method) \(path) was answered \(answer.status): \(text.prefix(1_000))")
            }
            return json
        }
    }
}
