import Model

/// What is told to a callback URL about a work.
enum Report: Equatable, Sendable {
    case running
    case progress(JSON)
    case succeeded(JSON)
    case failed(GatewayError)

    var json: JSON {
        switch self {
        case .running: ["status": "running"]
        case .progress(let metrics): ["status": "progress", "metrics": metrics]
        case .succeeded(let outputs): ["status": "succeeded", "outputs": outputs]
        case .failed(let error):
            [
                "status": "failed",
                "error": ["class": .string(error.code.rawValue), "message": .string(error.message)],
            ]
        }
    }
}
