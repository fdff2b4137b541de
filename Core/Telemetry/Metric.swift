/// A metric of Headgate's functions. Each is declared here, once, with its help; `docs/operations.md` lists them all.
package struct Metric: Hashable, Sendable {
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    /// As Prometheus knows it: a unit at the end, `_total` for counters.
    package let name: String
    package let kind: Kind
    /// The names of its labels, in order; each value says one part of the whole.
    package let labels: [String]
    /// One sentence for whoever sees it on a dashboard.
    package let help: String

    private init(_ name: String, _ kind: Kind, labels: [String] = [], _ help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
    }
}

extension Metric {
    package static let apiClosed = Metric(
        "headgate_api_closed_total", .counter, labels: ["part"],
        "Connections that were closed: a request's head or body, or the next request, did not come in time")
    package static let apiRefused = Metric(
        "headgate_api_refused_total", .counter, labels: ["reason"],
        "Requests that were refused so that others are served")
    package static let apiRequestSeconds = Metric("headgate_api_request_seconds", .histogram, "Time to an answer")
    package static let apiRequests = Metric("headgate_api_requests_total", .counter, labels: ["status"], "Requests")
    package static let sqsClosed = Metric(
        "headgate_sqs_closed_total", .counter, labels: ["part"],
        "Connections to the SQS endpoint that were closed: a request's head or body, or the next request, did not come in time"
    )
    package static let sqsErrors = Metric(
        "headgate_sqs_errors_total", .counter, "Operations of the SQS endpoint that Redis failed or refused")
    package static let sqsPollsWaiting = Metric(
        "headgate_sqs_polls_waiting", .gauge, "Long polls of the SQS endpoint that wait for messages")
    package static let sqsRequestSeconds = Metric(
        "headgate_sqs_request_seconds", .histogram, "Time to an answer of the SQS endpoint, long polls included")
    package static let sqsRequests = Metric(
        "headgate_sqs_requests_total", .counter, labels: ["status"], "Requests to the SQS endpoint")
    package static let apiUnreadable = Metric(
        "headgate_api_unreadable_total", .counter, "Stored records that could not be read")
    package static let breakersOpen = Metric("headgate_breakers_open", .gauge, "Target hosts that give no answer")
    package static let callsHeldBack = Metric(
        "headgate_calls_held_back_total", .counter, labels: ["reason"],
        "Calls put off, without an attempt, by a limit or a breaker")
    package static let callsOver = Metric(
        "headgate_calls_over_total", .counter,
        "Messages dropped uncalled: their trigger was cancelled or over, and their queue takes nothing back")
    package static let callsTooEarly = Metric(
        "headgate_calls_too_early_total", .counter,
        "Triggers that came long before their time: the queue's clock is ahead")
    package static let clockSkewSeconds = Metric(
        "headgate_clock_skew_seconds", .gauge, "Offset of the database's clock (in workers: the queue's) to the host's")
    package static let flowEvents = Metric(
        "headgate_flow_events_total", .counter, "Events that were applied to executions of flows")
    package static let flowEventsIgnored = Metric(
        "headgate_flow_events_ignored_total", .counter, "Answers and callbacks of attempts that were over")
    package static let flowTransitions = Metric(
        "headgate_flow_transitions_total", .counter, "Executions written, once a transaction")
    package static let flowsEnded = Metric(
        "headgate_flows_ended_total", .counter, labels: ["outcome"], "Executions that ended")
    package static let historianErrors = Metric(
        "headgate_historian_errors_total", .counter, "Batches that were given back")
    package static let historyErrors = Metric(
        "headgate_history_errors_total", .counter, "Times that reading the outbox ended early and was begun again")
    package static let historyLagSeconds = Metric(
        "headgate_history_lag_seconds", .gauge, "Age of the oldest event that was moved to the history last")
    package static let historyRows = Metric(
        "headgate_history_rows_total", .counter, "Rows of the outbox that were moved to the history")
    package static let loaderErrors = Metric("headgate_loader_errors_total", .counter, "Passes that ended early")
    package static let loaderExpired = Metric(
        "headgate_loader_expired_total", .counter, "Triggers that a full queue kept until their deadline")
    package static let loaderFailureCallsUnsent = Metric(
        "headgate_loader_failure_calls_unsent_total", .counter, "Failure calls left to the monitor")
    package static let loaderHeldBack = Metric(
        "headgate_loader_held_back_total", .counter, "Batches not sent: the queue was full")
    package static let loaderHeldTenants = Metric(
        "headgate_loader_held_tenants_total", .counter, "Times that a tenant's triggers stayed planned for its share")
    package static let loaderPaced = Metric(
        "headgate_loader_paced_total", .counter,
        "Batches not planned: the workers were behind, and it would come too late anyway")
    package static let loaderPartitions = Metric(
        "headgate_loader_partitions_total", .counter, "Partitions that a loader made in the monitor's place")
    package static let loaderSchedules = Metric("headgate_loader_schedules_total", .counter, "Schedules claimed")
    package static let loaderSent = Metric("headgate_loader_sent_total", .counter, "Triggers put on the queue")
    package static let loaderShards = Metric("headgate_loader_shards", .gauge, "Shards that this loader has")
    package static let loaderStale = Metric(
        "headgate_loader_stale_total", .counter, "Triggers left to the monitor: this loader was paused")
    package static let loaderUnreadable = Metric(
        "headgate_loader_unreadable_total", .counter, "Schedules that could not be read and do not run")
    package static let loaderWakes = Metric(
        "headgate_loader_wakes_total", .counter, "Hints sent for executions that are due")
    package static let monitorDiscarded = Metric(
        "headgate_monitor_discarded_total", .counter, "Messages removed that Redis had again and Postgres calls over")
    package static let monitorDutyAgeSeconds = Metric(
        "headgate_monitor_duty_age_seconds", .gauge, labels: ["duty"],
        "Time since the monitor last did a duty; above 60 it is a fault")
    package static let monitorErrors = Metric(
        "headgate_monitor_errors_total", .counter, labels: ["duty"], "Duties that failed and are repeated")
    package static let monitorResent = Metric(
        "headgate_monitor_resent_total", .counter, "Triggers that the queue had lost")
    package static let monitorUnreadable = Metric(
        "headgate_monitor_unreadable_total", .counter, "Tenants whose settings could not be read and whose calls wait")
    package static let outcomes = Metric(
        "headgate_outcomes_total", .counter, labels: ["result"], "Outcomes by what became of them")
    package static let partitionOfTomorrow = Metric(
        "headgate_partition_of_tomorrow", .gauge, "1 where the next day has its partition of triggers")
    package static let queueMessages = Metric(
        "headgate_queue_messages", .gauge, labels: ["place", "queue"], "Messages by queue and place")
    package static let queueOldestReadySeconds = Metric(
        "headgate_queue_oldest_ready_seconds", .gauge, labels: ["queue"], "Age of the oldest message that is ready")
    package static let redisClockSkewSeconds = Metric(
        "headgate_redis_clock_skew_seconds", .gauge, "Redis's clock less the database's, a round trip imprecise")
    package static let redisWentBack = Metric(
        "headgate_redis_went_back_total", .counter, "Times that Redis had lost something, or was started anew")
    package static let staleSettlements = Metric(
        "headgate_stale_settlements_total", .counter, "Leases that ended before their outcome")
    package static let stepCalls = Metric(
        "headgate_step_calls_total", .counter, labels: ["result"], "Calls of steps by what their answers meant")
    package static let stepCallsInFlight = Metric(
        "headgate_step_calls_in_flight", .gauge, "Calls of steps that this worker makes, or whose answers it holds")
    package static let stepWorkerErrors = Metric(
        "headgate_step_worker_errors_total", .counter, "Transactions of step-workers that failed and are repeated")
    package static let triggerRetries = Metric(
        "headgate_trigger_retries_total", .counter, "Attempts that failed and are repeated")
    package static let triggers = Metric(
        "headgate_triggers_total", .counter, labels: ["state"], "Triggers by their outcome")
    package static let workerLaterVersions = Metric(
        "headgate_worker_later_versions_total", .counter,
        "Messages given back because a later version of Headgate has written them")
    package static let workerUnreadable = Metric(
        "headgate_worker_unreadable_total", .counter, "Triggers that died: their message or action could not be read")

