package import Model

/// What a destination is told of an asynchronous invocation (row 39; "Capturing records of Lambda asynchronous invocations",
/// AWS documentation).
package struct DestinationRecord: Hashable, Sendable {
    /// When the record was made.
    package var time: Timestamp
    /// The invocation's.
    package var requestID: String
    /// With the qualifier; `$LATEST` where none was given.
    package var functionARN: String
    /// What came of it.
    package var condition: AsyncPolicy.Condition
    /// How often the function was invoked with it.
    package var invokeCount: Int
    /// The event.
    package var request: [UInt8]
    /// The last answer; nil: the function never saw the event.
    package var response: Response?

    /// What a function answered.
    package struct Response: Hashable, Sendable {
        /// Of the version that ran.
        package var executedVersion: String
        /// `Unhandled`; nil: it succeeded.
        package var functionError: String?
        /// The answer, or the error.
        package var payload: [UInt8]

        /// An answer of these parts.
        package init(executedVersion: String, functionError: String?, payload: [UInt8]) {
            self.executedVersion = executedVersion
            self.functionError = functionError
            self.payload = payload
        }
    }

    /// A record of these parts.
    package init(
        time: Timestamp, requestID: String, functionARN: String, condition: AsyncPolicy.Condition, invokeCount: Int,
        request: [UInt8], response: Response?
    ) {
        self.time = time
        self.requestID = requestID
        self.functionARN = functionARN
        self.condition = condition
        self.invokeCount = invokeCount
        self.request = request
        self.response = response
    }

    /// The record as a destination gets it. A payload that is not JSON is a text in it.
    package var json: JSON {
        var members: [JSON.Member] = [
            .init("version", "1.0"), .init("timestamp", .time(time)),
            .init(
                "requestContext",
                [
                    "requestId": .string(requestID), "functionArn": .string(functionARN),
                    "condition": .string(condition.rawValue), "approximateInvokeCount": .integer(invokeCount),
                ]),
            .init("requestPayload", DestinationRecord.payload(request)),
        ]
        if let response {
            var context: [JSON.Member] = [
                .init("statusCode", 200), .init("executedVersion", .string(response.executedVersion)),
            ]
            if let error = response.functionError { context.append(.init("functionError", .string(error))) }
            members.append(.init("responseContext", .object(context)))
            members.append(.init("responsePayload", DestinationRecord.payload(response.payload)))
        }
        return .object(members)
    }

    /// The attributes of the message in a dead-letter queue, whose body is the event: name, type and value. The message of
    /// an error is cut at 1 KB.
    package var deadLetterAttributes: [(name: String, type: String, value: String)] {
        let answer = response.map { DestinationRecord.payload($0.payload) }
        let message = answer?["errorMessage"]?.text ?? condition.rawValue
        return [
            ("RequestID", "String", requestID),
            // Lambda has the status of the last answer here; without one it was throttled.
            ("ErrorCode", "Number", response == nil ? "429" : "200"), ("ErrorMessage", "String", message.cut(1_024)),
        ]
    }

    private static func payload(_ bytes: [UInt8]) -> JSON {
        if bytes.isEmpty { return .null }
        return (try? JSON(parsing: bytes)) ?? .string(String(decoding: bytes, as: UTF8.self))
    }
}

extension String {
    /// As many characters from its beginning as fit into so many bytes, and at least one of them.
    fileprivate func cut(_ bytes: Int) -> String {
        if utf8.count <= bytes { return isEmpty ? "-" : self }
        var end = startIndex
        var count = 0
        while end < endIndex {
            count += unicodeScalars[end].utf8.count
            if count > bytes { break }
            unicodeScalars.formIndex(after: &end)
        }
        return String(self[..<end])
    }
}
