-- Work items: claims, ends, dependencies.

-- name: WORK_INSERT
insert into work (stage, lane, kind, object, part, leaf, name, priority, bytes, low, high)
values (:stage, :lane, :kind, :object, :part, nullif(:leaf, 0), :name, :priority, :bytes, :low, :high)

-- name: WORK_CLAIM
update work set state = 'running', owner = :owner, epoch = epoch + 1, attempts = attempts + 1,
       started_us = :now, ended_us = null, rows = null, moved = null
 where id = (select id from work
              where stage = (select phase from run where id = 1) and lane = :lane
                and state = 'ready' and waits = 0
                and (select count(*) from work busy
                      where busy.owner is not null and busy.lane = :lane) < :most
              order by priority desc, id limit 1)
returning id, epoch, kind, object, part, name, bytes, low, high, attempts, coalesce(leaf, 0)

-- name: WORK_FINISH
update work set state = 'done', owner = null, ended_us = :now, rows = nullif(:rows, -1),
       moved = nullif(:moved, -1), snapshot = (select snapshot from run where id = 1), fault = null
 where id = :id and owner = :owner and epoch = :epoch and state = 'running'

-- name: WORK_FOUND_DONE
update work set state = 'done', owner = null, rows = nullif(:rows, -1), moved = nullif(:moved, -1),
       started_us = coalesce(started_us, :now), ended_us = coalesce(ended_us, :now),
       snapshot = nullif(:snapshot, 0)
 where id = :id and state <> 'done'
   and (kind not in ('part', 'empty') or :snapshot = :current)

-- name: WORK_UNCONFIRM scan-ok
update work set confirmed = 0 where confirmed <> 0

-- name: WORK_CONFIRM
update work set confirmed = 1
 where id = :id and state = 'done'
   and (kind not in ('part', 'empty') or :snapshot = snapshot)

-- Only these always leave a row on the target.

-- name: WORK_UNCONFIRMED scan-ok
select count(*) from work
 where state = 'done' and confirmed = 0
   and kind in ('table', 'part', 'empty', 'small', 'config', 'blobs', 'index', 'exclusion', 'keys',
                'foreign_keys')

-- name: WORK_FREE_WAITERS
update work set waits = waits - 1 where id in (select after from edge where before = :id)

-- name: WORK_NEWLY_READY
select distinct lane from work
 where id in (select after from edge where before = :id) and waits = 0 and state = 'ready'

-- name: WORK_RETURN
update work set state = 'ready', owner = null, fault = :fault
 where owner = :owner and state = 'running'

-- name: WORK_PUT_OFF scan-ok
with recursive later (id) as (
    values (:id)
    union
    select e.after from edge e join later l on e.before = l.id)
update work set stage = :stage where id in (select id from later) and stage < :stage and state <> 'done'

-- name: WORK_TAKE_BACK
update work set state = 'ready', owner = null, fault = :fault where id = :id

-- name: WORK_MOVED
update work set moved = :moved where id = :id and state = 'running'

-- name: WORK_READY_IN_LANE
select 1 from work
 where stage = (select phase from run where id = 1) and lane = :lane and state = 'ready' and waits = 0
   and (select count(*) from work busy where busy.owner is not null and busy.lane = :lane) < :most
 limit 1

-- How much is open is asked often, so none of these counts more than is needed to answer.

-- name: WORK_CROWDED
select count(*) from (select 1 from work
                       where stage = (select phase from run where id = 1) and lane = :lane
                         and state <> 'done'
                       limit :most)

-- name: WORK_OPEN_IN_STAGE
select exists (select 1 from work
                where stage = (select phase from run where id = 1) and state <> 'done')

-- name: WORK_OPEN_IN_LANE
select exists (select 1 from work where stage = :stage and lane = :lane and state <> 'done')

-- name: WORK_DATA_OPEN scan-ok
select exists (select 1 from work where state <> 'done' and lane = :lane)

-- name: WORK_ROWS_OPEN scan-ok
select count(*) from work
 where state <> 'done' and kind in ('table', 'part', 'small', 'config', 'blobs')

-- name: WORK_COUNT_WAITS scan-ok
update work set waits = (select count(*) from edge where after = work.id) where waits = 0

-- name: WORK_RUNNING
select w.id, w.kind, w.name, w.bytes, coalesce(w.moved, 0), w.started_us, p.role, p.number,
       coalesce(p.note, '')
  from work w join process p on p.id = w.owner
 where w.owner is not null and w.state = 'running'
 order by w.started_us, w.id

-- name: WORK_LANE_SIZE scan-ok
select count(*), coalesce(sum(bytes), 0) from work
 where stage = :stage and lane = :lane and state <> 'done'

