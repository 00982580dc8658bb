-- What the source holds, and the items and edges that follow from it.

-- name: FORGET_WORK scan-ok
delete from work where kind not in ('plan', 'dump')

-- The dump waits for the plan, where there are filters.

-- name: FORGET_EDGES scan-ok
delete from edge where before not in (select id from work where kind = 'plan')

-- name: FORGET_SCHEMAS
delete from obj_schema

-- name: FORGET_RELATIONS
delete from obj_relation

-- name: FORGET_TABLES
delete from obj_table

-- name: FORGET_INHERITS
delete from obj_inherits

-- name: FORGET_LANDING
delete from landing

-- name: FORGET_INDEXES
delete from obj_index

-- name: FORGET_CONSTRAINTS
delete from obj_constraint

-- name: FORGET_SEQUENCES
delete from obj_sequence

-- name: FORGET_ROLES
delete from obj_role

-- name: ROLE_INSERT
insert into obj_role (rolname) values (:rolname)

-- name: ROLE_OWNS
update obj_role set owns = 1 where rolname = :rolname

-- name: ROLE_COMING
select 1 from obj_role where rolname = :rolname

-- name: ROLE_LIST scan-ok
select rolname, owns from obj_role order by rolname

-- name: ROLE_ANY scan-ok
select exists (select 1 from obj_role)

-- name: FORGET_STATISTICS
delete from obj_statistic

-- name: SCHEMA_INSERT
insert into obj_schema (oid, nspname) values (:oid, :nspname)

-- name: PROPERTY_INSERT
insert into property (kind, role, text) values (:kind, :role, :text)

-- name: PROPERTY_LIST scan-ok
select kind, role, text from property order by position

-- name: FORGET_PROPERTIES
delete from property

-- name: RELATION_INSERT
insert into obj_relation (oid, nspname, relname, kind) values (:oid, :nspname, :relname, :kind)

-- name: RELATION_KNOWN
select exists (select 1 from obj_relation where nspname = :nspname and relname = :relname)

-- name: RELATION_SCHEMAS scan-ok
select distinct nspname from obj_relation

-- name: TABLE_INSERT
insert into obj_table (oid, nspname, relname, kind, filenode, bytes, blocks,
                       rows_estimate, access_method, columns, column_types, format, condition,
                       is_config, has_data, split_why, signature)
values (:oid, :nspname, :relname, :kind, :filenode, :bytes, :blocks, :rows,
        :access_method, :columns, :column_types, :format, :condition, :is_config, :has_data, '',
        :signature)

-- name: TABLE_GET
select oid, nspname, relname, kind, filenode, bytes, blocks, rows_estimate,
       access_method, columns, column_types, format, condition, is_config, has_data, split_by,
       split_why, split_key, is_small, is_analyzed, is_carried, no_truncate, is_guarded, signature, is_root,
       coalesce((select root from landing where leaf = obj_table.oid), 0)
  from obj_table where oid = :oid

-- name: TABLE_SET_SPLIT
update obj_table set split_by = :by, split_why = :why, split_key = :key where oid = :oid

-- name: TABLE_SET_FILENODE
update obj_table set filenode = :filenode where oid = :oid

-- name: TABLE_SET_CONDITION
update obj_table set condition = :condition, is_share = 1 where oid = :oid

-- name: TABLE_SET_COLUMNS
update obj_table set columns = :columns, column_types = :types, signature = :signature, is_share = 1
 where oid = :oid

-- A table that has rows, or its partitions.

-- name: TABLE_AND_PARTITIONS
with recursive below (oid) as (
    select :oid
    union
    select i.child from below b join obj_table p on p.oid = b.oid and p.kind = 'p'
      join obj_inherits i on i.parent = b.oid
)
select t.oid, t.is_config from below b join obj_table t on t.oid = b.oid where t.kind = 'r' and t.has_data

