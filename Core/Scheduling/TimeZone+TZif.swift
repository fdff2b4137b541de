import Model

extension TimeZone {
    /// Reads a TZif file, including its rule for the future.
    convenience init(tzif bytes: [UInt8]) throws(TZifFile.Failure) {
        let file = try TZifFile(bytes)
        guard let rule = file.rule else {
            self.init(changes: file.changes, offsets: file.offsets, foldsFrom: nil)
            return
        }
        self.init(changes: file.changes, offsets: file.offsets, rule: rule)
    }

    /// The changes of a table, followed by what the rule says.
    private convenience init(changes: [Int64], offsets: [Int32], rule: PosixZoneRule) {
        guard let summer = rule.summer else {
            // Without summer time the rule only says which offset stays: that of the last change.
            self.init(
                changes: changes, offsets: changes.isEmpty ? [rule.standardOffset] : offsets, foldsFrom: nil)
            return
        }
        let last = changes.last ?? CivilDate(year: 1_900, month: 1, day: 1)!.secondsSinceEpoch
        let firstYear = CivilDate(daysSinceEpoch: Int(floorDivide(last, 86_400))).year
        var changes = changes
        var offsets = offsets
        for year in firstYear...firstYear + 404 {
            let start = summer.start.second(in: year) - Int64(rule.standardOffset)
            let end = summer.end.second(in: year) - Int64(summer.offset)
            // Where summer ends and begins in the same second, it lasts all year.
            let pair = [(end, rule.standardOffset), (start, summer.offset)]
            for (second, offset) in start < end ? pair.reversed() : pair where second > last {
                if changes.last == second { offsets.removeLast() } else { changes.append(second) }
                offsets.append(offset)
            }
        }
        // The first years are left to the table, which may differ from the rule there.
        let end = CivilDate(year: firstYear + 403, month: 1, day: 1)!.secondsSinceEpoch
        self.init(changes: changes, offsets: offsets, foldsFrom: end)
    }
}

extension CivilDate {
    /// Of its midnight in UTC.
    var secondsSinceEpoch: Int64 { Int64(daysSinceEpoch) * 86_400 }
}
