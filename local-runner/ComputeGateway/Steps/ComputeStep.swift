/// The kinds of work that the gateway does, each called at `/v1/` and its name.
enum ComputeStep: String, CaseIterable, Sendable {
    case transform, train, evaluate, register

    /// All names, for messages.
    static let names = allCases.map(\.rawValue).joined(separator: ", ")
}