-- name: TABLE_LARGER_THAN scan-ok
select oid, nspname, relname, kind, filenode, bytes, blocks, rows_estimate,
       access_method, columns, column_types, format, condition, is_config, has_data, split_by,
       split_why, split_key, is_small, is_analyzed, is_carried, no_truncate, is_guarded, signature, is_root,
       coalesce((select root from landing where leaf = obj_table.oid), 0)
  from obj_table
 where has_data and not is_config and blocks > 1 and bytes > :bytes
 order by bytes desc

-- name: TABLE_TOTAL_BYTES scan-ok
select coalesce(sum(bytes), 0) from obj_table where has_data

-- name: TABLE_NOT_SPLIT scan-ok
update obj_table set split_why = :why where split_why = ''

-- name: INHERITS_INSERT
insert or ignore into obj_inherits (child, parent) values (:child, :parent)

-- name: INDEX_INSERT
insert into obj_index (oid, table_oid, nspname, relname, definition, tablespace, bytes, parent,
                       partitioned, marks, is_valid)
values (:oid, :table_oid, :nspname, :relname, :definition, :tablespace, :bytes,
        nullif(:parent, 0), :partitioned, :marks, :is_valid)

-- name: INDEX_GET
select definition, tablespace from obj_index where oid = :oid

-- name: INDEXES_OF_TABLE
select x.definition, x.tablespace
  from obj_index x
 where x.table_oid = :table_oid and x.is_valid and not x.partitioned
   and not exists (select 1 from obj_constraint c where c.index_oid = x.oid and not c.by_index)
 order by x.oid

-- An index that its constraint makes (exclusion, WITHOUT OVERLAPS) is attached and marked after that.

-- name: INDEX_MARKS
select marks from obj_index x
 where table_oid = :table_oid and marks is not null and is_valid
   and not exists (select 1 from obj_constraint c where c.index_oid = x.oid and not c.by_index)
 order by oid

-- name: INDEX_ATTACHMENTS
select x.nspname, x.relname, p.nspname, p.relname
  from obj_index x join obj_index p on p.oid = x.parent
 where x.table_oid = :table_oid and x.is_valid
   and not exists (select 1 from obj_constraint c where c.index_oid = x.oid and not c.by_index)
 order by p.oid

-- name: INDEX_MARKS_OF_ONE
select marks from obj_index where oid = :oid and marks is not null

-- name: INDEX_ATTACHMENT_OF_ONE
select x.nspname, x.relname, p.nspname, p.relname
  from obj_index x join obj_index p on p.oid = x.parent
 where x.oid = :oid

-- name: INDEX_INVALID scan-ok
select shown(nspname, relname) from obj_index where not is_valid order by nspname, relname

-- name: CONSTRAINT_INSERT
insert into obj_constraint (oid, table_oid, conname, kind, index_oid, by_index, definition, suffix,
                            ref_table, validated)
values (:oid, :table_oid, :conname, :kind, nullif(:index_oid, 0), :by_index, :definition, :suffix,
        nullif(:ref_table, 0), :validated)

-- name: CONSTRAINT_GET
select c.conname, c.definition, x.tablespace, t.nspname, t.relname, c.index_oid
  from obj_constraint c
  join obj_table t on t.oid = c.table_oid
  left join obj_index x on x.oid = c.index_oid
 where c.oid = :oid

-- name: CONSTRAINTS_ALONE
select c.conname, c.definition, x.tablespace, t.nspname, t.relname, c.index_oid
  from obj_constraint c
  join obj_table t on t.oid = c.table_oid
  join obj_index x on x.oid = c.index_oid
 where c.table_oid = :table_oid and not c.by_index and c.kind <> 'f' and not x.partitioned
 order by c.oid

-- name: CONSTRAINTS_BY_INDEX
select c.conname, c.kind, c.suffix, x.relname, t.nspname, t.relname
  from obj_constraint c
  join obj_index x on x.oid = c.index_oid
  join obj_table t on t.oid = c.table_oid
 where c.table_oid = :table_oid and c.by_index and not x.partitioned and x.is_valid and not c.is_there
 order by c.oid

