import Calls
import FunctionRuntime
package import HTTP
import Logging
import Model
private import Synchronization

/// Starts flows for triggers, up to a hundred in one call to the API.
///
/// Starts that come while a call is under way go with the next one.
package actor FlowStarter {
    /// Where the API is, and the key that it knows functions by.
    package struct Configuration: Sendable {
        /// Without a slash at the end.
        package var api: String
        package var key: String
        /// Of a call.
        package var timeout: Duration = .seconds(10)

        /// An API with its service key.
        package init(api: String, key: String) {
            self.api = api
            self.key = key
        }
    }

    private let configuration: Configuration?
    private let client: any HTTPCaller
    private var waiting: [(start: FlowStart, continuation: CheckedContinuation<FlowStart.Result, Never>)] = []
    private var isCalling = false

    /// How long starts gather.
    private static let gathering = Duration.milliseconds(5)

    /// A starter with a client of its own, which the outbound policy of targets does not apply to.
    ///
    /// - Parameter configuration: nil: flows cannot be started, and their triggers wait.
    package init(_ configuration: Configuration?, client: any HTTPCaller) {
        self.configuration = configuration
        self.client = client
    }

    /// What became of a start, once the API has committed it.
    func start(_ start: FlowStart) async -> FlowStart.Result {
        guard configuration != nil else {
            return .later("HEADGATE_API and HEADGATE_SERVICE_KEY are not set for the trigger-worker")
        }
        return await withCheckedContinuation { continuation in
            waiting.append((start, continuation))
            if !isCalling {
                isCalling = true
                Task { await callAll() }
            }
        }
    }

    private func callAll() async {
        if waiting.count < FlowStart.most { try? await Task.sleep(for: FlowStarter.gathering, tolerance: .zero) }
        while !waiting.isEmpty {
            let batch = Array(waiting.prefix(FlowStart.most))
            waiting.removeFirst(batch.count)
            let results = await call(batch.map(\.start))
            for (item, result) in zip(batch, results) { item.continuation.resume(returning: result) }
        }
        isCalling = false
    }

    private func call(_ starts: [FlowStart]) async -> [FlowStart.Result] {
        guard let configuration else { return [] }
        func later(_ reason: String) -> [FlowStart.Result] { starts.map { _ in .later(reason) } }
        let body: JSON = ["starts": .array(starts.map(\.json))]
        let request = HTTPRequest(
            method: "POST", url: "\(configuration.api)/engine/starts",
            headers: [
                ("Authorization", "Bearer \(configuration.key)"), ("Content-Type", "application/json"),
            ], body: body.serialized, timeout: configuration.timeout, keptBytes: 4 << 20)
        let result = await withCheckedContinuation { continuation in
            client.start(request) { continuation.resume(returning: $0) }
        }
        switch result {
        case .failure(let error): return later("the API cannot be reached: \(error.description)")
        case .success(let response):
            guard response.status == 200, let json = try? JSON(parsing: response.body),
                let items = json["results"]?.elements, items.count == starts.count
            else { return later("the API answered \(response.status)") }
            return items.map { FlowStart.Result($0) ?? .later("the API's answer cannot be read") }
        }
    }

    /// Ends calls under way.
    nonisolated func close() { client.close() }
}
