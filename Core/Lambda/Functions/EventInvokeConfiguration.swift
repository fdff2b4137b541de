package import Model

/// How asynchronous invocations of a function, version or alias are tried, and where their outcomes go.
package struct EventInvokeConfiguration: Hashable, Sendable {
    /// Tries after the first, 0 to 2; nil: 2.
    package var maximumRetries: Int?
    /// Seconds, 60 to 21,600; nil: 21,600.
    package var maximumAge: Int?
    /// The ARN of a queue or function that gets a record of each success.
    package var onSuccess: String?
    /// The ARN of a queue or function that gets a record of each event that is given up.
    package var onFailure: String?
    /// When it last changed.
    package var modified: Timestamp

    /// Reads the body of PutFunctionEventInvokeConfig or UpdateFunctionEventInvokeConfig.
    ///
    /// - Parameter former: whose values an update keeps where the body names none; nil: a put keeps none.
    init(_ request: JSON, updating former: EventInvokeConfiguration?, now: Timestamp) throws(LambdaError) {
        let body = try RequestBody(request)
        let (retries, age) = (try body.int("MaximumRetryAttempts"), try body.int("MaximumEventAgeInSeconds"))
        let destinations = try body.object("DestinationConfig")
        guard retries != nil || age != nil || destinations != nil else {
            throw .invalid("You must specify at least one of error handling or destination setting.")
        }
        var check = RequestCheck()
        check.range(retries, at: "maximumRetryAttempts", LambdaLimits.retries)
        check.range(age, at: "maximumEventAgeInSeconds", LambdaLimits.eventAge)
        try check.finish()
        maximumRetries = retries ?? former?.maximumRetries
        maximumAge = age ?? former?.maximumAge
        if let destinations {
            onSuccess = try destinations.object("OnSuccess")?.text("Destination")
            onFailure = try destinations.object("OnFailure")?.text("Destination")
        } else {
            (onSuccess, onFailure) = (former?.onSuccess, former?.onFailure)
        }
        if onSuccess?.isEmpty == true { onSuccess = nil }
        if onFailure?.isEmpty == true { onFailure = nil }
        modified = now
    }

    /// The configuration as the API shows it.
    package func json(arn: String) -> JSON {
        func destination(_ arn: String?) -> JSON { arn.map { ["Destination": .string($0)] } ?? [:] }
        var members: [JSON.Member] = [
            // The API has seconds with a fraction here, and a text for functions.
            .init("LastModified", .number(Double(modified.milliseconds) / 1_000)), .init("FunctionArn", .string(arn)),
        ]
        if let maximumRetries { members.append(.init("MaximumRetryAttempts", .integer(maximumRetries))) }
        if let maximumAge { members.append(.init("MaximumEventAgeInSeconds", .integer(maximumAge))) }
        members.append(
            .init("DestinationConfig", ["OnSuccess": destination(onSuccess), "OnFailure": destination(onFailure)]))
        return .object(members)
    }

    /// For `init(stored:)`.
    var stored: JSON {
        [
            "maximumRetries": .optional(maximumRetries) { .integer($0) },
            "maximumAge": .optional(maximumAge) { .integer($0) }, "onSuccess": .optionalText(onSuccess),
            "onFailure": .optionalText(onFailure), "modified": .integer(modified.microseconds),
        ]
    }

    /// Reads what `stored` made; nil for anything else.
    init?(stored: JSON) {
        guard let modified = stored["modified"]?.int else { return nil }
        self.modified = Timestamp(microseconds: Int64(modified))
        maximumRetries = stored["maximumRetries"]?.int
        maximumAge = stored["maximumAge"]?.int
        onSuccess = stored["onSuccess"]?.text
        onFailure = stored["onFailure"]?.text
    }
}