-- name: FOREIGN_KEYS
select c.conname, c.definition, c.validated, c.verify
  from obj_constraint c
 where c.table_oid = :table_oid and c.kind = 'f' and not c.is_there
   and not exists (select 1 from obj_constraint o
                    where o.table_oid = c.table_oid and o.verify = c.verify and o.oid > c.oid)
 order by c.oid

-- name: FOREIGN_KEY_TABLES
select t.nspname, t.relname
  from obj_table t
 where t.oid in (select ref_table from obj_constraint where table_oid = :table_oid and kind = 'f'
                 union select :table_oid)
 order by t.oid

-- name: SEQUENCE_INSERT
insert into obj_sequence (oid, nspname, relname) values (:oid, :nspname, :relname)

-- name: SEQUENCE_LIST scan-ok
select nspname, relname from obj_sequence order by oid

-- name: SEQUENCE_COUNT scan-ok
select count(*) from obj_sequence

-- Statistics that are carried. A table's reason is null where there is nothing to say of, '' where there
-- is nothing against it.

-- name: CARRY_TABLE
update obj_table
   set is_carried = coalesce(:why = '', 0) and not is_config,
       analyze_why = case when :why = '' then null else :why end
 where oid = :oid

-- name: CARRY_MISSES_CHILDREN
update obj_table set is_carried = 0, analyze_why = 'not all that inherits from it comes along'
 where oid = :oid and is_carried
   and :children <> (select count(*) from obj_inherits where parent = :oid)

-- name: CARRY_NO_SHARES scan-ok
update obj_table set is_carried = 0, analyze_why = 'only some of its rows or columns are copied'
 where is_carried and is_share

-- name: CARRY_MISSES_ROWS scan-ok
with recursive poor (oid) as (
    select oid from obj_table
     where (kind = 'r' and not has_data) or is_share or analyze_why = 'not all that inherits from it comes along'
    union
    select i.parent from poor p join obj_inherits i on i.child = p.oid
)
update obj_table set is_carried = 0, analyze_why = 'not all that inherits from it comes along'
 where is_carried and oid in (select oid from poor)

-- name: STATISTIC_INSERT
insert into obj_statistic (table_oid, call)
select :table_oid, :call
 where exists (select 1 from obj_table where oid = :table_oid and is_carried)
   and (:index_oid = 0 or exists (select 1 from obj_index where oid = :index_oid and is_valid))

-- name: STATISTIC_CALLS
select call from obj_statistic where table_oid = :table_oid order by rowid

-- name: STATISTICS_NOT_CARRIED scan-ok
select shown(nspname, relname), analyze_why from obj_table
 where is_analyzed and not is_carried and analyze_why is not null
 order by nspname, relname

-- Work items. Stages and lanes are those of catalog/work.h.

-- A small table is copied, indexed and analyzed by one item, in one transaction.

-- name: PLAN_SMALL_TABLES scan-ok
update obj_table set is_small = 1
 where has_data and not is_config and split_by is null
   and bytes + coalesce((select sum(x.bytes) from obj_index x where x.table_oid = obj_table.oid), 0)
       <= :most

-- Where ANALYZE can be told not to descend (target from 18 on), each table has its own; else a
-- partition's statistics come with those of its root.

-- name: PLAN_ANALYZED scan-ok
update obj_table set is_analyzed = 1
 where (has_data or (kind = 'p' and :rows) or (kind = 'm' and :filled)) and not is_config
   and oid not in (select leaf from landing)
   and (:only or not exists (select 1 from obj_inherits i join obj_table p on p.oid = i.parent
                              where i.child = obj_table.oid and p.kind = 'p'))

-- name: PLAN_TABLE_ITEMS scan-ok
insert into work (stage, lane, kind, object, name, priority, bytes)
select :stage, :lane, case when is_config then 'config' when is_small then 'small' else 'table' end,
       t.oid,
       shown(t.nspname, t.relname),
       t.bytes + coalesce((select sum(x.bytes) from obj_index x where x.table_oid = t.oid), 0),
       t.bytes
  from obj_table t
 where t.has_data and t.split_by is null and t.oid not in (select leaf from landing)
 order by t.bytes desc

-- Partitions that all go to one table are its parts.

