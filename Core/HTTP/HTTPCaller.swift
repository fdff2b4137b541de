/// Makes HTTP calls, many at once.
package protocol HTTPCaller: Sendable {
    /// Starts a call and returns at once, with the token that cancels it.
    ///
    /// `completion` is called exactly once, on a thread of the implementation's; it must not block.
    @discardableResult
    func start(_ request: HTTPRequest, _ completion: @escaping @Sendable (HTTPResult) -> Void) -> HTTPCallToken

    /// Cancels a call: its completion gets `.cancelled`, unless the call has ended.
    func cancel(_ token: HTTPCallToken)

    /// Cancels all calls; later ones fail with `.cancelled`.
    func close()
}

/// Identifies a started call; unique within its `HTTPCaller`.
package struct HTTPCallToken: Hashable, Sendable {
    /// Assigned by the `HTTPCaller`.
    package let number: Int

    /// The token of a call with this number.
    package init(number: Int) { self.number = number }
}
