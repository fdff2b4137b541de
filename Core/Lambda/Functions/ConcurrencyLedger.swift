package import Model

/// How many invocations run, and which one is throttled: a value that is told what begins and ends.
///
/// An account runs 1,000 at once. A function with a reservation uses that, and only that; the others share what is not
/// reserved ("Understanding Lambda function scaling", AWS documentation).
package struct ConcurrencyLedger: Hashable, Sendable {
    /// What runs of a function, by what it was counted against when it began.
    private struct Use: Hashable {
        var reserved = 0
        var shared = 0
        /// When environments were started, the earliest first; only those of the last 10 s.
        var starts: [Timestamp] = []
    }
    private var uses: [String: Use] = [:]
    private var shared = 0

    /// Nothing runs.
    package init() {}

    /// Invocations that run, in all.
    package var running: Int { uses.values.reduce(0) { $0 + $1.reserved + $1.shared } }
    /// Invocations of a function that run.
    package func running(_ function: String) -> Int { uses[function].map { $0.reserved + $0.shared } ?? 0 }

    /// Begins an invocation, or says why it is throttled; what was admitted is to be released.
    ///
    /// - Parameters:
    ///   - reserved: what the function reserves; nil: nothing. With 0 it is always throttled.
    ///   - reservedSum: what all functions reserve.
    package mutating func admit(_ function: String, reserved: Int?, reservedSum: Int) -> LambdaError? {
        var use = uses[function] ?? Use()
        if let reserved {
            guard use.reserved + use.shared < reserved else {
                return .throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
            }
            use.reserved += 1
        } else {
            guard shared < LambdaLimits.concurrency - reservedSum else {
                return .throttled("ConcurrentInvocationLimitExceeded")
            }
            use.shared += 1
            shared += 1
        }
        uses[function] = use
        return nil
    }

    /// An invocation that was admitted has ended. After a change of the reservation those that began before end first.
    package mutating func release(_ function: String) {
        guard var use = uses[function], use.reserved + use.shared > 0 else {
            preconditionFailure("an invocation of \(function) was released that had not been admitted: \(self)")
        }
        let isShared = use.shared > 0
        if isShared { shared -= 1 }
        use.shared -= isShared ? 1 : 0
        use.reserved -= isShared ? 0 : 1
        uses[function] = use == Use() ? nil : use
    }

    /// Counts an environment that is to be started, or says why it is not: a function gets at most 1,000 in 10 s.
    package mutating func startEnvironment(_ function: String, now: Timestamp) -> LambdaError? {
        var use = uses[function] ?? Use()
        let begin = now - .seconds(LambdaLimits.environmentPeriod)
        if let old = use.starts.first, old <= begin { use.starts.removeAll { $0 <= begin } }
        guard use.starts.count < LambdaLimits.environments else {
            return .throttled("FunctionInvocationRateLimitExceeded")
        }
        use.starts.append(now)
        uses[function] = use
        return nil
    }
}
