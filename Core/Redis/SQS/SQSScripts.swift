/// The scripts of `RedisSQSStore`'s operations.
struct SQSScripts: Sendable {
    let send: RedisScript
    let receive: RedisScript
    let delete: RedisScript
    let changeVisibility: RedisScript
    let giveBack: RedisScript
    let counts: RedisScript
    let peek: RedisScript
    let move: RedisScript
    let purge: RedisScript
    let create: RedisScript
    let replace: RedisScript
    let drop: RedisScript
    let replaceText: RedisScript

    /// - Parameter wakeChannel: where scripts publish the queues that got something to give.
    init(wakeChannel: String) {
        /// A script of an operation on messages, preceded by the shared prelude.
        ///
        /// - Parameter isAllowedWhenFull: it may write while the server is out of memory: it frees some, or lets others.
        func script(_ name: String, _ text: [UInt8], isAllowedWhenFull: Bool = false) -> RedisScript {
            RedisScript(
                name: "sqs-\(name)", text: head + PackageResources.sqs_prelude_lua + text,
                isAllowedWhenFull: isAllowedWhenFull)
        }
        /// A script of an operation on queues, which declares its own keys.
        func plain(_ name: String, _ text: [UInt8]) -> RedisScript {
            RedisScript(name: "sqs-\(name)", text: head + text, isAllowedWhenFull: true)
        }
        let head = Array("\(SQSKey.lua)local wakeChannel = '\(wakeChannel)'\n".utf8) + PackageResources.common_lua
        send = script("send", PackageResources.sqs_send_lua)
        receive = script("receive", PackageResources.sqs_receive_lua, isAllowedWhenFull: true)
        delete = script("delete", PackageResources.sqs_delete_lua, isAllowedWhenFull: true)
        changeVisibility = script(
            "change-visibility", PackageResources.sqs_change_visibility_lua, isAllowedWhenFull: true)
        giveBack = script("give-back", PackageResources.sqs_give_back_lua, isAllowedWhenFull: true)
        counts = script("counts", PackageResources.sqs_counts_lua, isAllowedWhenFull: true)
        peek = script("peek", PackageResources.sqs_peek_lua, isAllowedWhenFull: true)
        move = script("move", PackageResources.sqs_move_lua, isAllowedWhenFull: true)
        purge = script("purge", PackageResources.sqs_purge_lua, isAllowedWhenFull: true)
        create = plain("create", PackageResources.sqs_create_lua)
        replace = plain("replace", PackageResources.sqs_replace_lua)
        drop = plain("drop", PackageResources.sqs_drop_lua)
        replaceText = plain("replace-text", PackageResources.sqs_replace_text_lua)
    }
}