-- name: PLAN_LEAF_ITEMS scan-ok
insert into work (stage, lane, kind, object, part, leaf, name, priority, bytes)
select :stage, :lane, 'part', l.root, 1, t.oid, shown(t.nspname, t.relname), t.bytes, t.bytes
  from obj_table t join landing l on l.leaf = t.oid
 where t.has_data and t.split_by is null
 order by t.bytes desc

-- name: PLAN_EMPTY_ITEMS scan-ok
insert into work (stage, lane, kind, object, name, priority)
select :stage, :lane, 'empty', t.oid, shown(t.nspname, t.relname), 9223372036854775807
  from obj_table t
 where (t.split_by is not null and t.oid not in (select leaf from landing))
    or t.oid in (select l.root from landing l join obj_table p on p.oid = l.leaf and p.has_data)

-- name: PLAN_PART_PRIORITY scan-ok
update work set priority = (select t.bytes + coalesce((select sum(x.bytes) from obj_index x
                                                        where x.table_oid = t.oid), 0)
                              from obj_table t where t.oid = coalesce(work.leaf, work.object))
 where coalesce(leaf, object) in (select oid from obj_table where split_by is not null) and kind = 'part'

-- name: PLAN_INDEX_ITEMS scan-ok
insert into work (stage, lane, kind, object, name, priority, bytes)
select case t.kind when 'm' then :refresh_stage else :stage end, :lane, 'index', x.oid,
       shown(x.nspname, x.relname), x.bytes, x.bytes
  from obj_index x join obj_table t on t.oid = x.table_oid
 where not x.partitioned and x.is_valid and not x.is_there and not t.is_small
   and not exists (select 1 from obj_constraint c where c.index_oid = x.oid and not c.by_index)

-- name: PLAN_KEY_ITEMS scan-ok
insert into work (stage, lane, kind, object, name, priority)
select case t.kind when 'm' then :refresh_stage else :stage end, :lane, 'keys', t.oid,
       shown(t.nspname, t.relname), t.bytes
  from obj_table t
 where not t.is_small
   and (exists (select 1 from obj_index x
                 where x.table_oid = t.oid and x.is_valid
                   and (x.marks is not null or x.parent is not null)
                   and not exists (select 1 from obj_constraint c
                                    where c.index_oid = x.oid and not c.by_index))
        or exists (select 1 from obj_constraint c join obj_index x on x.oid = c.index_oid
                    where c.table_oid = t.oid and c.by_index and not x.partitioned and x.is_valid))

-- name: PLAN_EXCLUSION_ITEMS scan-ok
insert into work (stage, lane, kind, object, name, priority, bytes)
select :stage, :lane, 'exclusion', c.oid, shown(t.nspname, c.conname), x.bytes, x.bytes
  from obj_constraint c
  join obj_table t on t.oid = c.table_oid
  join obj_index x on x.oid = c.index_oid
 where c.kind in ('p', 'u', 'x') and not c.by_index and not c.is_there
   and not x.partitioned and not t.is_small

-- name: PLAN_FOREIGN_KEY_ITEMS scan-ok
insert into work (stage, lane, kind, object, name, priority)
select :stage, :lane, 'foreign_keys', t.oid, shown(t.nspname, t.relname), t.bytes
  from obj_table t
 where exists (select 1 from obj_constraint c
                where c.table_oid = t.oid and c.kind = 'f' and not c.is_there)

-- name: PLAN_ANALYZE_ITEMS scan-ok
insert into work (stage, lane, kind, object, name, priority)
select case t.kind when 'm' then :refresh_stage else :stage end, :lane, 'analyze', t.oid,
       shown(t.nspname, t.relname), t.bytes / 100
  from obj_table t
 where t.is_analyzed and not t.is_small

-- name: PLAN_EDGES_EMPTY scan-ok
insert into edge (before, after)
select e.id, p.id from work e join work p on p.object = e.object and p.kind = 'part'
 where e.kind = 'empty'

