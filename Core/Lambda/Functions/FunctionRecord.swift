package import Model

/// A function: what is not published of it, its versions, its aliases and its settings.
package struct FunctionRecord: Hashable, Sendable {
    /// `$LATEST`.
    package var latest: FunctionConfiguration
    /// Published, in the order of their numbers.
    package var versions: [FunctionConfiguration] = []
    /// The number of the next version; numbers are not used again.
    package var nextVersion = 1
    /// `$LATEST` when it was last published.
    var lastPublished: FunctionConfiguration?
    /// By name.
    package var aliases: [String: FunctionAlias] = [:]
    /// Invocations that may run at once, and that only this function can use; nil: none are reserved.
    package var reservedConcurrency: Int?
    /// How asynchronous invocations are tried, by the qualifier that they name; `$LATEST` without one.
    package var eventInvoke: [String: EventInvokeConfiguration] = [:]
    /// It comes from the topology, which alone changes it.
    package var isManaged = false

    init(_ latest: FunctionConfiguration) { self.latest = latest }

    /// The version with this name.
    package func version(_ version: String) -> FunctionConfiguration? {
        version == FunctionReference.latest ? latest : versions.first { $0.version == version }
    }

    /// What a qualifier leads to, without an alias's other version; nil: there is none.
    package func configuration(_ qualifier: String?) -> FunctionConfiguration? {
        guard let qualifier else { return latest }
        return version(aliases[qualifier]?.version ?? qualifier)
    }

    /// How asynchronous invocations that name this qualifier are tried.
    package func asyncPolicy(_ qualifier: String?) -> AsyncPolicy {
        let settings = eventInvoke[qualifier ?? FunctionReference.latest]
        return AsyncPolicy(
            maximumRetries: settings?.maximumRetries, maximumAge: settings?.maximumAge.map { .seconds($0) })
    }

    // MARK: Stored

    /// All of it, as it is kept in a file.
    package var stored: JSON {
        [
            "latest": latest.stored, "versions": .array(versions.map(\.stored)), "nextVersion": .integer(nextVersion),
            "lastPublished": .optional(lastPublished, \.stored),
            "aliases": .array(aliases.values.sorted { $0.name < $1.name }.map(\.stored)),
            "reservedConcurrency": .optional(reservedConcurrency) { .integer($0) },
            "eventInvoke": .object(
                eventInvoke.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value.stored) }),
            "isManaged": .bool(isManaged),
        ]
    }

    /// Reads what `stored` made; nil for anything else.
    package init?(stored: JSON) {
        guard let latest = stored["latest"].flatMap({ FunctionConfiguration(stored: $0) }),
            let versions = stored["versions"]?.elements, let nextVersion = stored["nextVersion"]?.int,
            let aliases = stored["aliases"]?.elements, let settings = stored["eventInvoke"]?.members,
            let isManaged = stored["isManaged"]?.flag
        else { return nil }
        self.init(latest)
        self.nextVersion = nextVersion
        self.isManaged = isManaged
        reservedConcurrency = stored["reservedConcurrency"]?.int
        lastPublished = stored["lastPublished"].flatMap { FunctionConfiguration(stored: $0) }
        for element in versions {
            guard let version = FunctionConfiguration(stored: element) else { return nil }
            self.versions.append(version)
        }
        for element in aliases {
            guard let alias = FunctionAlias(stored: element) else { return nil }
            self.aliases[alias.name] = alias
        }
        for member in settings {
            guard let setting = EventInvokeConfiguration(stored: member.value) else { return nil }
            eventInvoke[member.name] = setting
        }
    }
}
