-- How fast a run is, what it waits for, what became of its tables: for who looks at it.

-- name: SAMPLE_PUT
insert or replace into sample (place, at_us, bytes, rows, transactions, inserts, updates, deletes, received,
                               applied, caught_up_us)
values (:place, :at, :bytes, :rows, :transactions, :inserts, :updates, :deletes, :received, :applied, :caught_up)

-- name: SAMPLE_FIRST scan-ok
select at_us, bytes, rows, transactions, inserts, updates, deletes, received, applied, caught_up_us
  from sample where at_us >= :since order by at_us limit 1

-- name: SAMPLE_LAST scan-ok
select at_us, bytes, rows, transactions, inserts, updates, deletes, received, applied, caught_up_us
  from sample where at_us <= :now order by at_us desc limit 1

-- name: SAMPLE_FORGET
delete from sample

-- name: BACKEND_FORGET
delete from backend

-- name: SOURCE_SEEN_FORGET
delete from source_seen

-- name: SOURCE_SEEN_PUT
insert or replace into source_seen (id, at_us, wal_end, skew_us) values (1, :at, :wal_end, :skew)

-- name: SOURCE_SEEN_GET
select at_us, wal_end, skew_us from source_seen where id = 1

-- name: BACKEND_SEEN scan-ok
insert into backend (process, side, at_us, since_us, state, type, event, object, holder)
select id, :side, :at, :at, :state, :type, :event, :object, :holder
  from process where case :side when 'source' then source_pid else target_pid end = :pid and ended_us is null
on conflict (process, side) do update
   set since_us = case when type = excluded.type and event = excluded.event and object = excluded.object
                       then since_us else excluded.at_us end,
       at_us = excluded.at_us, state = excluded.state, type = excluded.type, event = excluded.event,
       object = excluded.object, holder = excluded.holder

-- Of processes that live, those seen lately, a process's two sides next to each other.

-- name: BACKENDS scan-ok
select p.id, p.role, p.number, b.side, b.state, b.type, b.event, b.object, b.holder, b.since_us
  from backend b join process p on p.id = b.process
 where p.ended_us is null and b.at_us >= :since
 order by p.role, p.number, p.id, b.side

-- name: TABLES_BY_STATE scan-ok
select count(*), coalesce(sum(done = items), 0),
       coalesce(sum(done < items and faults > 0 and running = 0), 0),
       coalesce(sum(done < items and (faults = 0 or running > 0) and (running > 0 or done > 0)), 0)
  from (select count(*) as items, sum(state = 'done') as done, sum(state = 'running') as running,
               sum(state <> 'done' and fault is not null) as faults
          from work where kind in ('table', 'part', 'small', 'config') group by object)

-- name: ROWS_EXPECTED scan-ok
select coalesce(sum(max(rows_estimate, 0)), 0) from obj_table where has_data

-- name: EVENT_COUNTS scan-ok
select coalesce(sum(level = 'error'), 0), coalesce(sum(level = 'warning'), 0) from event
