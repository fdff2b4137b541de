internal import Model
internal import SQS

extension SQSCaller {
    /// An entry of a batch.
    struct BatchEntry: Sendable {
        /// Without `Id`.
        var members: [JSON.Member]
        /// What counts against the limit of a batch.
        var bytes = 0
    }

    /// How an entry ended: its part of the answer, or why it failed.
    typealias EntryResult = Result<JSON, SQSClientError>

    /// Carries out a batch action on any number of entries, some batches at once. Results are in the order of the
    /// entries.
    ///
    /// An entry that failed without the sender's fault, or that the answer does not mention, is repeated as often as a
    /// call is.
    func batch(_ action: SQSAction, queue url: String, _ entries: [BatchEntry]) async -> [EntryResult] {
        var results = await pass(action, url, entries)
        var repeats = 0
        while repeats < configuration.repeats.most {
            let failed = results.indices.filter { index in
                if case .failure(let error) = results[index] {
                    error.isOfEntry && error.isRepeatedAtOnce
                } else {
                    false
                }
            }
            if failed.isEmpty { break }
            repeats += 1
            guard await pauses(before: repeats) else { break }
            let again = await pass(action, url, failed.map { entries[$0] })
            for (index, result) in zip(failed, again) { results[index] = result }
        }
        return results
    }

    /// Every entry once.
    private func pass(_ action: SQSAction, _ url: String, _ entries: [BatchEntry]) async -> [EntryResult] {
        let ranges = BatchCut.ranges(of: entries.map(\.bytes))
        if ranges.count == 1 { return await one(action, url, entries[...]) }
        return await withTaskGroup(of: (Range<Int>, [EntryResult]).self) { group in
            var results: [EntryResult?] = Array(repeating: nil, count: entries.count)
            var waiting = ranges[...]
            func start(_ count: Int) {
                for range in waiting.prefix(count) {
                    group.addTask { (range, await one(action, url, entries[range])) }
                }
                waiting = waiting.dropFirst(count)
            }
            start(configuration.concurrency)
            for await (range, part) in group {
                for (index, result) in zip(range, part) { results[index] = result }
                start(1)
            }
            return results.map { $0! }
        }
    }

    /// One batch of the API; an entry's id is its place.
    private func one(_ action: SQSAction, _ url: String, _ entries: ArraySlice<BatchEntry>) async -> [EntryResult] {
        let list = entries.enumerated().map { place, entry in
            JSON.object([JSON.Member("Id", .string("\(place)"))] + entry.members)
        }
        let answer: JSON
        do throws(SQSClientError) {
            answer = try await call(action, ["QueueUrl": .string(url), "Entries": .array(list)])
        } catch {
            return entries.map { _ in .failure(error) }
        }
        let missing = SQSClientError(
            SQSClientError.badAnswer, "the answer does not mention an entry", at: action.rawValue, isSenderFault: false)
        var results: [EntryResult] = Array(repeating: .failure(missing), count: entries.count)
        func place(_ json: JSON) -> Int? {
            json["Id"]?.text.flatMap { Int($0) }.flatMap { results.indices.contains($0) ? $0 : nil }
        }
        for success in answer["Successful"]?.elements ?? [] {
            if let place = place(success) { results[place] = .success(success) }
        }
        for failure in answer["Failed"]?.elements ?? [] {
            guard let place = place(failure) else { continue }
            results[place] = .failure(
                SQSClientError(
                    failure["Code"]?.text ?? "Unknown", failure["Message"]?.text ?? "", at: action.rawValue,
                    isSenderFault: failure["SenderFault"]?.flag ?? false))
        }
        return results
    }
}

extension SQSClientError {
    /// It concerns one entry; the call that had it was answered.
    fileprivate var isOfEntry: Bool { isSenderFault != nil }
}
