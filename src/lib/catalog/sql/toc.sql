-- The table of contents of the schema's dump, and which of our scripts takes each entry.

-- name: TOC_CLEAR
delete from toc

-- name: TOC_CLEAR_NEEDS
delete from toc_need

-- name: TOC_NEED_INSERT
insert or ignore into toc_need (dump_id, needs) values (:dump_id, :needs)

-- name: TOC_INSERT
insert into toc (dump_id, position, table_oid, oid, description, label)
values (:dump_id, :position, :table_oid, :oid, :description, :label)

-- What our own items build is left out (null). An index or key that the plan does not know stays
-- with pg_restore, so that nothing is lost. Comments on indexes wait for the last script, because
-- the indexes of materialized views are built late.

-- name: TOC_CLASSIFY scan-ok
update toc set script = case
    when description in ('INDEX', 'CONSTRAINT')
         and (exists (select 1 from obj_index x where x.oid = toc.oid and x.partitioned)
              or exists (select 1 from obj_constraint c join obj_index x on x.oid = c.index_oid
                          where c.oid = toc.oid and x.partitioned)) then 'pre'
    when description = 'INDEX'
         and exists (select 1 from obj_index x where x.oid = toc.oid) then null
    when description in ('CONSTRAINT', 'FK CONSTRAINT')
         and exists (select 1 from obj_constraint c where c.oid = toc.oid) then null
    when description = 'INDEX ATTACH' then null
    when description = 'MATERIALIZED VIEW DATA' then 'refresh'
    when description = 'EVENT TRIGGER' then 'events'
    when description in ('COMMENT', 'SECURITY LABEL') and label like '- EVENT TRIGGER %' then 'events'
    when description in ('COMMENT', 'SECURITY LABEL') and label like '% INDEX %' then 'final'
    when description in ('COMMENT', 'SECURITY LABEL', 'ACL', 'DEFAULT ACL', 'CHECK CONSTRAINT',
                         'TRIGGER', 'RULE', 'POLICY', 'ROW SECURITY', 'INDEX', 'CONSTRAINT',
                         'FK CONSTRAINT')
         or description like 'PUBLICATION%' or description like 'SUBSCRIPTION%' then 'post'
    -- What needs a key (a view that groups by it) pg_dump puts behind the first of these.
    when position > (select min(p.position) from toc p
                      where p.description in ('INDEX', 'CONSTRAINT', 'FK CONSTRAINT', 'TRIGGER',
                                              'RULE'))
         and description <> 'STATISTICS' then 'post'
    else 'pre' end

-- Statistics objects, and keys of partitioned tables, come when all relations are there.

-- Many tables are created by several sessions at once, in the scripts tables-1 to tables-N: each of
-- those that need no other table, with all that needs no table but it (defaults of columns,
-- sequences, partitions, views, functions). What needs several of them comes afterwards, in the
-- script views; what needs none of them before, in pre. Statistics objects, and keys and indexes of
-- partitioned tables, come in views as well: when all partitions are attached, wherever that is done.

-- name: TOC_CLEAR_TABLES
delete from toc_table

-- name: TOC_FIND_TABLES scan-ok
with recursive reach (dump_id, needs) as (
    select dump_id, dump_id from toc where script = 'pre' and description = 'TABLE'
    union
    select e.dump_id, r.needs
      from reach r join toc_need n on n.needs = r.dump_id
      join toc e on e.dump_id = n.dump_id and e.script = 'pre'
)
insert into toc_table (dump_id, needs) select dump_id, needs from reach

-- name: TOC_SPREAD_TABLES scan-ok
update toc set script = home.script
  from (select t.dump_id, 'tables-' || ntile(:scripts) over (order by t.position) as script
          from toc t
         where t.description = 'TABLE'
           and (select count(*) from toc_table r where r.dump_id = t.dump_id) = 1) as home
 where home.dump_id = toc.dump_id

-- name: TOC_SPREAD_OTHERS scan-ok
update toc set script = home.script
  from (select r.dump_id,
               case when count(*) > 1 or e.description in ('STATISTICS', 'INDEX', 'CONSTRAINT') then 'views'
                    else max(t.script) end as script
          from toc_table r join toc e on e.dump_id = r.dump_id
          join toc t on t.dump_id = r.needs and t.script like 'tables-%'
         where r.dump_id <> r.needs
         group by r.dump_id) as home
 where home.dump_id = toc.dump_id

-- Of a schema that people read and edit, all comes from pg_restore.

