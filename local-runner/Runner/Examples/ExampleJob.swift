import Model
import Processes
import TestTarget

/// The sample job: registers the schedules of a file, which call the runner's own test target, and shows the deliveries
/// as they come.
package struct ExampleJob: Sendable {
    let file: String
    let data: String
    let cloud: Cloud
    let console: Console

    /// Runs until the task is cancelled.
    func run(api: String, key: String) async throws {
        guard let template = LocalFile.text(file) else { throw RunnerError(.setup, "cannot read the examples \(file)") }
        let target = try await startTarget()
        let outcome: Result<Void, any Error>
        do {
            let examples = try ExampleSchedules(template: template, port: target.port, file: file)
            try await register(examples, api: api, key: key)
            try await DeliveryView(log: target.log, margins: examples.margins, console: console).show()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        try await target.stop()
        try outcome.get()
    }

    /// Starts the test target, on the port of the last run if that is free: then the schedules stay unchanged.
    private func startTarget() async throws -> TargetServer {
        let path = "\(data)/target.port"
        let last = LocalFile.text(path).flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
        let port = LoopbackSocket.freePort(wanted: last) ?? 0
        let target = try await TargetServer.start(port: port, now: cloud.now)
        try LocalFile.write("\(target.port)\n", to: path)
        return target
    }

    private func register(_ examples: ExampleSchedules, api: String, key: String) async throws {
        let answer = try await cloud.http.call(
            method: "POST", url: "\(api)/v1/schedules/import",
            headers: [("Authorization", "Bearer \(key)"), ("Content-Type", "application/x-ndjson")],
            body: Array(examples.lines.utf8))
        let text = String(decoding: answer.body, as: UTF8.self)
        guard answer.status == 200, let json = try? JSON(parsing: text) else {
            throw RunnerError(.failed, "the import of \(file) was answered \(answer.status): \(text.prefix(1_000))")
        }
        for refused in json["refused"]?.elements ?? [] {
            console.say("\(file):\(refused["line"]?.int ?? 0): refused: \((refused["errors"] ?? .null).description)")
        }
        let created = json["created"]?.int ?? 0
        let updated = json["updated"]?.int ?? 0
        console.say(
            "\(examples.count) sample schedules of \(examples.tenants) tenants registered (\(created) new, "
                + "\(updated) known before): \(examples.summary)")
        console.say("their deliveries, as the test target receives them:")
    }
}