-- name: PLAN_EDGES_INDEX scan-ok
insert into edge (before, after)
select d.id, i.id
  from work i
  join obj_index x on x.oid = i.object
  join work d on d.object = x.table_oid and d.kind in ('table', 'part')
 where i.kind = 'index'

-- name: PLAN_EDGES_KEYS scan-ok
insert into edge (before, after)
select i.id, k.id
  from work k
  join obj_index x on x.table_oid = k.object
  join work i on i.object = x.oid and i.kind = 'index'
 where k.kind = 'keys'

-- name: PLAN_EDGES_EXCLUSION scan-ok
insert or ignore into edge (before, after)
select w.id, e.id
  from work e
  join obj_constraint c on c.oid = e.object
  join work w on w.object = c.table_oid and w.kind in ('table', 'part', 'keys')
 where e.kind = 'exclusion'
union all
select i.id, e.id
  from work e
  join obj_constraint c on c.oid = e.object
  join obj_index x on x.table_oid = c.table_oid
  join work i on i.object = x.oid and i.kind = 'index'
 where e.kind = 'exclusion'
union all
select (select max(b.id) from obj_constraint o join work b on b.object = o.oid and b.kind = 'exclusion'
         where o.table_oid = c.table_oid and b.id < e.id), e.id
  from work e join obj_constraint c on c.oid = e.object
 where e.kind = 'exclusion'
   and exists (select 1 from obj_constraint o join work b on b.object = o.oid and b.kind = 'exclusion'
                where o.table_oid = c.table_oid and b.id < e.id)

-- ANALYZE waits for all that takes a lock on the table it reads, or on a descendant of it.

-- name: PLAN_EDGES_ANALYZE scan-ok
insert or ignore into edge (before, after)
with recursive below (root, oid) as (
    select a.object, a.object from work a where a.kind = 'analyze'
    union
    select b.root, i.child from below b join obj_inherits i on i.parent = b.oid
)
select w.id, a.id
  from below b
  join work a on a.object = b.root and a.kind = 'analyze'
  join work w on w.object = b.oid and w.kind in ('table', 'part', 'small', 'keys')
union all
select w.id, a.id
  from below b
  join work a on a.object = b.root and a.kind = 'analyze'
  join obj_index x on x.table_oid = b.oid
  join work w on w.object = x.oid and w.kind = 'index'
union all
select w.id, a.id
  from below b
  join work a on a.object = b.root and a.kind = 'analyze'
  join obj_constraint c on c.table_oid = b.oid
  join work w on w.object = c.oid and w.kind = 'exclusion'

-- A foreign key waits for the ANALYZE that covers each table it touches (a small table's own item
-- does that): after it nothing else locks the table, and the planner knows it when the key is checked.

-- name: PLAN_EDGES_FOREIGN_KEYS scan-ok
insert or ignore into edge (before, after)
with recursive touched (item, oid) as (
    select w.id, w.object from work w where w.kind = 'foreign_keys'
    union
    select w.id, c.ref_table from work w join obj_constraint c on c.table_oid = w.object and c.kind = 'f'
     where w.kind = 'foreign_keys'
),
above (item, oid) as (
    select item, oid from touched
    union
    select a.item, i.parent from above a join obj_inherits i on i.child = a.oid
      join obj_table p on p.oid = i.parent and p.kind = 'p'
)
select w.id, a.item
  from above a join work w on w.object = a.oid and w.kind in ('analyze', 'small', 'config')

-- Without any ANALYZE it waits for all that changes those tables and what is below them.

-- name: PLAN_EDGES_FOREIGN_KEYS_ALONE scan-ok
insert or ignore into edge (before, after)
with recursive below (item, oid) as (
    select w.id, w.object from work w where w.kind = 'foreign_keys'
    union
    select w.id, c.ref_table from work w join obj_constraint c on c.table_oid = w.object and c.kind = 'f'
     where w.kind = 'foreign_keys'
    union
    select b.item, i.child from below b join obj_inherits i on i.parent = b.oid
)
select w.id, b.item
  from below b join work w on w.object = b.oid and w.kind in ('table', 'part', 'small', 'config', 'keys')
