import Model

extension Computation {
    /// `model` and `dataset` → `metrics`, and the same as a file, `evaluation`.
    func evaluate(_ inputs: StepInputs) throws(GatewayError) -> JSON {
        let (model, content) = try model(inputs.file("model"))
        let (rows, path) = try rows(inputs.file("dataset"))
        guard rows.features == model.features else {
            throw .user(
                "inputs.dataset: \(path) has the features \(rows.features.joined(separator: ", ")), the model \(model.features.joined(separator: ", ")): evaluate with the same ones"
            )
        }
        let scores = rows.labels.indices.map { model.probability(rows.row($0)) }
        guard let area = Judgement.areaUnderCurve(scores: scores, labels: rows.labels) else {
            throw .user(
                "inputs.dataset: \(path) has \(rows.positives) churned of \(rows.count) customers: customers of both classes are needed"
            )
        }
        let metrics: JSON = [
            "auc": .number(area), "accuracy": .number(Judgement.accuracy(scores: scores, labels: rows.labels)),
            "rows": .integer(rows.count),
        ]
        let document: JSON = [
            "model": .string(FileReference.digest(content.bytes)), "dataset": .string(FileURI.text(path)),
            "metrics": metrics,
        ]
        let bytes = Array((document.pretty + "\n").utf8)
        let family = artifacts.family(of: content.path)
        let evaluation = try artifacts.write(bytes, family: family, kind: "evaluation", .json)
        return ["metrics": metrics, "evaluation": evaluation.json]
    }
}
