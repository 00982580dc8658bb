-- Which part of the source is meant, and what that leaves out.

-- name: FILTER_INSERT
insert into filter (kind, pattern) values (:kind, :pattern)

-- name: FILTER_COUNT scan-ok
select count(*) from filter where :kind is null or kind = :kind

-- name: FILTER_LIST scan-ok
select kind, pattern from filter order by position

-- name: FILTER_FORGET
delete from filter

-- name: FILTER_NAME_INSERT
insert or ignore into filter_name (kind, nspname, relname) values (:kind, :nspname, :relname)

-- name: FILTER_NAME_LIST scan-ok
select kind, nspname, relname from filter_name

-- name: FILTER_NAME_FORGET
delete from filter_name

-- name: LEFT_OUT_INSERT
insert or ignore into left_out (classid, oid, kind, nspname, relname, description, reason)
values (:classid, :oid, :kind, :nspname, :relname, :description, :reason)

-- name: LEFT_OUT_HAS
select count(*) from left_out where classid = :classid and oid = :oid

-- name: LEFT_OUT_LIST scan-ok
select description, reason from left_out where reason <> '' order by classid, oid

-- name: LEFT_OUT_RELATIONS scan-ok
select nspname, relname from left_out where kind = 'relation'

-- An index goes with the constraint that made it.

-- name: LEAVE_OUT_CONSTRAINTS_OF_INDEXES scan-ok
insert or ignore into left_out (classid, oid, kind, nspname, relname, description, reason)
select 2606, c.oid, 'other', '', '', 'constraint ' || c.conname || ' on table ' || shown(t.nspname, t.relname),
       'it needs what is left out'
  from obj_constraint c
  join obj_table t on t.oid = c.table_oid
  join left_out l on l.kind = 'index' and l.oid = c.index_oid

-- A key to a table that comes without its rows could not hold.

-- name: LEAVE_OUT_KEYS_TO_NO_DATA scan-ok
insert or ignore into left_out (classid, oid, kind, nspname, relname, description, reason)
with recursive below (root, oid) as (
    select distinct ref_table, ref_table from obj_constraint where kind = 'f'
    union
    select b.root, i.child from below b join obj_inherits i on i.parent = b.oid
)
select 2606, c.oid, 'other', '', '', 'constraint ' || c.conname || ' on table ' || shown(t.nspname, t.relname),
       'it needs what is left out'
  from obj_constraint c
  join obj_table t on t.oid = c.table_oid
 where c.kind = 'f' and (t.has_data or t.kind = 'p')
   and exists (select 1 from below b join obj_table r on r.oid = b.oid
                where b.root = c.ref_table and r.kind = 'r' and not r.has_data)

-- name: FORGET_LEFT_OUT_INDEXES scan-ok
delete from obj_index where oid in (select oid from left_out where kind = 'index')

-- name: FORGET_LEFT_OUT_KEYS scan-ok
delete from obj_constraint where oid in (select oid from left_out where classid = 2606)

-- name: FORGET_LEFT_OUT
delete from left_out

-- name: FORGET_STAND_INS
delete from stand_in

-- name: STAND_IN_INSERT
insert into stand_in (nspname, relname, attname, seq_nsp, seq_name)
values (:nspname, :relname, :attname, :seq_nsp, :seq_name)

-- name: STAND_IN_LIST scan-ok
select nspname, relname, attname, seq_nsp, seq_name from stand_in order by 1, 2, 3, 4, 5

-- name: STAND_IN_SEQUENCES scan-ok
select distinct seq_nsp, seq_name from stand_in order by 1, 2

-- name: STAND_IN_DELETE scan-ok
delete from stand_in where seq_nsp = :seq_nsp and seq_name = :seq_name

-- Schemas of stand-ins that nothing else makes.

-- name: STAND_IN_SCHEMAS scan-ok
select distinct s.seq_nsp
  from stand_in s
 where not exists (select 1 from toc join obj_schema o on o.oid = toc.oid
                    where toc.description = 'SCHEMA' and toc.script = 'pre' and o.nspname = s.seq_nsp)
   and not (:tables and exists (select 1 from obj_relation r where r.nspname = s.seq_nsp))
 order by 1

-- name: KNOWN_SCHEMAS scan-ok
select distinct nspname from obj_relation order by 1

-- What comes with tables that are asked for.

-- name: KNOWN_COMPANIONS scan-ok
select nspname, relname from obj_relation
 where kind = 'S' or oid in (select child from obj_inherits)

-- name: LEFT_OUT_ANY scan-ok
select exists (select 1 from left_out)

-- name: TABLE_WITHOUT_DATA
update obj_table set has_data = 0 where oid = :oid

-- name: SEQUENCE_WITHOUT_VALUE
delete from obj_sequence where oid = :oid

-- name: PLAN_BEFORE_DUMP scan-ok
insert into edge (before, after)
select p.id, d.id from work p join work d on d.kind = 'dump' where p.kind = 'plan'
