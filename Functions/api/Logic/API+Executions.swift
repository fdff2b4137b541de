import Crypto
import Flows
import HTTPTypes
import Hummingbird
import Model
import Secrets
import Store

/// Starting, showing and controlling executions of flows.
extension API {
    var executionRoutes: [Route] {
        [
            Route(
                method: .post, path: "/v1/flows/{name}/executions", summary: "Start an execution of a flow",
                role: .operator, body: .json("Start", isOptional: true), statuses: [200, 202], answer: "Execution",
                handle: startExecution),
            Route(
                method: .post, path: "/v1/flows/{name}/executions/import",
                summary: "Start many executions, one a line", role: .operator, body: .lines("Start"),
                bodyLimit: 64 << 20, answer: "Started", handle: importExecutions),
            Route(
                method: .get, path: "/v1/executions", summary: "List executions, newest first", role: .viewer,
                query: [.flow, .executionState, .time("from"), .time("to"), .limit, .triggerCursor],
                answer: "ExecutionPage", handle: listExecutions),
            Route(
                method: .get, path: "/v1/executions/{id}", summary: "Show an execution with its steps", role: .viewer,
                answer: "Execution", handle: getExecution),
            Route(
                method: .get, path: "/v1/executions/{id}/explain",
                summary: "Say why each step that has not ended has not ended", role: .viewer, answer: "Explanation",
                handle: explainExecution),
            Route(
                method: .get, path: "/v1/executions/{id}/events",
                summary: "List what happened to an execution, in order",
                role: .viewer, query: [.limit, .eventCursor], answer: "EventPage", handle: listEvents),
            control("cancel", "Cancel an execution, and what it runs on remote systems", .cancel),
            control("pause", "Pause an execution: nothing new is called", .pause),
            control("resume", "Resume an execution that is paused or quarantined", .resume),
            Route(
                method: .post, path: "/v1/executions/{id}/retry",
                summary: "Run a failed or cancelled execution again, from a step on or what did not succeed",
                role: .operator, body: .json("RetryExecution", isOptional: true), statuses: [202],
                answer: "Execution", handle: retryExecution),
        ]
    }

    private func control(_ verb: String, _ summary: String, _ kind: Arrival.Kind) -> Route {
        Route(
            method: .post, path: "/v1/executions/{id}/\(verb)", summary: summary, role: .operator, statuses: [202],
            answer: "Execution"
        ) { call in
            let (row, _) = try await found(call)
            return try await add(kind, [], to: row, call)
        }
    }

    // MARK: Starting

    private func startExecution(_ call: Call) async throws -> Response {
        let body = try await call.json(isOptional: true)
        var fields = JSONFields(body)
        let start = Bodies.start(&fields)
        fields.finish()
        fields.add(body.textMistakes())
        guard fields.errors.isEmpty else { throw Problem.invalid(fields.errors) }
        var versions = FlowVersions(try await flowToStart(call))
        let now = try await call.now(status)
        let execution = try await newExecution(start, &versions, call, now: now)
        if start.id != nil, let ended = try await whatHasEnded(among: [execution])[execution.id] {
            guard ended.isSame(as: execution) else { throw API.different(execution.id) }
            return try await getExecution(execution.id, tenant: call.caller.tenant)
        }
        // It waits for others of its tenant, without a connection; what little may follow shares the pool fairly. How many
        // wait is bounded by the rates of requests.
        call.slot?.leave()
        let result = try await starter.start(execution, now: now)
        if result == .different { throw API.different(execution.id) }
        let row = ExecutionRow(
            id: execution.id, tenant: call.caller.tenant, definition: execution.definition, status: .new, state: nil,
            input: execution.input, trigger: nil, createdAt: now, endedAt: nil, quarantineReason: nil)
        if result == .known, let known = try await executionRegistry.execution(execution.id, tenant: row.tenant) {
            return try await answer(known)
        }
        let definition = try await versions.version(start.version, flowRegistry).row
        return Response.json(
            ExecutionView(row: row, definition: definition, outputs: []).document, status: .accepted)
    }

