import Glibc
import LocalRunner
import Model
import Processes
import Testing

/// `up` with real servers and functions that only wait, in a process that can be killed.
@Suite struct UpTests {
    private struct Running {
        var runner: ChildProcess
        var lines: LineTail
        var ready: JSON
    }

    private static let functions = [
        "api", "loader", "trigger-worker", "step-worker", "historian", "flow-historian", "monitor",
    ]

    private func prepare(_ directory: String, worker: String = "exec sleep 1000") throws {
        try LocalFile.makeDirectory("\(directory)/functions")
        for name in UpTests.functions {
            let path = "\(directory)/functions/\(name)"
            try Place.script(path, name == "trigger-worker" ? worker : "exec sleep 1000")
        }
    }

    private func start(_ directory: String) async throws -> Running {
        let ready = "\(directory)/ready"
        unlink(ready)
        let lines = LineTail(limit: 200)
        let request = SpawnRequest(
            label: "runner", executable: "\(Place.programs)/runner-probe",
            arguments: [
                "up", "\(directory)/data", "\(directory)/functions", "\(Place.project)/infra/topology.yaml", ready,
            ], environment: Place.environment)
        let runner = try await Spawner().start(request, output: lines.append)
        let isReady = await eventually { LocalFile.text(ready) != nil || runner.exit.value != nil }
        try #require(isReady && runner.exit.value == nil, "\(lines.lines.joined(separator: "\n"))")
        return Running(runner: runner, lines: lines, ready: try JSON(parsing: try #require(LocalFile.text(ready))))
    }

    /// The processes that were started for that data directory, by their pid files.
    private func processes(_ directory: String) -> [pid_t] {
        LocalFile.names(in: "\(directory)/data/pids").compactMap { $0.split(separator: ".").last.flatMap { pid_t($0) } }
    }

    @Test func `starts everything, says where it is, and leaves nothing behind when it is told to stop`() async throws {
        try await Place.temporary { directory in
            try prepare(directory)
            let running = try await start(directory)
            #expect(running.ready["key"] == "hg_probe")
            #expect(running.ready["pid"]?.int == Int(running.runner.pid))
            for member in ["api", "postgres", "redis"] {
                #expect(running.ready[member]?.text?.contains("127.0.0.1") == true)
            }
            // Both servers, the API, four functions that stay, and a worker of each kind.
            #expect(await eventually { processes(directory).count == 9 })
            let all = processes(directory)
            running.runner.send(SIGTERM)
            #expect(await running.runner.exit.wait() == .exited(0))
            #expect(all.filter { ProcessIdentity.current($0) != nil } == [])
            #expect(processes(directory).isEmpty)
            #expect(LocalFile.text("\(directory)/ready") == nil)
            #expect(LocalFile.text("\(directory)/data/postgres/cluster/postmaster.pid") == nil)
        }
    }

    @Test func `kill -9 leaves no process, and the next start takes over the data`() async throws {
        try await Place.temporary { directory in
            try prepare(directory)
            let first = try await start(directory)
            #expect(await eventually { processes(directory).count == 9 })
            let all = processes(directory)
            kill(first.runner.pid, SIGKILL)
            #expect(await eventually { all.allSatisfy { ProcessIdentity.current($0) == nil } })
            let second = try await start(directory)
            #expect(second.lines.lines.allSatisfy { !$0.contains("making a Postgres") })
            second.runner.send(SIGINT)
            #expect(await second.runner.exit.wait() == .exited(0))
        }
    }

    @Test func `a second runner on the same data is refused, and the first goes on`() async throws {
        try await Place.temporary { directory in
            try prepare(directory)
            let running = try await start(directory)
            let request = SpawnRequest(
                label: "second", executable: "\(Place.programs)/runner-probe",
                arguments: [
                    "up", "\(directory)/data", "\(directory)/functions", "\(Place.project)/infra/topology.yaml",
                    "\(directory)/other",
                ], environment: Place.environment)
            let lines = LineTail(limit: 20)
            let second = try await Spawner().start(request, output: lines.append)
            #expect(await second.exit.wait() != .exited(0))
            _ = await lines.ended.wait()
            #expect(lines.lines.joined().contains("another local-runner (pid \(running.runner.pid))"))
            #expect(running.runner.exit.value == nil)
            running.runner.send(SIGTERM)
            #expect(await running.runner.exit.wait() == .exited(0))
        }
    }

    @Test func `a killed function and a killed Redis are started again, Redis on its port`() async throws {
        try await Place.temporary { directory in
            try prepare(directory)
            let running = try await start(directory)
            #expect(await eventually { processes(directory).count == 9 })
            let before = LocalFile.names(in: "\(directory)/data/pids")
            for name in before
            where name.hasPrefix("redis.") || name.hasPrefix("loader-1.") || name.hasPrefix("trigger-worker-1.") {
                kill(try #require(name.split(separator: ".").last.flatMap { pid_t($0) }), SIGKILL)
            }
            #expect(
                await eventually {
                    let now = LocalFile.names(in: "\(directory)/data/pids")
                    return now.count == 9 && Set(now).intersection(before).count == 6
                })
            let log = LocalFile.text("\(directory)/data/logs/redis.log") ?? ""
            let port = try #require(running.ready["redis"]?.text?.split(separator: ":").last)
            #expect(
                await eventually {
                    (LocalFile.text("\(directory)/data/logs/redis.log") ?? "").split(separator: "port=\(port)").count
                        == 3
                }, "\(log)")
            running.runner.send(SIGTERM)
            #expect(await running.runner.exit.wait() == .exited(0))
        }
    }

    @Test func `a second wish to stop does not wait for a function that will not end`() async throws {
        try await Place.temporary { directory in
            try prepare(
                directory, worker: "trap 'touch \(directory)/asked' TERM\nwhile :; do sleep 0.1 & wait $!; done")
            let running = try await start(directory)
            #expect(await eventually { processes(directory).count == 9 })
            running.runner.send(SIGINT)
            #expect(await eventually { LocalFile.text("\(directory)/asked") != nil })
            running.runner.send(SIGINT)
            #expect(await running.runner.exit.wait(for: .seconds(30)) == .exited(0))
            #expect(processes(directory).isEmpty)
            running.runner.send(SIGKILL)
        }
    }
}
