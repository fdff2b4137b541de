-- Tenants that have changed since a version of the directory: $1 version, $2 limit. Index: tenant_version.
select t.tenant, t.version, t.revision, t.settings, t.updated_at
from headgate.tenant t where t.version > $1 order by t.version limit $2
