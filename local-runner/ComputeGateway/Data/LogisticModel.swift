import Glibc
import Model

/// A logistic regression: the probability of churn is `sigmoid(intercept + coefficients · features)`.
struct LogisticModel: Equatable, Sendable {
    var features: [String]
    var intercept: Double
    var coefficients: [Double]

    private static let kind = "logistic-regression"

    /// The probability that a row with these features has churned.
    func probability(_ row: ArraySlice<Double>) -> Double {
        LogisticModel.sigmoid(zip(coefficients, row).reduce(intercept) { $0 + $1.0 * $1.1 })
    }

    static func sigmoid(_ value: Double) -> Double { 1 / (1 + exp(-value)) }

    var isFinite: Bool { intercept.isFinite && coefficients.allSatisfy(\.isFinite) }

    var json: JSON {
        [
            "type": .string(LogisticModel.kind), "version": 1, "features": .array(features.map(JSON.string)),
            "intercept": .number(intercept), "coefficients": .array(coefficients.map { .number($0) }),
        ]
    }

    /// Reads a model as it was written.
    ///
    /// - Parameter place: the file, for messages.
    init(json bytes: [UInt8], place: String) throws(GatewayError) {
        guard let json = try? JSON(parsing: bytes), json["type"]?.text == LogisticModel.kind, json["version"] == 1,
            let features = json["features"]?.elements?.compactMap(\.text),
            let coefficients = json["coefficients"]?.elements?.compactMap(\.double),
            let intercept = json["intercept"]?.double
        else { throw .user("\(place) is no model of logistic regression: name one that /v1/train has made") }
        self.init(features: features, intercept: intercept, coefficients: coefficients)
        guard !features.isEmpty, features.count == coefficients.count, isFinite else {
            throw .user("\(place) is a broken model: it needs a finite coefficient for each feature; train it again")
        }
    }

    init(features: [String], intercept: Double, coefficients: [Double]) {
        self.features = features
        self.intercept = intercept
        self.coefficients = coefficients
    }
}
