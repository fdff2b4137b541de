private import Model

/// The statements of the outbox and the history.
extension Statement {
    /// By table.
    static let readOutbox = ["outbox_a", "outbox_b"].map { table in
        let text = String(decoding: PackageResources.read_outbox_sql, as: UTF8.self)
        return Statement("read-\(table)", Array(text.replacing("${outbox}", with: table).utf8))
    }
    static let outboxSource = Statement(
        "select (select system_identifier from pg_control_system())::text || ' ' || (select oid from pg_database where datname = current_database())::text"
    )
    static let takeOutbox = Statement("select pg_try_advisory_lock(\(AdvisoryLock.outbox))")
    /// The sizes are in pages: whether a table has rows matters, and how many roughly.
    static let outboxBounds = Statement(
        """
        select pg_snapshot_xmin(s)::text as end_xid, pg_snapshot_xmax(s)::text as next_xid, turn,
            pg_relation_size('headgate.outbox_a') as size_a, pg_relation_size('headgate.outbox_b') as size_b
        from pg_current_snapshot() s, headgate.outbox_turn
        """)
    static let turnOutbox = Statement("update headgate.outbox_turn set turn = 1 - turn")

    static let putOpenExecutions = Statement("put-open-executions", PackageResources.put_open_executions_sql)
    static let putEndedExecutions = Statement("put-ended-executions", PackageResources.put_ended_executions_sql)
    static let listHistory = Statement("list-history", PackageResources.list_history_sql)
    static let eraseHistory = Statement("erase-history", PackageResources.erase_history_sql)
    static let addEvents = Statement(
        """
        insert into headgate_history.event (day, execution, seq, tenant, at, body)
        select (u.at at time zone 'UTC')::date, u.execution, u.seq, u.tenant, u.at, u.body
        from unnest($1::uuid[], $2::bigint[], $3::text[], $4::timestamptz[], $5::bytea[]) as u (execution, seq, tenant, at, body)
        on conflict do nothing
        """)
    static let dropOpenExecutions = Statement(
        """
        delete from headgate_history.open_execution o using unnest($1::uuid[], $2::bigint[]) as u (execution, seq)
        where o.execution = u.execution and o.seq <= u.seq
        """)
    static let readCursor = Statement("select xid::text from headgate_history.cursor where source = $1")
    static let writeCursor = Statement(
        """
        insert into headgate_history.cursor (source, xid, updated_at) values ($1, $2::text::xid8, $3)
        on conflict (source) do update set xid = excluded.xid, updated_at = excluded.updated_at
        """)
    static let addHistoryDay = Statement("select headgate_history.add_day(($1::timestamptz at time zone 'UTC')::date)")
    static let dropHistoryDays = Statement(
        "select headgate_history.drop_days(($1::timestamptz at time zone 'UTC')::date)")
    static let readSummary = Statement(
        """
        select * from (
            select execution, tenant, flow, version, definition, status, trigger_id, created_at, null::timestamptz as ended_at, seq,
                first_day::timestamp at time zone 'UTC' as first_day, last_day::timestamp at time zone 'UTC' as last_day,
                null::bytea as snapshot
            from headgate_history.open_execution where execution = $1 and tenant = $2
            union all
            select execution, tenant, flow, version, definition, status, trigger_id, created_at, ended_at, seq,
                first_day::timestamp at time zone 'UTC', last_day::timestamp at time zone 'UTC', snapshot
            from headgate_history.ended_execution where execution = $1 and tenant = $2
        ) s order by seq desc limit 1
        """)
    /// An execution that was retried ended more than once, with the same input. Index: ended_execution_id of each day.
    static let endedAmong = Statement(
        """
        select distinct on (execution) execution, definition, digest from headgate_history.ended_execution
        where execution = any ($1::uuid[]) and tenant = $2
        order by execution, seq desc
        """)
    static let readEvents = Statement(
        """
        select execution, tenant, seq, at, body from headgate_history.event
        where day >= ($1::timestamptz at time zone 'UTC')::date and day <= ($2::timestamptz at time zone 'UTC')::date
            and execution = $3 and seq > $4
        order by seq limit $5
        """)
}
