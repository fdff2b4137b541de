import TestRandom

extension SeededGenerator {
    /// True with this probability.
    mutating func chance(_ probability: Double) -> Bool {
        probability > 0 && Double(next() >> 11) * 0x1p-53 < probability
    }

    /// A duration within a range of `unit` microseconds; milliseconds unless given.
    mutating func duration(_ range: ClosedRange<Int64>, unit: Int64 = 1_000) -> Duration {
        .microseconds(Int64.random(in: range, using: &self) * unit)
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int(next() % UInt64(elements.count))]
    }
}
