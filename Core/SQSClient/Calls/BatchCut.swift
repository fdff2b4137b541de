internal import SQS

/// Cuts a list into batches that SQS accepts.
enum BatchCut {
    /// Ranges of the list, in order: each of at most 10 entries and 1,048,576 bytes. An entry that is larger alone is a
    /// batch of its own, which SQS refuses.
    static func ranges(
        of sizes: [Int], count: Int = SQSLimits.batch, bytes: Int = SQSLimits.messageBytes
    ) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var (start, sum) = (0, 0)
        for (index, size) in sizes.enumerated() {
            if index > start, index - start == count || sum + size > bytes {
                ranges.append(start..<index)
                (start, sum) = (index, 0)
            }
            sum += size
        }
        if start < sizes.count { ranges.append(start..<sizes.count) }
        return ranges
    }
}
