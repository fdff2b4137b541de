import Calls
import Crypto
import Flows
import FunctionRuntime
import HTTPTypes
import Hummingbird
import Logging
import Model
import Scheduling
import Secrets
import Store

/// Starts of flows by triggers, asked for by trigger-workers (protocols.md, 10).
extension API {
    /// The answer follows the commit, and says of each start what became of it.
    func startByTriggers(_ request: Request) async throws -> Response {
        let elements = try await functionRequest(request)["starts"]?.elements ?? []
        var results: [FlowStart.Result] = elements.map { _ in .rejected("the request cannot be read") }
        var starts: [(place: Int, start: FlowStart)] = []
        for (place, element) in elements.enumerated() {
            var fields = JSONFields(element, at: "/starts/\(place)")
            if let start = FlowStart(&fields) { starts.append((place, start)) }
        }
        try await start(starts, &results)
        return Response.json(["results": .array(results.map(\.json))])
    }

    private func start(_ starts: [(place: Int, start: FlowStart)], _ results: inout [FlowStart.Result]) async throws {
        if starts.isEmpty { return }
        let now = try await status.now()
        let origins = Dictionary(
            try await triggerStarts.origins(of: starts.map(\.start.trigger)).map { ($0.trigger, $0) },
            uniquingKeysWith: { first, _ in first })
        var flows: [FlowKey: DefinitionRow?] = [:]
        var ready: [(place: Int, execution: NewExecution, policy: OverlapPolicy)] = []
        for (place, start) in starts {
            let key = FlowKey(tenant: start.tenant, name: start.flow.name, version: start.flow.version)
            if flows[key] == nil {
                flows[key] = .some(try await flowRegistry.flow(key.name, version: key.version, tenant: key.tenant))
            }
            guard let row = flows[key] ?? nil else {
                let version = key.version.map { "@\($0)" } ?? ""
                results[place] = .rejected("there is no flow \(key.name)\(version)")
                continue
            }
            let origin = origins[start.trigger]
            do throws(FieldErrors) {
                ready.append((place, try execution(start, row, origin, now: now), API.policy(origin)))
            } catch {
                let text = error.errors.map { "\($0.pointer): \($0.detail)" }.joined(separator: "; ")
                results[place] = .rejected("the input does not fit \(key.name): \(text)")
            }
        }
        try await commit(ready, now: now, &results)
    }

    private struct FlowKey: Hashable {
        var tenant: TenantID
        var name: FlowName
        var version: Int?
    }

    /// Of a trigger without a schedule, or one that cannot be read: runs may overlap.
    private static func policy(_ origin: TriggerOrigin?) -> OverlapPolicy {
        origin?.timing.flatMap { try? Timing(decoding: $0) }?.overlap ?? .allow
    }

    private func execution(
        _ start: FlowStart, _ row: DefinitionRow, _ origin: TriggerOrigin?, now: Timestamp
    ) throws(FieldErrors) -> NewExecution {
        let id = ExecutionID(start.trigger.value)
        guard let json = try? JSON(parsing: row.body), let input = try? JSON(parsing: start.flow.input) else {
            throw FieldErrors([FieldError(pointer: "", detail: "the flow or the input cannot be read")])
        }
        let inputs = try inputs(input, of: try FlowDefinition(json), id: id, tenant: start.tenant, at: "")
        return NewExecution(
            id: id, tenant: start.tenant, definition: row.id, input: inputs.encoded,
            digest: Array(SHA256.hash(data: inputs.plainBytes)), trigger: start.trigger, schedule: origin?.schedule,
            waitingRecord: HistoryRecord(
                definition: row.id, status: ExecutionStatus.pending.rawValue, createdAt: now, endedAt: nil,
                trigger: start.trigger, events: [HistoryEvent(.waitsForRun)], snapshot: nil
            ).encoded)
    }

    private func commit(
        _ ready: [(place: Int, execution: NewExecution, policy: OverlapPolicy)], now: Timestamp,
        _ results: inout [FlowStart.Result]
    ) async throws {
        // Executions leave the engine some time after their end; older ids are looked up in the history.
        var new: [(place: Int, execution: NewExecution, policy: OverlapPolicy)] = []
        for item in ready {
            let isOld = item.execution.id.v7Time < now - API.forgetAfter
            if isOld, try await history.summary(of: item.execution.id, tenant: item.execution.tenant)?.endedAt != nil {
                results[item.place] = .started
            } else {
                new.append(item)
            }
        }
        if new.isEmpty { return }
        let policies = Dictionary(new.map { ($0.execution.id, $0.policy) }, uniquingKeysWith: { first, _ in first })
        let found = try await triggerStarts.start(
            new.map(\.execution), mayOverlap: new.map { $0.policy == .allow }, now: now
        ) { row, id in
            var state = OverlapState(running: row.running, waiting: row.waiting)
            let start = state.start(id.value, policy: policies[id] ?? .allow)
            row = OverlapRow(running: state.running, waiting: state.waiting)
            switch start {
            case .run(let other): return .run(cancelling: other.map { ExecutionID($0) })
            case .wait: return .wait
            case .skip: return .skip
            }
        }
        var started: [TenantID: [ExecutionID]] = [:]
        for (item, result) in zip(new, found) {
            switch result {
            case .started(let other):
                results[item.place] = .started
                started[item.execution.tenant, default: []] += [item.execution.id] + (other.map { [$0] } ?? [])
            case .known: results[item.place] = .started
            case .skipped:
                results[item.place] = .skipped(
                    "another run of the schedule is under way, and overlap is \(item.policy)")
            }
        }
        for (tenant, ids) in started { await hints.send(ids, tenant) }
    }

    /// A little less than executions stay after their end.
    private static let forgetAfter = Duration.seconds(10 * 60)
}
