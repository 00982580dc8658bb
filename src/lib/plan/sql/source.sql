-- What is asked of the servers' catalogs. Every query is set-based: their number does not grow
-- with the number of relations. {120000: …} is for servers from that version on, {<120000: …} for
-- older ones. The source's session has quote_all_identifiers on, so that quote_ident() and %I
-- always quote.

-- name: ASK_MAY_ASK_SYSTEM
select pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')

-- name: ASK_SYSTEM
select system_identifier from pg_catalog.pg_control_system()

-- name: ASK_IDENTITY
select pg_catalog.pg_postmaster_start_time(),
       (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()),
       pg_catalog.pg_is_in_recovery()

-- name: ASK_UNREADABLE
select n.nspname, c.relname
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relpersistence <> 't'
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and not (pg_catalog.has_schema_privilege(n.oid, 'USAGE')
            and pg_catalog.has_table_privilege(c.oid, 'SELECT'))
   and not exists (select 1 from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                      and d.objid = c.oid and d.deptype = 'e')
 order by 1, 2

-- name: ASK_UNREADABLE_SEQUENCES
select n.nspname, c.relname
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'S' and c.relpersistence <> 't'
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and not (pg_catalog.has_schema_privilege(n.oid, 'USAGE')
            and pg_catalog.has_table_privilege(c.oid, 'SELECT'))
   and not exists (select 1 from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                      and d.objid = c.oid and d.deptype = 'e')
 order by 1, 2

-- name: ASK_OURS
select n.nspname, c.relname
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname = 'pghaul' and c.relname not in ('done', 'pghaul_done_pkey')
 union all
select n.nspname, p.proname
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
 where n.nspname = 'pghaul'
 order by 1, 2

-- name: ASK_HIDDEN
select n.nspname, c.relname
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relrowsecurity
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and pg_catalog.row_security_active(c.oid)
 order by 1, 2

-- Who holds a lock that keeps us from reading a relation of this database.

-- name: ASK_EXCLUSIVE_LOCKS
select n.nspname, c.relname, l.pid, coalesce(a.usename, ''), coalesce(a.application_name, ''),
       coalesce(a.state, ''), pg_catalog.date_trunc('second', pg_catalog.now() - a.xact_start)::text
  from pg_catalog.pg_locks l
  join pg_catalog.pg_class c on c.oid = l.relation
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_stat_activity a on a.pid = l.pid
 where l.locktype = 'relation' and l.granted and l.mode = 'AccessExclusiveLock'
   and l.database = (select oid from pg_catalog.pg_database
                      where datname = pg_catalog.current_database())
   and l.pid <> pg_catalog.pg_backend_pid() and n.nspname !~ '^pg_'
 order by a.xact_start
 limit 5

-- name: ASK_SCHEMAS
select n.oid, n.nspname
  from pg_catalog.pg_namespace n
 where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')

-- name: ASK_RELATIONS
select c.oid, n.nspname, c.relname, c.relkind
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and c.relpersistence <> 't'
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and not exists (select 1 from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                      and d.objid = c.oid and d.deptype = 'e')

-- Columns as a row description would show them: domains by their base type. `good` are the types
-- whose binary form is the same on every server: built-in ones without oids inside, enums (they
-- travel as their labels), arrays and ranges of built-in ones.

