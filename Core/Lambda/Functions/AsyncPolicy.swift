/// When an asynchronous invocation is tried again ("How Lambda handles errors and retries with asynchronous invocation", AWS
/// documentation).
package struct AsyncPolicy: Hashable, Sendable {
    /// Tries after the first, when the function fails: 0 to 2.
    package var maximumRetries: Int
    /// Since the event was accepted; it is never tried later: 60 s to 6 h.
    package var maximumAge: Duration

    /// Two more tries within 6 h, unless given.
    package init(maximumRetries: Int? = nil, maximumAge: Duration? = nil) {
        self.maximumRetries = maximumRetries ?? LambdaLimits.retries.upperBound
        self.maximumAge = maximumAge ?? .seconds(LambdaLimits.eventAge.upperBound)
    }

    /// What came of a try.
    package enum Outcome: Hashable, Sendable {
        case success
        /// The function answered an error, crashed or took too long.
        case functionError
        /// Too much ran, or the service failed: the function has not seen the event.
        case throttleOrSystemError
        /// The function reserves a concurrency of 0. It is not tried again ("Configuring reserved concurrency").
        case zeroConcurrency
    }

    /// Why an event is no longer tried, as destinations are told.
    package enum Condition: String, Hashable, Sendable {
        case success = "Success"
        case retriesExhausted = "RetriesExhausted"
        case eventAgeExceeded = "EventAgeExceeded"
        case zeroReservedConcurrency = "ZeroReservedConcurrency"
    }

    /// What follows.
    package enum Decision: Hashable, Sendable {
        /// The event was handled.
        case done
        case retry(after: Duration)
        case giveUp(Condition)
    }

    /// What follows a try.
    ///
    /// Function errors are followed by a pause of one minute and then two; throttles and errors of the service by one of 1 s
    /// that doubles up to 5 min, and they are no retries. An event whose next try would come after its maximum age is given
    /// up at once.
    ///
    /// - Parameters:
    ///   - age: the time since the event was accepted.
    ///   - functionErrors: of earlier tries.
    ///   - throttles: throttles and errors of the service since the event was accepted, or since its last function error.
    package func decision(
        after outcome: Outcome, age: Duration, functionErrors: Int, throttles: Int
    ) -> Decision {
        let pause: Duration
        switch outcome {
        case .success: return .done
        case .zeroConcurrency: return .giveUp(.zeroReservedConcurrency)
        case .functionError:
            guard functionErrors < maximumRetries else { return .giveUp(.retriesExhausted) }
            pause = .seconds(60 * (functionErrors + 1))
        // 2^9 s is more than 5 min.
        case .throttleOrSystemError: pause = .seconds(min(300, 1 << min(throttles, 9)))
        }
        return age + pause <= maximumAge ? .retry(after: pause) : .giveUp(.eventAgeExceeded)
    }

    /// Whether an event that has waited so long may still be tried; if not, it is given up as `eventAgeExceeded`.
    package func mayTry(age: Duration) -> Bool { age <= maximumAge }
}