union all
select w.id, b.item
  from below b
  join obj_index x on x.table_oid = b.oid
  join work w on w.object = x.oid and w.kind = 'index'
union all
select w.id, b.item
  from below b
  join obj_constraint c on c.table_oid = b.oid
  join work w on w.object = c.oid and w.kind = 'exclusion'

-- A configuration table is filled after the ones that it references: their keys exist already.

-- name: CONFIG_EDGE_INSERT
insert or ignore into edge (before, after)
select b.id, a.id from work b join work a
 where b.object = :referenced and b.kind = 'config' and a.object = :referencing and a.kind = 'config'
   and a.id <> b.id

-- name: PLAN_EDGES_REFRESH scan-ok
insert or ignore into edge (before, after)
select r.id, w.id from work r join work w on w.stage = r.stage and w.kind in ('index', 'analyze')
 where r.kind = 'refresh'

-- name: PLAN_EDGES_ROLES scan-ok
insert or ignore into edge (before, after)
select r.id, s.id from work r join work s on s.kind = 'schema' where r.kind = 'roles'

-- name: PLAN_EDGES_TABLES scan-ok
insert or ignore into edge (before, after)
select b.id, a.id from work b join work a
 where (b.kind = 'schema' and a.kind in ('tables', 'views')) or (b.kind = 'tables' and a.kind = 'views')

-- name: PLAN_EDGES_FOLLOW scan-ok
insert or ignore into edge (before, after)
select b.id, a.id from work b join work a on a.kind in ('last_sequences', 'last_unlogged', 'last_blobs')
 where b.kind = 'follow'

-- name: PLAN_TABLE_COUNT scan-ok
select count(*) from obj_table

-- name: PLAN_EDGES_FINAL scan-ok
insert or ignore into edge (before, after)
select c.id, f.id from work c join work f on f.kind = 'final' where c.kind = 'check'
union all
select f.id, h.id from work f join work h on h.kind = 'hand_over' where f.kind = 'final'

-- The check of the result. Definitions are compared where both servers print them alike.

-- name: FOUND_INDEX_INSERT
insert into found_index (nspname, relname, table_nsp, table_name, definition, is_valid)
values (:nspname, :relname, :table_nsp, :table_name, :definition, :is_valid)

-- name: FOUND_CONSTRAINT_INSERT
insert into found_constraint (nspname, relname, conname, definition, validated)
values (:nspname, :relname, :conname, :definition, :validated)

-- name: FOUND_CLEAR_INDEXES
delete from found_index

-- name: FOUND_CLEAR_CONSTRAINTS
delete from found_constraint

-- name: FOUND_INDEX_DIFFERENCES scan-ok
select 'index ' || shown(x.nspname, x.relname),
       case when f.relname is null then 'is missing'
            when f.table_nsp <> t.nspname or f.table_name <> t.relname then 'is on another table'
            when not f.is_valid then 'is invalid'
            else 'has another definition' end
  from obj_index x
  join obj_table t on t.oid = x.table_oid
  left join found_index f on f.nspname = x.nspname and f.relname = x.relname
 where x.is_valid
   and (f.relname is null or f.table_nsp <> t.nspname or f.table_name <> t.relname
        or (not f.is_valid and not x.partitioned)
        or (:same_version and f.definition <> x.definition))
 limit 10

-- name: FOUND_CONSTRAINT_DIFFERENCES scan-ok
select 'constraint ' || c.conname || ' of ' || shown(t.nspname, t.relname),
       case when f.conname is null then 'is missing'
            when f.validated < c.validated then 'is not validated'
            else 'has another definition' end
  from obj_constraint c
  join obj_table t on t.oid = c.table_oid
  left join obj_index x on x.oid = c.index_oid
  left join found_constraint f
         on f.nspname = t.nspname and f.relname = t.relname and f.conname = c.conname
 where coalesce(x.is_valid, 1) and c.verify is null
   and (f.conname is null or f.validated < c.validated
        or (:same_version and f.definition <> c.definition))
 limit 10

-- Of found_index and found_constraint as the source has them now: what it has no more as planned.

