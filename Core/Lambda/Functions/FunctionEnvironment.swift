private import Model

/// What environment variables a function may have (AWS documentation, "Working with Lambda environment variables").
package enum FunctionEnvironment {
    /// Variables that Lambda sets, and no function does ("Defined runtime environment variables").
    package static let reserved: Set = [
        "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
    ]

    /// Throws what Lambda answers to variables that it does not allow. Unlike Lambda's, the texts have no values: they may
    /// be secrets, and texts go into logs.
    package static func check(_ variables: [String: String]) throws(LambdaError) {
        let problem =
            "Lambda was unable to configure your environment variables because the environment variables you have provided"
        let taken = variables.keys.filter { reserved.contains($0) }.sorted()
        guard taken.isEmpty else {
            throw .invalid(
                "\(problem) contains reserved keys that are currently not supported for modification. Reserved keys used in this request: \(taken.joined(separator: ", "))"
            )
        }
        var check = RequestCheck()
        for name in variables.keys.sorted() where !isName(name) {
            check.fail(
                "{\(name)=…}", at: "environment.variables",
                "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+, Member must not be null]"
            )
        }
        try check.finish()
        let bytes = variables.isEmpty ? 0 : JSON.texts(variables).serialized.count
        guard bytes <= LambdaLimits.environmentBytes else {
            throw .invalid("\(problem) exceeded the 4KB limit. Measured size: \(bytes) bytes")
        }
    }

    /// Whether a variable may have this name: a letter, and at least one more letter, digit or underscore.
    package static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count >= 2 else { return false }
        return first.isOfWord && !(48...57).contains(first) && first != 45 && first != 95
            && name.utf8.allSatisfy { $0.isOfWord && $0 != 45 }
    }
}
