-- Flows: definitions, bindings, executions and their history on the way out. Only adds: readers of version 7 go on working.

-- What a flow was at one time; never changes. An execution keeps the definition that it began with.
create table headgate.definition (
    id uuid primary key,
    tenant text not null,
    -- Null: stored with an execution instead of published by name.
    name text,
    version integer,
    -- SHA-256 of the body: publishing the same body again makes no version.
    digest bytea not null,
    -- JSON as published.
    body text not null,
    subject text not null,
    created_at timestamptz not null,
    unique (tenant, name, version)
);

-- The name is kept when a flow is deleted, so that its versions go on.
create table headgate.flow (
    tenant text not null,
    name text not null,
    version integer not null,
    -- Null: deleted.
    definition uuid,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (tenant, name)
) with (fillfactor = 70);

-- Which call performs a type of step. Rows never change but for replaced_at: an attempt keeps the binding that it began with.
create table headgate.binding (
    id bigint generated always as identity primary key,
    -- '*': of every tenant that has none of its own.
    tenant text not null,
    type text not null,
    body text not null,
    subject text not null,
    created_at timestamptz not null,
    replaced_at timestamptz
);
create unique index binding_current on headgate.binding (tenant, type) where replaced_at is null;

-- Columns that change are in no index: a transition is a HOT update.
create table headgate.execution (
    id uuid primary key,
    tenant text not null,
    -- One of 64 (protocols.md, 21a).
    bucket smallint not null,
    definition uuid not null,
    -- 0 new, 1 running, 2 paused, 3 ending, 4 succeeded, 5 failed, 6 cancelled, 7 quarantined, 8 pending
    status smallint not null,
    -- In the binary form of the code; null: nothing has happened yet.
    state bytea,
    -- Of the next row of its history.
    seq bigint not null default 1,
    -- Values by name, secrets sealed; never changes.
    input bytea not null,
    -- SHA-256 of the input without its secrets.
    digest bytea not null,
    -- What it serves: 0 nothing else, 1 a trigger, 2 the failure of the execution `previous`.
    origin_kind smallint not null default 0,
    origin uuid,
    schedule_id uuid,
    -- Chains of generations.
    root uuid not null,
    previous uuid,
    generation integer not null default 1,
    -- Transactions in a row that failed for it alone (protocols.md, 17), and why.
    failures smallint not null default 0,
    quarantine_reason text,
    created_at timestamptz not null,
    ended_at timestamptz
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
create index execution_tenant on headgate.execution (tenant, id);

-- What came from outside the worker and is not applied yet (protocols.md, 16). Nothing refers to `execution`: an arrival never waits for
-- its lock.
create table headgate.arrival (
    execution uuid not null,
    id bigint generated always as identity,
    tenant text not null,
    -- 1 callback, 2 cancel, 3 pause, 4 resume, 5 retry, 6 answer
    kind smallint not null,
    payload bytea not null,
    at timestamptz not null,
    primary key (execution, id)
) with (autovacuum_vacuum_scale_factor = 0.05);
create index arrival_at on headgate.arrival (at, id);

-- When an execution must be looked at although nothing arrives; may be too early, never too late (protocols.md, 18).
create table headgate.wake (
    execution uuid primary key,
    bucket smallint not null,
    due timestamptz not null,
    tenant text not null
) with (autovacuum_vacuum_scale_factor = 0.05);
create index wake_due on headgate.wake (bucket, due, execution);

-- Outputs in full; the state has only what later steps read.
create table headgate.output (
    execution uuid not null,
    step smallint not null,
    attempt integer not null,
    tenant text not null,
    body bytea not null,
    primary key (execution, step, attempt)
);

-- When an execution that has ended leaves these tables.
create table headgate.ended (
    forget_at timestamptz not null,
    execution uuid not null,
    tenant text not null,
    primary key (forget_at, execution)
);
create index ended_execution on headgate.ended (execution);

-- Ends of runs of schedules that somebody watches for failures, until they are counted (protocols.md, 10).
create table headgate.run_end (
    execution uuid not null,
    ended_at timestamptz not null,
    schedule_id uuid not null,
    tenant text not null,
    -- As what it counts: the state of a trigger, dead or delivered.
    state smallint not null,
    reason text,
    primary key (ended_at, execution)
);
create index run_end_tenant on headgate.run_end (tenant);
-- The schedule starts flows: its runs count, and the delivery of a start does not.
alter table headgate.failure_watch add column counts_runs boolean not null default false;

-- Workers that make calls: a claim of one that is not here, or not alive, is taken over.
create table headgate.worker (
    id uuid primary key,
    host text not null,
    alive_until timestamptz not null
) with (fillfactor = 50);

-- The history on its way out (protocols.md, 20): two tables without indexes, used in turn. One row an execution and transaction.
create table headgate.outbox_a (
    xid xid8 not null default pg_current_xact_id(),
    execution uuid not null,
    tenant text not null,
    seq bigint not null,
    at timestamptz not null,
    body bytea not null
);
create table headgate.outbox_b (like headgate.outbox_a including defaults);
create table headgate.outbox_turn (
    single boolean primary key default true check (single),
    -- 0: transactions write to outbox_a, 1: to outbox_b.
    turn smallint not null default 0
) with (fillfactor = 10);
insert into headgate.outbox_turn default values;

do $$
declare
    t text;
begin
    foreach t in array array['definition', 'flow', 'binding', 'execution', 'arrival', 'wake', 'output', 'ended', 'run_end', 'outbox_a', 'outbox_b'] loop
        execute format('alter table headgate.%I enable row level security', t);
        execute format('alter table headgate.%I force row level security', t);
        execute format('create policy engine on headgate.%I to headgate_engine, headgate_owner using (true) with check (true)', t);
        execute format('create policy tenant on headgate.%I to headgate_api
            using (tenant = current_setting(''headgate.tenant'', true))
            with check (tenant = current_setting(''headgate.tenant'', true))', t);
    end loop;
end $$;
-- Everybody may see the bindings of everybody.
create policy everybody on headgate.binding for select to headgate_api using (tenant = '*');

grant select, insert, update, delete on headgate.definition, headgate.flow, headgate.binding, headgate.execution, headgate.arrival,
    headgate.wake, headgate.output, headgate.ended, headgate.run_end, headgate.worker, headgate.outbox_a, headgate.outbox_b, headgate.outbox_turn
    to headgate_engine;
grant truncate on headgate.outbox_a, headgate.outbox_b to headgate_engine;
-- The API changes no execution: it inserts rows, and the step-worker applies them.
grant select, insert on headgate.definition, headgate.execution, headgate.arrival, headgate.wake to headgate_api;
grant select, insert, update on headgate.flow, headgate.binding to headgate_api;
grant select on headgate.output, headgate.worker to headgate_api;
