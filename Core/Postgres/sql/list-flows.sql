-- The current versions of a tenant's flows, by name: $1 tenant, $2 after this name, $3 limit. Index: the primary keys.
select d.id, d.tenant, d.name, d.version, d.body, d.created_at
from headgate.flow f join headgate.definition d on d.id = f.definition
where f.tenant = $1 and f.name > $2
order by f.name
limit $3
