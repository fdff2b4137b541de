-- Inserts triggers of one shard and pass: $1 shard, $2 pass, then per row: $3 kind, $4 id, $5 time of the id, $6 state, $7 revision,
-- $8 schedule, $9 occurrence, $10 planned_at, $11 deadline, $12 tenant, $13 name, $14 count, $15 last occurrence, $16 reason. An existing
-- id is left unchanged. An occurrence for which another revision has a trigger is left to that one, unless that was cancelled before it was
-- ever called (protocols.md, 8a): then the schedule was rewound to plan it again. Not written as "not exists", which the planner may turn
-- into a hash of the whole table. Locks: none that others wait for. Indexes: primary key, trigger_planned_at, trigger_schedule.
insert into headgate.trigger (day, id, shard, kind, state, revision, schedule_id, occurrence, planned_at, deadline, pass,
    tenant, name, count, last_occurrence, reason)
select (u.time at time zone 'UTC')::date, u.id, $1, u.kind, u.state, u.revision, u.schedule_id, u.occurrence, u.planned_at, u.deadline, $2,
    u.tenant, u.name, u.count, u.last_occurrence, u.reason
from unnest($3::smallint[], $4::uuid[], $5::timestamptz[], $6::smallint[], $7::int[], $8::uuid[], $9::timestamptz[],
    $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[], $14::int[], $15::timestamptz[], $16::text[])
    as u (kind, id, time, state, revision, schedule_id, occurrence, planned_at, deadline, tenant, name, count, last_occurrence,
        reason)
where u.revision = 1 or u.kind <> ${kind.scheduled} or (
    select true from headgate.trigger t
    where t.schedule_id = u.schedule_id and t.occurrence = u.occurrence and t.kind = ${kind.scheduled} and t.revision <> u.revision
        and not (t.state = ${state.cancelled} and t.attempts = 0 and t.reason in (${reason.superseded}, ${reason.paused}))
    limit 1) is null
on conflict do nothing
