/// The scripts of `RedisQueue`'s operations, each preceded by the shared prelude.
enum RedisQueueScripts {
    static let send = script("send", PackageResources.send_lua)
    static let receive = script("receive", PackageResources.receive_lua)
    static let settle = script("settle", PackageResources.settle_lua)
    static let hold = script("hold", PackageResources.hold_lua)
    static let wake = script("wake", PackageResources.wake_lua)
    static let extend = script("extend", PackageResources.extend_lua, isAllowedWhenFull: true)
    static let confirm = script("confirm", PackageResources.confirm_lua)
    static let cancel = script("cancel", PackageResources.cancel_lua, isAllowedWhenFull: true)
    static let holds = script("holds", PackageResources.holds_lua)
    static let peekDead = script("peek-dead", PackageResources.peek_dead_lua)
    static let redriveDead = script("redrive-dead", PackageResources.redrive_dead_lua)
    static let purge = script("purge", PackageResources.purge_lua)
    static let statistics = script("statistics", PackageResources.statistics_lua)
    static let now = script("now", PackageResources.now_lua)
    static let held = script("held", PackageResources.held_lua)
    static let discard = script("discard", PackageResources.discard_lua, isAllowedWhenFull: true)
    static let pressure = script("pressure", PackageResources.pressure_lua)
    static let raiseGeneration = script(
        "raise-generation", PackageResources.raise_generation_lua, isAllowedWhenFull: true)
    static let maintain = script("maintain", PackageResources.maintain_lua)

    /// - Parameter isAllowedWhenFull: it may write while the server is out of memory. Settling does not need this: its
    ///   first write frees memory.
    private static func script(
        _ name: String, _ operation: [UInt8], isAllowedWhenFull: Bool = false
    ) -> RedisScript {
        RedisScript(
            name: name, text: Array(RedisQueueKey.lua.utf8) + PackageResources.prelude_lua + operation,
            isAllowedWhenFull: isAllowedWhenFull)
    }
}
