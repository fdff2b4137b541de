import Model

/// The attributes of queues that callers set, with their ranges and defaults.
package enum QueueAttribute: String, CaseIterable, Sendable {
    case delaySeconds = "DelaySeconds"
    case maximumMessageSize = "MaximumMessageSize"
    case messageRetentionPeriod = "MessageRetentionPeriod"
    case policy = "Policy"
    case receiveMessageWaitTimeSeconds = "ReceiveMessageWaitTimeSeconds"
    case visibilityTimeout = "VisibilityTimeout"
    case redrivePolicy = "RedrivePolicy"
    case redriveAllowPolicy = "RedriveAllowPolicy"
    case kmsMasterKeyID = "KmsMasterKeyId"
    case kmsDataKeyReusePeriodSeconds = "KmsDataKeyReusePeriodSeconds"
    case sqsManagedSSEEnabled = "SqsManagedSseEnabled"
    case fifoQueue = "FifoQueue"
    case contentBasedDeduplication = "ContentBasedDeduplication"
    case deduplicationScope = "DeduplicationScope"
    case fifoThroughputLimit = "FifoThroughputLimit"

    /// Bytes of a policy.
    static let longestDocument = 20_480

    /// What a value may be.
    enum Form {
        case integer(ClosedRange<Int>)
        case flag
        case choice([String])
        /// An object in JSON; an empty text removes it.
        case document
        /// Any text; an empty one removes it.
        case text
    }

    var form: Form {
        switch self {
        case .delaySeconds: .integer(0...SQSLimits.delay)
        case .maximumMessageSize: .integer(1_024...SQSLimits.messageBytes)
        case .messageRetentionPeriod: .integer(60...1_209_600)
        case .receiveMessageWaitTimeSeconds: .integer(0...SQSLimits.wait)
        case .visibilityTimeout: .integer(0...SQSLimits.visibility)
        case .kmsDataKeyReusePeriodSeconds: .integer(60...86_400)
        case .sqsManagedSSEEnabled, .fifoQueue, .contentBasedDeduplication: .flag
        case .deduplicationScope: .choice(["queue", "messageGroup"])
        case .fifoThroughputLimit: .choice(["perQueue", "perMessageGroupId"])
        case .policy, .redrivePolicy, .redriveAllowPolicy: .document
        case .kmsMasterKeyID: .text
        }
    }

    /// What a queue has that names no other value; nil: nothing.
    func standard(isFIFO: Bool) -> String? {
        switch self {
        case .delaySeconds, .receiveMessageWaitTimeSeconds: "0"
        case .maximumMessageSize: "\(SQSLimits.messageBytes)"
        case .messageRetentionPeriod: "345600"
        case .visibilityTimeout: "30"
        case .sqsManagedSSEEnabled: "true"
        case .fifoQueue: isFIFO ? "true" : nil
        case .contentBasedDeduplication: isFIFO ? "false" : nil
        case .deduplicationScope: isFIFO ? "queue" : nil
        case .fifoThroughputLimit: isFIFO ? "perQueue" : nil
        case .policy, .redrivePolicy, .redriveAllowPolicy, .kmsMasterKeyID, .kmsDataKeyReusePeriodSeconds: nil
        }
    }

    /// Whether only FIFO queues have it.
    package var isOfFIFO: Bool {
        switch self {
        case .fifoQueue, .contentBasedDeduplication, .deduplicationScope, .fifoThroughputLimit: true
        default: false
        }
    }

    /// Checks a value by itself, without other attributes.
    ///
    /// - Returns: the value to store; an empty one removes the attribute.
    func checked(_ value: String) throws(SQSError) -> String {
        let error = SQSError.invalidAttributeValue(rawValue)
        switch form {
        case .integer(let range):
            guard let number = Int(value), range.contains(number) else { throw error }
            return "\(number)"
        case .flag:
            let text = value.lowercased()
            guard text == "true" || text == "false" else { throw error }
            return text
        case .choice(let choices):
            guard choices.contains(value) else { throw error }
            return value
        case .document:
            if value.isEmpty { return value }
            guard value.utf8.count <= QueueAttribute.longestDocument, let json = try? JSON(parsing: value),
                json.members != nil
            else { throw error }
            return value
        case .text:
            guard value.utf8.count <= 2_048 else { throw error }
            return value
        }
    }
}

