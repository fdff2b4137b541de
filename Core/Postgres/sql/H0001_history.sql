-- The history of executions: the first version of its schema. It may be in a database of its own. Runs once, as the owner, under the
-- migration lock.

-- What happened, by the day on which it happened. One row a transaction of the engine.
create table headgate_history.event (
    day date not null,
    execution uuid not null,
    -- From 1 for each execution, without gaps.
    seq bigint not null,
    tenant text not null,
    at timestamptz not null,
    -- In the binary form of the code.
    body bytea not null,
    primary key (day, execution, seq)
) partition by range (day);

-- Executions that have not ended.
create table headgate_history.open_execution (
    execution uuid primary key,
    tenant text not null,
    flow text,
    version integer,
    definition uuid not null,
    status smallint not null,
    trigger_id uuid,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    -- Of the last event that is in here.
    seq bigint not null,
    first_day date not null,
    last_day date not null
) with (fillfactor = 70);
create index open_execution_tenant on headgate_history.open_execution (tenant, created_at, execution);

-- Executions that have ended, by the day of their end, complete for the whole retention.
create table headgate_history.ended_execution (
    day date not null,
    execution uuid not null,
    tenant text not null,
    flow text,
    version integer,
    definition uuid not null,
    status smallint not null,
    trigger_id uuid,
    created_at timestamptz not null,
    ended_at timestamptz not null,
    seq bigint not null,
    first_day date not null,
    last_day date not null,
    -- The state at the end, in the binary form of the code.
    snapshot bytea,
    primary key (day, execution)
) partition by range (day);
create index ended_execution_tenant on headgate_history.ended_execution (tenant, created_at, execution);
create index ended_execution_id on headgate_history.ended_execution (execution);

-- Up to where the outbox of an engine's database has been read: everything of transactions below xid is in here.
create table headgate_history.cursor (
    source text primary key,
    xid xid8 not null,
    updated_at timestamptz not null
);

do $$
declare
    t text;
begin
    foreach t in array array['event', 'open_execution', 'ended_execution'] loop
        execute format('alter table headgate_history.%I enable row level security', t);
        execute format('alter table headgate_history.%I force row level security', t);
        execute format('create policy engine on headgate_history.%I to headgate_engine, headgate_owner using (true) with check (true)', t);
        execute format('create policy tenant on headgate_history.%I for select to headgate_api
            using (tenant = current_setting(''headgate.tenant'', true))', t);
    end loop;
end $$;
grant usage on schema headgate_history to headgate_api, headgate_engine;
grant select, insert, update, delete on headgate_history.event, headgate_history.open_execution, headgate_history.ended_execution,
    headgate_history.cursor to headgate_engine;
grant select on headgate_history.event, headgate_history.open_execution, headgate_history.ended_execution to headgate_api;

-- Makes the partitions of a day if they are missing. The historian, who is not the owner, calls it.
create function headgate_history.add_day(wanted date) returns boolean
    language plpgsql security definer set search_path = headgate_history as $$
declare
    parent text;
    part text;
    added boolean := false;
begin
    foreach parent in array array['event', 'ended_execution'] loop
        part := parent || '_' || to_char(wanted, 'YYYYMMDD');
        if exists (select 1 from pg_inherits where inhrelid = to_regclass('headgate_history.' || part)) then
            continue;
        end if;
        -- Made beside the parent and attached, so that no reader of the parent holds it up (protocols.md, 13).
        execute format('create table if not exists headgate_history.%I (like headgate_history.%I including defaults including constraints)
            with (autovacuum_vacuum_insert_scale_factor = 0.2)', part, parent);
        execute format('alter table headgate_history.%I drop constraint if exists of_day', part);
        execute format('alter table headgate_history.%I add constraint of_day check (day = %L)', part, wanted);
        execute format('alter table headgate_history.%I attach partition headgate_history.%I for values from (%L) to (%L)',
            parent, part, wanted, wanted + 1);
        execute format('alter table headgate_history.%I drop constraint of_day', part);
        added := true;
    end loop;
    return added;
end $$;
-- Drops the partitions of days before one; returns how many tables.
create function headgate_history.drop_days(before date) returns integer
    language plpgsql security definer set search_path = headgate_history as $$
declare
    part text;
    dropped integer := 0;
begin
    for part in
        select c.relname from pg_class c
        where c.relnamespace = 'headgate_history'::regnamespace and c.relkind = 'r'
            and c.relname ~ '^(event|ended_execution)_[0-9]{8}$' and to_date(right(c.relname, 8), 'YYYYMMDD') < before
    loop
        execute format('drop table headgate_history.%I', part);
        dropped := dropped + 1;
    end loop;
    return dropped;
end $$;
revoke execute on function headgate_history.add_day, headgate_history.drop_days from public;
grant execute on function headgate_history.add_day, headgate_history.drop_days to headgate_engine;
