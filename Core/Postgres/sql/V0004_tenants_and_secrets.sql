-- Tenants have settings and secrets, and failures are told of. Only adds: readers of version 3 go on working.

-- One row: counts the changes of tenants. The row's lock puts them in the order of their commits.
create table headgate.directory (
    single boolean primary key default true check (single),
    version bigint not null default 0
);
insert into headgate.directory default values;

-- Only tenants that somebody has set something for.
create table headgate.tenant (
    tenant text primary key,
    -- Of the directory, at the last change: of the settings or of a secret.
    version bigint not null,
    revision integer not null default 1,
    -- In the binary form of the code; what statements ask for stands beside it.
    settings bytea not null,
    weight double precision not null default 1,
    max_schedules integer,
    is_paused boolean not null default false,
    has_failure_call boolean not null default false,
    -- When the last failure was told of.
    notified_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null
) with (fillfactor = 70);
create index tenant_version on headgate.tenant (version);
create index tenant_weight on headgate.tenant (tenant) include (weight) where weight <> 1;
create index tenant_failure_call on headgate.tenant (tenant) where has_failure_call;

-- Values are sealed; the key is not in the database.
create table headgate.secret (
    tenant text not null,
    name text not null,
    sealed bytea not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (tenant, name)
);

-- Runs of a schedule that may not overlap: one row a schedule that has any, locked while it is decided on.
create table headgate.overlap (
    schedule_id uuid primary key,
    tenant text not null,
    running uuid,
    -- In the order in which they came.
    waiting uuid[] not null default '{}',
    -- When what runs began.
    since timestamptz not null
) with (fillfactor = 50);
create index overlap_since on headgate.overlap (since);

do $$
declare
    t text;
begin
    foreach t in array array['tenant', 'secret', 'overlap'] loop
        execute format('alter table headgate.%I enable row level security', t);
        execute format('alter table headgate.%I force row level security', t);
        execute format('create policy engine on headgate.%I to headgate_engine, headgate_owner using (true) with check (true)', t);
        execute format('create policy tenant on headgate.%I to headgate_api
            using (tenant = current_setting(''headgate.tenant'', true))
            with check (tenant = current_setting(''headgate.tenant'', true))', t);
    end loop;
end $$;
grant select, insert, update, delete on headgate.tenant, headgate.secret, headgate.overlap to headgate_api, headgate_engine;
grant select, update on headgate.directory to headgate_api, headgate_engine;

-- Where a revision began to plan: from there on to its next occurrence everything has a trigger. Null: it is not known.
alter table headgate.schedule add column began_at timestamptz;

-- The version of the time zones with which a shard's next occurrences were computed.
alter table headgate.shard add column zones text;

-- A watched schedule may be paused, or have its failures told of, or both.
alter table headgate.failure_watch alter column pause_after drop not null;
alter table headgate.failure_watch add column has_call boolean not null default false;
alter table headgate.failure_watch add column notified_at timestamptz;

-- A tenant that is erased leaves no record of its triggers behind.
grant delete on headgate.trigger to headgate_api;