-- name: ASK_TABLES
with recursive base (domain, typid, typmod) as (
    select t.oid, t.typbasetype, t.typtypmod from pg_catalog.pg_type t where t.typtype = 'd'
    union all
    select b.domain, t.typbasetype, t.typtypmod
      from base b join pg_catalog.pg_type t on t.oid = b.typid where t.typtype = 'd'
),
plain as (
    select t.oid, t.typarray
      from pg_catalog.pg_type t
     where t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace
       and t.typname in ('bool', 'bytea', 'char', 'name', 'int8', 'int2', 'int4', 'text', 'oid',
            'tid', 'xid', 'xid8', 'cid', 'json', 'jsonb', 'jsonpath', 'point', 'lseg', 'path', 'box',
            'polygon', 'line', 'circle', 'float4', 'float8', 'money', 'macaddr', 'macaddr8', 'inet',
            'cidr', 'bpchar', 'varchar', 'date', 'time', 'timetz', 'timestamp', 'timestamptz',
            'interval', 'bit', 'varbit', 'numeric', 'uuid', 'pg_lsn', 'tsvector', 'tsquery',
            'int4range', 'int8range', 'numrange', 'daterange', 'tsrange', 'tstzrange',
            'int4multirange', 'int8multirange', 'nummultirange', 'datemultirange', 'tsmultirange',
            'tstzmultirange', 'int2vector', 'oidvector', 'txid_snapshot', 'pg_snapshot')
),
good as (
    select oid from plain
    union all
    select typarray from plain where typarray <> 0
    union all
    select t.oid from pg_catalog.pg_type t where t.typtype = 'e'
),
config as (
    select pg_catalog.unnest(e.extconfig) as oid, pg_catalog.unnest(e.extcondition) as condition
      from pg_catalog.pg_extension e
)
select c.oid, n.nspname, c.relname, c.relkind, c.relfilenode,
       case when c.relkind = 'r' then pg_catalog.pg_table_size(c.oid) else 0 end,
       case when c.relkind = 'r' then pg_catalog.pg_relation_size(c.oid)
                 / pg_catalog.current_setting('block_size')::bigint else 0 end,
       greatest(c.reltuples, 0)::bigint, {120000: coalesce(am.amname, '')} {<120000: 'heap'},
       coalesce(a.names, ''), coalesce(a.types, ''), coalesce(a.good, true),
       config.condition, config.oid is not null
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  {120000: left join pg_catalog.pg_am am on am.oid = c.relam}
  left join config on config.oid = c.oid
  left join lateral (
        select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by a.attnum) as names,
               pg_catalog.string_agg(coalesce(b.typid, a.atttypid) || '/'
                                     || coalesce(b.typmod, a.atttypmod) || '/' || a.attnum,
                                     ',' order by a.attnum) as types,
               pg_catalog.bool_and(coalesce(b.typid, a.atttypid) in (select oid from good)) as good
          from pg_catalog.pg_attribute a
          left join (select base.* from base
                      join pg_catalog.pg_type t on t.oid = base.typid and t.typtype <> 'd') b
            on b.domain = a.atttypid
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
               {120000: and a.attgenerated = ''}
       ) a on true
 where c.relkind in ('r', 'p', 'm') and c.relpersistence <> 't'
   and (config.oid is not null
        or (n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
            and not exists (select 1 from pg_catalog.pg_depend d
                             where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                               and d.objid = c.oid and d.deptype = 'e')))

-- name: ASK_INHERITS
select i.inhrelid, i.inhparent
  from pg_catalog.pg_inherits i
  join pg_catalog.pg_class c on c.oid = i.inhrelid
 where c.relkind in ('r', 'p', 'f')

-- name: ASK_CONFIG_KEYS
select k.conrelid, k.confrelid
  from pg_catalog.pg_constraint k
 where k.contype = 'f' and k.conrelid <> k.confrelid
   and k.conrelid in (select pg_catalog.unnest(extconfig) from pg_catalog.pg_extension)
   and k.confrelid in (select pg_catalog.unnest(extconfig) from pg_catalog.pg_extension)

-- Marks are what an index carries beside its definition.

-- name: ASK_INDEXES
select i.indexrelid, i.indrelid, n.nspname, c.relname,
       pg_catalog.pg_get_indexdef(i.indexrelid), s.spcname,
       case when c.relkind = 'i' then pg_catalog.pg_relation_size(i.indexrelid) else 0 end,
       h.inhparent, c.relkind = 'I',
       nullif(pg_catalog.concat(
           case when i.indisclustered then
                pg_catalog.format('ALTER TABLE %I.%I CLUSTER ON %I;', m.nspname, t.relname, c.relname) end,
           case when i.indisreplident then
                pg_catalog.format('ALTER TABLE ONLY %I.%I REPLICA IDENTITY USING INDEX %I;',
                                  m.nspname, t.relname, c.relname) end,
           (select pg_catalog.string_agg(pg_catalog.format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s;',
                              n.nspname, c.relname, a.attnum, a.attstattarget), ' ' order by a.attnum)
              from pg_catalog.pg_attribute a
             where a.attrelid = c.oid and a.attstattarget >= 0),
           (select pg_catalog.string_agg(pg_catalog.format('ALTER INDEX %I.%I DEPENDS ON EXTENSION %I;',
                              n.nspname, c.relname, e.extname), ' ' order by e.extname)
              from pg_catalog.pg_depend d
              join pg_catalog.pg_extension e on e.oid = d.refobjid
             where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
               and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.deptype = 'x')
       ), ''),
       i.indisvalid and i.indisready
  from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_class t on t.oid = i.indrelid
  join pg_catalog.pg_namespace m on m.oid = t.relnamespace
  left join pg_catalog.pg_tablespace s on s.oid = c.reltablespace
  left join pg_catalog.pg_inherits h on h.inhrelid = c.oid
 where t.relkind in ('r', 'p', 'm') and t.relpersistence <> 't'
   and m.nspname !~ '^pg_' and m.nspname not in ('information_schema', 'pghaul')
   and not exists (select 1 from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                      and d.objid in (t.oid, c.oid) and d.deptype = 'e')

