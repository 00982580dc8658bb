-- What the user changes while a run goes on.

-- name: STEERING_GET
select version, taken, paused, coalesce(paused_us, 0) from steering where id = 1

-- name: STEERING_PAUSE
insert into steering (id, version, paused, paused_us) values (1, 1, :paused, nullif(:now, 0))
on conflict (id) do update set version = version + 1, paused = excluded.paused,
       paused_us = case when paused and excluded.paused then paused_us else excluded.paused_us end

-- name: STEERING_CHANGED
insert into steering (id, version) values (1, 1)
on conflict (id) do update set version = version + 1

-- name: STEERING_TAKEN
update steering set taken = :version where id = 1

-- name: STEERING_FORGET
delete from steering

-- What one that is cancelled has not brought to its end.

-- name: TABLES_UNFINISHED scan-ok
select t.nspname, t.relname
  from obj_table t
 where t.oid in (select coalesce(w.leaf, w.object) from work w
                  where w.state <> 'done' and w.kind in ('table', 'part', 'small', 'config'))
 order by t.nspname, t.relname

-- name: UNMADE_COUNT scan-ok
select count(*) from work
 where state <> 'done' and kind in ('index', 'exclusion', 'keys', 'foreign_keys')
