import Model

/// A request as the gateway looks at it.
struct GatewayRequest: Sendable {
    var method: String
    /// Without the query.
    var path: String
    /// `Idempotency-Key`.
    var key: String?
    /// `Headgate-Step`.
    var stepID: String?
    var body: [UInt8] = []
}

/// How a request is answered.
struct GatewayAnswer: Equatable, Sendable {
    var status: Int
    var json: JSON

    init(_ status: Int, _ json: JSON) {
        self.status = status
        self.json = json
    }

    static func error(_ status: Int, _ message: String) -> GatewayAnswer {
        GatewayAnswer(status, ["error": .string(message)])
    }
}
