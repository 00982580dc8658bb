-- Of a run that follows: where it is, what is published, what is switched off meanwhile.

-- name: POSITION_INSERT
insert into position (run, slot, publication, stop)
select uuid, :slot, :publication, :stop from run where id = 1

-- name: POSITION_GET
select slot, publication, source_id, consistent, received, durable, applied, flushed, stop,
       received_us, applied_us, commit_us, transactions, inserts, updates, deletes, truncates, conflicts,
       stop_now, plugin, coalesce(format, ''), coalesce(timeline, 0), coalesce(slot_state, ''), coalesce(slot_keeps, 0),
       coalesce(slot_safe, -1), coalesce(slot_us, 0), insert_publication,
       (select wal_end from source_seen where id = 1)
  from position where run = (select uuid from run where id = 1)

-- name: POSITION_INTEND
update position set source_id = :source_id, plugin = :plugin,
       publication = case :plugin when 'pgoutput' then slot else '' end,
       insert_publication = case :plugin when 'pgoutput' then :insert_publication else '' end,
       consistent = null, received = null, durable = null, applied = null, flushed = null, format = null,
       timeline = null, slot_state = null, slot_keeps = null, slot_safe = null, slot_us = null
 where run = (select uuid from run where id = 1)

-- name: POSITION_BEGIN
update position set consistent = :lsn where run = (select uuid from run where id = 1)

-- name: POSITION_UNDONE
update position set source_id = null, consistent = null, received = null, durable = null
 where run = (select uuid from run where id = 1)

-- name: POSITION_RECEIVED
update position set received = :received, durable = :durable, received_us = :now
 where run = (select uuid from run where id = 1)

-- name: POSITION_APPLIED
update position set applied = :applied, flushed = :flushed, applied_us = :now,
       commit_us = coalesce(nullif(:commit, 0), commit_us),
       transactions = transactions + :transactions, inserts = inserts + :inserts,
       updates = updates + :updates, deletes = deletes + :deletes, truncates = truncates + :truncates,
       conflicts = conflicts + :conflicts
 where run = (select uuid from run where id = 1)

-- Binary only where every table that is published can be copied so: then both sides agree on it.

-- name: POSITION_CHOOSE_FORMAT scan-ok
update position
   set format = case when :able and not exists (select 1 from published p join obj_table t on t.oid = p.oid
                                                 where p.kind = 'r' and p.logged and t.format <> 'binary')
                     then 'binary' else 'text' end
 where run = (select uuid from run where id = 1) and format is null

-- name: POSITION_TAKE_TEXT
update position set format = 'text' where run = (select uuid from run where id = 1)

-- name: POSITION_SET_TIMELINE
update position set timeline = :timeline where run = (select uuid from run where id = 1)

-- name: POSITION_SLOT_SEEN
update position set slot_state = :state, slot_keeps = :keeps, slot_safe = nullif(:safe, -1), slot_us = :now
 where run = (select uuid from run where id = 1)

-- name: RELATION_IS_KNOWN
select exists (select 1 from obj_relation where oid = :oid)

-- name: POSITION_SET_STOP
update position set stop = :stop, stop_now = 0 where run = (select uuid from run where id = 1)

-- name: POSITION_RESOLVE_STOP
update position set stop = :stop, stop_now = 1
 where run = (select uuid from run where id = 1) and stop = 'now'

-- What runs that were given up have left behind.

-- name: POSITION_LEFT scan-ok
select run, slot, publication, source_id, insert_publication, plugin from position
 where run <> (select uuid from run where id = 1) and source_id is not null limit 1

-- name: POSITION_MADE scan-ok
select run, slot, publication, source_id, insert_publication, plugin from position
 where source_id is not null
 order by run <> (select uuid from run where id = 1), run

-- name: POSITION_CLEANED
update position set source_id = null where run = :run

-- name: POSITION_RELEASED
update position set slot = '', publication = '', insert_publication = ''
 where run = (select uuid from run where id = 1)

-- name: POSITION_DROP
delete from position where run = :run

-- name: POSITION_FORGET scan-ok
delete from position where source_id is null

-- name: PUBLISHED_FORGET
delete from published

-- name: PUBLISHED_INSERT
insert into published (oid, nspname, relname, kind, identity, given, logged, children)
select oid, nspname, relname, kind, :identity, :given, :logged, :children
  from obj_table
 where oid = :oid and ((kind = 'r' and has_data and not is_config) or kind = 'p')

-- Of a way back: the table that tells whose a transaction is.

-- name: PUBLISHED_INSERT_MARK
insert or replace into published (oid, nspname, relname, kind, identity, given, logged, children)
values (:oid, 'pghaul', 'progress', 'r', 'key', '', 1, 0)

-- name: PUBLISHED_WITHOUT_IDENTITY scan-ok
select shown(nspname, relname) from published
 where kind = 'r' and logged and identity = '' order by nspname, relname

-- Those with columns of float4, float8 or numeric.

