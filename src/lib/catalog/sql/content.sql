-- What of the plan and of the dump is wanted, when that is not all (enum content, settings.h).

-- name: CONTENT_NO_ROWS scan-ok
update obj_table set has_data = 0 where not (is_config and :configuration)

-- Those of extensions are in obj_sequence only.

-- name: CONTENT_NO_SEQUENCES scan-ok
delete from obj_sequence where not (:configuration and oid not in (select oid from obj_relation))

-- Without its constraint an index is built as it is, except where only the constraint can make it,
-- and for partitioned tables, where that makes the indexes of the partitions' parents.

-- name: CONTENT_NO_CONSTRAINTS_INDEXES scan-ok
delete from obj_index
 where oid in (select index_oid from obj_constraint c
                where kind <> 'f' and (not by_index or obj_index.partitioned))

-- name: CONTENT_NO_CONSTRAINTS scan-ok
delete from obj_constraint

-- name: CONTENT_NO_INDEXES scan-ok
delete from obj_index
 where not :of_constraints
    or oid not in (select index_oid from obj_constraint where kind <> 'f' and index_oid is not null)

-- The dump. An extension is asked for by itself, too, with the schema that it needs.

-- name: TOC_CONTENT scan-ok
update toc set content = case
    when description in ('INDEX', 'INDEX ATTACH') then :indexes
    when description in ('CONSTRAINT', 'FK CONSTRAINT', 'CHECK CONSTRAINT') then :constraints
    when description = 'MATERIALIZED VIEW DATA' then :refresh
    when description = 'EXTENSION' then :schema | :extensions
    when description = 'SCHEMA'
         and exists (select 1 from toc_need n join toc e on e.dump_id = n.dump_id
                      where n.needs = toc.dump_id and e.description = 'EXTENSION') then :schema | :extensions
    when description = 'STATISTICS'
         or (script in ('post', 'final', 'events')
             and description not in ('COMMENT', 'SECURITY LABEL', 'ACL')) then :rest
    else :schema end

-- What is said about an object goes with it.

-- name: TOC_CONTENT_OF_NOTES scan-ok
update toc set content = (select o.content from toc_need n join toc o on o.dump_id = n.needs
                           where n.dump_id = toc.dump_id
                             and o.description not in ('COMMENT', 'SECURITY LABEL', 'ACL')
                           order by o.dump_id limit 1)
 where description in ('COMMENT', 'SECURITY LABEL', 'ACL')
   and exists (select 1 from toc_need n join toc o on o.dump_id = n.needs
                where n.dump_id = toc.dump_id
                  and o.description not in ('COMMENT', 'SECURITY LABEL', 'ACL'))

-- name: TOC_CONTENT_ONLY scan-ok
update toc set script = null where content & :contents = 0

-- name: TOC_CONTENT_NOT_THERE scan-ok
update toc set script = null
 where (description = 'INDEX' and oid in (select oid from obj_index where is_there))
    or (description = 'CONSTRAINT' and oid in (select oid from obj_constraint where is_there))

-- What the target has, where the run brings no schema.

-- name: FOUND_CLEAR_RELATIONS
delete from found_relation

-- name: FOUND_RELATION_INSERT
insert into found_relation (nspname, relname, kind, columns, no_truncate, is_guarded, obstacle, above_nsp,
                            above_name)
values (:nspname, :relname, :kind, :columns, :no_truncate, :is_guarded, :obstacle, :above_nsp, :above_name)

-- Partitions of the source that the target does not have go to a table above them that it has, if that is
-- partitioned there (or may be an ordinary one, too); and with them all others of that table, from which they could not be told.

-- name: EXISTING_LANDING scan-ok
with recursive above (leaf, at) as (
    select t.oid, t.oid from obj_table t where t.kind in ('r', 'p')
    union all
    select a.leaf, p.oid
      from above a
      join obj_table t on t.oid = a.at
      join obj_inherits i on i.child = a.at
      join obj_table p on p.oid = i.parent and p.kind = 'p'
     where not exists (select 1 from found_relation f where f.nspname = t.nspname and f.relname = t.relname)
),
below (root, oid) as (
    select a.at, a.at
      from above a
      join obj_table t on t.oid = a.at
      join found_relation f on f.nspname = t.nspname and f.relname = t.relname
                           and (f.kind = 'p' or (f.kind = 'r' and :ordinary))
     where a.at <> a.leaf
    union
    select b.root, i.child from below b join obj_inherits i on i.parent = b.oid
)
insert into landing (leaf, root, counts)
select b.oid, b.root, coalesce((select t.has_data from obj_table t where t.oid = b.oid), 0) from below b
 where b.oid <> b.root
   and b.root not in (select x.oid from below x where x.oid <> x.root)

