-- Of a way back: what the run that it turns back has brought, and nothing else goes back.

-- name: BACK_BROUGHT scan-ok
select coalesce(d.nspname, t.nspname), coalesce(d.relname, t.relname), t.kind
  from obj_table t left join described d on d.oid = t.oid
 where ((t.kind = 'r' and t.has_data and not t.is_config) or t.kind = 'p')
   and coalesce(d.gone, 0) = 0 and t.oid not in (select leaf from landing)
union all
select nspname, relname, 'S' from obj_sequence

-- name: BACK_RELATION_INSERT
insert or ignore into back_relation (nspname, relname, kind) values (:nspname, :relname, :kind)

-- name: BACK_FORGET
delete from back_relation

-- Partitions may be others than where the rows came from.

-- name: BACK_LEAVE_OUT scan-ok
insert or ignore into left_out (classid, oid, kind, nspname, relname, description, reason)
with recursive meant (oid) as (
    select r.oid from obj_relation r join back_relation b on b.nspname = r.nspname and b.relname = r.relname
    union
    select i.child from meant m join obj_table p on p.oid = m.oid and p.kind = 'p'
      join obj_inherits i on i.parent = m.oid
)
select 1259, oid, 'other', '', '', shown(nspname, relname), '' from obj_relation
 where oid not in (select oid from meant)

-- name: BACK_NO_TABLES scan-ok
delete from obj_table where oid in (select oid from left_out where classid = 1259)

-- name: BACK_NO_SEQUENCES scan-ok
delete from obj_sequence where oid in (select oid from left_out where classid = 1259)

-- name: BACK_LACKING scan-ok
select shown(b.nspname, b.relname) from back_relation b
 where b.kind <> 'S'
   and not exists (select 1 from obj_table t
                    where t.nspname = b.nspname and t.relname = b.relname and (t.has_data or t.kind = 'p'))
 order by b.nspname, b.relname
