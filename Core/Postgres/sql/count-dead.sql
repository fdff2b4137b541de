-- How many triggers are dead, at most $2: $1 tenant (null: all). Index: primary key.
select count(*) from (select 1 from headgate.dead where $1::text is null or tenant = $1 limit $2) d