-- What is found of a partitioned table is true of its partitions, too.

-- name: EXISTING_ROOTS scan-ok
with recursive below (oid, nspname, relname) as (
    select t.oid, f.nspname, f.relname
      from obj_table t join found_relation f on f.nspname = t.nspname and f.relname = t.relname and f.kind = 'p'
     where t.has_data or t.oid in (select root from landing)
    union all
    select b.oid, f.nspname, f.relname
      from below b join found_relation f on f.above_nsp = b.nspname and f.above_name = b.relname
)
update obj_table
   set is_root = 1, is_carried = 0,
       analyze_why = case when is_carried then 'its partitions are others on the target' end,
       (no_truncate, is_guarded) =
       (select max(f.no_truncate), max(f.is_guarded)
          from below b join found_relation f on f.nspname = b.nspname and f.relname = b.relname
         where b.oid = obj_table.oid)
 where oid in (select oid from below)

-- name: EXISTING_ROOT_OBSTACLES scan-ok
with recursive below (nspname, relname) as (
    select nspname, relname from obj_table where is_root
    union all
    select f.nspname, f.relname
      from below b join found_relation f on f.above_nsp = b.nspname and f.above_name = b.relname
)
select f.obstacle || ' on table ' || shown(f.nspname, f.relname)
  from below b join found_relation f on f.nspname = b.nspname and f.relname = b.relname
 where f.obstacle <> ''

-- Tables that rows go to, of which one is a partition of the other: each would be emptied with it.

-- name: EXISTING_OVERLAP scan-ok
with recursive goes (oid, nspname, relname) as (
    select distinct r.oid, r.nspname, r.relname
      from obj_table t
      join obj_table r on r.oid = coalesce((select root from landing where leaf = t.oid), t.oid)
     where t.has_data
),
above (oid, nspname, relname) as (
    select g.oid, f.above_nsp, f.above_name
      from goes g join found_relation f on f.nspname = g.nspname and f.relname = g.relname
     where f.above_nsp is not null
    union
    select a.oid, f.above_nsp, f.above_name
      from above a join found_relation f on f.nspname = a.nspname and f.relname = a.relname
     where f.above_nsp is not null
)
select shown(g.nspname, g.relname) || ' of ' || shown(o.nspname, o.relname)
  from above a
  join goes o on o.nspname = a.nspname and o.relname = a.relname
  join goes g on g.oid = a.oid

-- Where rows of several tables go, those of one of them cannot be told from the others any more.

-- name: EXISTING_SHARES scan-ok
select r.oid, shown(r.nspname, r.relname), count(*),
       coalesce(max(case when t.condition is not null then shown(t.nspname, t.relname) end), '')
  from landing l join obj_table t on t.oid = l.leaf and t.has_data join obj_table r on r.oid = l.root
 group by r.oid
-- name: EXISTING_MISSING scan-ok
select 'table ' || shown(t.nspname, t.relname)
  from obj_table t
 where ((t.has_data and not (t.is_config and :configuration))
        or (t.kind = 'm' and :filled)
        or exists (select 1 from obj_index x where x.table_oid = t.oid and x.is_valid)
        or exists (select 1 from obj_constraint c where c.table_oid = t.oid))
   and not exists (select 1 from found_relation f where f.nspname = t.nspname and f.relname = t.relname)
   and t.oid not in (select leaf from landing)
union all
select 'sequence ' || shown(s.nspname, s.relname)
  from obj_sequence s
 where not :configuration
   and not exists (select 1 from found_relation f
                    where f.nspname = s.nspname and f.relname = s.relname and f.kind = 'S')

-- name: EXISTING_TABLES scan-ok
select t.oid, f.nspname, f.relname, t.signature, t.condition, f.kind, f.columns,
       case when r.is_root then r.is_guarded else f.is_guarded end,
       case when r.is_root then '' else f.obstacle end, r.oid
  from obj_table t
  join obj_table r on r.oid = coalesce((select root from landing where leaf = t.oid), t.oid)
  join found_relation f on f.nspname = r.nspname and f.relname = r.relname
 where t.has_data
 order by r.oid, t.oid

