private import Curl
package import FunctionRuntime
private import HTTP
private import LambdaFunction
internal import Logging
private import Model
package import Queue
private import Redis
private import SQSClient
private import Wiring

/// The queues of triggers and outcomes, in Redis or in SQS as the settings say.
package struct FunctionQueues: Sendable {
    /// Its settlements send their outcomes to the queue of outcomes.
    package let triggers: any MessageQueue
    package let outcomes: any MessageQueue
    /// What tells whether the queue of triggers has lost something; nil: SQS, which keeps its messages.
    package let generation: (any QueueGeneration)?
    /// How long a lease of a trigger, or of an outcome, lasts.
    package let visibility: (triggers: Duration, outcomes: Duration)

    /// The queues of a function that needs `.queues`.
    package init(_ runtime: FunctionRuntime) {
        let settings = runtime.settings
        let triggers = settings.queues["triggers"] ?? .init()
        var outcomes = settings.queues["outcomes"] ?? .init()
        visibility = (triggers.visibility, outcomes.visibility)
        if FunctionSettings.usesSQS {
            let prefix = FunctionSettings.variable("HEADGATE_SQS_PREFIX") ?? ""
            let (caller, host) = (FunctionQueues.caller(runtime), FunctionQueues.host(runtime))
            self.triggers = SQSQueue(
                name: .triggers, configuration: triggers, caller: caller, outcomes: .outcomes, prefix: prefix,
                host: host)
            self.outcomes = SQSQueue(
                name: .outcomes, configuration: outcomes, caller: caller,
                source: (.triggers, triggers.maximumReceives), prefix: prefix, host: host)
            generation = nil
        } else {
            // What is settled into each other has as many shards.
            outcomes.shards = triggers.shards
            let url = settings.redisURL
            let queue = RedisQueue(name: .triggers, configuration: triggers, url: url, outcomes: .outcomes)
            self.triggers = queue
            generation = queue
            self.outcomes = RedisQueue(name: .outcomes, configuration: outcomes, url: url, source: .triggers)
        }
    }

    // MARK: SQS

    private static func caller(_ runtime: FunctionRuntime) -> SQSCaller {
        let address = runtime.settings[.sqs]
        // A client of its own: SQS may be where targets may not be.
        let http = HTTPClient()
        var configuration = SQSCaller.Configuration(endpoint: address)
        configuration.region = SQSSettings.region(address, FunctionSettings.variable) ?? configuration.region
        let place: CredentialPlace
        do throws(SQSClientError) {
            place = try CredentialPlace(environment: SQSSettings.environment)
        } catch {
            preconditionFailure("the credentials were checked at the start: \(error)")
        }
        let credentials = CredentialSource(place, http: http, clock: { WallClock.now() }) { [logger = runtime.logger] in
            logger.warning("\($0)")
        }
        return SQSCaller(configuration, http: http, credentials: credentials)
    }

    private static func host(_ runtime: FunctionRuntime) -> SQSQueue.Host {
        var host = SQSQueue.Host(clock: { WallClock.now() })
        host.report = { [logger = runtime.logger] in logger.warning("\($0)") }
        host.afterStep = { step in
            switch step {
            case .outcome: try Failpoint.sqsAfterOutcome.pass()
            case .successor: try Failpoint.sqsAfterSuccessor.pass()
            case .delete: try Failpoint.sqsAfterDelete.pass()
            }
        }
        return host
    }

    // MARK: Lambda

    /// Where a function gets the messages of a queue: from the queue itself, or, in an environment of AWS Lambda, from its
    /// invocations.
    package struct Source: Sendable {
        /// The queue, or what gives the messages of invocations.
        package let queue: any MessageQueue
        private let invocations: InvocationQueue?

        fileprivate init(_ queue: any MessageQueue, _ invocations: InvocationQueue?) {
            self.queue = queue
            self.invocations = invocations
        }

        /// Whether messages come from invocations.
        package var isLambda: Bool { invocations != nil }

        /// How long a call for a message may take that begins now, if it wants this long; nil: it is better begun later.
        package var callTime: @Sendable (_ wanted: Duration, _ receipt: Receipt) -> Duration? {
            { [invocations] wanted, receipt in
                guard let invocations else { return wanted }
                return invocations.callTime(wanted, for: receipt)
            }
        }

        /// Does the function's work, taking invocations meanwhile, if there are any.
        package func run(_ work: @escaping @Sendable () async -> Void) async {
            guard let invocations else { return await work() }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await invocations.run() }
                await work()
                await invocations.stop()
            }
        }
    }

    /// The source of a function that works on one of these queues. Returns nil in an environment of AWS Lambda whose queues
    /// are not in SQS, and logs that.
    package func source(of queue: any MessageQueue, _ runtime: FunctionRuntime) -> Source? {
        guard let api = FunctionSettings.variable(RuntimeAPI.variable), !api.isEmpty else { return Source(queue, nil) }
        guard let sqs = queue as? SQSQueue else {
            runtime.logger.critical("in AWS Lambda the queues must be in SQS: set HEADGATE_SQS")
            return nil
        }
        let invocations = InvocationQueue(
            sqs, runtime: RuntimeAPI(host: api, http: HTTPClient()), clock: { WallClock.now() }
        ) { [logger = runtime.logger] in logger.warning("\($0)") }
        return Source(invocations, invocations)
    }
}
