package import Model

/// A name for a version, or for two with a share of the invocations each.
package struct FunctionAlias: Hashable, Sendable {
    /// Like a function's, but not only digits.
    package var name: String
    /// The version that it leads to: a number, or `$LATEST`.
    package var version: String
    /// For people.
    package var description: String
    /// Another version and its share of the invocations, 0 to 1; nil: all go to `version`.
    package var additional: Additional?
    /// Identifies this state of it.
    package var revision: Identifier

    /// Another version, and its share of the invocations.
    package struct Additional: Hashable, Sendable {
        /// A number.
        package var version: String
        /// 0 to 1.
        package var weight: Double
    }

    /// The version that an invocation goes to.
    ///
    /// - Parameter roll: a random number, at least 0 and below 1.
    package func version(roll: Double) -> String {
        if let additional, roll < additional.weight { additional.version } else { version }
    }

    /// The alias as the API shows it.
    package func json(function: String, account: String, region: String) -> JSON {
        let arn = FunctionReference.arn(function, qualifier: name, account: account, region: region)
        var members: [JSON.Member] = [
            .init("AliasArn", .string(arn)), .init("Name", .string(name)), .init("FunctionVersion", .string(version)),
            .init("Description", .string(description)),
        ]
        if let additional {
            let weights = JSON.object([.init(additional.version, .number(additional.weight))])
            members.append(.init("RoutingConfig", ["AdditionalVersionWeights": weights]))
        }
        members.append(.init("RevisionId", .string(revision.description)))
        return .object(members)
    }

    /// For `init(stored:)`.
    var stored: JSON {
        [
            "name": .string(name), "version": .string(version), "description": .string(description),
            "additional": .optional(additional) { ["version": .string($0.version), "weight": .number($0.weight)] },
            "revision": .string(revision.description),
        ]
    }
}

extension FunctionAlias {
    /// Reads what `stored` made; nil for anything else.
    init?(stored: JSON) {
        guard let name = stored["name"]?.text, let version = stored["version"]?.text,
            let description = stored["description"]?.text,
            let revision = stored["revision"]?.text.flatMap({ Identifier($0) })
        else { return nil }
        self.init(name: name, version: version, description: description, revision: revision)
        if let additional = stored["additional"], additional != JSON.null {
            guard let version = additional["version"]?.text, let weight = additional["weight"]?.double else {
                return nil
            }
            self.additional = Additional(version: version, weight: weight)
        }
    }
}
