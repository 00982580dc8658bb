-- What `pghaul compare` compares with what.

-- name: SIDE_RELATION_INSERT
insert into side_relation (side, oid, nspname, relname, kind, filenode, bytes, blocks, top, populated, columns, key, is_member)
values (:side, :oid, :nspname, :relname, :kind, :filenode, :bytes, :blocks, :top, :populated, :columns, :key, :is_member)

-- name: SIDE_FORGET scan-ok
delete from side_relation where side = :side

-- The source's, as far as the plan has chosen them.

-- name: SIDE_CHOOSE_TABLES scan-ok
update side_relation set chosen = 1
 where side = 0 and oid in (select oid from obj_table where has_data or kind in ('m', 'p'))

-- name: SIDE_CHOOSE_SEQUENCES scan-ok
update side_relation set chosen = 1
 where side = 0 and kind = 'S' and oid in (select oid from obj_sequence)

-- Of a run that follows: what does.

-- name: SIDE_CHOOSE_FOLLOWED scan-ok
update side_relation set chosen = 0
 where side = 0 and chosen
   and not exists (select 1 from published p
                    where p.nspname = side_relation.nspname and p.relname = side_relation.relname)

-- name: PUBLISHED_FOLLOWED scan-ok
select oid, nspname, relname from published where kind = 'r' and logged and identity <> ''

-- name: PUBLISHED_REMEMBER
insert into published (oid, nspname, relname, kind, identity, logged, given, children)
values (:oid, :nspname, :relname, 'r', 'key', 1, '', 0)

-- A partitioned table is compared as a whole when its partitions have other names on the other side, or
-- there are none on this one and a plain table on the other.

-- name: PAIR_INSERT_PARTITIONED scan-ok
insert into pair (kind, nspname, relname)
select 'table', s.nspname, s.relname
  from side_relation s
 where s.side = 0 and s.kind = 'p' and s.top = 0
   and case when exists (select 1 from side_relation l where l.side = 0 and l.top = s.oid and l.kind = 'r')
            then not exists (select 1 from side_relation l
                              where l.side = 0 and l.top = s.oid and l.kind = 'r' and not l.chosen)
            else s.chosen end
   and exists (select 1 from side_relation t where t.side = 1 and t.nspname = s.nspname and t.relname = s.relname)
   and (exists (select 1 from side_relation l
                 where l.side = 0 and l.top = s.oid and l.kind = 'r'
                   and not exists (select 1
                                     from side_relation m
                                     join side_relation t on t.side = 1 and t.oid = m.top
                                    where m.side = 1 and m.nspname = l.nspname and m.relname = l.relname
                                      and t.nspname = s.nspname and t.relname = s.relname))
        or exists (select 1
                     from side_relation t
                     join side_relation m on m.side = 1 and m.top = t.oid and m.kind = 'r'
                    where t.side = 1 and t.nspname = s.nspname and t.relname = s.relname
                      and not exists (select 1 from side_relation l
                                       where l.side = 0 and l.nspname = m.nspname and l.relname = m.relname
                                         and l.top = s.oid))
        or exists (select 1 from side_relation t
                    where t.side = 1 and t.nspname = s.nspname and t.relname = s.relname and t.kind = 'r'))
 order by s.nspname, s.relname

-- The partitions of these; on the other side it may be a plain table.

-- name: PAIR_TAKE_PARTITIONS scan-ok
update side_relation
   set pair = (select p.id
                 from side_relation t
                 join pair p on p.kind = 'table' and p.nspname = t.nspname and p.relname = t.relname
                where t.side = side_relation.side and t.oid = side_relation.top)
 where top <> 0 and kind = 'r' and pair is null

-- name: PAIR_INSERT_TABLES scan-ok
insert into pair (kind, nspname, relname)
select case kind when 'S' then 'sequence' else 'table' end, nspname, relname
  from side_relation
 where side = 0 and chosen and pair is null and kind <> 'p'
 order by kind = 'S', nspname, relname

