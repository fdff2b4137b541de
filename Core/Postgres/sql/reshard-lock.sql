-- Locks the names and then the schedules that are to move, where they still exist: $1 old shard, $2 tenants, $3 names, $4 ids. Returns the
-- ids. Locks: names first, as every writer of schedules takes them. Index: primary keys.
with names as (
    select n.id from unnest($2::text[], $3::text[]) as u (tenant, name)
    join headgate.schedule_name n on n.tenant = u.tenant and n.name = u.name
    where n.shard = $1 and n.id = any ($4::uuid[])
    order by n.tenant, n.name
    for update of n
)
select s.id from names join headgate.schedule s on s.shard = $1 and s.id = names.id
order by s.id
for update of s
