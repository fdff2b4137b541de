/// The scripts of `RedisQueue`'s operations, each preceded by the shared prelude.
struct RedisQueueScripts: Sendable {
    let send: RedisScript
    let receive: RedisScript
    let settle: RedisScript
    let hold: RedisScript
    let wake: RedisScript
    let extend: RedisScript
    let confirm: RedisScript
    let cancel: RedisScript
    let holds: RedisScript
    let peekDead: RedisScript
    let redriveDead: RedisScript
    let purge: RedisScript
    let statistics: RedisScript
    let now: RedisScript
    let held: RedisScript
    let discard: RedisScript
    let pressure: RedisScript
    let raiseGeneration: RedisScript
    let maintain: RedisScript

    /// For `QueueKind.work`.
    static let work = RedisQueueScripts(isCoalescing: false)
    /// For `QueueKind.coalescing`.
    static let coalescing = RedisQueueScripts(isCoalescing: true)

    private init(isCoalescing: Bool) {
        /// - Parameter isAllowedWhenFull: it may write while the server is out of memory. Settling does not need this:
        ///   its first write frees memory.
        func script(_ name: String, _ operation: [UInt8], isAllowedWhenFull: Bool = false) -> RedisScript {
            let constants = "\(RedisQueueKey.lua)local coalescing = \(isCoalescing)\n"
            return RedisScript(
                name: name,
                text: Array(constants.utf8) + PackageResources.common_lua + PackageResources.prelude_lua + operation,
                isAllowedWhenFull: isAllowedWhenFull)
        }
        send = script("send", PackageResources.send_lua)
        receive = script("receive", PackageResources.receive_lua)
        settle = script("settle", PackageResources.settle_lua)
        hold = script("hold", PackageResources.hold_lua)
        wake = script("wake", PackageResources.wake_lua)
        extend = script("extend", PackageResources.extend_lua, isAllowedWhenFull: true)
        confirm = script("confirm", PackageResources.confirm_lua)
        cancel = script("cancel", PackageResources.cancel_lua, isAllowedWhenFull: true)
        holds = script("holds", PackageResources.holds_lua)
        peekDead = script("peek-dead", PackageResources.peek_dead_lua)
        redriveDead = script("redrive-dead", PackageResources.redrive_dead_lua)
        purge = script("purge", PackageResources.purge_lua)
        statistics = script("statistics", PackageResources.statistics_lua)
        now = script("now", PackageResources.now_lua)
        held = script("held", PackageResources.held_lua)
        discard = script("discard", PackageResources.discard_lua, isAllowedWhenFull: true)
        pressure = script("pressure", PackageResources.pressure_lua)
        raiseGeneration = script("raise-generation", PackageResources.raise_generation_lua, isAllowedWhenFull: true)
        maintain = script("maintain", PackageResources.maintain_lua)
    }
}
