-- Makes a body the current version of a flow, if it is not already: $1 tenant, $2 name, $3 definition id, $4 digest, $5 body, $6 subject, $7
-- now. Returns the current version, and whether it is new. The flow's row exists and is locked. Index: the primary keys.
with current as (
    select f.version, f.definition, d.digest = $4 as is_same
    from headgate.flow f left join headgate.definition d on d.id = f.definition
    where f.tenant = $1 and f.name = $2
), made as (
    insert into headgate.definition (id, tenant, name, version, digest, body, subject, created_at)
    select $3, $1, $2, c.version + 1, $4, $5, $6, $7 from current c where c.is_same is not true
    returning id, version
), moved as (
    update headgate.flow f set version = m.version, definition = m.id, updated_at = $7 from made m where f.tenant = $1 and f.name = $2
)
select c.version + case when exists (select 1 from made) then 1 else 0 end as version, exists (select 1 from made) as is_new
from current c