-- name: INDEXES_CHANGED scan-ok
delete from obj_index as x
 where not exists (select 1 from found_index f join obj_table t on t.oid = x.table_oid
                    where f.nspname = x.nspname and f.relname = x.relname and f.table_nsp = t.nspname
                      and f.table_name = t.relname and f.definition = x.definition)

-- name: CONSTRAINTS_CHANGED scan-ok
delete from obj_constraint as c
 where c.verify is null
   and not exists (select 1 from obj_table t join found_constraint f
                             on f.nspname = t.nspname and f.relname = t.relname and f.conname = c.conname
                    where t.oid = c.table_oid and f.definition = c.definition)

-- Listings: what a clone would do, in the order in which it would do it.

-- name: LIST_TABLES scan-ok
select w.kind, t.nspname, t.relname, t.bytes, t.rows_estimate, t.format,
       coalesce(t.split_by, ''), t.split_why,
       (select count(*) from work p where p.object = t.oid and p.kind in ('table', 'part', 'small', 'config')),
       (select count(*) from obj_index x where x.table_oid = t.oid)
  from obj_table t join work w on w.object = t.oid and w.kind in ('table', 'small', 'config', 'empty')
 order by case w.kind when 'empty' then t.bytes + coalesce((select sum(x.bytes) from obj_index x
                                                             where x.table_oid = t.oid), 0)
                      else w.priority end desc, w.id

-- name: LIST_PARTS scan-ok
select t.nspname, t.relname, w.part, w.bytes, coalesce(t.split_by, ''), coalesce(t.split_key, ''),
       w.low, w.high, t.split_why
  from work w join obj_table t on t.oid = w.object
 where w.kind in ('table', 'part', 'small', 'config')
 order by w.priority desc, w.id

-- name: LIST_INDEXES scan-ok
select x.nspname, x.relname, t.nspname, t.relname, x.bytes, coalesce(c.kind, ''),
       coalesce(c.conname, ''), x.definition,
       case when not x.is_valid then 'left out: invalid on the source'
            when x.partitioned then 'made with the schema'
            when c.oid is not null and not c.by_index then 'added as a constraint'
            when t.kind = 'm' then 'after the refresh'
            when t.is_small then 'with its small table'
            else 'built' end
  from obj_index x
  join obj_table t on t.oid = x.table_oid
  left join obj_constraint c on c.index_oid = x.oid
 order by x.partitioned desc, t.kind = 'm', x.bytes desc, x.oid

-- name: LIST_SEQUENCES scan-ok
select nspname, relname from obj_sequence order by nspname, relname

-- The whole plan.

-- name: PLAN_TOTALS scan-ok
select (select count(*) from obj_table where has_data),
       (select coalesce(sum(bytes), 0) from obj_table where has_data),
       (select coalesce(sum(rows_estimate), 0) from obj_table where has_data),
       (select count(*) from obj_index where is_valid),
       (select count(*) from obj_constraint c left join obj_index x on x.oid = c.index_oid
         where coalesce(x.is_valid, 1)),
       (select count(*) from obj_sequence)

-- name: PLAN_LEFT_OUT scan-ok
select description, case reason when '' then 'a filter leaves it out' else reason end from left_out
 where reason <> '' or kind not in ('comment', 'privileges', 'owner')
union all
select 'index ' || shown(nspname, relname), 'it is invalid on the source' from obj_index where not is_valid
union all
select 'rows of table ' || shown(nspname, relname), 'a filter leaves them out'
  from obj_table where kind = 'r' and not has_data and :no_rows = 0
union all
select 'statistics of table ' || shown(nspname, relname), 'made by ANALYZE: ' || analyze_why
  from obj_table where is_analyzed and not is_carried and analyze_why is not null
 order by 1

-- name: PLAN_WAITS_FOR
select before from edge where after = :id order by before

-- name: PLAN_PARTS
select count(*) from work
 where object = :object and kind in ('table', 'part', 'small', 'config')

-- name: PLAN_VIEWS_TO_REFRESH scan-ok
select count(*) from obj_table where kind = 'm'
