/// Makes HTTP calls, many at once.
package protocol HTTPCaller: Sendable {
    /// Starts a call and returns at once. `completion` is called exactly once, on a thread of the caller's own; it must not block.
    ///
    /// Returns the token that cancels the call.
    @discardableResult
    func start(_ request: HTTPRequest, _ completion: @escaping @Sendable (HTTPResult) -> Void) -> HTTPCallToken

    /// Cancels a call. Its completion gets `.cancelled`, unless it has been called already.
    func cancel(_ token: HTTPCallToken)

    /// Cancels all calls and takes no more: further ones fail with `.cancelled`.
    func close()
}

/// Identifies a call that was started; unique within its caller.
package struct HTTPCallToken: Hashable, Sendable {
    package let number: Int

    package init(number: Int) { self.number = number }
}
