import Model

/// What has happened to the calls of one step since the gateway began.
struct StepCounts: Equatable, Sendable {
    /// Calls that were understood.
    var calls = 0
    /// Calls whose key was known.
    var repeated = 0
    /// Calls answered 503.
    var refused = 0
    var begun = 0
    var succeeded = 0
    var failed = 0
    var cancelled = 0
    /// Callbacks answered 2xx.
    var callbacksSent = 0
    /// Callbacks that the receiver did not want.
    var callbacksRefused = 0
    /// Callbacks that could not be delivered in time, or were overtaken by newer ones.
    var callbacksLost = 0
    /// Results that could not be written to disk.
    var resultsLost = 0

    var json: JSON {
        [
            "calls": .integer(calls), "repeated": .integer(repeated), "refused": .integer(refused),
            "begun": .integer(begun), "succeeded": .integer(succeeded), "failed": .integer(failed),
            "cancelled": .integer(cancelled), "callbacksSent": .integer(callbacksSent),
            "callbacksRefused": .integer(callbacksRefused), "callbacksLost": .integer(callbacksLost),
            "resultsLost": .integer(resultsLost),
        ]
    }
}
