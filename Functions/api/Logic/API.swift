import Crypto
package import FunctionRuntime
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Model
package import Queue
package import Scheduling
package import Secrets
import Serving
package import Store
import Synchronization
import Telemetry

/// The HTTP API: registers schedules, shows triggers and queues, and manages tenants, secrets and keys.
///
/// Transactions run under a role that row-level security confines to the caller's tenant. What a change requires of the
/// queue happens after its commit; if that fails, the monitor repeats it.
package struct API: Sendable {
    let runtime: FunctionRuntime
    let status: any StoreStatus
    let scheduleRegistry: any ScheduleRegistry
    let bulkRegistry: any BulkRegistry
    let triggerRegistry: any TriggerRegistry
    let deadTriggerRegistry: any DeadTriggerRegistry
    let tenantRegistry: any TenantRegistry
    let tenantErasure: any TenantErasure
    let secretRegistry: any SecretRegistry
    let keyRegistry: any KeyRegistry
    let auditLog: any AuditLog
    let ledger: any RequestLedger
    let flowRegistry: any FlowRegistry
    let executionRegistry: any ExecutionRegistry
    let history: any HistoryRegistry
    let triggerStarts: any TriggerStarts
    /// By which functions call; nil: none can.
    let serviceKey: String?
    let queue: any MessageQueue
    let outcomes: any MessageQueue
    let hints: HintSender
    let starter: ExecutionStarter
    let watch: any MonitorWatch
    /// Where workers read about tenants.
    let directory: any TenantDirectory
    /// Nil: secrets cannot be stored.
    let keys: SecretKeys?
    let zones: ZoneCatalog
    private let configuration: Configuration
    let keyCache = KeyCache()
    let answerBudgets: AnswerBudgets
    private let rates: RateKeeper
    private let slots: RequestSlots
    private let largeBodies = LargeBodies()
    let queueRoom: QueueRoom
    private let shardCount: ShardCount
    private let reported = ReadinessLog()
    /// The number of schedule shards, at most ten seconds old. New schedules are spread over them; an existing one may
    /// be in any.
    var shards: Int { shardCount.value.load(ordering: .relaxed) }

    /// Limits that keep one caller from starving others.
    package struct Configuration: Sendable {
        /// Requests a second of one key; after a pause a burst of twice as many.
        package var keyRate: Double = 500
        /// The same, for all keys of a tenant together.
        package var tenantRate: Double = 1_000
        /// How long the head of a request may take to arrive.
        package var headTimeout: Duration = .seconds(10)
        /// How long its body may take.
        package var bodyTimeout: Duration = .seconds(60)
        /// How long a connection may wait for the next request.
        package var idleTimeout: Duration = .seconds(60)
        /// Requests carried out at once: as many as there are connections to Postgres, so that a request with a slot
        /// never waits for one.
        package var slots = 8
        /// How many of these may read at once. A tenant reads with at most half of them, but with at least one: a list
        /// that has begun occupies its processor, and other tenants' writes need one too.
        package var readers = 3
        /// How much of the queue single triggers may use; the loader's limits.
        package var queueShares = QueueShares(messages: 500_000, memory: 0.7)

        /// The defaults given at each property.
        package init() {}
    }

    /// An API over a store and the queues.
    ///
    /// - Parameters:
    ///   - keys: what seals secrets; nil: they cannot be stored.
    ///   - shards: the number of schedule shards at the start; it is read again every ten seconds.
    package init(
        _ runtime: FunctionRuntime, store: any APIStore,
        queue: any MessageQueue, outcomes: any MessageQueue, hints: any MessageQueue,
        history: any HistoryRegistry, directory: any TenantDirectory,
        keys: SecretKeys?,
        zones: ZoneCatalog, shards: Int, serviceKey: String? = nil, configuration: Configuration = Configuration()
    ) {
        self.serviceKey = serviceKey
        triggerStarts = store
        self.configuration = configuration
        slots = RequestSlots(configuration.slots, readers: configuration.readers)
        queueRoom = QueueRoom(configuration.queueShares)
        answerBudgets = AnswerBudgets()
        rates = RateKeeper(
            RequestRateLimiter.Configuration(perKey: configuration.keyRate, perTenant: configuration.tenantRate))
        watch = store
        self.directory = directory
        self.keys = keys
        self.runtime = runtime
        status = store
        scheduleRegistry = store
        bulkRegistry = store
        triggerRegistry = store
        deadTriggerRegistry = store
        tenantRegistry = store
        tenantErasure = store
        secretRegistry = store
        keyRegistry = store
        auditLog = store
        ledger = store
        flowRegistry = store
        executionRegistry = store
        let sender = HintSender(hints, logger: runtime.logger)
        self.hints = sender
        starter = ExecutionStarter(store) { await sender.send($0, $1) }
        self.history = history
        self.queue = queue
        self.outcomes = outcomes
        self.zones = zones
        shardCount = ShardCount(shards)
    }

    var routes: [Route] {
        scheduleRoutes + bulkRoutes + triggerRoutes + queueRoutes + keyRoutes + tenantRoutes + secretRoutes
            + flowRoutes + bindingRoutes + executionRoutes + callbackRoutes
    }

    /// Serves until the process is asked to stop; requests in progress are answered first.
    ///
    /// Throws `CannotListen` if the address or port is unavailable; the log says why.
    package func run(host: String, port: Int) async throws {
        let router = Router(context: APIContext.self)
        router.add(middleware: ProblemMiddleware(runtime: runtime, routes: routes))
        router.get("/healthz") { _, _ in Response.json(["status": "ok"]) }
        router.get("/readyz") { request, _ in await readiness(request) }
        router.get("/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4"],
                body: .init(byteBuffer: ByteBuffer(string: runtime.metrics.text)))
        }
        router.post("/engine/starts") { request, _ in try await startByTriggers(request) }
        router.post("/engine/held") { request, _ in try await judgeHeld(request) }
        let document = OpenAPI.document(routes)
        router.get("/openapi.json") { _, _ in Response.json(document) }
        for route in routes {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                let caller =
                    route.isSigned
                    ? try callbackCaller(context.parameters.get("token") ?? "") : try await authenticate(request)
                if let wait = rates.take(key: caller.key, tenant: caller.tenant) {
                    runtime.metrics.count(.apiRefused, labels: "reason=\"rate\"")
                    throw Problem.tooMany(wait)
                }
                guard caller.role >= route.role else {
                    throw Problem.forbidden(
                        "it has the role \(caller.role.rawValue); this needs \(route.role.rawValue)")
                }
                let call = try Call(request: request, context: context, caller: caller)
                return try await collectAndServe(route, call)
            }
        }
        let logger = runtime.logger
        let patience = PatienceHandler.Configuration(
            head: configuration.headTimeout, body: configuration.bodyTimeout, idle: configuration.idleTimeout)
        let metrics = runtime.metrics
        let closed: @Sendable (String) -> Void = { part in
            metrics.count(.apiClosed, labels: "part=\"\(part)\"")
        }
        let isListening = Listening()
        let app = Application(
            router: router,
            server: .http1(
                configuration: .init(additionalChannelHandlers: [PatienceHandler(patience, closed: closed)])),
            configuration: .init(
                address: .hostname(host, port: port), serverName: "Headgate", backlog: ServerLimits.backlog,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    OpenFiles.connections(ServerLimits.connections))),
            onServerRunning: { channel in
                isListening.value.store(true, ordering: .relaxed)
                logger.info("listening", metadata: ["port": "\(channel.localAddress?.port ?? port)"])
            }, logger: Logger(label: "http") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await countShards() }
            do {
                try await app.runService()
            } catch  where !isListening.value.load(ordering: .relaxed) {
                logger.critical("cannot listen on \(host):\(port), which --host and --port name: \(error)")
                throw CannotListen()
            }
            group.cancelAll()
        }
    }

    /// Reads the body before taking a slot, so that a slow body holds up nobody. What is larger than a megabyte takes a
    /// turn once it has sent that much.
    private func collectAndServe(_ route: Route, _ call: Call) async throws -> Response {
        var (call, isLarge) = (call, false)
        defer { if isLarge { largeBodies.release(call.caller.tenant) } }
        if route.method != .get {
            call.collected = try await call.bytes(limit: route.bodyLimit) {
                guard largeBodies.acquire(call.caller.tenant) else {
                    runtime.metrics.count(.apiRefused, labels: "reason=\"large\"")
                    throw Problem.tooManyLarge
                }
                isLarge = true
            }
        }
        let whole = call
        return try await slots.with(for: call.caller.tenant, isReading: route.method == .get) { slot in
            var own = whole
            own.slot = slot
            return try await serve(route, own)
        }
    }

    private func countShards() async {
        while !Task.isCancelled {
            // Cancelled: the server has stopped.
            do { try await Task.sleep(for: .seconds(10)) } catch { return }
            // A database that cannot be reached changes nothing here; the calls that need it report it.
            if let count = try? await status.shardCount() { shardCount.value.store(count, ordering: .relaxed) }
            if let now = try? await status.now(), let age = try? await watch.monitorAge(now: now) {
                runtime.reportMonitor(age, now: now)
            }
        }
    }

    private func authenticate(_ request: Request) async throws -> Caller {
        guard let header = try Call.header(.authorization, of: request), header.lowercased().hasPrefix("bearer ") else {
            throw Problem.unauthorized
        }
        let key = header.dropFirst(7)
        guard key.hasPrefix(APIKey.prefix), key.utf8.count <= 100 else { throw Problem.unauthorized }
        let hash = Array(SHA256.hash(data: Array(key.utf8)))
        guard let row = try await keyCache.key(hash, load: { try await keyRegistry.authenticate(hash: $0) }) else {
            throw Problem.unauthorized
        }
        return try Caller(row, namedTenant: try Call.header(.headgateTenant, of: request))
    }

    /// 200, or 503 with the names of the checks that failed. Details, which may name hosts and users, go to the log,
    /// and to callers with a platform admin's key.
    private func readiness(_ request: Request) async -> Response {
        var complaints: [(check: String, complaint: String?)] = []
        func check(_ name: String, _ body: () async throws -> String?) async {
            do {
                complaints.append((name, try await body()))
            } catch {
                complaints.append((name, "\(error)"))
            }
        }
        await check("postgres") {
            _ = try await status.now(); return nil
        }
        await check("migrations") {
            try await status.schemaComplaint()
        }
        await check("redis") {
            _ = try await queue.ticket(); return nil
        }
        // The API can serve without a monitor: that check is shown, but does not take the server out of service.
        let withoutMonitor = complaints.allSatisfy { $0.complaint == nil }
        await check("monitor") {
            let now = try await status.now()
            return try await watch.monitorAge(now: now).complaint(now: now)
        }
        for (name, complaint) in complaints { reported.report(complaint, of: name, to: runtime.logger) }
        // If the key cannot be looked up, as while the database is down, no details are shown.
        var isAdmin = false
        if request.headers[.authorization] != nil { isAdmin = (try? await authenticate(request).seesDetails) == true }
        let checks = complaints.map { name, complaint in
            JSON.Member(name, .string(complaint.map { isAdmin ? $0 : "failed" } ?? "ok"))
        }
        let isReady = withoutMonitor
        return Response.json(
            ["ready": .bool(isReady), "checks": .object(checks)], status: isReady ? .ok : .serviceUnavailable)
    }

    /// Cancels triggers in the queue after the commit that requested it, and settles those that the queue gave back.
    /// The monitor repeats what fails.
    func cancelInQueue(_ ids: [TriggerID], tenant: TenantID, reason: CancelReason) async {
        if ids.isEmpty { return }
        do {
            let results = try await queue.cancel(ids.map { MessageID($0) })
            let gone = zip(ids, results).filter { $0.1.isGone }
                .map { CancelledTrigger($0.0, mayBeCalled: $0.1.mayBeCalled) }
            try await triggerRegistry.settleCancelled(gone, tenant: tenant, reason: reason)
        } catch {
            runtime.logger.warning("\(ids.count) cancels are left to the monitor: \(error)")
        }
    }
}

