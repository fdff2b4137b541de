-- Schedules, triggers, keys: the first version of the schema. Runs once, as the owner, under the migration lock.
-- ${shards} is the number of schedule partitions.
-- One row a partition of the schedules: what a loader knows about it. Every row is read once a second.
create table headgate.shard (
    shard smallint primary key,
    -- Floor of the scan for due schedules: no armed schedule has an earlier next_at. Lowered by writers, raised by loaders.
    low timestamptz not null default '-infinity',
    -- Floor of the scan for planned triggers; infinity: there are none.
    planned_low timestamptz not null default 'infinity',
    -- Passes that wrote queued rows, and those whose rows were all sent.
    pass bigint not null default 0,
    confirmed_pass bigint not null default 0,
    -- Earliest planned_at among the rows of unconfirmed passes.
    open_low timestamptz not null default 'infinity'
) with (fillfactor = 50);

create table headgate.schedule (
    shard smallint not null,
    id uuid not null,
    tenant text not null,
    name text not null,
    -- 0 a schedule, 1 a one-off trigger further ahead than the partitions
    kind smallint not null default 0,
    revision integer not null,
    -- 0 active, 1 paused, 2 finished
    state smallint not null,
    -- The first occurrence that is not planned yet; null: none, or paused.
    next_at timestamptz,
    -- Where to go on after a pause.
    resume_at timestamptz,
    fired integer not null default 0,
    -- Compiled timing, and action with retry policy, in the binary form of the code.
    timing bytea not null,
    action bytea not null,
    pause_reason text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (shard, id)
) partition by list (shard);
create index schedule_next_at on headgate.schedule (next_at);

-- The name is unique here, not in the partitions: every write of a schedule goes through this row.
create table headgate.schedule_name (
    tenant text not null,
    name text not null,
    id uuid not null,
    shard smallint not null,
    primary key (tenant, name)
);

do $$
begin
    for i in 0 .. ${shards} - 1 loop
        execute format('create table headgate.schedule_%s partition of headgate.schedule for values in (%s)
            with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0)', i, i);
        insert into headgate.shard (shard) values (i);
    end loop;
end $$;

-- One row a trigger, for good. The columns that change are in no index and no predicate, so that recording an outcome is a
-- HOT update; half of each page is kept free for it.
create table headgate.trigger (
    -- UTC day of the id's time, which is the occurrence's.
    day date not null,
    id uuid not null,
    shard smallint not null,
    -- 0 scheduled, 1 manual, 2 backfill, 3 one-off
    kind smallint not null,
    -- 0 planned, 1 queued, 2 delivered, 3 rejected, 4 expired, 5 dead, 6 skipped, 7 cancelled
    state smallint not null,
    redrive smallint not null default 0,
    revision integer not null,
    schedule_id uuid not null,
    occurrence timestamptz not null,
    planned_at timestamptz not null,
    deadline timestamptz not null,
    pass bigint not null default 0,
    -- Bit n - 1: the outcome of attempt n of this redrive is recorded.
    recorded bigint not null default 0,
    attempts integer not null default 0,
    lateness_ms integer,
    cancel_requested boolean not null default false,
    -- A run of occurrences that did not run is one row.
    count integer not null default 1,
    last_occurrence timestamptz,
    tenant text not null,
    name text not null,
    reason text,
    -- One line an attempt.
    attempt_log bytea,
    primary key (day, id)
) partition by range (day);
create index trigger_planned_at on headgate.trigger (shard, planned_at);
create index trigger_schedule on headgate.trigger (schedule_id, occurrence);

-- Triggers that were not settled a minute after their planned time: the monitor looks at each once a minute.
create table headgate.overdue (
    day date not null,
    id uuid not null,
    check_at timestamptz not null,
    primary key (day, id)
);
create index overdue_check_at on headgate.overdue (check_at);

-- How many triggers are placed in each second, for those with a window.
create table headgate.load (
    shard smallint not null,
    second bigint not null,
    count integer not null,
    primary key (shard, second)
) with (fillfactor = 50);

