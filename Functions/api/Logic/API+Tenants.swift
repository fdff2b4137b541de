import FunctionRuntime
import HTTPTypes
import Hummingbird
import Logging
import Model
import Queue
import Store
import Telemetry

/// What the platform grants a tenant, and the erasure of a tenant.
extension API {
    var tenantRoutes: [Route] {
        [
            Route(
                method: .get, path: "/v1/tenants/{tenant}", summary: "Show a tenant's settings", role: .viewer,
                answer: "Tenant", handle: getTenant),
            Route(
                method: .put, path: "/v1/tenants/{tenant}", summary: "Set a tenant's weight, rates, limits and pause",
                role: .admin, body: .json("TenantSettings"), statuses: [200, 201], answer: "Tenant", isVersioned: true,
                handle: putTenant),
            Route(
                method: .delete, path: "/v1/tenants/{tenant}",
                summary: "Erase a tenant: schedules, messages, triggers, secrets, settings and keys", role: .admin,
                statuses: [200], answer: "Erased", handle: deleteTenant),
        ]
    }

    /// The tenant in the path: the caller's own, or any for a platform key. Others are reported as not found.
    private func tenant(_ call: Call) throws -> TenantID {
        let text = try call.path("tenant")
        guard let tenant = TenantID(text) else {
            throw Problem.parameter("tenant", "a tenant's name is \(NameRule.tenant.requirement)")
        }
        guard tenant == call.caller.tenant || call.caller.isPlatform else {
            throw Problem.notFound("the tenant \(tenant)")
        }
        return tenant
    }

    private func actor(_ call: Call, _ tenant: TenantID) throws -> AuditActor {
        guard call.caller.isPlatform else { throw Problem.forbidden("only a platform admin may change tenants") }
        return AuditActor(tenant: tenant, subject: call.caller.subject)
    }

    private func getTenant(_ call: Call) async throws -> Response {
        let tenant = try tenant(call)
        if try await tenantRegistry.isErased(tenant) {
            throw Problem.notFound("the tenant \(tenant)", hint: ": it was erased")
        }
        guard let row = try await tenantRegistry.tenant(tenant) else {
            return Response.json(.object([.init("tenant", .string("\(tenant)"))] + TenantSettings().jsonMembers))
        }
        return response(row)
    }

    private func response(_ row: TenantRow, status: HTTPResponse.Status = .ok) -> Response {
        var members = [JSON.Member("tenant", .string("\(row.tenant)"))] + row.settings.jsonMembers
        members.append(.init("revision", .integer(row.revision)))
        members.append(.init("updatedAt", .time(row.updatedAt)))
        if let problem = row.problem {
            runtime.metrics.count(.apiUnreadable)
            let text = "the stored settings cannot be read (\(problem)): the tenant's calls wait; PUT them again"
            members.append(.init("error", .string(text)))
        }
        var response = Response.json(.object(members), status: status)
        response.headers[.eTag] = "\"\(row.revision)\""
        return response
    }

    /// Pausing stops new occurrences and cancels queued triggers; resuming lets each schedule handle what it missed by
    /// its own policy. If either is interrupted, repeating the call completes it.
    private func putTenant(_ call: Call) async throws -> Response {
        let tenant = try tenant(call)
        let actor = try actor(call, tenant)
        let document = try await call.json()
        let settings = try TenantSettings(json: document, ignoring: ReadOnlyFields.tenant)
        let shown = document["revision"] == nil ? nil : try await tenantRegistry.tenant(tenant)
        let mistakes = ReadOnlyFields.mistakes(in: document, tenant: tenant, revision: shown?.revision)
        if !mistakes.isEmpty { throw Problem.invalid(mistakes) }
        if let secret = try await missingSecret(of: settings.onFailure, tenant: tenant) {
            throw Problem.invalid([FieldError(pointer: "/onFailure/http", detail: secret)])
        }
        let now = try await status.now()
        let change = try await tenantRegistry.put(
            settings, expecting: try call.expectedRevision(), by: actor, now: now)
        await publish(change)
        if settings.isPaused {
            _ = try await pauseSchedules(prefix: "", reason: TenantSettings.pauseReason, by: actor, now: now)
        } else {
            _ = try await resumeSchedules(
                prefix: "", pausedFor: TenantSettings.pauseReason, missed: nil, by: actor, now: now)
        }
        return response(change.row, status: change.isCreated ? .created : .ok)
    }

