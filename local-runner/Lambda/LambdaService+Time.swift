import FunctionRuntime
import Model

extension LambdaService {
    /// The host's time.
    nonisolated func now() -> Timestamp { WallClock.now() }
}
