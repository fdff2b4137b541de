import Glibc

/// Fits a logistic regression by gradient descent on all rows at once: each epoch goes one step down the mean log loss
/// plus `l2 / 2 · |coefficients|²`. Starts from zero, so that the same rows give the same model.
struct LogisticFit: Sendable {
    /// How to learn.
    struct Parameters: Equatable, Sendable {
        var epochs = 200
        var learningRate = 0.1
        var l2 = 0.001
    }

    private(set) var model: LogisticModel
    private let rows: LabelledRows
    private let parameters: Parameters

    init(_ rows: LabelledRows, _ parameters: Parameters) {
        self.rows = rows
        self.parameters = parameters
        let zeros = [Double](repeating: 0, count: rows.features.count)
        model = LogisticModel(features: rows.features, intercept: 0, coefficients: zeros)
    }

    /// Goes one step.
    mutating func runEpoch() {
        let count = Double(rows.count)
        var slope = model.coefficients.map { $0 * parameters.l2 }
        var interceptSlope = 0.0
        for index in rows.labels.indices {
            let row = rows.row(index)
            let error = (model.probability(row) - (rows.labels[index] ? 1 : 0)) / count
            interceptSlope += error
            for (feature, value) in row.enumerated() { slope[feature] += error * value }
        }
        model.intercept -= parameters.learningRate * interceptSlope
        for feature in slope.indices { model.coefficients[feature] -= parameters.learningRate * slope[feature] }
    }

    /// What is being minimised, of the model as it is.
    var loss: Double {
        // A probability of exactly 0 or 1 comes of rounding; its logarithm would be infinite.
        let tiny = 1e-15
        let sum = rows.labels.indices.reduce(0.0) { sum, index in
            let probability = model.probability(rows.row(index))
            return sum - log(max(rows.labels[index] ? probability : 1 - probability, tiny))
        }
        let penalty = model.coefficients.reduce(0) { $0 + $1 * $1 } * parameters.l2 / 2
        return sum / Double(rows.count) + penalty
    }
}