-- One row: how far the monitor has looked, and the life of Redis it knows.
create table headgate.monitor (
    single boolean primary key default true check (single),
    swept_to timestamptz not null default '-infinity',
    redis_generation text
);
insert into headgate.monitor default values;

create table headgate.api_key (
    id uuid primary key,
    hash bytea not null unique,
    tenant text not null,
    subject text not null,
    -- viewer, operator, author, admin
    role text not null,
    groups text[] not null default '{}',
    is_platform boolean not null default false,
    created_at timestamptz not null,
    revoked_at timestamptz
);

create table headgate.audit (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    tenant text not null,
    subject text not null,
    action text not null,
    object text not null,
    reason text
);
create index audit_tenant on headgate.audit (tenant, id);

-- Answers of requests with an Idempotency-Key, for a day.
create table headgate.idempotency (
    tenant text not null,
    key text not null,
    request bytea not null,
    status integer not null,
    body text not null,
    at timestamptz not null,
    primary key (tenant, key)
);

-- Finds a key before its tenant is known; the only way past row-level security that the API has.
create function headgate.authenticate(wanted bytea)
    returns table (id uuid, tenant text, subject text, role text, groups text[], is_platform boolean)
    language sql stable security definer set search_path = headgate
    as $$ select id, tenant, subject, role, groups, is_platform from headgate.api_key where hash = wanted and revoked_at is null $$;

-- What a role sees: the engine everything, the API the tenant that its transaction names.
do $$
declare
    t text;
begin
    foreach t in array array['schedule', 'schedule_name', 'trigger', 'api_key', 'audit', 'idempotency'] loop
        execute format('alter table headgate.%I enable row level security', t);
        execute format('alter table headgate.%I force row level security', t);
        execute format('create policy engine on headgate.%I to headgate_engine, headgate_owner using (true) with check (true)', t);
        execute format('create policy tenant on headgate.%I to headgate_api
            using (tenant = current_setting(''headgate.tenant'', true))
            with check (tenant = current_setting(''headgate.tenant'', true))', t);
    end loop;
end $$;

grant usage on schema headgate to headgate_api, headgate_engine;
grant select, insert, update, delete on headgate.schedule, headgate.schedule_name, headgate.trigger, headgate.overdue,
    headgate.load, headgate.monitor, headgate.shard, headgate.api_key, headgate.audit, headgate.idempotency to headgate_engine;
grant select, insert, update, delete on headgate.schedule, headgate.schedule_name, headgate.api_key, headgate.idempotency
    to headgate_api;
grant select, insert, update on headgate.trigger to headgate_api;
grant select, insert on headgate.audit, headgate.overdue to headgate_api;
grant select on headgate.shard to headgate_api;
grant update (low, planned_low) on headgate.shard to headgate_api;
revoke execute on function headgate.authenticate from public;
grant execute on function headgate.authenticate to headgate_api, headgate_engine;

-- Partitions are made and dropped by the monitor, which is not the owner.
create function headgate.add_day(wanted date) returns boolean language plpgsql security definer set search_path = headgate as $$
declare
    part text := 'trigger_' || to_char(wanted, 'YYYYMMDD');
begin
    if to_regclass('headgate.' || part) is not null
        and exists (select 1 from pg_inherits where inhrelid = to_regclass('headgate.' || part)) then
        return false;
    end if;
    -- Made beside the parent and attached: a plain "partition of" would wait for every reader of the parent, and every
    -- insert would wait behind it.
    execute format('create table if not exists headgate.%I (like headgate.trigger including defaults including constraints)
        with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_insert_scale_factor = 0.2)', part);
    execute format('alter table headgate.%I drop constraint if exists of_day', part);
    execute format('alter table headgate.%I add constraint of_day check (day = %L)', part, wanted);
    execute format('alter table headgate.trigger attach partition headgate.%I for values from (%L) to (%L)', part, wanted, wanted + 1);
    execute format('alter table headgate.%I drop constraint of_day', part);
    return true;
end $$;
revoke execute on function headgate.add_day from public;
grant execute on function headgate.add_day to headgate_engine;
