import TopologyFile

/// What one of Headgate's functions connects to, and which secrets it has to know. Settings, network policies and roles are
/// made from this one table.
struct FunctionNeeds: Hashable, Sendable {
    /// Something that a function connects to.
    enum Peer: String, CaseIterable, Sendable {
        /// The database, directly: sessions hold locks (protocols.md, 25).
        case postgres
        /// The database through a pooler in transaction mode, which only the API may use.
        case pooler
        case redis
        /// Amazon SQS, or an endpoint of one's own, where queues of the topology are of kind sqs.
        case sqs
        case api
        /// What tenants call: public addresses.
        case targets
    }

    /// The database role, which is also the key of its URL in the secret; nil: no database.
    var role: String?
    var peers: Set<Peer>
    /// Variables and the keys of the secret that they come from.
    var secrets: [(variable: String, key: String)] = []
    /// The port it listens on; nil: none.
    var port: Int?

    static func == (left: Self, right: Self) -> Bool { left.role == right.role && left.peers == right.peers }
    func hash(into hasher: inout Hasher) { hasher.combine(role) }

    private static let sealing = ("HEADGATE_SECRET_KEYS", "secret-keys")
    private static let service = ("HEADGATE_SERVICE_KEY", "service-key")

    /// By the function's name.
    ///
    /// - Parameter usesSQS: the queues of triggers and outcomes are of kind sqs.
    static func of(_ function: String, usesSQS: Bool) -> FunctionNeeds? {
        let queues: Set<Peer> = usesSQS ? [.sqs] : []
        switch function {
        case "loader", "monitor": return FunctionNeeds(role: "engine", peers: queues.union([.postgres, .redis]))
        case "historian": return FunctionNeeds(role: "engine", peers: queues.union([.postgres, .redis]))
        case "flow-historian": return FunctionNeeds(role: "engine", peers: [.postgres])
        case "trigger-worker":
            return FunctionNeeds(
                peers: queues.union([.redis, .api, .targets]), secrets: [sealing, service])
        case "step-worker":
            return FunctionNeeds(role: "engine", peers: [.postgres, .redis, .targets], secrets: [sealing])
        case "api":
            return FunctionNeeds(
                role: "api", peers: queues.union([.pooler, .redis]), secrets: [sealing, service], port: 8_080)
        case "sqs": return FunctionNeeds(peers: [.redis], port: 9_324)
        default: return nil
        }
    }
}
