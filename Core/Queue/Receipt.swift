/// What one lease of one message is proved by. A receipt whose lease ended settles nothing.
package struct Receipt: Hashable, Sendable {
    package let shard: Int
    package let handle: String

    package init(shard: Int, handle: String) {
        self.shard = shard
        self.handle = handle
    }
}
