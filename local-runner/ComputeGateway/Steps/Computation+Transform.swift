import Model

extension Computation {
    /// Fewer rows than this are an accident rather than a tenant's data.
    static let leastRows = 20

    /// `source` → `dataset` and `holdout`: complete rows, split by customer, scaled by what the dataset is like.
    func transform(_ inputs: StepInputs, _ progress: (() -> JSON) -> Void) throws(GatewayError) -> JSON {
        let source = try inputs.file("source")
        let dropped = try droppedFeatures(inputs)
        let (all, path) = try rows(source)
        let rows = all.without(dropped)
        progress { ["rows": .integer(rows.count), "droppedRows": .integer(rows.dropped)] }
        guard !rows.features.isEmpty else {
            throw .user("inputs.transformation: it drops every feature of \(path): keep one")
        }
        guard rows.count >= Computation.leastRows else {
            throw .user(
                "inputs.source: \(path) has \(rows.count) complete rows and \(rows.dropped) with empty or non-numeric cells: at least \(Computation.leastRows) complete ones are needed"
            )
        }
        let (dataset, holdout) = CustomerSplit.parts(of: rows)
        guard dataset.hasBothClasses, holdout.count > 0 else {
            throw .user(
                "inputs.source: \(path) has \(rows.positives) churned of \(rows.count) customers, \(dataset.positives) of the \(dataset.count) to learn from: customers of both classes are needed"
            )
        }
        let scaling = Standardization(measuring: dataset)
        let family = artifacts.family(of: path)
        func write(_ rows: LabelledRows, _ kind: String) throws(GatewayError) -> JSON {
            try artifacts.write(scaling.applied(to: rows).csv, family: family, kind: kind, .csv).json
        }
        return ["dataset": try write(dataset, "dataset"), "holdout": try write(holdout, "holdout")]
    }

    /// What the transformation leaves out: `{"drop": ["column", …]}`; nothing without a transformation.
    private func droppedFeatures(_ inputs: StepInputs) throws(GatewayError) -> Set<String> {
        guard let file = try inputs.optionalFile("transformation") else { return [] }
        let content = try files.read(file, limit: PermittedFiles.largestDocument)
        let place = "\(file.name): \(content.path)"
        let json: JSON
        do {
            json = try JSON(parsing: content.bytes)
        } catch {
            throw .user("\(place) is not JSON: \(error)")
        }
        guard let members = json.members, members.allSatisfy({ $0.name == "drop" }) else {
            throw .user("\(place): expected {\"drop\": [\"column\", …]} and no other field")
        }
        let names = (json["drop"] ?? []).elements?.map(\.text)
        guard let names, names.allSatisfy({ $0 != nil }) else {
            throw .user("\(place): drop: expected a list of names of columns")
        }
        return Set(names.compactMap { $0 })
    }
}