-- name: PAIR_TAKE_TABLES scan-ok
update side_relation
   set pair = (select p.id from pair p
                where p.kind = case side_relation.kind when 'S' then 'sequence' else 'table' end
                  and p.nspname = side_relation.nspname and p.relname = side_relation.relname)
 where kind in ('r', 'm', 'S') and pair is null

-- What only the target has, when nothing was filtered. The source may have a partition or a partitioned table
-- of that name, whose rows are compared with those of another one.

-- name: PAIR_INSERT_EXTRA scan-ok
insert into pair (kind, nspname, relname, state, note)
select case kind when 'S' then 'sequence' else 'table' end, nspname, relname, 'differs',
       case when exists (select 1 from side_relation s where s.side = 0 and s.nspname = t.nspname and s.relname = t.relname)
            then 'it stands for itself on the target only' else 'it is on the target only' end
  from side_relation t
 where t.side = 1 and t.kind in ('r', 'm', 'S') and t.pair is null and not t.is_member
   and not exists (select 1 from side_relation s
                    where s.side = 0 and s.nspname = t.nspname and s.relname = t.relname and not s.chosen)
 order by kind = 'S', nspname, relname

-- Which has none on the target? A partitioned table without partitions is there, and has no rows.

-- name: PAIR_MARK_MISSING scan-ok
update pair set state = 'differs', note = 'it is on the source only'
 where state = 'open' and kind <> 'large objects'
   and not exists (select 1 from side_relation t
                    where t.side = 1 and t.nspname = pair.nspname and t.relname = pair.relname
                      and t.kind in ('r', 'm', 'p', 'S'))

-- name: PAIR_MARK_UNPOPULATED scan-ok
update pair
   set state = case when (select count(distinct populated) from side_relation where pair = pair.id) = 2
                    then 'differs' else 'equal' end,
       note = 'the materialized view has not been filled'
 where state = 'open' and exists (select 1 from side_relation s where s.pair = pair.id and not s.populated)

-- Both relations of that name: columns and keys.

-- name: PAIR_LIST_COLUMNS scan-ok
select p.id, p.kind, s.columns, s.key, t.columns,
       coalesce((select o.condition from side_relation l join obj_table o on o.oid = l.oid
                  where l.side = 0 and l.pair = p.id and o.condition is not null limit 1), ''),
       coalesce((select case when o.is_share then o.columns end from side_relation l join obj_table o on o.oid = l.oid
                  where l.side = 0 and l.pair = p.id limit 1), '')
  from pair p
  join side_relation s on s.side = 0 and s.nspname = p.nspname and s.relname = p.relname
  join side_relation t on t.side = 1 and t.nspname = p.nspname and t.relname = p.relname
 where p.state = 'open' and p.kind <> 'large objects'
 order by p.id

-- name: PAIR_SET_SQL
update pair set row_sql = :row_sql, sum_sql = :sum_sql, seed_sql = :seed_sql, key_sql = :key_sql, columns = :columns, condition = :condition, note = :note where id = :id

-- name: PAIR_INSERT_LARGE_OBJECTS
insert into pair (kind, nspname, relname, row_sql, sum_sql, key_sql) values ('large objects', '', '', :row_sql, :sum_sql, :key_sql)

-- What is to be read, largest first.

-- name: SIDE_LIST_TO_READ scan-ok
select s.side, s.pair, s.oid, s.bytes, case when p.condition = '' then s.blocks else 0 end
  from side_relation s join pair p on p.id = s.pair
 where p.state = 'open'
 order by s.bytes desc, s.pair

-- The same of one pair.

-- name: SIDE_LIST_OF_PAIR
select s.side, s.pair, s.oid, s.bytes, case when p.condition = '' then s.blocks else 0 end
  from side_relation s join pair p on p.id = s.pair
 where s.pair = :pair
 order by s.bytes desc

-- name: SIDE_BYTES
select coalesce(sum(s.bytes), 0) from pair p join side_relation s on s.pair = p.id where p.state = 'open' and s.side = :side

-- name: PART_INSERT
insert into scan_part (side, pair, oid, low, high, bytes) values (:side, :pair, :oid, :low, :high, :bytes)

