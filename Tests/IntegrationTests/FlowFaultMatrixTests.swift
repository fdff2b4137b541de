import Foundation
import Model
import Postgres
import TestServers
import TestTarget
import Testing

/// Every statement of flows fails once, in each way: afterwards flows run to their end, without a restart, within 20 s
/// (protocols.md, 17, 25a).
///
/// The short form makes each statement fail in one way, the long one (`HEADGATE_TEST_FAULTS=all`) in every way.
@Suite struct FlowFaultMatrixTests {
    private static let isLong = ProcessInfo.processInfo.environment["HEADGATE_TEST_FAULTS"] == "all"

    /// Sent only where something has gone wrong before, or by a command.
    private static let sometimes: Set<String> = [
        "store-answers", "count-flow-failure", "stale-overlaps",
    ]

    @Test(arguments: ["step-worker", "flow-historian", "api", "loader", "monitor"])
    func `any statement of flows may fail once, and flows go on`(function: String) async throws {
        try await Cluster.with { it in
            let proxy = try PostgresProxy(to: it.postgres.port)
            defer { proxy.stop() }
            let load = try await Load(it, faulty: function, proxy)
            try await load.everything()
            try await load.everything()
            let flows = try StatementCatalog.ofFlows()
            let statements = proxy.seen.filter { flows.contains($0) }.sorted()
            #expect(!statements.isEmpty, "\(proxy.seen)")
            var failures: [String] = []
            for (index, statement) in statements.enumerated() {
                let faults = PostgresProxy.Fault.allCases
                for fault in Self.isLong ? faults : [faults[(index + function.count) % faults.count]] {
                    proxy.arm(statement, fault)
                    let deadline = ContinuousClock.now + .seconds(30)
                    while proxy.isArmed, ContinuousClock.now < deadline { try await load.everything() }
                    if proxy.isArmed {
                        proxy.disarm()
                        if !Self.sometimes.contains(statement) {
                            failures.append("\(statement), \(fault): not run again")
                        }
                        continue
                    }
                    if let failure = try await load.fault() { failures.append("\(statement), \(fault): \(failure)") }
                }
            }
            #expect(failures.isEmpty, "\(function): \(failures.joined(separator: "\n"))")
            try await load.finish()
        }
    }

    /// Flows of every kind, one function of which meets a faulty database.
    private final class Load {
        private let it: Cluster
        private let rig: FlowRig
        private let processes: [Process]
        private let proxy: PostgresProxy
        /// What the faulty function asks only when it begins a session is asked now and then.
        private let begins: Bool
        private var number = 0

