import Model

extension Computation {
    /// `dataset`, `epochs`, `learningRate`, `l2` → `model` and `metrics`.
    func train(_ inputs: StepInputs, _ progress: (() -> JSON) -> Void) async throws -> JSON {
        let file = try inputs.file("dataset")
        let standard = LogisticFit.Parameters()
        let parameters = LogisticFit.Parameters(
            epochs: try inputs.integer("epochs", in: 1...100_000, default: standard.epochs),
            learningRate: try inputs.number("learningRate", in: 1e-9...1_000, default: standard.learningRate),
            l2: try inputs.number("l2", in: 0...1_000, default: standard.l2))
        let (rows, path) = try rows(file)
        guard rows.hasBothClasses else {
            throw GatewayError.user(
                "inputs.dataset: \(path) has \(rows.positives) churned of \(rows.count) customers: customers of both classes are needed"
            )
        }
        var fit = LogisticFit(rows, parameters)
        for epoch in 1...parameters.epochs {
            fit.runEpoch()
            guard fit.model.isFinite else {
                throw GatewayError.user("inputs.learningRate: the model grew beyond all bounds: take a smaller one")
            }
            progress { ["epoch": .integer(epoch), "loss": .number(fit.loss)] }
            // Other works go on, and a cancel is heard.
            await Task.yield()
            try Task.checkCancellation()
        }
        let scores = rows.labels.indices.map { fit.model.probability(rows.row($0)) }
        let metrics: JSON = [
            "loss": .number(fit.loss),
            "accuracy": .number(Judgement.accuracy(scores: scores, labels: rows.labels)),
        ]
        let bytes = Array((fit.model.json.pretty + "\n").utf8)
        let model = try artifacts.write(bytes, family: artifacts.family(of: path), kind: "model", .json)
        return ["model": model.json, "metrics": metrics]
    }
}