-- name: PART_NEXT
select c.id, c.pair, c.oid, c.low, c.high, c.bytes, coalesce(s.nspname, ''), coalesce(s.relname, ''), coalesce(s.filenode, 0),
       coalesce(s.kind, ''), p.kind, p.row_sql, p.sum_sql, p.seed_sql, p.key_sql, p.condition
  from scan_part c
  join pair p on p.id = c.pair
  left join side_relation s on s.side = c.side and s.oid = c.oid
 where c.side = :side and c.id > :after
 order by c.id
 limit 1

-- name: PART_DELETE
delete from scan_part where id = :id

-- What is not read to its end is not read on.

-- name: PART_FORGET
delete from scan_part where pair = :pair

-- name: PART_BYTES scan-ok
select coalesce(sum(bytes), 0) from scan_part

-- name: PAIR_SUMS
select source_rows, source_high, source_low, target_rows, target_high, target_low from pair where id = :id

-- name: PAIR_SET_SOURCE
update pair set source_rows = :rows, source_high = :high, source_low = :low where id = :id

-- name: PAIR_SET_TARGET
update pair set target_rows = :rows, target_high = :high, target_low = :low where id = :id

-- name: PAIR_UNVERIFIED
update pair set state = 'unverified' where id = :id and state = 'open'

-- Once each.

-- name: PAIR_ADD_NOTE
update pair set note = case when note = '' then :note else note || '; ' || :note end
 where id = :id and instr(note, :note) = 0

-- A pair of which anything was not read is not verified, whatever the reason.

-- name: PAIR_JUDGE scan-ok
update pair
   set state = case when exists (select 1 from scan_part c where c.pair = pair.id) then 'unverified'
                    when source_rows = target_rows and source_high = target_high and source_low = target_low and note = ''
                    then 'equal' else 'differs' end
 where state = 'open'

-- name: PAIR_LIST_DIFFERENT
select id, kind from pair
 where state = 'differs' and row_sql <> ''
   and not (source_rows = target_rows and source_high = target_high and source_low = target_low)
 order by id

-- name: PAIR_COUNT
select count(*) from pair where state = :state

-- name: PAIR_GET
select kind, nspname, relname, row_sql, key_sql, columns, condition, note from pair where id = :id

-- name: PAIR_RELATIONS
select nspname, relname, kind from side_relation where pair = :pair and side = :side order by nspname, relname

-- name: PAIR_SET_FOUND
update pair set missing = :missing, extra = :extra, changed = :changed where id = :id

-- name: PAIR_SET_NOTE
update pair set note = :note where id = :id

-- name: PAIR_SET_REPAIRED
update pair set repaired = 1 where id = :id

-- name: PAIR_REPAIRED_COUNT
select count(*) from pair where state = 'differs' and repaired

-- name: FINDING_INSERT
insert into finding (pair, position, kind, shown) values (:pair, :position, :kind, :shown)

-- name: FINDING_LIST
select kind, shown from finding where pair = :pair order by position

-- name: PAIR_LIST scan-ok
select id, kind, nspname, relname, state, note, source_rows, target_rows, missing, extra, changed, repaired
  from pair order by id

-- The schema.

-- name: SCHEMA_OBJECT_INSERT
insert into schema_object (side, label, number, start, length, state)
values (:side, :label, (select count(*) from schema_object where side = :side and label = :label), :start, :length, :state)

-- name: SCHEMA_OBJECT_PAIRS scan-ok
select s.label, s.start, s.length, s.state, t.start, t.length, t.state
  from schema_object s
  left join schema_object t on t.side = 1 and t.label = s.label and t.number = s.number
 where s.side = 0
union all
select t.label, null, null, null, t.start, t.length, t.state
  from schema_object t
 where t.side = 1
   and not exists (select 1 from schema_object s where s.side = 0 and s.label = t.label and s.number = t.number)
 order by 1

-- What a table is written with: not the columns that the server computes.

-- name: PAIR_WRITTEN_COLUMNS
select o.columns, o.is_share or coalesce(o.condition, '') <> ''
  from side_relation s join obj_table o on o.oid = s.oid
 where s.pair = :pair and s.side = 0
 limit 1
