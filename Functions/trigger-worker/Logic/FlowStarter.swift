import Calls
import FunctionRuntime
import HTTP
import Logging
import Model

/// Starts flows for triggers, up to a hundred in one call to the API.
///
/// Starts that come while a call is under way go with the next one.
actor FlowStarter {
    private let api: EngineAPI
    private var waiting: [(start: FlowStart, continuation: CheckedContinuation<FlowStart.Result, Never>)] = []
    private var isCalling = false

    /// How long starts gather.
    private static let gathering = Duration.milliseconds(5)

    init(_ api: EngineAPI) { self.api = api }

    /// What became of a start, once the API has committed it.
    func start(_ start: FlowStart) async -> FlowStart.Result {
        await withCheckedContinuation { continuation in
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
        do throws(EngineAPI.Failure) {
            let body: JSON = ["starts": .array(starts.map(\.json))]
            let items = try await api.post("starts", body, list: "results", count: starts.count)
            return items.map { FlowStart.Result($0) ?? .later("the API's answer cannot be read") }
        } catch {
            return starts.map { _ in .later(error.description) }
        }
    }
}
