package import Model
package import SQS

/// The SQS API over a store: what a client of Amazon SQS talks to. It knows no HTTP server: a request's parts go in, an
/// answer's come out.
package struct SQSEndpoint: Sendable {
    /// Settings of the endpoint.
    package struct Configuration: Sendable {
        /// Of requests that name no other.
        package var realm = SQSRealm(account: "000000000000", region: "us-east-1")
        /// Keys by which signatures are checked; empty: they are not.
        package var keys: [SignatureV4.Key] = []

        /// The defaults given at each property.
        package init() {}
    }

    let store: any SQSStore
    let catalog: QueueCatalog
    let polls: PollHub
    private let runner: MoveTaskRunner
    private let configuration: Configuration
    private let signature: SignatureV4?
    /// The host's clock, for signatures.
    private let clock: @Sendable () -> Timestamp
    /// Told of each failure of the store.
    private let report: @Sendable (String) -> Void

    /// An endpoint that keeps queues in `store`.
    package init(
        store: any SQSStore, configuration: Configuration = Configuration(),
        clock: @escaping @Sendable () -> Timestamp, report: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.report = report
        self.store = store
        self.configuration = configuration
        self.clock = clock
        catalog = QueueCatalog(store)
        polls = PollHub(store, catalog, report: report)
        runner = MoveTaskRunner(store, report: report)
        signature = configuration.keys.isEmpty ? nil : SignatureV4(keys: configuration.keys)
    }

    /// Serves long polls and move tasks until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await polls.run() }
            group.addTask { await runner.run() }
        }
    }

    /// Ends long polls at once, because the process is asked to stop.
    package func endPolls() async { await polls.close() }

    /// How many long polls wait.
    package var waitingPolls: Int { get async { await polls.count } }

    /// Whether the store answers.
    package var isReady: Bool {
        get async {
            do {
                _ = try await store.now()
                return true
            } catch {
                report("not ready: \(error)")
                return false
            }
        }
    }

    /// The answer to a request with a longer body than is read.
    func tooLarge(_ request: WireRequest, most: Int) -> WireResponse {
        var random = SystemRandomNumberGenerator()
        let error = SQSError(
            "RequestEntityTooLarge", "A request has at most \(most) bytes.", status: 413)
        return WireResponse(
            error, isJSON: request.isJSON, requestID: "\(Identifier(high: random.next(), low: random.next()))")
    }

    /// Whether a request may be a long poll, by its looks.
    func mayWait(_ request: WireRequest) -> Bool {
        if let target = request.header("x-amz-target") { return target.hasSuffix(".ReceiveMessage") }
        return request.query.utf8.contains(UInt8(ascii: "=")) || request.method == "POST"
    }

    /// One request and who sent it.
    struct Context: Sendable {
        var realm: SQSRealm
        /// As queues' URLs begin.
        var base: String
        /// The system attribute `SenderId`.
        var senderID: String
        var traceHeader: String?
    }

    /// Carries out a request; never throws but on cancellation, where nobody is left to be answered.
    package func respond(to request: WireRequest) async throws(CancellationError) -> WireResponse {
        var random = SystemRandomNumberGenerator()
        let requestID = "\(Identifier(high: random.next(), low: random.next()))"
        do {
            let context = try context(of: request)
            let call = try SQSCall(request)
            let result = try await run(call, context)
            return WireResponse(result, of: call.action, isJSON: call.isJSON, requestID: requestID)
        } catch let error as SQSError {
            return WireResponse(error, isJSON: request.isJSON, requestID: requestID)
        } catch let error as CancellationError {
            throw error
        } catch {
            // A store that cannot be reached: clients repeat the request.
            report("\(error)")
            return WireResponse(.unavailable, isJSON: request.isJSON, requestID: requestID)
        }
    }

    /// Carries out an action for this process itself, with the input and output of AWS JSON. Throws `SQSError` for what a
    /// client would be refused, `SQSStoreError` for what would be 503, and `CancellationError`.
    ///
    /// - Parameter region: of the queue; the account is the configuration's, unless the queue's URL has another.
    package func call(_ action: SQSAction, _ input: JSON, region: String) async throws -> JSON {
        let realm = SQSRealm(account: configuration.realm.account, region: region)
        let context = Context(realm: realm, base: "http://localhost", senderID: realm.account)
        return try await run(SQSCall(action, input), context)
    }

    /// Checks the signature where keys are configured. The account is the id of the key if that has twelve digits; the
    /// region is that of the signature, or of the host's name.
    private func context(of request: WireRequest) throws(SQSError) -> Context {
        try signature?.check(request, now: clock())
        // Where nobody signs, a page in a browser that can reach the endpoint must not use it in its visitor's stead.
        let site = request.header("sec-fetch-site") ?? "none"
        if isOpen, request.header("origin") != nil || site != "none" {
            throw SQSError(
                "AccessDenied", "Requests of web pages are answered only where they are signed (HEADGATE_SQS_KEYS).",
                status: 403)
        }
        var realm = configuration.realm
        let credential = SignatureV4.credential(of: request)
        let host = request.header("host") ?? "localhost"
        if let id = credential?.keyID, SQSRealm.isAccount(id) { realm.account = id }
        if let region = credential?.region, SQSRealm.isRegion(region) {
            realm.region = region
        } else {
            let labels = host.split(separator: ".")
            if labels.count > 2, labels[0] == "sqs", SQSRealm.isRegion(labels[1]) { realm.region = String(labels[1]) }
        }
        let scheme = request.header("x-forwarded-proto") == "https" ? "https" : "http"
        return Context(
            realm: realm, base: "\(scheme)://\(host)", senderID: credential?.keyID ?? realm.account,
            traceHeader: request.header("x-amzn-trace-id"))
    }

    private func run(_ call: SQSCall, _ context: Context) async throws -> JSON {
        let parameters = Parameters(call.parameters)
        for member in call.action.input where member.isRequired && member.isAbsent(in: call.parameters) {
            throw SQSError.missing(member.name)
        }
        switch call.action {
        case .createQueue: return try await createQueue(parameters, context)
        case .getQueueURL: return try await getQueueURL(parameters, context)
        case .listQueues: return try await listQueues(parameters, context)
        case .deleteQueue: return try await deleteQueue(parameters, context)
        case .purgeQueue: return try await purgeQueue(parameters, context)
        case .getQueueAttributes: return try await getQueueAttributes(parameters, context)
        case .setQueueAttributes: return try await setQueueAttributes(parameters, context)
        case .listQueueTags: return try await listQueueTags(parameters, context)
        case .tagQueue: return try await tagQueue(parameters, context)
        case .untagQueue: return try await untagQueue(parameters, context)
        case .addPermission: return try await addPermission(parameters, context)
        case .removePermission: return try await removePermission(parameters, context)
        case .listDeadLetterSourceQueues: return try await listDeadLetterSources(parameters, context)
        case .sendMessage: return try await sendMessage(parameters, context)
        case .sendMessageBatch: return try await sendMessageBatch(parameters, context)
        case .receiveMessage: return try await receiveMessage(parameters, context)
        case .deleteMessage: return try await deleteMessage(parameters, context)
        case .deleteMessageBatch: return try await deleteMessageBatch(parameters, context)
        case .changeMessageVisibility: return try await changeVisibility(parameters, context)
        case .changeMessageVisibilityBatch: return try await changeVisibilityBatch(parameters, context)
        case .startMessageMoveTask: return try await startMoveTask(parameters, context)
        case .cancelMessageMoveTask: return try await cancelMoveTask(parameters, context)
        case .listMessageMoveTasks: return try await listMoveTasks(parameters, context)
        }
    }

    /// The queue that a request is about.
    func address(_ parameters: Parameters, _ context: Context) throws(SQSError) -> QueueAddress {
        let url = try parameters.text("QueueUrl")
        guard let address = QueueAddress.parse(url: url, in: context.realm) else {
            throw SQSError(
                "InvalidAddress", "The address \(url.prefix(200)) is not valid for this endpoint.", status: 404)
        }
        try checkAccess(to: address, context)
        return address
    }

    /// Where signatures are checked, an account reaches its own queues only. Without keys anyone may name any account.
    func checkAccess(to address: QueueAddress, _ context: Context) throws(SQSError) {
        guard signature == nil || address.realm.account == context.realm.account else {
            throw SQSError("AccessDenied", "Access to the resource \(address.arn) is denied.", status: 403)
        }
    }

    func url(of address: QueueAddress, _ context: Context) -> JSON { .string(context.base + address.path) }

    /// Seconds since 1970, by the store's clock.
    func seconds() async throws -> Int { Int(try await store.now().milliseconds / 1_000) }

    func wakeRunner() async { await runner.wake() }

    /// Whether everybody may look at messages: only where no signature is asked for.
    package var isOpen: Bool { signature == nil }

    /// The first messages of a state, as the local runner shows them, up to 4 MiB; nil: there is no such queue.
    package func peek(_ name: String, _ state: SQSMessageState, limit: Int) async throws -> JSON? {
        let address = QueueAddress(realm: configuration.realm, name: name)
        guard QueueAddress.isName(name) else { return nil }
        let messages: [SQSStoredMessage]
        do {
            messages = try await catalog.with(address) { try await store.peek(state, limit: limit, in: $0) }
        } catch is SQSError {
            return nil
        }
        return [
            "messages": .array(
                messages.map { stored in
                    [
                        "messageId": .string("\(stored.message.id)"), "body": .string(stored.message.body),
                        "groupId": stored.message.groupID.isEmpty ? .null : .string(stored.message.groupID),
                        "sentAt": .time(stored.sent), "receiveCount": .integer(stored.receives),
                        "deadLetterSource": stored.origin.map { .string($0) } ?? .null,
                    ]
                })
        ]
    }
}