/// The values that a queue's attributes were set to.
package struct QueueAttributes: Hashable, Sendable {
    /// Only what was set, by name.
    package private(set) var values: [QueueAttribute: String] = [:]
    /// Of the queue: some attributes are of FIFO queues only.
    package let isFIFO: Bool

    /// Attributes of a queue that has the defaults.
    package init(isFIFO: Bool) { self.isFIFO = isFIFO }

    /// The value in force: what was set, otherwise the default.
    package subscript(_ attribute: QueueAttribute) -> String? {
        if attribute == .sqsManagedSSEEnabled, values[attribute] == nil, values[.kmsMasterKeyID] != nil {
            return "false"
        }
        return values[attribute] ?? attribute.standard(isFIFO: isFIFO)
    }

    /// The number in force, of an attribute that has a default.
    func number(_ attribute: QueueAttribute) -> Int { self[attribute].flatMap { Int($0) } ?? 0 }

    /// All that are in force, in the order of `QueueAttribute`.
    package var inForce: [(name: QueueAttribute, value: String)] {
        QueueAttribute.allCases.compactMap { attribute in self[attribute].map { (attribute, $0) } }
    }

    /// Sets several attributes, or none of them if one is wrong.
    ///
    /// - Parameter isNew: the queue is being made, so that its kind may be named.
    package mutating func set(_ changes: [(name: String, value: String)], isNew: Bool) throws(SQSError) {
        var copy = self
        for (name, value) in changes {
            guard let attribute = QueueAttribute(rawValue: name), !attribute.isOfFIFO || isFIFO else {
                throw .invalidAttributeName(name)
            }
            let checked = try attribute.checked(value)
            if attribute == .fifoQueue, !isNew || checked != "true" {
                guard checked == "true" else { throw .invalidAttributeValue(name) }
                continue
            }
            copy.values[attribute] = checked.isEmpty ? nil : checked
        }
        if copy[.kmsMasterKeyID] != nil {
            let isBoth = copy.values[.sqsManagedSSEEnabled] == "true"
            if isBoth, changes.contains(where: { $0.name == QueueAttribute.sqsManagedSSEEnabled.rawValue }) {
                guard !changes.contains(where: { $0.name == QueueAttribute.kmsMasterKeyID.rawValue }) else {
                    throw .invalidAttributeValue(
                        QueueAttribute.sqsManagedSSEEnabled.rawValue,
                        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."
                    )
                }
                copy.values[.kmsMasterKeyID] = nil
            } else if isBoth {
                copy.values[.sqsManagedSSEEnabled] = nil
            }
        }
        if copy[.fifoThroughputLimit] == "perMessageGroupId", copy[.deduplicationScope] != "messageGroup" {
            throw .invalidAttributeValue(
                QueueAttribute.fifoThroughputLimit.rawValue,
                "The value perMessageGroupId is allowed only when DeduplicationScope is messageGroup.")
        }
        self = copy
    }

    /// The first of these values that differs from what is in force; nil: none does.
    package func difference(from wanted: [(name: String, value: String)]) throws(SQSError) -> String? {
        var other = self
        try other.set(wanted, isNew: true)
        return wanted.first { pair in
            QueueAttribute(rawValue: pair.name).map { other[$0] != self[$0] } ?? true
        }?.name
    }

    /// As an object of JSON texts.
    var json: JSON {
        .object(
            QueueAttribute.allCases.compactMap { name in
                values[name].map { JSON.Member(name.rawValue, .string($0)) }
            })
    }
    /// Reads what `json` made.
    init(_ json: JSON, isFIFO: Bool) {
        self.init(isFIFO: isFIFO)
        for member in json.members ?? [] {
            if let name = QueueAttribute(rawValue: member.name) { values[name] = member.value.text }
        }
    }
}