    /// Erases in an order that a failure may interrupt: first nothing new begins, then what exists is removed, and the
    /// settings last. Repeating the call completes it. If the queue cannot be reached the call fails: a trigger's
    /// record must stay until the queue has given it up.
    private func deleteTenant(_ call: Call) async throws -> Response {
        let tenant = try tenant(call)
        let actor = try actor(call, tenant)
        let now = try await status.now()
        await publish(try await tenantErasure.eraseSettings(isPaused: true, by: actor, now: now))
        keyCache.forget()
        var schedules = 0
        while true {
            let page = try await tenantErasure.eraseSchedules(limit: API.page, by: actor, now: now)
            schedules += page.names.count
            if page.names.count < API.page { break }
        }
        var triggers = 0
        for day in try await tenantErasure.triggerDays() { triggers += try await eraseTriggers(of: tenant, on: day) }
        let executions = try await eraseFlows(of: tenant)
        await publish(try await tenantErasure.eraseSettings(isPaused: false, by: actor, now: now))
        return Response.json([
            "schedules": .integer(schedules), "triggers": .integer(triggers), "executions": .integer(executions),
        ])
    }

    /// How long the flow-historian may take to write what it has read.
    private static let historyPause = Duration.seconds(1)

    /// The history last: what an execution did in its last moment may still be on its way there. Returns how many
    /// executions there were.
    private func eraseFlows(of tenant: TenantID) async throws -> Int {
        var count = try await eraseExecutions(of: tenant)
        try await executionRegistry.eraseFlows(of: tenant)
        // A failure may have started another flow meanwhile; without flows none can any more.
        count += try await eraseExecutions(of: tenant)
        if try await history.erase(tenant, limit: API.page) > 0 {
            try await Task.sleep(for: API.historyPause)
            while try await history.erase(tenant, limit: API.page) > 0 {}
        }
        return count
    }

    private func eraseExecutions(of tenant: TenantID) async throws -> Int {
        var count = 0
        while true {
            let page = try await executionRegistry.eraseExecutions(of: tenant, limit: API.page)
            count += page
            if page == 0 { return count }
        }
    }

    private func eraseTriggers(of tenant: TenantID, on day: Timestamp) async throws -> Int {
        var (count, last) = (0, TriggerID.lowest)
        while true {
            let page = try await tenantErasure.triggers(of: tenant, on: day, after: last, limit: API.erasedAtOnce)
            // Dead letters too: nobody could redrive or remove them any more.
            _ = try await queue.cancel(page.filter(\.mayBeQueued).map { MessageID($0.id) })
            count += try await tenantErasure.eraseTriggers(page.map(\.id), of: tenant, on: day)
            guard page.count == API.erasedAtOnce, let end = page.last else { return count }
            last = end.id
        }
    }
    private static let erasedAtOnce = 5_000

    /// Tells the workers of a change; the monitor publishes within seconds what fails here.
    func publish(_ change: TenantChange) async {
        do {
            try await directory.publish([change.entry], completeTo: nil)
            // Wake what is held because of the old record. A worker that has not seen the change yet holds it again,
            // and wakes it once it has.
            if let queue = queue as? any HoldingQueue { try await queue.wake(.tenant(change.row.tenant)) }
        } catch {
            runtime.logger.warning("a change of the tenant \(change.row.tenant) is left to the monitor: \(error)")
        }
    }

    /// Throws a conflict if the tenant is paused: nothing may be started for it.
    func refuseIfPaused(_ tenant: TenantID) async throws {
        guard let row = try await tenantRegistry.tenant(tenant) else { return }
        if row.problem != nil {
            throw Problem.conflict(
                "the settings of the tenant \(tenant) cannot be read: a platform admin PUTs them again")
        }
        if row.settings.isPaused {
            throw Problem.conflict("\(TenantSettings.pauseReason): a platform admin resumes it")
        }
    }
}
