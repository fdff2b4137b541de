-- Actions outlive a change of their schedule, dead triggers are listed from here, the monitor's duties have an age, and the
-- generation of Redis has a counter. Only adds: readers of version 4 go on working.

-- Actions of earlier revisions, and of schedules that are gone, for the triggers that still refer to them (protocols.md, 9a).
-- The action of the current revision stands in `schedule` alone.
create table headgate.past_action (
    schedule_id uuid not null,
    revision integer not null,
    tenant text not null,
    action bytea not null,
    -- When the monitor looks whether an open or dead trigger still refers to it.
    check_at timestamptz not null,
    primary key (schedule_id, revision)
);
create index past_action_check_at on headgate.past_action (check_at);
create index past_action_tenant on headgate.past_action (tenant);

-- Triggers that are dead now: the trigger table has no index of states, so that recording an outcome stays a HOT update.
create table headgate.dead (
    tenant text not null,
    died_at timestamptz not null,
    id uuid not null,
    day date not null,
    primary key (tenant, died_at, id)
);
create unique index dead_id on headgate.dead (id);
create index dead_died_at on headgate.dead (died_at, id);

insert into headgate.dead (tenant, died_at, id, day)
select tenant, greatest(occurrence, planned_at), id, day from headgate.trigger where state = 5;

-- When each duty of the monitor was last done (protocols.md, 25b).
create table headgate.duty (
    name text primary key,
    done_at timestamptz not null
) with (fillfactor = 50);

-- How often the monitor has raised the counter that stands in Redis, too (protocols.md, 7a), and the server it was raised on.
alter table headgate.monitor add column redis_counter bigint not null default 0;
alter table headgate.monitor add column redis_run text;

do $$
declare
    t text;
begin
    foreach t in array array['past_action', 'dead'] loop
        execute format('alter table headgate.%I enable row level security', t);
        execute format('alter table headgate.%I force row level security', t);
        execute format('create policy engine on headgate.%I to headgate_engine, headgate_owner using (true) with check (true)', t);
        execute format('create policy tenant on headgate.%I to headgate_api
            using (tenant = current_setting(''headgate.tenant'', true))
            with check (tenant = current_setting(''headgate.tenant'', true))', t);
    end loop;
end $$;
grant select, insert, update, delete on headgate.past_action, headgate.dead to headgate_api, headgate_engine;
grant select, insert, update on headgate.duty to headgate_engine;
grant select on headgate.duty to headgate_api;
