-- Schedules that pause when they fail again and again: how often in a row. Only these have a row, so that recording the outcomes
-- of others costs nothing.
create table headgate.failure_watch (
    schedule_id uuid primary key,
    shard smallint not null,
    tenant text not null,
    name text not null,
    pause_after integer not null,
    failures integer not null default 0
) with (fillfactor = 50);
alter table headgate.failure_watch enable row level security;
alter table headgate.failure_watch force row level security;
create policy engine on headgate.failure_watch to headgate_engine, headgate_owner using (true) with check (true);
create policy tenant on headgate.failure_watch to headgate_api
    using (tenant = current_setting('headgate.tenant', true)) with check (tenant = current_setting('headgate.tenant', true));
grant select, insert, update, delete on headgate.failure_watch to headgate_api, headgate_engine;
