import FoundationEssentials
import Model
import SQS

/// A task that moves the messages of a dead-letter queue.
struct MoveTask: Hashable, Sendable {
    enum Status: String, Sendable {
        case running = "RUNNING"
        case completed = "COMPLETED"
        case cancelled = "CANCELLED"
        case failed = "FAILED"
    }

    var id: Identifier
    var status = Status.running
    var source: QueueAddress
    /// Nil: each message goes to the queue that it came from.
    var destination: QueueAddress?
    /// Messages a second, 1 to 500; nil: as fast as it goes.
    var rate: Int?
    var moved = 0
    var toMove: Int
    var started: Timestamp
    var failure: String?
    /// The process that carries it out, and until when others leave it alone.
    var holder: Identifier?
    var heldUntil = Timestamp.epoch
    /// Since when the rate counts, how many had been moved by then, and the last step.
    var pacedSince: Timestamp
    var movedBefore = 0
    var lastStep: Timestamp

    /// Tasks that are kept of a queue.
    static let kept = 10

    /// How many more may be moved by now. What a time without steps would have allowed is not made up for.
    mutating func allowance(_ now: Timestamp, most: Int) -> Int {
        guard let rate else { return most }
        if now - lastStep > .seconds(2) || now < lastStep {
            pacedSince = now
            movedBefore = moved
        }
        lastStep = now
        // The first second's are spread, too.
        let due = Int((now - pacedSince).milliseconds) * rate / 1_000 + 1
        return max(0, min(most, due - (moved - movedBefore)))
    }

    /// What callers cancel it by.
    var handle: String {
        let json: JSON = ["taskId": .string("\(id)"), "sourceArn": .string(source.arn)]
        return Data(json.serialized).base64EncodedString()
    }

    /// Reads a handle; nil: it is none.
    static func parse(handle: String) -> (id: Identifier, source: QueueAddress)? {
        guard let data = Data(base64Encoded: handle), let json = try? JSON(parsing: [UInt8](data)),
            let id = json["taskId"]?.text.flatMap({ Identifier($0) }),
            let source = json["sourceArn"]?.text.flatMap({ QueueAddress(arn: $0) })
        else { return nil }
        return (id, source)
    }

    /// As `ListMessageMoveTasks` shows it.
    var document: JSON {
        var members: [JSON.Member] = []
        if status == .running { members.append(JSON.Member("TaskHandle", .string(handle))) }
        members += [JSON.Member("Status", .string(status.rawValue)), JSON.Member("SourceArn", .string(source.arn))]
        if let destination { members.append(JSON.Member("DestinationArn", .string(destination.arn))) }
        if let rate { members.append(JSON.Member("MaxNumberOfMessagesPerSecond", .integer(rate))) }
        members += [
            JSON.Member("ApproximateNumberOfMessagesMoved", .integer(moved)),
            JSON.Member("ApproximateNumberOfMessagesToMove", .integer(toMove)),
        ]
        if let failure { members.append(JSON.Member("FailureReason", .string(failure))) }
        members.append(JSON.Member("StartedTimestamp", .integer(started.milliseconds)))
        return .object(members)
    }

    // MARK: Storing

    /// A queue's tasks as text.
    static func text(_ tasks: [MoveTask]) -> String {
        JSON.array(
            tasks.prefix(kept).map { task in
                var members = [
                    JSON.Member("id", .string("\(task.id)")), JSON.Member("status", .string(task.status.rawValue)),
                    JSON.Member("source", .string(task.source.arn)), JSON.Member("moved", .integer(task.moved)),
                    JSON.Member("toMove", .integer(task.toMove)),
                    JSON.Member("started", .integer(task.started.milliseconds)),
                    JSON.Member("heldUntil", .integer(task.heldUntil.milliseconds)),
                    JSON.Member("pacedSince", .integer(task.pacedSince.milliseconds)),
                    JSON.Member("movedBefore", .integer(task.movedBefore)),
                    JSON.Member("lastStep", .integer(task.lastStep.milliseconds)),
                ]
                if let destination = task.destination {
                    members.append(JSON.Member("destination", .string(destination.arn)))
                }
                if let rate = task.rate { members.append(JSON.Member("rate", .integer(rate))) }
                if let failure = task.failure { members.append(JSON.Member("failure", .string(failure))) }
                if let holder = task.holder { members.append(JSON.Member("holder", .string("\(holder)"))) }
                return .object(members)
            }
        ).description
    }

    /// Reads what `text` made; what cannot be read is left out.
    static func list(_ text: String) -> [MoveTask] {
        guard let json = try? JSON(parsing: text) else { return [] }
        return (json.elements ?? []).compactMap { MoveTask($0) }
    }

    private init?(_ json: JSON) {
        guard let id = json["id"]?.text.flatMap({ Identifier($0) }),
            let status = json["status"]?.text.flatMap({ Status(rawValue: $0) }),
            let source = json["source"]?.text.flatMap({ QueueAddress(arn: $0) }), let moved = json["moved"]?.int,
            let toMove = json["toMove"]?.int, let started = json["started"]?.int, let held = json["heldUntil"]?.int
        else { return nil }
        self.init(id: id, source: source, toMove: toMove, started: Timestamp(milliseconds: Int64(started)))
        self.status = status
        self.moved = moved
        heldUntil = Timestamp(milliseconds: Int64(held))
        func time(_ name: String) -> Timestamp { Timestamp(milliseconds: Int64(json[name]?.int ?? started)) }
        (pacedSince, lastStep, movedBefore) = (time("pacedSince"), time("lastStep"), json["movedBefore"]?.int ?? 0)
        destination = json["destination"]?.text.flatMap { QueueAddress(arn: $0) }
        rate = json["rate"]?.int
        failure = json["failure"]?.text
        holder = json["holder"]?.text.flatMap { Identifier($0) }
    }

    init(
        id: Identifier, source: QueueAddress, destination: QueueAddress? = nil, rate: Int? = nil, toMove: Int,
        started: Timestamp
    ) {
        self.id = id
        self.source = source
        self.destination = destination
        self.rate = rate
        self.toMove = toMove
        self.started = started
        (pacedSince, lastStep) = (started, started)
    }
}
