-- Ends runs of schedules whose runs must not overlap, and starts those that wait: per run $1 schedule, $2 execution; each schedule at most
-- once. What waits and is locked is being cancelled: the monitor starts the one behind it. Locks: the overlap rows in the order of ids, then
-- executions that nobody holds. Index: the primary keys.
with locked as (
    select o.schedule_id, o.running, o.waiting from headgate.overlap o
    where o.schedule_id = any ($1::uuid[])
    order by o.schedule_id
    for update
), changed as (
    select l.schedule_id,
        case when l.running = u.execution then l.waiting[1] else l.running end as running,
        case when l.running = u.execution then l.waiting[2:] else array_remove(l.waiting, u.execution) end as waiting,
        case when l.running = u.execution then l.waiting[1] end as next
    from locked l join unnest($1::uuid[], $2::uuid[]) as u (schedule_id, execution) on u.schedule_id = l.schedule_id
    where l.running = u.execution or u.execution = any (l.waiting)
), dropped as (
    delete from headgate.overlap o using changed c where o.schedule_id = c.schedule_id and c.running is null
), written as (
    update headgate.overlap o
    set running = c.running, waiting = c.waiting, since = case when c.next is null then o.since else clock_timestamp() end
    from changed c where o.schedule_id = c.schedule_id and c.running is not null
), free as (
    select e.id from headgate.execution e join changed c on c.next = e.id
    where e.status = ${execution.pending}
    for no key update of e skip locked
), started as (
    update headgate.execution e set status = ${execution.new} from free f where e.id = f.id returning e.id, e.bucket, e.tenant
)
insert into headgate.wake (execution, bucket, due, tenant) select id, bucket, clock_timestamp(), tenant from started
on conflict (execution) do update set due = excluded.due