    /// All of them, by name.
    package static let all: [Metric] = [
        .apiClosed, .apiRefused, .apiRequestSeconds, .apiRequests, .apiUnreadable, .breakersOpen, .callsHeldBack,
        .callsOver,
        .callsTooEarly, .clockSkewSeconds, .flowEventsIgnored, .flowEvents, .flowTransitions, .flowsEnded,
        .historianErrors, .historyErrors, .historyLagSeconds, .historyRows, .loaderErrors, .loaderExpired,
        .loaderFailureCallsUnsent, .loaderHeldBack, .loaderHeldTenants, .loaderPaced, .loaderPartitions,
        .loaderSchedules, .loaderSent, .loaderShards, .loaderStale, .loaderUnreadable, .loaderWakes,
        .monitorDiscarded, .monitorDutyAgeSeconds, .monitorErrors, .monitorResent, .monitorUnreadable, .outcomes,
        .partitionOfTomorrow, .queueMessages, .queueOldestReadySeconds, .redisClockSkewSeconds, .redisWentBack,
        .sqsClosed, .sqsErrors, .sqsPollsWaiting, .sqsRequestSeconds, .sqsRequests, .staleSettlements,
        .stepCallsInFlight, .stepCalls,
        .stepWorkerErrors,
        .triggerRetries, .triggers,
        .workerLaterVersions, .workerUnreadable,
    ]
}
