import FoundationEssentials
import Model
import SQS

/// Making, changing and listing queues.
extension SQSEndpoint {
    func createQueue(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let name = try parameters.text("QueueName")
        let wanted = parameters.pairs("Attributes")
        let isFIFO = wanted.first { $0.name == QueueAttribute.fifoQueue.rawValue }?.value.lowercased() == "true"
        guard QueueAddress.isName(name), isFIFO == name.hasSuffix(".fifo") else {
            throw SQSError.invalid(
                isFIFO
                    ? "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length."
                    : "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
        }
        let address = QueueAddress(realm: context.realm, name: name)
        var attributes = QueueAttributes(isFIFO: isFIFO)
        try attributes.set(wanted, isNew: true)
        try await check(attributes, wanted, of: address)
        var random = SystemRandomNumberGenerator()
        var record = QueueRecord(
            address: address, incarnation: random.next(), created: try await seconds(), attributes: attributes)
        try set(parameters.pairs("tags"), of: &record)
        switch try await store.create(record) {
        case .created: catalog.forget(address)
        case .deletedRecently: throw SQSError.queueDeletedRecently
        case .exists(let existing):
            if let name = try existing.attributes.difference(from: wanted) {
                throw SQSError.queueExists(differingIn: name)
            }
        }
        return ["QueueUrl": url(of: address, context)]
    }

    /// Checks what attributes say of other queues.
    private func check(
        _ attributes: QueueAttributes, _ changes: [(name: String, value: String)], of address: QueueAddress
    ) async throws {
        func isChanged(_ attribute: QueueAttribute) -> Bool { changes.contains { $0.name == attribute.rawValue } }
        if isChanged(.redrivePolicy), let text = attributes[.redrivePolicy] {
            let policy = try RedrivePolicy(text)
            try policy.check(of: address, target: try await store.record(of: policy.target), text: text)
            try await checkCircle(from: address, to: policy.target, text)
        }
        if isChanged(.redriveAllowPolicy), let text = attributes[.redriveAllowPolicy] {
            _ = try RedriveAllowPolicy(text)
        }
    }

    /// Refuses a chain of dead-letter queues that leads back: its messages would go round for ever.
    private func checkCircle(from source: QueueAddress, to target: QueueAddress, _ text: String) async throws {
        var (next, steps): (QueueAddress?, Int) = (target, 0)
        while let address = next, steps < 10 {
            guard address != source else {
                throw SQSError.invalid(
                    text, for: "RedrivePolicy", "The chain of dead-letter queues leads back to this queue.")
            }
            next = try await store.record(of: address)?.settings.redrive?.target
            steps += 1
        }
    }

    func getQueueURL(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        var realm = context.realm
        if let owner = parameters.optionalText("QueueOwnerAWSAccountId"), !owner.isEmpty { realm.account = owner }
        let address = QueueAddress(realm: realm, name: try parameters.text("QueueName"))
        guard QueueAddress.isName(address.name), SQSRealm.isAccount(realm.account) else {
            throw SQSError.queueDoesNotExist
        }
        try checkAccess(to: address, context)
        _ = try await catalog.record(of: address, reload: true)
        return ["QueueUrl": url(of: address, context)]
    }

    /// - Returns: the names of a page, and the token of the next one.
    private func page(
        _ parameters: Parameters, _ list: (_ after: String?, _ limit: Int) async throws -> [String]
    ) async throws -> (names: [String], next: String?) {
        let most = try parameters.optionalNumber("MaxResults", in: 1...1_000)
        var after: String?
        if let token = parameters.optionalText("NextToken"), !token.isEmpty {
            guard let data = Data(base64Encoded: token), let name = String(validating: [UInt8](data), as: UTF8.self),
                QueueAddress.isName(name), most != nil
            else { throw SQSError.invalid(token, for: "NextToken", "Invalid NextToken, or MaxResults is missing.") }
            after = name
        }
        let names = try await list(after, (most ?? 1_000) + 1)
        guard let most, names.count > most else { return (Array(names.prefix(1_000)), nil) }
        return (Array(names.prefix(most)), Data(names[most - 1].utf8).base64EncodedString())
    }

    private func listed(
        _ page: (names: [String], next: String?), _ name: String, _ context: Context
    ) -> JSON {
        var members: [JSON.Member] = []
        let urls = page.names.map { url(of: QueueAddress(realm: context.realm, name: $0), context) }
        // An empty list is left out (row 7); that of dead-letter sources is required.
        if !urls.isEmpty || name == "queueUrls" { members.append(JSON.Member(name, .array(urls))) }
        if let next = page.next { members.append(JSON.Member("NextToken", .string(next))) }
        return .object(members)
    }

    func listQueues(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let prefix = parameters.optionalText("QueueNamePrefix") ?? ""
        let names = try await page(parameters) { after, limit in
            try await store.names(in: context.realm, prefix: prefix, after: after, limit: limit)
        }
        return listed(names, "QueueUrls", context)
    }

    func listDeadLetterSources(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let address = try address(parameters, context)
        _ = try await catalog.record(of: address, reload: true)
        var sources = context
        sources.realm = address.realm
        let names = try await page(parameters) { after, limit in
            try await self.sources(of: address, after: after, limit: limit)
        }
        return listed(names, "queueUrls", sources)
    }

    /// Names of the queues whose dead-letter queue this is.
    func sources(of address: QueueAddress, after name: String? = nil, limit: Int) async throws -> [String] {
        var (found, after): ([String], String?) = ([], name)
        while found.count < limit {
            let names = try await store.names(in: address.realm, prefix: "", after: after, limit: 1_000)
            for name in names {
                let other = QueueAddress(realm: address.realm, name: name)
                do {
                    let record = try await catalog.record(of: other, reload: true)
                    if record.settings.redrive?.target == address { found.append(name) }
                } catch is SQSError {
                    // Deleted since it was listed: it is none any more.
                }
            }
            guard let last = names.last else { break }
            after = last
        }
        return Array(found.prefix(limit))
    }

    func deleteQueue(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let address = try address(parameters, context)
        catalog.forget(address)
        guard try await store.delete(address) else { throw SQSError.queueDoesNotExist }
        return .object([])
    }

    func purgeQueue(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let address = try address(parameters, context)
        guard try await catalog.with(address, { try await store.purge($0) }) else {
            throw SQSError.purgeInProgress(address.name)
        }
        return .object([])
    }

    // MARK: Attributes

    private static let counts = [
        "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed",
    ]
    private static let computed = counts + ["CreatedTimestamp", "LastModifiedTimestamp", "QueueArn"]

    func getQueueAttributes(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let address = try address(parameters, context)
        let names = parameters.texts("AttributeNames")
        let isAll = names.contains("All")
        for name in names where name != "All" && !SQSEndpoint.computed.contains(name) {
            guard let attribute = QueueAttribute(rawValue: name), !attribute.isOfFIFO || address.isFIFO else {
                throw SQSError.invalidAttributeName(name)
            }
        }
        let (record, counts) = try await catalog.with(address) { record in
            let asksCounts = isAll || names.contains { SQSEndpoint.counts.contains($0) }
            // Without counts the record is read, so that what another process has changed is seen.
            if !asksCounts, try await store.record(of: address)?.token != record.token { throw SQSStoreError.stale }
            return (record, asksCounts ? try await store.counts(of: record) : nil)
        }
        var values: [(String, String)] = []
        if let counts {
            values += zip(SQSEndpoint.counts, [counts.visible, counts.inFlight, counts.delayed]).map { ($0, "\($1)") }
        }
        values += [
            ("CreatedTimestamp", "\(record.created)"), ("LastModifiedTimestamp", "\(record.modified)"),
            ("QueueArn", address.arn),
        ]
        for (name, value) in record.attributes.inForce {
            values.append((name.rawValue, name == .redrivePolicy ? record.settings.redrive?.text ?? value : value))
        }
        let asked = values.filter { isAll || names.contains($0.0) }.map { JSON.Member($0.0, .string($0.1)) }
        return asked.isEmpty ? .object([]) : ["Attributes": .object(asked)]
    }

    func setQueueAttributes(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let address = try address(parameters, context)
        let changes = parameters.pairs("Attributes")
        try await catalog.change(address, now: try await seconds()) { record in
            try record.attributes.set(changes, isNew: false)
            try await check(record.attributes, changes, of: address)
        }
        return .object([])
    }

    // MARK: Tags

    private func set(_ tags: [(name: String, value: String)], of record: inout QueueRecord) throws(SQSError) {
        let tooMany = SQSError.invalid(
            "Too many tags added for queue \(record.address.name): at most \(SQSLimits.tags).")
        guard tags.count <= SQSLimits.tags else { throw tooMany }
        for (name, value) in tags {
            guard (1...128).contains(name.unicodeScalars.count), value.unicodeScalars.count <= 256 else {
                throw .invalid("The key of a tag has 1 to 128 characters, its value up to 256.")
            }
            guard !name.lowercased().hasPrefix("aws:") else {
                throw .invalid("The key of a tag cannot begin with aws:.")
            }
            if let place = record.tags.firstIndex(where: { $0.name == name }) {
                record.tags[place].value = .string(value)
            } else {
                record.tags.append(JSON.Member(name, .string(value)))
            }
        }
        guard record.tags.count <= SQSLimits.tags else { throw tooMany }
    }

    func listQueueTags(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let record = try await catalog.record(of: try address(parameters, context), reload: true)
        return record.tags.isEmpty ? .object([]) : ["Tags": .object(record.tags)]
    }

    func tagQueue(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let tags = parameters.pairs("Tags")
        guard !tags.isEmpty else { throw SQSError.missing("Tags") }
        try await catalog.change(try address(parameters, context), now: try await seconds()) { record in
            try set(tags, of: &record)
        }
        return .object([])
    }

    func untagQueue(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let keys = Set(parameters.texts("TagKeys"))
        guard !keys.isEmpty else { throw SQSError.missing("TagKeys") }
        try await catalog.change(try address(parameters, context), now: try await seconds()) { record in
            record.tags.removeAll { keys.contains($0.name) }
        }
        return .object([])
    }

    // MARK: Permissions

    /// Stores a statement of the queue's policy. Policies are returned, not enforced.
    func addPermission(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let address = try address(parameters, context)
        let label = try parameters.text("Label")
        guard label.utf8.count <= 80, QueueAddress.isName(label), !label.hasSuffix(".fifo") else {
            throw SQSError.invalid(
                label, for: "Label",
                "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.")
        }
        let (accounts, actions) = (parameters.texts("AWSAccountIds"), parameters.texts("Actions"))
        for account in accounts where !SQSRealm.isAccount(account) {
            throw SQSError.invalid(account, for: "PrincipalId", "Unable to verify.")
        }
        guard actions.count <= 7 else {
            throw SQSError("OverLimit", "\(actions.count) Actions were found, maximum allowed is 7.", status: 403)
        }
        for action in actions where action != "*" && SQSAction(rawValue: action) == nil {
            throw SQSError.invalid(
                "SQS:\(action)", for: "ActionName",
                "Please refer to the appropriate WSDL for a list of valid actions.")
        }
        try await catalog.change(address, now: try await seconds()) { record in
            var statements = SQSEndpoint.statements(record)
            guard !statements.contains(where: { $0["Sid"]?.text == label }) else {
                throw SQSError.invalid(label, for: "Label", "Already exists.")
            }
            func one(_ values: [JSON]) -> JSON { values.count == 1 ? values[0] : .array(values) }
            statements.append([
                "Sid": .string(label), "Effect": "Allow",
                "Principal": ["AWS": one(accounts.map { .string("arn:aws:iam::\($0):root") })],
                "Action": one(actions.map { .string("SQS:\($0)") }), "Resource": .string(address.arn),
            ])
            try SQSEndpoint.set(statements, of: &record)
        }
        return .object([])
    }

    func removePermission(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let label = try parameters.text("Label")
        try await catalog.change(try address(parameters, context), now: try await seconds()) { record in
            let statements = SQSEndpoint.statements(record)
            let kept = statements.filter { $0["Sid"]?.text != label }
            guard kept.count < statements.count else {
                throw SQSError.invalid(
                    label, for: "Label", "can't find label on existing policy.")
            }
            try SQSEndpoint.set(kept, of: &record)
        }
        return .object([])
    }

    private static func statements(_ record: QueueRecord) -> [JSON] {
        let policy = record.attributes[.policy].flatMap { try? JSON(parsing: $0) }
        guard let found = policy?["Statement"] else { return [] }
        // IAM allows a statement without a list around it.
        return found.elements ?? [found]
    }

    private static func set(_ statements: [JSON], of record: inout QueueRecord) throws(SQSError) {
        let old = record.attributes[.policy].flatMap { try? JSON(parsing: $0) }?.members
        var members =
            old ?? [
                .init("Version", "2008-10-17"), .init("Id", .string("\(record.address.arn)/SQSDefaultPolicy")),
            ]
        members.removeAll { $0.name == "Statement" }
        members.append(.init("Statement", .array(statements)))
        let text = statements.isEmpty ? "" : JSON.object(members).description
        try record.attributes.set([(QueueAttribute.policy.rawValue, text)], isNew: false)
    }
}
