import ComputeGateway
import Curl
import HTTP
import LocalRunner
import Model
import Processes
import Synchronization
import TestServers
import Testing

/// A gateway on a directory of its own, a receiver of its callbacks, and a client.
final class GatewayRig: Sendable {
    let directory: String
    let receiver: CallbackReceiver
    let client = HTTPClient()
    private let server = Mutex<GatewayServer?>(nil)

    private init(_ directory: String) throws {
        self.directory = directory
        receiver = try CallbackReceiver()
    }

    /// Calls `body` with a gateway that reads `data` and its own directory, and stops it afterwards.
    static func with(_ body: (GatewayRig) async throws -> Void) async throws {
        try await Place.temporary { directory in
            try LocalFile.makeDirectory("\(directory)/data")
            let rig = try GatewayRig(directory)
            try await rig.start()
            do {
                try await body(rig)
            } catch {
                try await rig.end()
                throw error
            }
            try await rig.end()
        }
    }

    func start() async throws {
        var configuration = GatewayServer.Configuration(directory: "\(directory)/gateway")
        configuration.data = ["\(directory)/data", "\(Place.project)/local-runner/examples/churn/data"]
        let started = try await GatewayServer.start(configuration, http: client)
        server.withLock { $0 = started }
    }

    func stop() async throws {
        let stopped = server.withLock { $0.take() }
        try await stopped?.stop()
    }

    private func end() async throws {
        try await stop()
        client.close()
        receiver.stop()
    }

    func request(
        _ method: String, _ path: String, key: String? = nil, body: JSON? = nil
    ) async throws -> (status: Int, json: JSON) {
        let port = server.withLock { $0?.port ?? 0 }
        var headers: [(name: String, value: String)] = []
        if let key {
            headers.append(("Idempotency-Key", key))
            headers.append(("Headgate-Step", String(key[..<(key.lastIndex(of: "/") ?? key.endIndex)])))
        }
        let response = try await client.execute(
            HTTPRequest(
                method: method, url: "http://127.0.0.1:\(port)\(path)", headers: headers, body: body?.serialized))
        return (response.status, try JSON(parsing: response.body))
    }

    /// Calls a step with the receiver's URL for this key.
    func call(_ step: String, key: String, _ inputs: JSON) async throws -> (status: Int, json: JSON) {
        let body: JSON = ["inputs": inputs, "callback": .string(receiver.url(key))]
        return try await request("POST", "/v1/\(step)", key: key, body: body)
    }

    /// Calls a step and waits for its result.
    func result(_ step: String, key: String, _ inputs: JSON) async throws -> JSON {
        let answer = try await call(step, key: key, inputs)
        #expect(answer.status == 202 && answer.json == ["accepted": true])
        // Unoptimized, beside hundreds of other tests, a training takes a while.
        try await eventually("the result of \(key)", within: .seconds(180)) { !receiver.results(key).isEmpty }
        return receiver.results(key)[0]
    }

    func behave(_ rule: JSON) async throws {
        #expect(try await request("PUT", "/behavior", body: rule).status == 200)
    }

    /// A count of a step in `GET /stats`.
    func count(_ step: String, _ name: String) async throws -> Int? {
        try await request("GET", "/stats").json["steps"]?[step]?[name]?.int
    }

    /// A reference to one of the tenants' files.
    static func source(_ tenant: String) -> JSON {
        ["uri": .string("file://\(Place.project)/local-runner/examples/churn/data/\(tenant).csv")]
    }
}

/// Takes callbacks over a socket, each at a path of its own, and answers them 200 or as it is told.
final class CallbackReceiver: Sendable {
    private let server: RawServer
    private let reports: Arrivals

    private final class Arrivals: Sendable {
        let state = Mutex((reports: [String: [JSON]](), statuses: [Int]()))
    }

    init() throws {
        let reports = Arrivals()
        self.reports = reports
        server = try RawServer { connection in
            while let request = connection.readRequest() {
                let path = request.split(separator: " ").dropFirst().first.map(String.init) ?? ""
                let body = request.split(separator: "\r\n\r\n").dropFirst().joined()
                let status = reports.state.withLock { state in
                    let status = state.statuses.isEmpty ? 200 : state.statuses.removeFirst()
                    if status == 200 { state.reports[path, default: []].append((try? JSON(parsing: body)) ?? .null) }
                    return status
                }
                connection.send("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n")
            }
        }
    }

    func url(_ key: String) -> String { "\(server.url)/\(key)" }

    /// The statuses of the next answers; 200 for all after them.
    func answer(_ statuses: [Int]) { reports.state.withLock { $0.statuses = statuses } }

    /// The reports for a key that were answered 200.
    func reports(_ key: String) -> [JSON] { reports.state.withLock { $0.reports["/\(key)"] ?? [] } }

    func results(_ key: String) -> [JSON] {
        reports(key).filter { $0["status"] == "succeeded" || $0["status"] == "failed" }
    }

    func stop() { server.stop() }
}
