package import Model

/// Concurrency, and how asynchronous invocations are tried.
extension FunctionCatalog {
    /// Invocations that functions reserve, in sum.
    package var reservedConcurrency: Int { functions.values.reduce(0) { $0 + ($1.reservedConcurrency ?? 0) } }

    /// PutFunctionConcurrency. Of a function of the topology it lasts until the topology is read again.
    package mutating func putConcurrency(
        _ reference: FunctionReference, _ request: JSON
    ) throws(LambdaError) -> Int {
        guard let value = try RequestBody(request).int("ReservedConcurrentExecutions") else {
            throw .validation([
                "Value null at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must not be null"
            ])
        }
        try checkUnqualified(reference)
        try checkReservation(value, besides: reference.name)
        functions[reference.name]?.reservedConcurrency = value
        return value
    }

    /// GetFunctionConcurrency; nil: nothing is reserved.
    package func concurrency(_ reference: FunctionReference) throws(LambdaError) -> Int? {
        try record(reference).reservedConcurrency
    }

    /// DeleteFunctionConcurrency.
    package mutating func deleteConcurrency(_ reference: FunctionReference) throws(LambdaError) {
        try checkUnqualified(reference)
        functions[reference.name]?.reservedConcurrency = nil
    }

    private func checkUnqualified(_ reference: FunctionReference) throws(LambdaError) {
        _ = try record(reference)
        guard reference.qualifier == nil else {
            throw .invalid(
                "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN."
            )
        }
    }

    /// Throws if a function may not reserve so much beside the others.
    func checkReservation(_ value: Int, besides name: String) throws(LambdaError) {
        var check = RequestCheck()
        check.range(value, at: "reservedConcurrentExecutions", 0...Int.max)
        try check.finish()
        let others = reservedConcurrency - (functions[name]?.reservedConcurrency ?? 0)
        guard value <= LambdaLimits.concurrency - LambdaLimits.unreservedConcurrency - others else {
            throw .invalid(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [\(LambdaLimits.unreservedConcurrency)]."
            )
        }
    }

    // MARK: Asynchronous invocations

    /// PutFunctionEventInvokeConfig: replaces what there was.
    package mutating func putEventInvoke(
        _ reference: FunctionReference, _ request: JSON, now: Timestamp
    ) throws(LambdaError) -> EventInvokeConfiguration {
        try setEventInvoke(reference, EventInvokeConfiguration(request, updating: nil, now: now))
    }

    /// UpdateFunctionEventInvokeConfig: what the body does not name stays.
    package mutating func updateEventInvoke(
        _ reference: FunctionReference, _ request: JSON, now: Timestamp
    ) throws(LambdaError) -> EventInvokeConfiguration {
        let former = try eventInvoke(reference)
        return try setEventInvoke(reference, EventInvokeConfiguration(request, updating: former, now: now))
    }

    /// GetFunctionEventInvokeConfig. Show it with `eventInvokeARN`.
    package func eventInvoke(_ reference: FunctionReference) throws(LambdaError) -> EventInvokeConfiguration {
        let missing = LambdaError.notFound(
            "The function \(eventInvokeARN(reference)) doesn't have an EventInvokeConfig")
        guard functions[reference.name] != nil else { throw missing }
        guard let found = try record(reference).eventInvoke[reference.qualifier ?? FunctionReference.latest] else {
            throw missing
        }
        return found
    }

    /// DeleteFunctionEventInvokeConfig.
    package mutating func deleteEventInvoke(_ reference: FunctionReference) throws(LambdaError) {
        _ = try eventInvoke(reference)
        functions[reference.name]?.eventInvoke[reference.qualifier ?? FunctionReference.latest] = nil
    }

    /// The ARN of a configuration, which always has a qualifier.
    package func eventInvokeARN(_ reference: FunctionReference) -> String {
        FunctionReference.arn(
            reference.name, qualifier: reference.qualifier ?? FunctionReference.latest, account: account, region: region
        )
    }

    private mutating func setEventInvoke(
        _ reference: FunctionReference, _ configuration: EventInvokeConfiguration
    ) throws(LambdaError) -> EventInvokeConfiguration {
        guard functions[reference.name] != nil, try record(reference).configuration(reference.qualifier) != nil else {
            throw .notFound("The function doesn't exist.")
        }
        try checkDestinations(configuration, of: reference.name)
        functions[reference.name]?.eventInvoke[reference.qualifier ?? FunctionReference.latest] = configuration
        return configuration
    }

    private func checkDestinations(_ configuration: EventInvokeConfiguration, of name: String) throws(LambdaError) {
        for arn in [configuration.onSuccess, configuration.onFailure].compactMap({ $0 }) {
            switch DestinationTarget(arn) {
            case .queue: continue
            case .function(let target):
                guard target.name != name else {
                    throw .invalid("You can't specify the function as a destination for itself.")
                }
                guard functions[target.name]?.configuration(target.qualifier) != nil else {
                    throw .invalid("The destination ARN \(arn) is invalid.")
                }
            case nil:
                func part(_ name: String, _ arn: String?) -> String {
                    arn.map { "\(name)(destination=\($0))" } ?? "null"
                }
                throw .invalid(
                    "The provided destination config DestinationConfig(onSuccess=\(part("OnSuccess", configuration.onSuccess)), onFailure=\(part("OnFailure", configuration.onFailure))) is invalid. Destinations here are standard SQS queues and Lambda functions."
                )
            }
        }
    }
}
