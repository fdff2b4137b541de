import Foundation
import Model
import Store
import Testing

/// What every store keeps to, for the duties that clean up, correct caches and watch.
@Suite(.serialized) struct HousekeepingStoreTests {
    @Test(arguments: Driver.allCases)
    func `messages are over whose trigger is final, gone or redriven since`(driver: Driver) async throws {
        let it = try await driver.make()
        let (open, done, again) = (
            try await it.queue("a"), try await it.queue("b"), try await it.queue("c")
        )
        _ = try await it.record(done, .delivered)
        _ = try await it.record(again, .dead)
        _ = try await it.registry.redrive([again], deadline: it.start, now: it.start)
        let gone = TriggerKey(
            schedule: ScheduleID(high: 1, low: 2), kind: .scheduled, revision: 1, occurrence: it.start
        ).id()
        let messages = [open, done, again, gone].map { (id: $0, redrive: 0) }
        #expect(try await Set(it.monitor.finished(messages)) == [done, again, gone])
        #expect(try await it.monitor.finished([(id: again, redrive: 1)]).isEmpty)
    }

    @Test(arguments: Driver.allCases)
    func `a floor is lowered to triggers that are planned, and never raised`(driver: Driver) async throws {
        let it = try await driver.make()
        let row = try await it.register("nightly").row
        let id = TriggerKey(schedule: row.id, kind: .scheduled, revision: 1, occurrence: it.start).id()
        _ = try await it.claim(state: .planned)
        #expect(try await it.shard().plannedLow == it.start)
        _ = try await it.loader.claimPlanned(
            shard: 0, pass: 2, from: .epoch, before: it.start + .seconds(1), limit: 9, except: [])
        try await it.loader.raiseFloors(shard: 0, ceiling: it.start + .seconds(60), now: it.start)
        try await it.monitor.lowerPlannedFloors([id])
        #expect(try await it.shard().plannedLow > it.start, "it is queued")
        try await it.register("other")
        _ = try await it.claim(pass: 3, state: .planned)
        let later = TriggerKey(
            schedule: row.id, kind: .scheduled, revision: 1, occurrence: it.start + .seconds(60)
        ).id()
        _ = try await it.claim(pass: 4, state: .planned, through: .seconds(60))
        try await it.monitor.lowerPlannedFloors([later])
        #expect(try await it.shard().plannedLow == it.start, "another is planned earlier")
    }

    @Test(arguments: Driver.allCases)
    func `cleaning leaves what is still needed`(driver: Driver) async throws {
        let it = try await driver.make()
        let id = try await it.queue("nightly")
        _ = try await it.record(id, .dead)
        try await it.register("nightly", action: [8])
        let later = it.start + .seconds(86_400)
        try await it.monitor.dropActions(now: later)
        try await it.monitor.dropOneOffs(before: later)
        try await it.monitor.dropRequests(before: later)
        try await it.monitor.dropLoad(before: later)
        #expect(try await it.schedule("nightly")?.action == [8])
        let again = try await it.registry.redrive([id], deadline: later, now: it.start)
        #expect(again.map(\.message.action) == [[7]], "a dead trigger keeps the action of its revision")
    }

    @Test(arguments: Driver.allCases)
    func `without tenants there is nothing to publish`(driver: Driver) async throws {
        let it = try await driver.make()
        #expect(try await it.monitor.directoryVersion() == 0)
        #expect(try await it.monitor.directoryEntries(after: 0, limit: 9).isEmpty)
        try await it.monitor.dropTenants(before: it.start, publishedTo: 9)
        #expect(try await it.monitor.weights().isEmpty)
        #expect(try await it.loader.weights().isEmpty)
    }

    @Test(arguments: Driver.allCases)
    func `a monitor that has done its duties gives no cause for complaint`(driver: Driver) async throws {
        let it = try await driver.make()
        try await it.monitor.completeDuties(MonitorDuty.allCases.map(\.rawValue), now: it.start)
        let age = try await it.loader.monitorAge(now: it.start)
        #expect(age.complaint(now: it.start) == nil)
        let last = it.start + .seconds(86_400 * 3)
        #expect(try await !it.loader.monitorAge(now: last).hasTomorrow, "that day has no partition yet")
        _ = try await it.loader.addDay(last + .seconds(86_400))
        #expect(try await it.loader.monitorAge(now: last).hasTomorrow)
    }

    @Test(arguments: Driver.allCases)
    func `shards are computed anew for a version of tzdata once`(driver: Driver) async throws {
        let it = try await driver.make()
        try await it.register("nightly", at: it.start + .seconds(60))
        for shard in try await it.loader.staleZones(of: [0, 1], version: "2026a") {
            let end = try await it.loader.recompute(
                shard: shard, after: .lowest, dueAfter: it.start, limit: 10, next: { $1 })
            #expect(end == nil, "one page")
            try await it.loader.noteZones(shard: shard, version: "2026a")
        }
        #expect(try await it.loader.staleZones(of: [0, 1], version: "2026a").isEmpty)
        #expect(try await it.schedule("nightly")?.nextAt == it.start + .seconds(60))
    }

    @Test(arguments: Driver.allCases)
    func `where no failure call is owed, none is created`(driver: Driver) async throws {
        let it = try await driver.make()
        try await it.register("nightly")
        _ = try await it.claim(state: .expired)
        let created = try await it.loader.createFailureCalls(shard: 0, limit: 9, except: [])
        #expect(created.calls.isEmpty && !created.isMore && !created.owesMore)
    }
}

/// The suites cover every verb that two drivers implement, so that the one in memory cannot drift from Postgres.
@Suite struct StoreVerbTests {
    @Test func `each verb of both drivers is called by these suites`() throws {
        let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        func text(_ folder: String, _ isIncluded: (String) -> Bool = { _ in true }) throws -> String {
            let folder = project.appending(path: folder)
            let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            return try files.filter { $0.pathExtension == "swift" && isIncluded($0.lastPathComponent) }
                .map { try String(contentsOf: $0, encoding: .utf8) }.joined()
        }
        func verbs(_ text: String) -> Set<String> {
            Set(text.matches(of: /\n    (?:package )?func (\w+)[(<]/).map { String($0.1) })
        }
        // What the store in memory adds for tests alone is not among these files.
        let drivers = ["Loader", "Monitor", "Outcomes"].map { "InMemoryStore+\($0).swift" }
        let both = verbs(try text("Core/Store")).intersection(verbs(try text("Core/Memory", drivers.contains)))
        #expect(both.count > 40, "the sources are read")
        let tests = try text("Tests/StoreTests")
        let uncalled = both.filter { !tests.contains(".\($0)(") }
        #expect(uncalled.isEmpty, "no suite calls \(uncalled.sorted().joined(separator: ", "))")
    }
}