-- name: TOC_WHOLE scan-ok
update toc set script = case when description like 'SUBSCRIPTION%' then null else 'whole' end

-- name: TOC_OF_WHOLE scan-ok
select dump_id, table_oid, oid, description, label from toc where script = 'whole' order by position

-- name: TOC_SCRIPT scan-ok
select dump_id, table_oid, oid, description, label from toc
 where script = :script
 order by description in ('STATISTICS', 'INDEX', 'CONSTRAINT'), position

-- name: TOC_SCRIPT_COUNT scan-ok
select count(*) from toc where script = :script

-- Objects that are no relations and no part of one: what --drop-if-exists drops by pg_restore's
-- own statements. Schemas and extensions stay, and what is left out.

-- name: TOC_DROPPABLE scan-ok
select dump_id, table_oid, oid, description, label from toc
 where description not in ('SCHEMA', 'EXTENSION', 'TABLE', 'FOREIGN TABLE', 'VIEW',
                           'MATERIALIZED VIEW', 'MATERIALIZED VIEW DATA', 'SEQUENCE', 'SEQUENCE OWNED BY',
                           'DEFAULT', 'TABLE ATTACH', 'INDEX', 'INDEX ATTACH', 'CONSTRAINT',
                           'CHECK CONSTRAINT', 'FK CONSTRAINT', 'STATISTICS', 'TRIGGER', 'RULE', 'POLICY',
                           'ROW SECURITY', 'COMMENT', 'SECURITY LABEL', 'ACL', 'DEFAULT ACL')
   and description not like 'SUBSCRIPTION%' and description not like 'PUBLICATION TABLE%'
   and script is not null
 order by position

-- name: TOC_MISSING scan-ok
select 'index ' || shown(x.nspname, x.relname)
  from obj_index x
 where x.is_valid and not exists (select 1 from toc where toc.oid = x.oid)
   and not exists (select 1 from obj_constraint c join toc on toc.oid = c.oid
                    where c.index_oid = x.oid)
union all
select 'constraint ' || c.conname
  from obj_constraint c
 where c.verify is null and not exists (select 1 from toc where toc.oid = c.oid)
   and not exists (select 1 from obj_index x where x.oid = c.index_oid and not x.is_valid)

-- What is left out goes with all that needs it; an extension alone, since the target may have what it
-- brings. A partition whose parent is left out stays, without
-- the link to it.

-- name: TOC_LEAVE_OUT scan-ok
with recursive gone (dump_id) as (
    select t.dump_id from toc t join left_out l on l.classid = t.table_oid and l.oid = t.oid
     where l.kind not in ('link', 'alone', 'comment', 'privileges', 'owner')
    union
    select n.dump_id from gone g join toc_need n on n.needs = g.dump_id
)
update toc set script = null
 where dump_id in (select dump_id from gone)
    or (description = 'SHELL TYPE'
        and dump_id in (select n.needs from toc_need n where n.dump_id in (select dump_id from gone)))
    or (description = 'USER MAPPING'
        and exists (select 1 from left_out l
                     where l.kind = 'server' and instr(toc.label, ' SERVER ' || l.relname || ' ') > 0))
    or exists (select 1 from left_out l
                where l.kind in ('alone', 'owner') and l.classid = toc.table_oid and l.oid = toc.oid)
    or (description in ('COMMENT', 'ACL') and label like '- SCHEMA %'
        and exists (select 1 from left_out l
                     where l.kind = case description when 'ACL' then 'privileges' else 'comment' end
                       and (instr(toc.label, '- SCHEMA ' || l.nspname || ' ') = 1
                            or instr(toc.label, '- SCHEMA "' || replace(l.nspname, '"', '""') || '" ') = 1)))
    or (description in ('COMMENT', 'SECURITY LABEL')
        and dump_id in (select n.dump_id
                          from toc_need n join toc t on t.dump_id = n.needs
                          join left_out l on l.classid = t.table_oid and l.oid = t.oid
                         where l.kind = 'alone'))
    or (description = 'TABLE ATTACH'
        and dump_id in (select n.dump_id
                          from toc_need n join toc t on t.dump_id = n.needs
                          join left_out l on l.oid = t.oid and l.kind = 'link'
                         where t.description = 'TABLE'))

-- name: TOC_LEAVE_OUT_SCHEMA
update toc set script = null
 where description = 'SCHEMA' and oid = (select oid from obj_schema where nspname = :nspname)
