internal import Model
internal import SQS

extension SQSCaller {
    /// The URL of a queue of this name.
    func url(of name: String) async throws(SQSClientError) -> String {
        let answer = try await call(.getQueueURL, ["QueueName": .string(name)])
        guard let url = answer["QueueUrl"]?.text else { throw SQSCaller.incomplete(.getQueueURL) }
        return url
    }

    /// Approximately how many messages a queue has.
    func counts(of url: String) async throws(SQSClientError) -> SQSCounts {
        let names = ["", "NotVisible", "Delayed"].map { "ApproximateNumberOfMessages\($0)" }
        let answer = try await attributes(names, of: url)
        let numbers = names.compactMap { answer[$0].flatMap { Int($0) } }
        guard numbers.count == 3 else { throw SQSCaller.incomplete(.getQueueAttributes) }
        return SQSCounts(visible: numbers[0], inFlight: numbers[1], delayed: numbers[2])
    }

    /// Attributes of a queue.
    func attributes(_ names: [String], of url: String) async throws(SQSClientError) -> [String: String] {
        let answer = try await call(
            .getQueueAttributes,
            ["QueueUrl": .string(url), "AttributeNames": .array(names.map { .string($0) })])
        let members = answer["Attributes"]?.members ?? []
        return Dictionary(members.compactMap { member in member.value.text.map { (member.name, $0) } }) { $1 }
    }

    /// Makes a standard queue, or gives one that exists these attributes. Returns its URL.
    func create(_ name: String, _ attributes: [String: String]) async throws(SQSClientError) -> String {
        let list = JSON.object(attributes.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })
        do throws(SQSClientError) {
            let answer = try await call(.createQueue, ["QueueName": .string(name), "Attributes": list])
            guard let url = answer["QueueUrl"]?.text else { throw SQSCaller.incomplete(.createQueue) }
            return url
        } catch  where error.code == "QueueNameExists" || error.code == "QueueAlreadyExists" {
            let url = try await url(of: name)
            _ = try await call(.setQueueAttributes, ["QueueUrl": .string(url), "Attributes": list])
            return url
        }
    }

    /// Removes every message of a queue; refused within 60 s of the last time.
    func purge(_ url: String) async throws(SQSClientError) {
        _ = try await call(.purgeQueue, ["QueueUrl": .string(url)])
    }

    private static func incomplete(_ action: SQSAction) -> SQSClientError {
        SQSClientError(SQSClientError.badAnswer, "the answer lacks what was asked for", at: action.rawValue)
    }
}