-- name: WORK_RESET_KIND scan-ok
update work set state = 'ready', owner = null,
       waits = (select count(*) from edge e join work b on b.id = e.before
                 where e.after = work.id and b.state <> 'done')
 where kind = :kind

-- name: WORK_FREE_SKIPPED scan-ok
update work set waits = waits - 1
 where id in (select e.after from edge e join work b on b.id = e.before
               where b.kind = :kind and b.state <> 'done')

-- name: WORK_SKIP scan-ok
delete from work where kind = :kind and state <> 'done'

-- name: WORK_KIND_DONE scan-ok
select count(*) from work where kind = :kind and state = 'done'

-- name: WORK_KIND_ID scan-ok
select id from work where kind = :kind order by id limit 1

-- name: WORK_KIND_COUNT scan-ok
select count(*) from work where kind = :kind

-- name: WORK_OPEN_BEFORE scan-ok
select count(*) from work where stage < :stage and state <> 'done'

-- name: WORK_KIND_TRIED scan-ok
select count(*) from work where kind = :kind and attempts > 0

-- name: WORK_TOTALS scan-ok
select kind, items, done, bytes, bytes_done, rows from tally

-- name: WORK_KINDS scan-ok
select kind, items, done, running, bytes, bytes_done + bytes_moving, rows, moved, started_us, ended_us, worked_us, most
  from tally order by stage, id

-- name: WORK_SLOWEST_TABLES scan-ok
select t.nspname, t.relname, s.parts, s.rows, s.moved, s.worked,
       coalesce((select sum(i.ended_us - i.started_us)
                   from obj_index x join work i on i.object = x.oid and i.kind = 'index'
                  where x.table_oid = t.oid and i.state = 'done'), 0)
  from (select coalesce(leaf, object) as oid, count(*) as parts, sum(rows) as rows, sum(moved) as moved,
               sum(ended_us - started_us) as worked
          from work
         where kind in ('table', 'part', 'small', 'config') and state = 'done'
         group by 1 order by worked desc limit :count) s
  join obj_table t on t.oid = s.oid
 order by s.worked desc

-- name: WORK_TABLES_OPEN scan-ok
select count(distinct object) from work
 where state <> 'done' and kind in ('table', 'part', 'small', 'config')

-- Tables that are copied in several snapshots are consistent with each other when the changes up to the
-- last of these are applied. What needs that waits for it; and it for all that changes must find.
-- What could not be built and was put off has its turn before.

-- name: WORK_SETTLE_ADD scan-ok
insert into work (stage, lane, kind, name, priority)
select :stage, :lane, 'settle', '', 0
 where not exists (select 1 from work where kind = 'settle')
   and exists (select 1 from work where state <> 'done' and kind in ('table', 'part', 'small'))

-- name: WORK_SETTLE_PUT_BACK scan-ok
update work set stage = :stage
 where state <> 'done' and stage > :stage
   and (kind in ('exclusion', 'settle', 'foreign_keys')
        or (kind in ('keys', 'analyze')
            and object in (select oid from obj_table where kind <> 'm'))
        or (kind = 'index'
            and object in (select x.oid from obj_index x join obj_table t on t.oid = x.table_oid
                            where t.kind <> 'm')))

-- name: WORK_SETTLE_EDGES scan-ok
insert or ignore into edge (before, after)
select w.id, s.id from work s join work w on w.stage = s.stage
 where s.kind = 'settle' and w.kind not in ('foreign_keys', 'settle')
union all
select s.id, w.id from work s join work w on w.kind in ('foreign_keys', 'refresh')
 where s.kind = 'settle'

-- In another snapshot the rows have other places: a split table that is not finished begins again,
-- with emptying. What waits for its parts waits for all of them again.

-- name: WORK_BEGIN_AGAIN_WAITS scan-ok
update work set waits = (select count(*) from edge e join work b on b.id = e.before
                          where e.after = work.id
                            and (b.state <> 'done'
                                 or (b.kind in ('empty', 'part')
                                     and exists (select 1 from work p where p.object = b.object
                                                    and p.kind = 'part' and p.state <> 'done'))))
 where state <> 'done'
    or (kind in ('empty', 'part')
        and exists (select 1 from work p where p.object = work.object
                       and p.kind = 'part' and p.state <> 'done'))

-- name: WORK_BEGIN_AGAIN_PARTS scan-ok
update work set state = 'ready', owner = null
 where kind in ('empty', 'part')
   and exists (select 1 from work p where p.object = work.object
                  and p.kind = 'part' and p.state <> 'done')

-- name: WORK_COPY_FIRST
update work set priority = 9223372036854775807
 where object = :object and kind in ('empty', 'table', 'part', 'small') and state <> 'done'
