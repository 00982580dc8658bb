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
insert into found_relation (nspname, relname, kind, columns, no_truncate, is_guarded, obstacle)
values (:nspname, :relname, :kind, :columns, :no_truncate, :is_guarded, :obstacle)

-- name: EXISTING_MISSING scan-ok
select 'table ' || shown(t.nspname, t.relname)
  from obj_table t
 where ((t.has_data and not (t.is_config and :configuration))
        or (t.kind = 'm' and :filled)
        or exists (select 1 from obj_index x where x.table_oid = t.oid and x.is_valid)
        or exists (select 1 from obj_constraint c where c.table_oid = t.oid))
   and not exists (select 1 from found_relation f where f.nspname = t.nspname and f.relname = t.relname)
union all
select 'sequence ' || shown(s.nspname, s.relname)
  from obj_sequence s
 where not :configuration
   and not exists (select 1 from found_relation f
                    where f.nspname = s.nspname and f.relname = s.relname and f.kind = 'S')

-- name: EXISTING_TABLES scan-ok
select t.oid, t.nspname, t.relname, t.signature, t.condition, f.kind, f.columns, f.is_guarded, f.obstacle
  from obj_table t join found_relation f on f.nspname = t.nspname and f.relname = t.relname
 where t.has_data
 order by t.oid

-- name: EXISTING_APPLY scan-ok
update obj_table
   set (no_truncate, is_guarded) =
       (select f.no_truncate, f.is_guarded from found_relation f
         where f.nspname = obj_table.nspname and f.relname = obj_table.relname)
 where has_data
   and exists (select 1 from found_relation f
                where f.nspname = obj_table.nspname and f.relname = obj_table.relname)

-- Is a column that the source computes an ordinary one on the target, and has nobody chosen the columns
-- of this table?

-- name: EXISTING_NOT_COMPUTED
select shown(t.nspname, t.relname)
  from found_relation f join obj_table t on t.nspname = f.nspname and t.relname = f.relname
 where f.nspname = :nspname and f.relname = :relname and f.kind = 'r' and t.has_data
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
  left join obj_table t on t.nspname = :nspname and t.relname = :relname and t.has_data
  left join obj_table r on r.nspname = :ref_nsp and r.relname = :ref_name
 where case when r.oid is not null then t.oid is not null or :truncate
            else t.oid is not null
                 and not exists (select 1 from obj_constraint o where o.table_oid = t.oid and o.verify = :verify) end