-- Foreign keys that a partition has from its parent come with the parent's. (conindid of a foreign
-- key is the index that it references.)

-- name: ASK_CONSTRAINTS
select k.oid, k.conrelid, k.conname, k.contype,
       case when k.contype <> 'f' then k.conindid end,
       k.contype in ('p', 'u') {180000: and not k.conperiod},
       pg_catalog.pg_get_constraintdef(k.oid),
       case when k.condeferrable then ' DEFERRABLE' else '' end
         || case when k.condeferred then ' INITIALLY DEFERRED' else '' end,
       nullif(k.confrelid, 0), k.convalidated
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_class t on t.oid = k.conrelid
  join pg_catalog.pg_namespace m on m.oid = t.relnamespace
 where k.contype in ('p', 'u', 'x', 'f') and t.relkind in ('r', 'p') and t.relpersistence <> 't'
   {110000: and (k.contype <> 'f' or k.conparentid = 0)}
   and m.nspname !~ '^pg_' and m.nspname not in ('information_schema', 'pghaul')
   and not exists (select 1 from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                      and d.objid = t.oid and d.deptype = 'e')

-- name: ASK_SEQUENCES
select c.oid, n.nspname, c.relname
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'S' and c.relpersistence <> 't'
   and (c.oid in (select pg_catalog.unnest(extconfig) from pg_catalog.pg_extension)
        or (n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
            and not exists (select 1 from pg_catalog.pg_depend d
                             where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                               and d.objid = c.oid and d.deptype = 'e')))

-- name: ASK_LARGE_OBJECTS
select oid from pg_catalog.pg_largeobject_metadata order by oid

-- Roles that own something in this database or are named in a privilege or policy of it.

-- name: ASK_ROLES
select distinct r.rolname
  from pg_catalog.pg_shdepend d
  join pg_catalog.pg_roles r on r.oid = d.refobjid
 where d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
   and d.dbid = (select oid from pg_catalog.pg_database
                  where datname = pg_catalog.current_database())
 order by 1

-- name: ASK_TABLESPACES
select distinct s.spcname
  from pg_catalog.pg_class c join pg_catalog.pg_tablespace s on s.oid = c.reltablespace
 where c.relkind in ('r', 'p', 'm', 'i', 'I') and c.relpersistence <> 't'
   and s.spcname not in ('pg_global', 'pg_default')
 order by 1

-- The columns by which a table may be split where ctid ranges would each read all of it:
-- $1 is the table; the primary key comes first.

-- name: ASK_SPLIT_KEY
select pg_catalog.quote_ident(a.attname)
  from pg_catalog.pg_index i
  join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
 where i.indrelid = $1::pg_catalog.oid and i.indisunique and i.indisvalid and i.indimmediate
   and i.indnatts = 1 and i.indpred is null and i.indexprs is null
   and a.atttypid in ('pg_catalog.int2'::pg_catalog.regtype, 'pg_catalog.int4'::pg_catalog.regtype,
                      'pg_catalog.int8'::pg_catalog.regtype)
 order by i.indisprimary desc, a.attnotnull desc, i.indexrelid
 limit 1

-- A new snapshot sees other files where a table was rewritten since the plan.

-- name: ASK_FILENODES
select c.oid, c.relfilenode from pg_catalog.pg_class c where c.relkind = 'r'

-- name: ASK_TARGET_RELATIONS
select n.nspname, c.relname, c.relkind
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and c.relpersistence <> 't'
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and not exists (select 1 from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                      and d.objid = c.oid and d.deptype = 'e')
 order by 1, 2

-- name: ASK_TARGET_INDEXES
select n.nspname, c.relname, m.nspname, t.relname,
       pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid
  from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_class t on t.oid = i.indrelid
  join pg_catalog.pg_namespace m on m.oid = t.relnamespace
 where m.nspname !~ '^pg_' and m.nspname not in ('information_schema', 'pghaul')

-- name: ASK_TARGET_CONSTRAINTS
select m.nspname, t.relname, k.conname, pg_catalog.pg_get_constraintdef(k.oid), k.convalidated
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_class t on t.oid = k.conrelid
  join pg_catalog.pg_namespace m on m.oid = t.relnamespace
 where k.contype in ('p', 'u', 'x', 'f')
   and m.nspname !~ '^pg_' and m.nspname not in ('information_schema', 'pghaul')
