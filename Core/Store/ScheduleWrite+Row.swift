package import Model

extension ExpectedRevision {
    /// What a write that expects this finds wrong with a row; nil: nothing.
    package func mismatch(_ row: ScheduleRow?) -> RevisionMismatch? {
        mismatch(revision: row?.revision, entityTag: row?.entityTag)
    }

    package func mismatch(revision: Int?, entityTag: String?) -> RevisionMismatch? {
        guard let revision, let entityTag else { return RevisionMismatch(entityTag: nil) }
        if case .exactly(let expected) = self, expected != entityTag, expected != "\(revision)" {
            return RevisionMismatch(entityTag: entityTag)
        }
        return nil
    }
}

extension ScheduleRow {
    /// The revision and which schedule it is of: another one of the same name begins at revision 1 too.
    package var entityTag: String { "\(revision)-\(id.description.suffix(8))" }
}

extension ScheduleWrite {
    /// The row of a schedule that is new.
    package func newRow(now: Timestamp) -> ScheduleRow {
        let next = next(now) ?? justPassed(now, nil)
        let isPaused = paused == true
        return ScheduleRow(
            id: id, tenant: tenant, name: name, shard: shard, revision: 1,
            state: next == nil ? .finished : isPaused ? .paused : .active, nextAt: isPaused ? nil : next,
            resumeAt: isPaused ? next : nil, timing: timing, action: action, pauseReason: nil, createdAt: now,
            updatedAt: now, fired: 0)
    }

    /// The row after this write. Unchanged timing and action keep the revision; without `paused` a pause stays.
    package func replaced(_ row: ScheduleRow, from: Timestamp, now: Timestamp) -> ScheduleRow {
        var new = row
        let isChanged = row.timing != timing || row.action != action
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
        return new
    }
}
