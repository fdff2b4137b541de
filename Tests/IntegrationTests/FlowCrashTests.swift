import Foundation
import FunctionRuntime
import Model
import Postgres
import Redis
import Synchronization
import TestServers
import Testing

/// A function is killed at each step of an execution's path, alone or while a server fails, under load: every flow ends as
/// it would have, and the history has each event once and in order.
@Suite(.serialized) struct FlowCrashTests {
    enum Disruption: String, CaseIterable, CustomTestStringConvertible {
        case none, redisIsWiped, postgresCrashes
        var testDescription: String { rawValue }
    }

    private static let isLong = ProcessInfo.processInfo.environment["HEADGATE_TEST_FAULTS"] == "all"
    /// Flows of each case.
    private static let count = isLong ? 2_000 : 200

    /// Each failpoint alone, and those between a commit and what follows it together with a server that fails; in the long
    /// form all with all.
    private static let cases = Failpoint.ofFlows.map(\.name).flatMap { name in
        let isBetween = ["after-commit", "after-call", "before-acknowledge", "before-empty"].contains(
            where: name.hasSuffix)
        return (isLong || isBetween ? Disruption.allCases : [.none]).map { (name, $0) }
    }

    @Test(arguments: cases)
    func `a function killed at any step loses no flow`(failpoint: String, disruption: Disruption) async throws {
        try await Cluster.with(redis: ["--restart"]) { it in
            let function = String(failpoint.prefix { $0 != "." })
            let rig = try await FlowRig.start(it, except: [function])
            try await rig.bind("model.train", to: "/callback/200ms", outputs: ["model": ["uri": "s3://model"]])
            try await rig.publish("three", rig.threeSteps())
            let lines = (0..<Self.count).map { #"{"input": {"n": \#($0)}}"# }.joined(separator: "\n")
            let started = try await rig.api.call("POST", "/v1/flows/three/executions/import", lines)
            #expect(started.body["started"]?.int == Self.count, "\(started)")
            // The outbox is emptied once a second at most.
            let passage = failpoint.hasSuffix("before-empty") ? 1 : 3
            let dying = try rig.run(function, failpoint: "\(failpoint)=kill@\(passage)")
            try await eventually("\(function) dies at \(failpoint)", within: .seconds(60)) { !dying.isRunning }
            switch disruption {
            case .none: break
            case .redisIsWiped:
                let connection = RedisConnection(url: try RedisURL(it.redis.withLock { $0 }.redisURL))
                _ = try await connection.call([RedisCommand("FLUSHALL")])
            case .postgresCrashes: try await it.crashPostgres()
            }
            try rig.run(function)
            try await FlowCrashTests.check(rig, Self.count)
            let (distinct, total) = try await it.callsSeen()
            let reasons = distinct == 3 * Self.count ? [] : try await FlowCrashTests.retries(it)
            #expect(distinct == 3 * Self.count, "each attempt was called, and no second one was needed: \(reasons)")
            // Only who dies with calls under way makes another call them again.
            if function != "step-worker" && disruption == .none { #expect(total == distinct) }
        }
    }

    @Test func `a worker that is stopped for longer than it counts as alive changes nothing`() async throws {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it, except: ["step-worker"])
            try await rig.bind("model.train", to: "/callback/200ms", outputs: ["model": ["uri": "s3://model"]])
            try await rig.publish("three", rig.threeSteps())
            let stopped = try rig.run("step-worker", failpoint: "step-worker.after-commit=stop@3")
            let lines = (0..<100).map { #"{"input": {"n": \#($0)}}"# }.joined(separator: "\n")
            _ = try await rig.api.call("POST", "/v1/flows/three/executions/import", lines)
            try await Task.sleep(for: .seconds(2))
            try rig.run("step-worker")
            try await FlowCrashTests.check(rig, 100)
            // Longer than anything that others grant it: leases, claims, tickets.
            if FlowCrashTests.isLong { try await Task.sleep(for: .seconds(100)) }
            kill(stopped.processIdentifier, SIGCONT)
            try await Task.sleep(for: .seconds(2))
            try await FlowCrashTests.check(rig, 100)
        }
    }

    /// Why attempts have failed, as the history says.
    private static func retries(_ it: Cluster) async throws -> [String] {
        let reasons =
            """
            select distinct encode(substring(body from place for 120), 'escape') from (
                select body, greatest(position('platform: '::bytea in body), position('timeout: '::bytea in body)) as place
                from headgate_history.event
            ) e where place > 0 limit 8
            """
        return try await it.admin.values(StatementCall(Statement(reasons)), .text)
    }

    /// So many executions have succeeded, and the history has all of it.
    private static func check(_ rig: FlowRig, _ count: Int) async throws {
        let ended = "select count(*) from headgate.execution where status = ${execution.succeeded}"
        try await eventually("\(count) executions succeeded", within: .seconds(120)) {
            try await rig.it.number(ended) == count
        }
        #expect(try await rig.it.number("select count(*) from headgate.execution") == count)
        for table in ["wake", "arrival"] {
            try await eventually("no \(table) is left") {
                try await rig.it.number("select count(*) from headgate.\(table)") == 0
            }
        }
        let summaries =
            "select count(*) from headgate_history.ended_execution where status = ${execution.succeeded} and snapshot is not null"
        try await eventually("the history has them", within: .seconds(30)) {
            try await rig.it.number(summaries) == count
        }
        #expect(try await rig.it.number("select count(*) from headgate_history.open_execution") == 0)
        // From 1 on without gaps, none twice.
        let gaps =
            """
            select count(*) from (
                select execution, count(*) as events, min(seq) as first, max(seq) as last from headgate_history.event group by execution
            ) e join headgate.execution x on x.id = e.execution where first <> 1 or last <> events or last <> x.seq - 1
            """
        // An answer that is ignored may come after the end.
        try await eventually("the history has every event once", within: .seconds(20)) {
            try await rig.it.number(gaps) == 0
        }
        let ids = try await rig.it.admin.values(
            StatementCall(Statement("select id from headgate.execution order by id limit 200")), .uuid)
        for id in ids {
            let events = try await rig.events("\(id)").filter {
                !$0.hasPrefix("claimLost") && !$0.hasPrefix("ignored") && !$0.hasPrefix("stepAccepted")
            }
            #expect(
                events == [
                    "started", "stepBegan first", "stepSucceeded first", "stepBegan train", "stepSucceeded train",
                    "stepBegan last", "stepSucceeded last", "succeeded",
                ])
        }
    }
}
