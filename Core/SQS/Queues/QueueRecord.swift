package import Model

/// A queue as it is stored: its address, its incarnation, attributes and tags.
package struct QueueRecord: Hashable, Sendable {
    /// Its name and where it is.
    package var address: QueueAddress
    /// Tells a queue from an earlier one of its name; receipt handles carry it.
    package var incarnation: UInt64
    /// Grows with each change of the record. Operations name it, so that none works by attributes that have changed.
    package var revision = 1
    /// Seconds since 1970.
    package var created: Int
    /// Seconds since 1970.
    package var modified: Int
    /// What it was set to.
    package var attributes: QueueAttributes { didSet { settings = QueueSettings(attributes) } }
    /// In the order in which they were set.
    package var tags: [JSON.Member] = []
    /// What messages need of the attributes.
    package private(set) var settings: QueueSettings

    /// A record of a queue that is new: of revision 1, modified when it was created.
    package init(address: QueueAddress, incarnation: UInt64, created: Int, attributes: QueueAttributes) {
        self.address = address
        self.incarnation = incarnation
        self.created = created
        modified = created
        self.attributes = attributes
        settings = QueueSettings(attributes)
    }

    /// Identifies the incarnation and revision in operations on messages.
    package var token: String { "\(incarnation).\(revision)" }

    /// Whether another queue may name this one as its dead-letter queue.
    package func allowsRedrive(from source: QueueAddress) -> Bool {
        guard let text = attributes[.redriveAllowPolicy], let policy = try? RedriveAllowPolicy(text) else {
            return true
        }
        return policy.allows(source)
    }

    /// JSON text, as stored.
    package var serialized: String {
        JSON.object([
            JSON.Member("incarnation", .string("\(incarnation)")), JSON.Member("revision", .integer(revision)),
            JSON.Member("created", .integer(created)), JSON.Member("modified", .integer(modified)),
            JSON.Member("attributes", attributes.json), JSON.Member("tags", .object(tags)),
        ]).description
    }

    /// Reads what `serialized` made; nil for anything else.
    package init?(_ text: some Collection<UInt8>, address: QueueAddress) {
        guard let json = try? JSON(parsing: text), let incarnation = json["incarnation"]?.text.flatMap(UInt64.init),
            let revision = json["revision"]?.int, let created = json["created"]?.int,
            let modified = json["modified"]?.int, let attributes = json["attributes"]
        else { return nil }
        self.init(
            address: address, incarnation: incarnation, created: created,
            attributes: QueueAttributes(attributes, isFIFO: address.isFIFO))
        self.revision = revision
        self.modified = modified
        tags = json["tags"]?.members ?? []
    }
}

/// What operations on messages need of a queue's attributes.
package struct QueueSettings: Hashable, Sendable {
    /// First in, first out.
    package var isFIFO: Bool
    /// Seconds that a message is invisible after a receive that names no other time.
    package var visibility: Int
    /// Seconds that a message is delayed that names no other time.
    package var delay: Int
    /// Seconds from the send after which a message is removed.
    package var retention: Int
    /// Seconds that a receive waits that names no other time.
    package var wait: Int
    /// Of a message.
    package var maximumBytes: Int
    /// Whether the body stands for a deduplication id that is not given.
    package var deduplicatesByContent: Bool
    /// Whether a deduplication id is known in its group only.
    package var deduplicatesByGroup: Bool
    /// Nil: messages do not die.
    package var redrive: RedrivePolicy?

    init(_ attributes: QueueAttributes) {
        isFIFO = attributes.isFIFO
        visibility = attributes.number(.visibilityTimeout)
        delay = attributes.number(.delaySeconds)
        retention = attributes.number(.messageRetentionPeriod)
        wait = attributes.number(.receiveMessageWaitTimeSeconds)
        maximumBytes = attributes.number(.maximumMessageSize)
        deduplicatesByContent = attributes[.contentBasedDeduplication] == "true"
        deduplicatesByGroup = attributes[.deduplicationScope] == "messageGroup"
        redrive = attributes[.redrivePolicy].flatMap { try? RedrivePolicy($0) }
    }
}
