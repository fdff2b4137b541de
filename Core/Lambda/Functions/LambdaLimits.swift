/// The quotas of Lambda (AWS documentation, "Lambda quotas", and the Lambda API Reference, version 2015-03-31).
package enum LambdaLimits {
    /// Invocations that run at once in an account and region ("Concurrent executions").
    package static let concurrency = 1_000
    /// Of these, what functions cannot reserve ("Configuring reserved concurrency").
    package static let unreservedConcurrency = 100
    /// New environments of a function in `environmentPeriod` ("Lambda concurrency scaling rate").
    package static let environments = 1_000
    /// Seconds.
    package static let environmentPeriod = 10
    /// Seconds that an invocation may take.
    package static let timeout = 1...900
    /// MB.
    package static let memory = 128...10_240
    /// MB of `/tmp`.
    package static let ephemeralStorage = 512...10_240
    /// Bytes of all environment variables of a function, as an object in JSON ("Troubleshoot deployment issues in Lambda").
    package static let environmentBytes = 4_096
    /// Characters of a function's name.
    package static let nameCharacters = 64
    /// Characters of a version or of an alias's name.
    package static let qualifierCharacters = 128
    /// Bytes of a deployment package that is uploaded, zipped.
    package static let zippedBytes = 52_428_800
    /// Bytes of a deployment package, unzipped.
    package static let unzippedBytes = 262_144_000
    /// Bytes of the payload of a synchronous invocation, and of its answer: 6 MB and 100 bytes.
    package static let synchronousPayload = 6_291_556
    /// Bytes of the payload of an asynchronous invocation.
    package static let asynchronousPayload = 1_048_576
    /// Tries of an asynchronous invocation after the first ("Configuring error handling settings").
    package static let retries = 0...2
    /// Seconds that an asynchronous invocation may wait and be tried.
    package static let eventAge = 60...21_600
    /// Elements of a page of a list.
    package static let page = 50
}
