package import Model

extension FunctionCatalog {
    /// Puts a function of the topology into the catalog, or what has changed of it. It keeps its versions, aliases and
    /// settings from earlier, and also its revision if nothing has changed. The topology is preferred to a function of that
    /// name that was created by the API.
    ///
    /// - Parameter reserved: the concurrency that it reserves.
    package mutating func define(_ configuration: FunctionConfiguration, reserved: Int?) throws(LambdaError) {
        try configuration.check()
        var record = functions[configuration.name] ?? FunctionRecord(configuration)
        if !record.latest.isEquivalent(to: configuration) { record.latest = configuration }
        record.isManaged = true
        if let reserved { try checkReservation(reserved, besides: configuration.name) }
        record.reservedConcurrency = reserved
        functions[configuration.name] = record
    }

    /// Removes the functions that an earlier topology defined, and this one does not. What the others reserve is free until
    /// they are defined.
    package mutating func dropManaged(except names: Set<String>) {
        functions = functions.filter { !$0.value.isManaged || names.contains($0.key) }
        for name in functions.keys where functions[name]?.isManaged == true {
            functions[name]?.reservedConcurrency = nil
        }
    }

    // MARK: Stored

    /// All of it, as it is kept in a file.
    package var stored: JSON {
        [
            "account": .string(account), "region": .string(region),
            "functions": .array(functions.values.sorted { $0.latest.name < $1.latest.name }.map(\.stored)),
        ]
    }

    /// Reads what `stored` made; nil for anything else.
    package init?(stored: JSON) {
        guard let account = stored["account"]?.text, let region = stored["region"]?.text,
            let elements = stored["functions"]?.elements
        else { return nil }
        self.init(account: account, region: region)
        for element in elements {
            guard let record = FunctionRecord(stored: element) else { return nil }
            functions[record.latest.name] = record
        }
    }
}