/// The last result of each readiness check, so that only changes are logged.
private final class ReadinessLog: Sendable {
    /// For how long the monitor may be missing before it is logged: at a start the API is often the first to be ready.
    private static let patience = Duration.seconds(15)

    private struct State {
        var last: [String: String] = [:]
        /// When the monitor was first missed; nil: it is there.
        var missedSince: ContinuousClock.Instant?
    }
    private let state = Mutex(State())

    func report(_ complaint: String?, of check: String, to logger: Logger) {
        let isNew = state.withLock { state in
            if check == "monitor", complaint != nil {
                let since = state.missedSince ?? .now
                state.missedSince = since
                if .now - since < ReadinessLog.patience { return false }
            } else if check == "monitor" {
                state.missedSince = nil
            }
            defer { state.last[check] = complaint }
            return state.last[check] != complaint
        }
        guard isNew else { return }
        if let complaint {
            logger.error("not ready: \(check): \(complaint)")
        } else {
            logger.info("\(check) is ready again")
        }
    }
}

/// The request rates of this process.
private final class RateKeeper: Sendable {
    private let rates: Mutex<RequestRateLimiter>

    init(_ configuration: RequestRateLimiter.Configuration) { rates = Mutex(RequestRateLimiter(configuration)) }

    func take(key: KeyID, tenant: TenantID) -> Duration? {
        rates.withLock { $0.take(key: key, tenant: tenant, now: .now) }
    }
}

