/// The runtimes that functions can have here: Python of the host, and programs that bring their own.
package enum LambdaRuntime {
    /// What a program of the topology has.
    package static let standard = "provided.al2023"
    private static let provided = ["provided", "provided.al2", "provided.al2023"]

    /// Whether a runtime exists here: `python3.8` and later, and `provided*`.
    package static func exists(_ runtime: String) -> Bool { provided.contains(runtime) || minorVersion(runtime) != nil }

    /// The N of `python3.N`; nil for other runtimes.
    package static func minorVersion(_ runtime: String) -> Int? {
        let prefix = "python3."
        guard runtime.hasPrefix(prefix) else { return nil }
        let digits = runtime.dropFirst(prefix.count)
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }), digits.first != "0", let minor = Int(digits),
            (8...99).contains(minor)
        else { return nil }
        return minor
    }

    /// What Lambda answers to a runtime that it does not have.
    static func refusal(_ runtime: String) -> LambdaError {
        .invalid(
            "Value \(runtime) at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [python3.8 and later, \(provided.joined(separator: ", "))]. Lambda has other runtimes; they do not exist here."
        )
    }
}