    /// Those of these starts whose executions have ended by the history: once they have left the engine, it would start
    /// them again. Some may still be in the engine, or run again; they are known all the same.
    ///
    /// A history that cannot be read fails the start: two executions with one id would be worse (protocols.md, 10).
    private func whatHasEnded(among starts: [NewExecution]) async throws -> [ExecutionID: EndedExecution] {
        guard let tenant = starts.first?.tenant else { return [:] }
        let ended = try await history.ended(among: starts.map(\.id), tenant: tenant)
        return Dictionary(ended.map { ($0.execution, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func different(_ id: ExecutionID) -> Problem {
        Problem.conflict("the execution \(id) exists already, with another flow or input")
    }

    private func flowToStart(_ call: Call) async throws -> DefinitionRow {
        let name = try flowName(call)
        guard let flow = try await flowRegistry.flow(name, version: nil, tenant: call.caller.tenant) else {
            throw Problem.notFound("the flow \(name)")
        }
        return flow
    }

    /// The versions of a flow that a request starts, each read once.
    private struct FlowVersions {
        let current: DefinitionRow
        private var read: [Int: (row: DefinitionRow, definition: FlowDefinition)] = [:]

        init(_ current: DefinitionRow) { self.current = current }

        /// - Parameter version: nil: the current one.
        mutating func version(
            _ version: Int?, _ registry: any FlowRegistry
        ) async throws -> (row: DefinitionRow, definition: FlowDefinition) {
            let number = version ?? current.version ?? 0
            if let known = read[number] { return known }
            var row = current
            if number != current.version, let name = current.name {
                guard let other = try await registry.flow(name, version: number, tenant: current.tenant) else {
                    throw Problem.notFound("the flow \(name)@\(number)")
                }
                row = other
            }
            let found = (row, try FlowDefinition(try JSON(parsing: row.body)))
            read[number] = found
            return found
        }
    }

    private func newExecution(
        _ start: Bodies.Start, _ versions: inout FlowVersions, _ call: Call, now: Timestamp
    ) async throws -> NewExecution {
        let (row, definition) = try await versions.version(start.version, flowRegistry)
        var random = SystemRandomNumberGenerator()
        // A repetition with the same idempotency key starts nothing twice.
        let id =
            start.id ?? call.firstTry.map { ExecutionID.v7(at: now, seed: $0.seed) } ?? .v7(at: now, using: &random)
        let inputs = try inputs(start.input, of: definition, id: id, tenant: row.tenant, at: "/input")
        return NewExecution(
            id: id, tenant: row.tenant, definition: row.id, input: inputs.encoded,
            digest: Array(SHA256.hash(data: inputs.plainBytes)))
    }

    func inputs(
        _ json: JSON, of definition: FlowDefinition, id: ExecutionID, tenant: TenantID, at pointer: String
    ) throws(FieldErrors) -> FlowInputs {
        try FlowInputs(json, of: definition, at: pointer) { name, value throws(FieldErrors) in
            do throws(SecretError) {
                guard let keys else { throw SecretError("HEADGATE_SECRET_KEYS is not set for the API") }
                return try keys.seal(value, name: FlowInputs.sealName(name, id), tenant: tenant)
            } catch {
                throw FieldErrors([FieldError(pointer: "\(pointer)/\(name)", detail: "\(error)")])
            }
        }
    }

    /// Starts of one transaction.
    private static let startBatch = 1_000
    /// Lines of an import.
    private static let mostStarts = 10_000

    /// Good lines are started; bad ones are listed.
    private func importExecutions(_ call: Call) async throws -> Response {
        var versions = FlowVersions(try await flowToStart(call))
        let body = try await call.bytes(limit: 64 << 20)
        let now = try await call.now(status)
        var batch: [(line: Int, execution: NewExecution)] = []
        var refused: [(line: Int, errors: [FieldError])] = []
        var (started, knownCount, number) = (0, 0, 0)
        // Lines that name an id.
        var given: Set<Int> = []
        func store() async throws {
            let ended = try await whatHasEnded(among: batch.lazy.filter { given.contains($0.line) }.map(\.execution))
            for item in batch {
                guard let known = ended[item.execution.id] else { continue }
                if known.isSame(as: item.execution) {
                    knownCount += 1
                } else {
                    refused.append(
                        (item.line, [FieldError(pointer: "/id", detail: API.different(item.execution.id).detail)]))
                }
            }
            batch.removeAll { ended[$0.execution.id] != nil }
            if batch.isEmpty { return }
            let results = try await executionRegistry.start(
                batch.map(\.execution), tenant: call.caller.tenant, now: now)
            for (item, result) in zip(batch, results) {
                switch result {
                case .started: started += 1
                case .known: knownCount += 1
                case .different:
                    refused.append(
                        (item.line, [FieldError(pointer: "/id", detail: API.different(item.execution.id).detail)]))
                }
            }
            await hints.send(batch.map(\.execution.id), call.caller.tenant)
            batch = []
        }
        for line in body.withoutByteOrderMark.split(separator: 10, omittingEmptySubsequences: false) {
            number += 1
            if !line.contains(where: { $0 > 32 }) { continue }
            guard number <= API.mostStarts else {
                throw Problem.invalid([
                    FieldError(
                        pointer: "", detail: "an import has at most \(API.mostStarts) lines; send the rest in another")
                ])
            }
            if number % 64 == 0 { await Task.yield() }
            do {
                let (execution, isGiven) = try await read(line, &versions, call, now: now)
                batch.append((number, execution))
                if isGiven { given.insert(number) }
            } catch let errors as FieldErrors {
                refused.append((number, errors.errors))
            } catch let problem as Problem {
                refused.append((number, [FieldError(pointer: "", detail: problem.detail)]))
            }
            if batch.count == API.startBatch { try await store() }
        }
        if !batch.isEmpty { try await store() }
        return Response.json([
            "started": .integer(started), "known": .integer(knownCount),
            "refused": .array(
                refused.sorted { $0.line < $1.line }.map {
                    ["line": .integer($0.line), "errors": .mistakes($0.errors)]
                }),
        ])
    }

    private func read(
        _ line: ArraySlice<UInt8>, _ versions: inout FlowVersions, _ call: Call, now: Timestamp
    ) async throws -> (NewExecution, isGiven: Bool) {
        let document: JSON
        do throws(JSON.SyntaxError) {
            document = try JSON(document: line)
        } catch {
            throw FieldErrors([error.fieldError(isLine: true)])
        }
        var fields = JSONFields(document)
        let start = Bodies.start(&fields)
        fields.finish()
        guard fields.errors.isEmpty else { throw FieldErrors(fields.errors) }
        var own = start
        if own.id == nil {
            var random = SystemRandomNumberGenerator()
            own.id = .v7(at: now, using: &random)
        }
        return (try await newExecution(own, &versions, call, now: now), start.id != nil)
    }

    // MARK: Showing

    func found(_ call: Call) async throws -> (ExecutionRow, DefinitionRow?) {
        let id: ExecutionID = try call.id("an execution")
        guard let row = try await executionRegistry.execution(id, tenant: call.caller.tenant) else {
            throw Problem.notFound("the execution \(id)")
        }
        return (row, try await flowRegistry.definition(row.definition, tenant: row.tenant))
    }

    /// From the engine, or from the history once it has left the engine.
    private func getExecution(_ call: Call) async throws -> Response {
        try await getExecution(try call.id("an execution"), tenant: call.caller.tenant)
    }

    private func getExecution(_ id: ExecutionID, tenant: TenantID) async throws -> Response {
        if let row = try await executionRegistry.execution(id, tenant: tenant) { return try await answer(row) }
        guard let summary = try await history.summary(of: id, tenant: tenant) else {
            throw Problem.notFound("the execution \(id)")
        }
        let definition = try await flowRegistry.definition(summary.definition, tenant: tenant)
        return Response.json(ExecutionView(summary: summary, definition: definition).document)
    }

    private func answer(_ row: ExecutionRow, status: HTTPResponse.Status = .ok) async throws -> Response {
        let definition = try await flowRegistry.definition(row.definition, tenant: row.tenant)
        let outputs =
            row.state == nil ? [] : try await executionRegistry.outputs(of: row.id, tenant: row.tenant)
        return Response.json(
            ExecutionView(row: row, definition: definition, outputs: outputs).document, status: status)
    }

    /// From the history alone: a search never reads the engine's tables, except for what has not reached the history
    /// because no worker has looked at it. What happened in the last moments may be missing.
    private func listExecutions(_ call: Call) async throws -> Response {
        let limit = try call.int("limit", in: 1...1_000, default: 100)
        var filter = ExecutionFilter(limit: limit + 1)
        filter.flow = call.text("flow").map { FlowName(checked: $0) }
        filter.status = call.text("state").flatMap { ExecutionStatus(name: $0) }
        (filter.from, filter.to) = (try call.time("from"), try call.time("to"))
        if let text = call.text("cursor") {
            let parts = text.split(separator: "~").map(String.init)
            guard parts.count == 2, let time = Int64(parts[0]), let id = ExecutionID(parts[1]) else {
                throw Problem.parameter("cursor", "expected the next of an earlier answer")
            }
            filter.after = .init(createdAt: Timestamp(microseconds: time), execution: id)
        }
        if filter.status == .new { return try await listNew(filter, limit: limit, tenant: call.caller.tenant) }
        let rows = try await history.summaries(filter, tenant: call.caller.tenant)
        let next = rows.count > limit ? rows[limit - 1] : nil
        return Response.json([
            "items": .array(rows.prefix(limit).map { ExecutionView.brief($0) }),
            "next": next.map { .string("\($0.createdAt.microseconds)~\($0.execution)") } ?? .null,
        ])
    }

    /// Executions that no worker has looked at yet, among the newest that the engine has.
    private func listNew(_ filter: ExecutionFilter, limit: Int, tenant: TenantID) async throws -> Response {
        let rows = try await executionRegistry.executions(
            tenant: tenant, status: .new, before: filter.after?.execution, limit: limit + 1)
        var definitions: [DefinitionID: DefinitionRow?] = [:]
        var items: [JSON] = []
        for row in rows.prefix(limit) {
            if definitions[row.definition] == nil {
                definitions[row.definition] = .some(
                    try await flowRegistry.definition(row.definition, tenant: tenant))
            }
            let view = ExecutionView(row: row, definition: definitions[row.definition] ?? nil, outputs: [])
            let isIn = row.createdAt >= filter.from ?? .distantPast && row.createdAt < filter.to ?? .distantFuture
            if isIn, filter.flow == nil || view.flow == filter.flow { items.append(view.brief) }
        }
        let next = rows.count > limit ? rows[limit - 1] : nil
        return Response.json([
            "items": .array(items),
            "next": next.map { .string("\($0.createdAt.microseconds)~\($0.id)") } ?? .null,
        ])
    }

    private func listEvents(_ call: Call) async throws -> Response {
        let id: ExecutionID = try call.id("an execution")
        let tenant = call.caller.tenant
        let limit = try call.int("limit", in: 1...1_000, default: 100)
        guard let summary = try await history.summary(of: id, tenant: tenant) else {
            // Started a moment ago, or unknown.
            if try await executionRegistry.execution(id, tenant: tenant) != nil {
                return Response.json(["items": [], "next": .null])
            }
            throw Problem.notFound("the execution \(id)")
        }
        let rows = try await history.events(
            of: summary, after: call.text("cursor").flatMap { Int($0) } ?? 0, limit: limit + 1)
        let definition = try await flowRegistry.definition(summary.definition, tenant: tenant)
        let items = EventView.items(of: rows.prefix(limit), definition)
        return Response.json([
            "items": .array(items), "next": rows.count > limit ? .string(String(rows[limit - 1].seq)) : .null,
        ])
    }

    private func explainExecution(_ call: Call) async throws -> Response {
        let id: ExecutionID = try call.id("an execution")
        let tenant = call.caller.tenant
        let now = try await status.now()
        if try await executionRegistry.execution(id, tenant: tenant) == nil,
            let summary = try await history.summary(of: id, tenant: tenant)
        {
            let definition = try await flowRegistry.definition(summary.definition, tenant: tenant)
            return Response.json(ExecutionView(summary: summary, definition: definition).explanation(now: now))
        }
        let (row, definition) = try await found(call)
        return Response.json(ExecutionView(row: row, definition: definition, outputs: []).explanation(now: now))
    }

    // MARK: Control

    private func retryExecution(_ call: Call) async throws -> Response {
        var fields = JSONFields(try await call.json(isOptional: true))
        let step = Bodies.retry(&fields)
        fields.finish()
        guard fields.errors.isEmpty else { throw Problem.invalid(fields.errors) }
        let (row, definition) = try await found(call)
        guard row.status == .failed || row.status == .cancelled else {
            throw Problem.conflict("the execution is \(row.status.name); only failed and cancelled ones run again")
        }
        if let step, let definition, let flow = try? FlowDefinition(try JSON(parsing: definition.body)),
            flow.step(step) == nil
        {
            throw Problem.invalid([
                FieldError(
                    pointer: "/fromStep",
                    detail: "there is no step \(step); there are \(flow.steps.map(\.name).joined(separator: ", "))")
            ])
        }
        return try await add(.retry, Array((step ?? "").utf8), to: row, call)
    }

    /// Stores what was asked, and answers 202: the step-worker carries it out.
    private func add(_ kind: Arrival.Kind, _ payload: [UInt8], to row: ExecutionRow, _ call: Call) async throws
        -> Response
    {
        let now = try await status.now()
        switch try await executionRegistry.add(kind, payload, to: row.id, tenant: row.tenant, now: now) {
        case .accepted:
            await hint(row.id, row.tenant)
            return try await answer(row, status: .accepted)
        case .unknown: throw Problem.notFound("the execution \(row.id)")
        case .ended(let status): throw Problem.conflict("the execution has ended: \(status.name)")
        case .full:
            throw Problem(
                status: .tooManyRequests, type: "full", title: "Too much has arrived",
                detail: "the execution has \(ExecutionLimits.arrivals) requests that are not carried out yet",
                retryAfter: .seconds(5))
        }
    }
}

extension ExecutionID {
    /// The id of what a request with an idempotency key starts: the same in every attempt.
    fileprivate static func v7(at time: Timestamp, seed: UInt64) -> ExecutionID {
        ExecutionID.v7(milliseconds: time.milliseconds, tailHigh: seed >> 52, tailLow: seed)
    }
}