-- name: EXISTING_APPLY scan-ok
update obj_table
   set (no_truncate, is_guarded) =
       (select f.no_truncate, f.is_guarded from found_relation f
         where f.nspname = obj_table.nspname and f.relname = obj_table.relname)
 where has_data and not is_root
   and exists (select 1 from found_relation f
                where f.nspname = obj_table.nspname and f.relname = obj_table.relname)

-- Is a column that the source computes an ordinary one on the target, and has nobody chosen the columns
-- of this table?

-- name: EXISTING_NOT_COMPUTED
select shown(t.nspname, t.relname)
  from obj_table t
  join obj_table r on r.oid = coalesce((select root from landing where leaf = t.oid), t.oid)
  join found_relation f on f.nspname = r.nspname and f.relname = r.relname
 where t.nspname = :nspname and t.relname = :relname and f.kind in ('r', 'p') and t.has_data
   and not (t.is_share and t.condition is null)
   and instr(char(10) || f.columns, char(10) || :column || char(9)) > 0

-- name: EXISTING_AS_TEXT
update obj_table set format = 'text' where oid = :oid

-- An index or constraint of the same name must be the same one.

-- name: EXISTING_DIFFERENT scan-ok
select 'index ' || shown(x.nspname, x.relname)
  from obj_index x
  join obj_table t on t.oid = x.table_oid
  join found_index f on f.nspname = x.nspname and f.relname = x.relname
 where x.is_valid
   and (f.table_nsp <> t.nspname or f.table_name <> t.relname or (not f.is_valid and not x.partitioned)
        or (:same_version and f.definition <> x.definition))
union all
select 'constraint ' || c.conname || ' of ' || shown(t.nspname, t.relname)
  from obj_constraint c
  join obj_table t on t.oid = c.table_oid
  join found_constraint f on f.nspname = t.nspname and f.relname = t.relname and f.conname = c.conname
 where :same_version and f.definition <> c.definition

-- A check constraint that the target has: true when it is the same one.

-- name: EXISTING_CHECK_THERE
select f.definition = :definition or not :same_version
  from found_constraint f
 where f.nspname = :nspname and f.relname = :relname and f.conname = :conname

-- name: EXISTING_INDEXES_THERE scan-ok
update obj_index set is_there = 1
 where exists (select 1 from found_index f
                where f.nspname = obj_index.nspname and f.relname = obj_index.relname)

-- name: EXISTING_CONSTRAINTS_THERE scan-ok
update obj_constraint set is_there = 1
 where exists (select 1 from obj_table t
                 join found_constraint f on f.nspname = t.nspname and f.relname = t.relname
                where t.oid = obj_constraint.table_oid and f.conname = obj_constraint.conname)

-- name: EXISTING_THERE_COUNT scan-ok
select (select count(*) from obj_index where is_there) + (select count(*) from obj_constraint where is_there)

-- A key of the target whose rows are copied, or are removed from a table that it references (of a
-- partitioned one each partition comes here, too). Its definition is the table that has it, for people;
-- its number is out of the way of the source's. All that is said of one key belongs to one table, whose
-- item waits for all of them.

-- name: EXISTING_KEY_INSERT
insert into obj_constraint (oid, table_oid, conname, kind, by_index, definition, suffix, ref_table,
                            validated, verify)
select (select min(0, coalesce(min(oid), 0)) - 1 from obj_constraint),
       coalesce(t.oid, (select table_oid from obj_constraint where verify = :verify), r.oid),
       :conname, 'f', 0, shown(:nspname, :relname), '', r.oid, 1, :verify
  from (select 1) one
  left join obj_table t on t.oid = (
       with recursive above (depth, nspname, relname) as (
           values (0, :nspname, :relname)
           union all
           select a.depth + 1, f.above_nsp, f.above_name
             from above a join found_relation f on f.nspname = a.nspname and f.relname = a.relname
            where f.above_nsp is not null
       )
       select coalesce(l.root, o.oid)
         from above a join obj_table o on o.nspname = a.nspname and o.relname = a.relname
         left join landing l on l.leaf = o.oid
        where o.has_data or o.is_root
        order by a.depth limit 1)
  left join obj_table r on r.oid = (
       select coalesce(l.root, o.oid) from obj_table o left join landing l on l.leaf = o.oid
        where o.nspname = :ref_nsp and o.relname = :ref_name)
 where case when r.oid is not null then t.oid is not null or :truncate
            else t.oid is not null
                 and not exists (select 1 from obj_constraint o where o.table_oid = t.oid and o.verify = :verify) end
