/// The keys of a shard, in the order in which scripts get them (`KEYS`). A case's name is the name in the scripts, which
/// `prelude.lua` explains; the raw value ends the key's own name, and must stay: it is in Redis.
enum RedisQueueKey: String, CaseIterable {
    case ready = "r"
    case delayed = "d"
    case inFlight = "f"
    case bodies = "b"
    case items = "i"
    case tags = "t"
    case counters = "m"
    case dead = "x"
    case reasons = "y"
    case wake = "w"
    case tenants = "c"
    case unconfirmed = "p"
    case recorded0 = "k0"
    case recorded1 = "k1"
    case recorded2 = "k2"
    case heavy = "e"
    case again = "a"

    /// The key's place among a shard's keys, from 0.
    var index: Int { RedisQueueKey.allCases.firstIndex(of: self)! }

    /// The names for scripts: a line of Lua.
    static var lua: String {
        "local queueKeys = { \(allCases.map { "'\($0)'" }.joined(separator: ", ")) }\n"
    }
}
