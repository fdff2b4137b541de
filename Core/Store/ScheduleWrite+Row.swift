package import Model

extension ExpectedRevision {
    /// How a schedule differs from what a write expects; nil: it does not.
    package func mismatch(_ row: ScheduleRow?) -> RevisionMismatch? {
        mismatch(revision: row?.revision, entityTag: row?.entityTag)
    }

    /// How a thing with this revision and entity tag differs from what is expected; without them it does not exist,
    /// which is a mismatch.
    package func mismatch(revision: Int?, entityTag: String?) -> RevisionMismatch? {
        guard let revision, let entityTag else { return RevisionMismatch(entityTag: nil) }
        if case .exactly(let expected) = self, expected != entityTag, expected != "\(revision)" {
            return RevisionMismatch(entityTag: entityTag)
        }
        return nil
    }
}

extension ScheduleRow {
    /// The revision and part of the id: another schedule of the same name begins at revision 1 too.
    package var entityTag: String { "\(revision)-\(id.description.suffix(8))" }
}

extension ScheduleWrite {
    /// The row of a new schedule at revision 1: armed at its first occurrence, paused, or finished if it has none.
    package func newRow(now: Timestamp) -> ScheduleRow {
        let next = next(now) ?? justPassed(now, nil)
        let isPaused = paused == true
        return ScheduleRow(
            id: id, tenant: tenant, name: name, shard: shard, revision: 1,
            state: next == nil ? .finished : isPaused ? .paused : .active, nextAt: isPaused ? nil : next,
            resumeAt: isPaused ? next : nil, timing: timing, action: action, pauseReason: nil, createdAt: now,
            updatedAt: now, fired: 0)
    }

    /// Why this write takes back the scheduled triggers of the schedule that it replaces; nil: it does not.
    package func cancelReason(replacing row: ScheduleRow) -> CancelReason? {
        if row.timing != timing || row.action != action { return .superseded }
        return paused == true && row.state != .paused ? .paused : nil
    }

    /// Where a schedule that is replaced goes on: at the first occurrence that is not planned yet, or whose trigger the
    /// write has taken back. Those that the queue gives back later are planned again then.
    package static func resumption(of row: ScheduleRow, takenBack: [Timestamp], now: Timestamp) -> Timestamp {
        [row.nextAt, row.resumeAt, takenBack.min()].compactMap(\.self).reduce(now, min)
    }

    /// The row after this write. Unchanged timing and action keep the revision; without `paused` a pause stays.
    ///
    /// - Parameter from: where a changed timing begins.
    package func replaced(_ row: ScheduleRow, from: Timestamp, now: Timestamp) -> ScheduleRow {
        var new = row
        let isChanged = cancelReason(replacing: row) == .superseded
        let wasPaused = row.state == .paused
        let isPaused = paused ?? wasPaused
        if !isChanged && isPaused == wasPaused { return row }
        (new.timing, new.action, new.updatedAt) = (timing, action, now)
        if isChanged { (new.revision, new.fired) = (row.revision + 1, 0) }
        let next =
            isChanged
            ? next(from) ?? justPassed(now, row.timing) : isPaused ? row.nextAt : next(row.resumeAt ?? now)
        new.state = next == nil ? .finished : isPaused ? .paused : .active
        new.nextAt = isPaused ? nil : next
        new.resumeAt = isPaused ? next : nil
        // A pause of a schedule that has finished, say, changes nothing.
        var unchanged = new
        unchanged.updatedAt = row.updatedAt
        return unchanged == row ? row : new
    }
}
