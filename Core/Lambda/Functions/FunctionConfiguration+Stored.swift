package import Model

extension FunctionConfiguration {
    /// All of it, as it is kept in a file.
    package var stored: JSON {
        [
            "name": .string(name), "version": .string(version), "runtime": .string(runtime),
            "handler": .string(handler), "role": .string(role), "description": .string(description),
            "timeout": .integer(timeout), "memory": .integer(memory), "ephemeralStorage": .integer(ephemeralStorage),
            "architecture": .string(architecture), "environment": .texts(environment), "tags": .texts(tags),
            "deadLetterTarget": .optionalText(deadLetterTarget), "code": code.stored,
            "command": .optional(command) { .array($0.map { .string($0) }) },
            "isFrozen": .bool(isFrozenBetweenInvocations), "modified": .integer(modified.microseconds),
            "revision": .string(revision.description),
        ]
    }

    /// Reads what `stored` made; nil for anything else.
    package init?(stored: JSON) {
        guard let name = stored["name"]?.text, let version = stored["version"]?.text,
            let runtime = stored["runtime"]?.text, let handler = stored["handler"]?.text,
            let role = stored["role"]?.text, let description = stored["description"]?.text,
            let timeout = stored["timeout"]?.int, let memory = stored["memory"]?.int,
            let ephemeralStorage = stored["ephemeralStorage"]?.int,
            let architecture = stored["architecture"]?.text, let environment = stored["environment"]?.textsByName,
            let tags = stored["tags"]?.textsByName, let code = stored["code"].flatMap({ FunctionCode(stored: $0) }),
            let isFrozen = stored["isFrozen"]?.flag, let modified = stored["modified"]?.int,
            let revision = stored["revision"]?.text.flatMap({ Identifier($0) })
        else { return nil }
        self.init(name: name, modified: Timestamp(microseconds: Int64(modified)), revision: revision)
        self.version = version
        self.runtime = runtime
        self.handler = handler
        self.role = role
        self.description = description
        self.timeout = timeout
        self.memory = memory
        self.ephemeralStorage = ephemeralStorage
        self.architecture = architecture
        self.environment = environment
        self.tags = tags
        self.code = code
        deadLetterTarget = stored["deadLetterTarget"]?.text
        command = stored["command"]?.elements?.compactMap(\.text)
        isFrozenBetweenInvocations = isFrozen
    }
}
