import Model
import Store
import Testing

/// What every store of executions keeps to, for step-workers and the API.
@Suite(.serialized) struct ExecutionStoreTests {
    @Test(arguments: Driver.allCases)
    func `a transition finds what was started, and what the one before has written`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        try await it.start(1)
        let new = try #require(try await it.read(1))
        #expect(new.row.status == .new && new.row.state == nil && new.row.input == [9] && new.seq == 1)
        #expect(new.wakeAt == new.row.createdAt + ExecutionLimits.startWake && new.arrivals.isEmpty)
        let wake = it.now + .seconds(77)
        try await it.write(1) { write, _ in
            write.state = [4, 5]
            write.wake = .set(wake)
            write.history = [6]
        }
        let next = try #require(try await it.read(1))
        #expect(next.row.status == .running && next.row.state == [4, 5] && next.seq == 2 && next.wakeAt == wake)
        try await it.write(1, .succeeded) { write, now in
            (write.wake, write.endedAt) = (.remove, now)
        }
        let last = try #require(try await it.read(1))
        #expect(last.wakeAt == nil && last.row.endedAt != nil && last.seq == 2, "it wrote no history")
    }

    @Test(arguments: Driver.allCases)
    func `a transition decides once on each execution, and names those that are gone`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        try await it.start(1, 2)
        let result = try await it.executions.transition([it.id(2), it.id(1), it.id(2), it.id(3)]) { locked, _ in
            locked.map { ExecutionWrite(id: $0.row.id, tenant: $0.row.tenant, status: .running, state: [1]) }
        }
        #expect(result.written == [it.id(1), it.id(2)] && result.missing == [it.id(3)])
    }

    @Test(arguments: Driver.allCases)
    func `an id starts once: again it is known, and different with another input`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        let first = try await it.registry.start([it.new(1)], tenant: "acme", now: it.now)
        let again = try await it.registry.start(
            [it.new(1), it.new(2), it.new(1, digest: [2])], tenant: "acme", now: it.now)
        let other = try await it.registry.start([it.new(2, tenant: "other")], tenant: "other", now: it.now)
        let twice = try await it.registry.start(
            [it.new(5), it.new(5), it.new(5, digest: [2])], tenant: "acme", now: it.now)
        #expect(twice == [.started, .known, .different])
        #expect(first == [.started] && again == [.known, .started, .different] && other == [.different])
    }

    @Test(arguments: Driver.allCases)
    func `a tenant sees its own executions, newest first`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        try await it.start(1, 2, 3)
        try await it.start(4, tenant: "other")
        try await it.write(2)
        func list(_ status: ExecutionStatus?, before number: UInt64?, _ limit: Int) async throws -> [ExecutionID] {
            try await it.registry.executions(
                tenant: "acme", status: status, before: number.map { it.id($0) }, limit: limit
            ).map(\.id)
        }
        #expect(try await list(nil, before: nil, 2) == [it.id(3), it.id(2)])
        #expect(try await list(nil, before: 2, 2) == [it.id(1)])
        #expect(try await list(.running, before: nil, 9) == [it.id(2)])
        #expect(try await it.registry.execution(it.id(4), tenant: "acme") == nil)
        #expect(try await it.registry.execution(it.id(4), tenant: "other")?.status == .new)
    }

    @Test(arguments: Driver.allCases)
    func `outputs are kept once an attempt, and the latest of each step is shown`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        try await it.start(1)
        try await it.write(1) { write, _ in
            write.outputs = [
                OutputRow(step: 1, attempt: 1, body: [1]), OutputRow(step: 0, attempt: 2, body: [2]),
                OutputRow(step: 0, attempt: 10, body: [3]),
            ]
        }
        try await it.write(1) { write, _ in write.outputs = [OutputRow(step: 1, attempt: 1, body: [9])] }
        let outputs = try await it.registry.outputs(of: it.id(1), tenant: "acme")
        #expect(
            outputs == [OutputRow(step: 0, attempt: 10, body: [3]), OutputRow(step: 1, attempt: 1, body: [1])])
        #expect(try await it.registry.outputs(of: it.id(1), tenant: "other").isEmpty)
    }

    // MARK: Arrivals

    @Test(arguments: Driver.allCases)
    func `arrivals wait in their order until a transition applies them`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        try await it.start(1)
        for (kind, payload) in [(Arrival.Kind.callback, [1]), (.pause, []), (.resume, [3])] as [(_, [UInt8])] {
            #expect(try await it.registry.add(kind, payload, to: it.id(1), tenant: "acme", now: it.now) == .accepted)
        }
        try await it.executions.store(answers: [(it.id(1), "acme", [4])], now: it.now)
        let found = try #require(try await it.read(1)).arrivals
        #expect(found.map(\.kind) == [.callback, .pause, .resume, .answer])
        #expect(found.map(\.payload) == [[1], [], [3], [4]])
        let applied = [found[0].id, found[2].id]
        try await it.write(1) { write, _ in write.arrivals = applied }
        #expect(try await it.read(1)?.arrivals == [found[1], found[3]])
    }

    @Test(arguments: Driver.allCases)
    func `nothing arrives at what is unknown, another's or has ended, but a retry`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        try await it.start(1)
        func add(_ kind: Arrival.Kind, _ number: UInt64, _ tenant: TenantID = "acme") async throws -> ArrivalResult {
            try await it.registry.add(kind, [], to: it.id(number), tenant: tenant, now: it.now)
        }
        #expect(try await add(.cancel, 2) == .unknown)
        #expect(try await add(.cancel, 1, "other") == .unknown)
        try await it.end(1, .failed)
        #expect(try await add(.callback, 1) == .ended(.failed))
        #expect(try await add(.retry, 1) == .accepted)
        #expect(try await it.read(1)?.arrivals.map(\.kind) == [.retry])
    }

    @Test(arguments: Driver.allCases)
    func `an execution takes so many arrivals, and a transition so many at once`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        try await it.start(1)
        let answers = (0..<ExecutionLimits.arrivals).map { _ in
            (execution: it.id(1), tenant: TenantID(checked: "acme"), payload: [1] as [UInt8])
        }
        try await it.executions.store(answers: answers, now: it.now)
        #expect(try await it.registry.add(.cancel, [], to: it.id(1), tenant: "acme", now: it.now) == .full)
        #expect(try await it.read(1)?.arrivals.count == ExecutionLimits.arrivalsAtOnce)
    }

    // MARK: Failures

    @Test(arguments: Driver.allCases)
    func `the end of an execution may start another flow's current version, unless there is none`(
        driver: Driver
    ) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        let handler = try await it.publish("cleanup", "acme")
        _ = try await it.publish("cleanup", "other")
        try await it.start(1)
        for (number, flow) in [(8, "cleanup"), (9, "none")] as [(UInt64, FlowName)] {
            try await it.write(1, .failed) { write, _ in
                write.failureStart = FailureStart(id: it.id(number), flow: flow, input: [7])
            }
        }
        let started = try #require(try await it.read(8))
        #expect(started.row.definition == handler.id && started.row.status == .new && started.row.input == [7])
        #expect(started.handlesFailure && started.wakeAt != nil && started.row.trigger == nil)
        #expect(try await it.read(1)?.handlesFailure == false)
        #expect(try await it.read(9) == nil)
    }

    // MARK: Workers

    @Test(arguments: Driver.allCases)
    func `a worker lives until its time is over or it says that it ends`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        let (first, second, dead) = (
            Identifier(high: 1, low: 1), Identifier(high: 2, low: 2), Identifier(high: 3, low: 3)
        )
        func renew(_ worker: Identifier, _ lifetime: Duration = .seconds(60)) async throws -> Set<Identifier> {
            try await it.executions.renew(worker: worker, host: "host", lifetime: lifetime)
        }
        #expect(try await renew(dead, .seconds(-1)) == [dead])
        #expect(try await renew(first) == [first])
        #expect(try await renew(second) == [first, second])
        try await it.executions.remove(worker: first)
        #expect(try await renew(second) == [second])
    }

    @Test(arguments: Driver.allCases)
    func `an execution that fails alone five times in a row is quarantined`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        try await it.start(1)
        func fail(_ times: Int) async throws {
            for _ in 0..<times {
                try await it.executions.countFailure(of: it.id(1), reason: "too large", now: it.now) { row in
                    Array("\(row.status.name): \(row.quarantineReason ?? "")".utf8)
                }
            }
        }
        try await fail(4)
        #expect(try await it.read(1)?.row.status == .new)
        try await it.write(1)
        try await fail(4)
        #expect(try await it.read(1)?.row.status == .running, "a transition in between counts from the beginning")
        try await fail(1)
        let row = try #require(try await it.read(1)).row
        #expect(row.status == .quarantined && row.quarantineReason == "too large")
        try await fail(1)
        let rows = try await it.outboxRows()
        #expect(rows.map { String(decoding: $0.body, as: UTF8.self) } == ["quarantined: too large"])
        #expect(rows.first?.seq == 1 && rows.first?.tenant == "acme")
        #expect(try await it.read(1)?.seq == 2, "the next event has the next number")
        try await it.write(1)
        #expect(try await it.read(1)?.row.quarantineReason == nil)
    }

    // MARK: Definitions and bindings

    @Test(arguments: Driver.allCases)
    func `definitions are found by their ids`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        let row = try await it.publish("churn", "acme")
        let found = try await it.executions.definitions([row.id, FlowStoresUnderTest.definition])
        #expect(found.map(\.id) == [row.id] && found[0].name == "churn" && found[0].version == 1)
    }

    @Test(arguments: Driver.allCases)
    func `a tenant's own binding comes before everybody's, and earlier ones stay`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        let old = try await it.bind("model.train", "acme", "1")
        let mine = try await it.bind("model.train", "acme", "2")
        let everybodys = try await it.bind("model.train", nil, "3")
        let register = try await it.bind("model.register", nil, "4")
        func ids(_ tenant: TenantID) async throws -> Set<Int> {
            Set(try await it.executions.bindings(of: tenant).map(\.id))
        }
        #expect(try await ids("acme") == [mine.id, register.id])
        #expect(try await ids("other") == [everybodys.id, register.id])
        let found = try await it.executions.bindings([old.id, mine.id, 1_000])
        #expect(Dictionary(uniqueKeysWithValues: found.map { ($0.id, $0.body) }) == [old.id: "1", mine.id: "2"])
    }

    // MARK: Erasure

    @Test(arguments: Driver.allCases)
    func `a tenant's executions are erased page by page with all that belongs to them`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        let row = try await it.publish("churn", "acme")
        try await it.start(1, 2, 3)
        try await it.start(4, tenant: "other")
        _ = try await it.registry.add(.cancel, [], to: it.id(1), tenant: "acme", now: it.now)
        try await it.write(1) { write, _ in
            write.outputs = [OutputRow(step: 0, attempt: 1, body: [1])]
            write.history = [1]
        }
        #expect(try await it.registry.eraseExecutions(of: "acme", limit: 2) == 2)
        #expect(try await it.registry.eraseExecutions(of: "acme", limit: 2) == 1)
        try await it.registry.eraseFlows(of: "acme")
        #expect(try await it.read(1) == nil)
        #expect(try await it.read(4) != nil)
        #expect(try await it.executions.definitions([row.id]).isEmpty)
        let bounds = try await it.outbox.bounds()
        let page = try await it.outbox.page(from: 0, upTo: bounds.end, turn: bounds.turn, after: nil, limit: 10)
        #expect(page.rows.isEmpty)
        try await it.start(1)
        #expect(try await it.registry.outputs(of: it.id(1), tenant: "acme").isEmpty)
        #expect(try await it.read(1)?.arrivals.isEmpty == true)
    }
}