-- name: PUBLISHED_NUMBERS scan-ok
select shown(p.nspname, p.relname) from published p join obj_table t on t.oid = p.oid
 where p.kind = 'r' and p.logged and p.identity <> ''
   and (',' || t.column_types like '%,700/%' or ',' || t.column_types like '%,701/%'
        or ',' || t.column_types like '%,1700/%')
 order by p.nspname, p.relname

-- name: PUBLISHED_UNLOGGED scan-ok
select shown(nspname, relname) from published where kind = 'r' and not logged order by nspname, relname

-- A partitioned table stands for all below it, unless something there is not meant: then those that
-- are come one by one.

-- name: PUBLISHED_MEMBERS scan-ok
with recursive poor (oid) as (
    select p.oid from published p
     where p.kind = 'p'
       and p.children <> (select count(*) from obj_inherits i join published c on c.oid = i.child
                           where i.parent = p.oid and (c.kind = 'p' or (c.logged and c.identity <> '')))
    union
    select i.parent from poor join obj_inherits i on i.child = poor.oid
      join published p on p.oid = i.parent and p.kind = 'p'
)
select nspname, relname, oid, kind from published m
 where ((kind = 'p' and oid not in (select oid from poor)) or (kind = 'r' and logged and identity <> ''))
   and not exists (select 1 from obj_inherits i join published p on p.oid = i.parent and p.kind = 'p'
                    where i.child = m.oid and p.oid not in (select oid from poor))
 order by nspname, relname

-- name: PUBLISHED_BY_OID
select kind = 'r' and logged and identity <> '' from published where oid = :oid

-- name: PUBLISHED_BY_NAME
select 1 from published
 where nspname = :nspname and relname = :relname and kind = 'r' and identity <> ''

-- And partitions that came later, which the plan does not know.

-- name: PUBLISHED_AFTER scan-ok
select oid from published
 where oid > :after and kind = 'r' and logged and identity <> ''
union all
select leaf from landing
 where leaf > :after and counts and leaf not in (select oid from obj_table)
 order by 1 limit 10000

-- name: PUBLISHED_NAME
select shown(nspname, relname) from published where oid = :oid

-- name: PUBLISHED_INSERT_ONLY scan-ok
select nspname, relname from published
 where kind = 'r' and logged and identity = '' order by nspname, relname

-- What is to be FULL, noted before it is, and believed afterwards.

-- name: IDENTITY_NOTE scan-ok
insert or ignore into identity_changed (run, oid, nspname, relname, given)
select (select uuid from run where id = 1), oid, nspname, relname, given from published
 where kind = 'r' and logged and identity = ''

-- name: PUBLISHED_MADE_FULL scan-ok
update published set identity = 'full' where kind = 'r' and logged and identity = ''

-- name: IDENTITY_NEXT
select oid, nspname, relname, given from identity_changed
 where run = :run and oid > :after order by oid limit 1

-- name: IDENTITY_FORGET
delete from identity_changed where run = :run and oid = :oid

-- name: PUBLISHED_KNOWN scan-ok
select count(*) from published where nspname = :nspname and relname = :relname

-- name: PUBLISHED_LACKING scan-ok
select shown(nspname, relname) from obj_table t
 where kind = 'r' and has_data and not is_config
   and not exists (select 1 from published p where p.oid = t.oid)
 order by nspname, relname

-- name: DESCRIBED_GET
select nspname, relname, columns, target, gone from described where oid = :oid

-- name: DESCRIBED_PLANNED
select nspname, relname, columns from obj_table where oid = :oid

-- name: DESCRIBED_PUT
insert into described (oid, nspname, relname, columns, target)
values (:oid, :nspname, :relname, :columns, :target)
on conflict (oid) do update set nspname = :nspname, relname = :relname, columns = :columns, target = :target

-- name: DESCRIBED_GONE
insert into described (oid, nspname, relname, columns, target, gone)
select oid, nspname, relname, columns, 0, 1 from obj_table where oid = :oid
on conflict (oid) do update set gone = 1

-- name: DESCRIBED_FORGET
delete from described

-- name: SWITCHED_OFF_INSERT
insert or ignore into switched_off (nspname, relname, kind, name, enabled)
select nspname, relname, :kind, :name, :enabled from obj_table
 where nspname = :nspname and relname = :relname

-- name: SWITCHED_OFF_LIST scan-ok
select nspname, relname, kind, name, enabled from switched_off order by 1, 2, 3, 4

-- name: SWITCHED_OFF_FORGET
delete from switched_off

-- name: LANDING_GET
select r.oid, r.nspname, r.relname from landing l join obj_table r on r.oid = l.root where l.leaf = :leaf

-- name: LANDING_LEAVES
select count(*) from landing where root = :root and counts

-- name: LANDING_ADD scan-ok
insert or ignore into landing (leaf, root, counts)
select distinct :leaf, l.root, 1 from landing l where instr(:above, ' ' || l.root || ' ') > 0

-- name: LANDING_GONE
update landing set counts = 0 where leaf = :leaf