/// The API's address or port is unavailable, because it is in use, say; already logged.
package struct CannotListen: Error {}

private final class Listening: Sendable {
    let value = Atomic(false)
}

private final class ShardCount: Sendable {
    let value: Atomic<Int>

    init(_ value: Int) { self.value = Atomic(value) }
}

/// Turns every error into problem details (RFC 9457), and counts and times requests.
struct ProblemMiddleware: RouterMiddleware {
    let runtime: FunctionRuntime
    let routes: [Route]

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = await answer(request, context, next)
        let seconds = (ContinuousClock.now - start).inSeconds
        runtime.metrics.observe(.apiRequestSeconds, [seconds])
        runtime.metrics.count(.apiRequests, labels: "status=\"\(response.status.code)\"")
        return response
    }

    /// 405 for a path that has other methods, otherwise 404.
    private func missing(_ request: Request) -> Response {
        let matching = routes.filter { $0.matches(request.uri.path) }
        let most = matching.map(\.literals).max()
        var methods = matching.filter { $0.literals == most }.map(\.method.rawValue)
        if OpenAPI.open.contains(where: { $0.path == request.uri.path }) { methods = ["GET"] }
        guard !methods.isEmpty else {
            let hint = request.uri.path.hasPrefix("/v1/schedules/") ? "; a schedule's name has no slash" : ""
            return Problem.notFound("the path \(request.uri.path)", hint: hint).response
        }
        var response = Problem(
            status: .methodNotAllowed, type: "method", title: "The path has other methods",
            detail: "\(request.uri.path) takes \(methods.joined(separator: ", ")), not \(request.method)"
        ).response
        response.headers[.allow] = methods.joined(separator: ", ")
        return response
    }

    private func answer(
        _ request: Request, _ context: APIContext, _ next: (Request, APIContext) async throws -> Response
    ) async -> Response {
        do {
            return try await next(request, context)
        } catch let problem as Problem {
            return problem.response
        } catch let errors as FieldErrors {
            return Problem.invalid(errors.errors).response
        } catch let mismatch as RevisionMismatch {
            return Problem(
                status: .preconditionFailed, type: "changed", title: "It has changed",
                detail: mismatch.entityTag.map { "its ETag is now \"\($0)\"" } ?? "it does not exist"
            ).response
        } catch let limit as TenantLimit {
            return Problem(
                status: .forbidden, type: "limit", title: "The tenant may not have more",
                detail: "the tenant \(limit.tenant) may have \(limit.limit) \(limit.things)"
            ).response
        } catch let error as HTTPError where error.status == .notFound {
            return missing(request)
        } catch let error as HTTPError {
            return Problem(
                status: error.status, type: "http", title: error.status.reasonPhrase, detail: error.body ?? ""
            ).response
        } catch let error as any StoreError where error.isCancelled {
            // Handled before retryable errors, which it is one of.
            runtime.metrics.count(.apiRefused, labels: "reason=\"time\"")
            runtime.logger.warning("\(request.method) \(request.uri.path): \(error)")
            return Problem.unavailable("the answer takes too long to find: ask for a shorter time, or less at once")
                .response
        } catch let error as any StoreError where error.isRetryable {
            runtime.logger.warning("\(error)")
            return Problem.unavailable("the database cannot be reached").response
        } catch let error as any StoreError where error.isTextError {
            // Texts are checked on input; one that slips through is still the caller's mistake.
            runtime.logger.error("\(request.method) \(request.uri.path): \(error)")
            return Problem.invalid([
                FieldError(pointer: "", detail: "a text of the request has a character that cannot be stored")
            ]).response
        } catch let error as QueueError where error.isRetryable {
            runtime.logger.warning("\(error)")
            return Problem.unavailable("the queue cannot be reached").response
        } catch {
            runtime.logger.error("\(request.method) \(request.uri.path): \(error)")
            return Problem(
                status: .internalServerError, type: "internal", title: "A fault of Headgate",
                detail: "it has been logged"
            ).response
        }
    }
}
