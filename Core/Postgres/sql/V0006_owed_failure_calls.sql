-- Failure calls that the loader owes. The transaction that records a trigger as expired inserts its row here; the one that creates the call
-- deletes it (protocols.md, 3). Only adds a table: readers of version 5 keep working.
create table headgate.owed_call (
    shard smallint not null,
    trigger_id uuid not null,
    schedule_id uuid not null,
    tenant text not null,
    name text not null,
    kind smallint not null,
    occurrence timestamptz not null,
    count integer not null,
    last_occurrence timestamptz,
    reason text,
    primary key (shard, trigger_id)
);
create index owed_call_tenant on headgate.owed_call (tenant);
alter table headgate.owed_call enable row level security;
alter table headgate.owed_call force row level security;
create policy engine on headgate.owed_call to headgate_engine, headgate_owner using (true) with check (true);
create policy tenant on headgate.owed_call to headgate_api
    using (tenant = current_setting('headgate.tenant', true)) with check (tenant = current_setting('headgate.tenant', true));
grant select, delete on headgate.owed_call to headgate_api;
grant select, insert, delete on headgate.owed_call to headgate_engine;
