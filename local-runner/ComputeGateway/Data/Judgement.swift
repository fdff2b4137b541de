/// How well scores tell two classes apart.
enum Judgement {
    /// The area under the ROC curve: the probability that a positive has a higher score than a negative, a tie counting
    /// one half (Mann-Whitney U by ranks, ties averaged). Nil unless there are both positives and negatives.
    static func areaUnderCurve(scores: [Double], labels: [Bool]) -> Double? {
        let positives = labels.count { $0 }
        let negatives = labels.count - positives
        guard positives > 0, negatives > 0 else { return nil }
        let order = scores.indices.sorted { scores[$0] < scores[$1] }
        var rankSum = 0.0
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, scores[order[end]] == scores[order[start]] { end += 1 }
            // Ranks count from 1: those of the tie are start + 1 … end.
            let rank = Double(start + 1 + end) / 2
            rankSum += rank * Double(order[start..<end].count { labels[$0] })
            start = end
        }
        let least = Double(positives) * Double(positives + 1) / 2
        return (rankSum - least) / (Double(positives) * Double(negatives))
    }

    /// The share of rows whose class is told right, where a probability from 0.5 on says "positive".
    static func accuracy(scores: [Double], labels: [Bool]) -> Double {
        guard !labels.isEmpty else { return 0 }
        return Double(zip(scores, labels).count { ($0 >= 0.5) == $1 }) / Double(labels.count)
    }
}