        init(_ it: Cluster, faulty function: String, _ proxy: PostgresProxy) async throws {
            self.it = it
            self.proxy = proxy
            begins = ["loader", "flow-historian"].contains(function)
            let port: (String) -> Int? = { $0 == function ? proxy.port : nil }
            rig = FlowRig(it: it, api: try await APIClient.start(it, postgresPort: port("api")))
            processes =
                try FlowRig.functions.map { name, arguments in
                    try it.start(name, arguments, postgresPort: port(name))
                } + [try it.start("trigger-worker"), try it.start("historian")]
            try await retried("PUT", "/v1/flows/nap", #"{"steps": {"nap": {"type": "wait", "with": {"for": "1s"}}}}"#)
            try await retried("PUT", "/v1/flows/three", rig.threeSteps().description)
            let url = JSON.string("http://127.0.0.1:\(it.target.port)/status/404")
            let fails: JSON = [
                "steps": ["call": ["type": "http", "with": ["url": url]]], "onFailure": ["flow": "nap"],
            ]
            try await retried("PUT", "/v1/flows/fails", fails.description)
        }

        /// Repeats a call as a client does, until it is not the server's fault any more.
        @discardableResult
        private func retried(_ method: String, _ path: String, _ body: String? = nil) async throws -> JSON {
            var answer: (status: Int, body: JSON) = (0, .null)
            try await eventually("\(method) \(path) is answered", within: .seconds(20)) {
                answer = try await rig.api.call(method, path, body)
                return answer.status < 500
            }
            return answer.body
        }

        @discardableResult
        private func start(_ flow: String, _ input: String = "{}") async throws -> String {
            number += 1
            // With an id of its own, so that a repetition is the same execution.
            let id = "0193a5f0-7c1e-7abc-8def-\(String(format: "%012d", number))"
            try await retried("POST", "/v1/flows/\(flow)/executions", #"{"id": "\#(id)", "input": \#(input)}"#)
            return id
        }

        /// Something of everything that flows can do; nothing is waited for.
        func everything() async throws {
            number += 1
            let n = number
            if begins, n % 3 == 0 { proxy.closeAll() }
            let binding =
                #"{"request": {"url": "http://127.0.0.1:\#(it.target.port)/callback/10ms", "body": {"callback": "${callback}", "outputs": {"model": {"uri": "s3://m\#(n)"}}}}, "completion": "callback"}"#
            try await retried("PUT", "/v1/bindings/model.train", binding)
            let id = try await start("three", #"{"n": 1}"#)
            let nap = try await start("nap")
            let other = try await start("three", #"{"n": 1}"#)
            try await retried("POST", "/v1/executions/\(other)/cancel")
            try await retried("POST", "/v1/executions/\(nap)/pause")
            try await retried("POST", "/v1/executions/\(nap)/resume")
            try await retried("PUT", "/v1/flows/f\(n)", rig.threeSteps().description)
            try await retried("POST", "/v1/flows/f\(n)/executions", #"{"input": {"n": 3}}"#)
            for path in [
                "/v1/flows", "/v1/flows/three", "/v1/flows/three?version=1", "/v1/bindings", "/v1/executions",
                "/v1/executions/\(id)", "/v1/executions/\(id)/events", "/v1/executions/\(id)/explain",
            ] { try await retried("GET", path) }
            try await retried("DELETE", "/v1/flows/f\(n)")
            try await retried("POST", "/v1/flows/three/executions/import", #"{"input": {"n": 2}}"#)
            for (name, overlap) in [("q\(n)", #"{"queue": 2}"#), ("c\(n)", #""cancel""#)] {
                let schedule =
                    #"{"action": {"flow": {"name": "nap"}}, "when": [{"every": "1h"}], "overlap": \#(overlap)}"#
                try await retried("PUT", "/v1/schedules/\(name)", schedule)
                for _ in 0..<2 { try await retried("POST", "/v1/schedules/\(name)/fire") }
            }
            try await start("fails")
            let watched =
                #"{"action": {"flow": {"name": "fails"}}, "when": [{"every": "1h"}], "pauseAfter": 1000}"#
            try await retried("PUT", "/v1/schedules/w\(n)", watched)
            try await retried("POST", "/v1/schedules/w\(n)/fire")
            // What has ended long ago leaves, and a run that is gone is noticed.
            try await it.execute(
                """
                update headgate.ended set forget_at = now() where execution in (select execution from headgate.ended limit 3);
                update headgate.overlap set since = now() - interval '1 hour'
                """)
            try await Task.sleep(for: .milliseconds(300))
        }

        /// What is wrong after a fault; nil: nothing.
        func fault() async throws -> String? {
            let binding =
                #"{"request": {"url": "http://127.0.0.1:\#(it.target.port)/callback/10ms", "body": {"callback": "${callback}", "outputs": {"model": {"uri": "s3://m"}}}}, "completion": "callback"}"#
            try await retried("PUT", "/v1/bindings/model.train", binding)
            let ids = [try await start("three", #"{"n": 1}"#), try await start("nap")]
            do {
                for id in ids {
                    _ = try await rig.wait(for: "succeeded", id, within: .seconds(20))
                    try await eventually("the history has \(id)", within: .seconds(20)) {
                        let list = try await rig.api.call("GET", "/v1/executions/\(id)/events").body["items"]?.elements
                        return list?.last?["event"]?.text == "succeeded"
                    }
                }
            } catch let error as TestServerError {
                return error.description
            }
            let dead = processes.filter { !$0.isRunning }
            return dead.isEmpty ? nil : "\(dead.map { $0.executableURL?.lastPathComponent ?? "" }) ended"
        }

        /// Everything ends, and the history has each event once.
        func finish() async throws {
            let open =
                "select count(*) from headgate.execution where status not in (${execution.succeeded}, ${execution.failed}, ${execution.cancelled})"
            // Hundreds of schedules of an hour start some flow every few seconds.
            for prefix in ["q", "c", "w"] { try await retried("POST", "/v1/schedules/pause?prefix=\(prefix)") }
            try await eventually("everything has ended", within: .seconds(90)) { try await it.number(open) == 0 }
            do {
                try await eventually("the history has all ends", within: .seconds(30)) {
                    try await it.number("select count(*) from headgate_history.open_execution") == 0
                }
            } catch let error as TestServerError {
                let left =
                    """
                    select concat_ws(' ', o.execution, 'status', o.status, 'seq', o.seq, 'updated', o.updated_at, 'now', clock_timestamp(),
                        'in the engine:', e.status, e.seq, 'ended:', (
                            select string_agg(concat(x.status, '/', x.seq), ',') from headgate_history.ended_execution x
                            where x.execution = o.execution), 'events:', (
                            select string_agg(v.seq::text, ',' order by v.seq) from headgate_history.event v
                            where v.execution = o.execution))
                    from headgate_history.open_execution o left join headgate.execution e on e.id = o.execution limit 5
                    """
                let rows = try await it.admin.values(StatementCall(Statement(left)), .text)
                throw TestServerError(description: "\(error.description); open: \(rows.joined(separator: "; "))")
            }
            let gaps =
                """
                select count(*) from (
                    select execution, count(*) as events, min(seq) as first, max(seq) as last
                    from headgate_history.event group by execution
                ) e where first <> 1 or last <> events
                """
            // What follows an end may still be on its way.
            let deadline = ContinuousClock.now + .seconds(20)
            while try await it.number(gaps) > 0, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(200))
            }
            if try await it.number(gaps) > 0 {
                let which =
                    """
                    select concat_ws(' ', execution, string_agg(concat(seq, '@', at), ', ' order by seq)) from headgate_history.event e
                    group by execution having min(seq) <> 1 or max(seq) <> count(*) limit 5
                    """
                let rows = try await it.admin.values(StatementCall(Statement(which)), .text)
                Issue.record("events are missing: \(rows.joined(separator: "; "))")
            }
            for process in processes { #expect(process.isRunning) }
        }
    }
}
