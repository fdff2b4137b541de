/// The keys of an SQS queue, in the order in which scripts get them (`KEYS`). A case's name is the name in the scripts,
/// which `sqs-prelude.lua` explains; the raw value ends the key's own name, and must stay: it is in Redis.
enum SQSKey: String, CaseIterable {
    case queue = "q"
    case groups = "g"
    case visible = "v"
    case inFlight = "f"
    case delayed = "d"
    case ages = "a"
    case bodies = "b"
    case receives = "s"
    case origins = "o"
    case busy = "n"
    case dedup = "u"
    case dedupEnds = "e"
    case attempts = "r"
    case attemptEnds = "x"

    /// The names for scripts: a line of Lua.
    static var lua: String {
        "local queueKeys = { \(allCases.map { "'\($0)'" }.joined(separator: ", ")) }\n"
    }
}
