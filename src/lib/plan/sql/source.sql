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
 where c.relkind = 'r' and c.relpersistence <> 't' {chosen c.oid}
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
 where c.relkind = 'S' and c.relpersistence <> 't' {chosen c.oid}
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
 where n.nspname = 'pghaul' and c.relname not in ('done', 'pghaul_done_pkey', 'progress', 'pghaul_progress_pkey', 'large_objects')
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
 where c.relkind = 'r' and c.relrowsecurity {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and pg_catalog.row_security_active(c.oid)
 order by 1, 2

-- Is the source a standby, and if so: may its replay end what reads (one that does not reach its primary
-- cannot ask it to wait, and one that is paused does nothing)? By which setting, after how long?

-- name: ASK_STANDBY
select s.standby,
       s.standby and not case when s.standby then {100000: pg_catalog.pg_is_wal_replay_paused()}
                              {<100000: pg_catalog.pg_is_xlog_replay_paused()} end
         and not (s.streams and pg_catalog.current_setting('hot_standby_feedback')::pg_catalog.bool)
         and pg_catalog.current_setting(s.setting) <> '-1',
       s.setting, pg_catalog.current_setting(s.setting),
       pg_catalog.current_setting('hot_standby_feedback')
  from (select r.standby, r.streams,
               case when r.streams then 'max_standby_streaming_delay' else 'max_standby_archive_delay' end as setting
          from (select pg_catalog.pg_is_in_recovery() as standby,
                       exists (select 1 from pg_catalog.pg_stat_get_wal_receiver() w
                                where w.pid is not null) as streams) r) s

-- Relations that exist empty on a standby and cannot be read there: of the chosen ones ($1, null: all) less
-- those without rows ($2), tables if $3, sequences if $4.

-- name: ASK_UNLOGGED
select n.nspname, c.relname
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relpersistence = 'u'
   and ((c.relkind = 'r' and $3::pg_catalog.bool) or (c.relkind = 'S' and $4::pg_catalog.bool))
   and ($1::pg_catalog.oid[] is null or c.oid = any ($1::pg_catalog.oid[]))
   and c.oid <> all ($2::pg_catalog.oid[])
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and (c.oid in (select pg_catalog.unnest(extconfig) from pg_catalog.pg_extension)
        or not exists (select 1 from pg_catalog.pg_depend d
                        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                          and d.objid = c.oid and d.deptype = 'e'))
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
 where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and c.relpersistence <> 't' {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and not exists (select 1 from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                      and d.objid = c.oid and d.deptype = 'e')

-- A part of others, {portable} there. `base`: domains and what is below them. `good`: types whose binary form
-- is the same on every server: built-in ones without oids inside, enums (they travel as their labels),
-- arrays and ranges of built-in ones. Not tsquery, int2vector, oidvector: no server reads an empty one in
-- the binary form that it writes.
-- name: ASK_PORTABLE
base (domain, typid, typmod) as (
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
            'interval', 'bit', 'varbit', 'numeric', 'uuid', 'pg_lsn', 'tsvector',
            'int4range', 'int8range', 'numrange', 'daterange', 'tsrange', 'tstzrange',
            'int4multirange', 'int8multirange', 'nummultirange', 'datemultirange', 'tsmultirange',
            'tstzmultirange', 'txid_snapshot', 'pg_snapshot')
),
good as (
    select oid from plain
    union all
    select typarray from plain where typarray <> 0
    union all
    select t.oid from pg_catalog.pg_type t where t.typtype = 'e'
)

-- Those of these types ($1) whose binary form means nothing, or something else, to another server.
-- name: ASK_UNPORTABLE
with recursive {portable}
select x.oid
  from pg_catalog.unnest($1::pg_catalog.oid[]) as x (oid)
 where not exists (select from good where good.oid = x.oid)
   and not exists (select from base join good on good.oid = base.typid where base.domain = x.oid)

-- Columns as a row description would show them: domains by their base type.

-- name: ASK_TABLES
with recursive {portable},
config as (
    select pg_catalog.unnest(e.extconfig) as oid, pg_catalog.unnest(e.extcondition) as condition
      from pg_catalog.pg_extension e
)
select c.oid, n.nspname, c.relname, c.relkind, c.relfilenode,
       {opened case when c.relkind = 'r' then pg_catalog.pg_table_size(c.oid) else 0 end,
       case when c.relkind = 'r' then pg_catalog.pg_relation_size(c.oid)
                 / pg_catalog.current_setting('block_size')::bigint else 0 end,}
       {unopened 0, 0,}
       greatest(c.reltuples, 0)::bigint, {120000: coalesce(am.amname, '')} {<120000: 'heap'},
       coalesce(a.names, ''), coalesce(a.types, ''), coalesce(a.good, true),
       config.condition, config.oid is not null, coalesce(a.signature, '')
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  {120000: left join pg_catalog.pg_am am on am.oid = c.relam}
  left join config on config.oid = c.oid
  left join lateral (
        select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by a.attnum) as names,
               pg_catalog.string_agg(coalesce(b.typid, a.atttypid) || '/'
                                     || coalesce(b.typmod, a.atttypmod) || '/' || a.attnum,
                                     ',' order by a.attnum) as types,
               pg_catalog.bool_and(coalesce(b.typid, a.atttypid) in (select oid from good)) as good,
               pg_catalog.string_agg(pg_catalog.quote_ident(a.attname) || E'\t'
                                     || pg_catalog.format_type(a.atttypid, a.atttypmod)
                                     || coalesce(' over ' || pg_catalog.format_type(b.typid, b.typmod), '')
                                     || E'\n', '' order by a.attnum) as signature
          from pg_catalog.pg_attribute a
          left join (select base.* from base
                      join pg_catalog.pg_type t on t.oid = base.typid and t.typtype <> 'd') b
            on b.domain = a.atttypid
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
               {120000: and a.attgenerated = ''}
       ) a on true
 where c.relkind in ('r', 'p', 'm') and c.relpersistence <> 't' {chosen c.oid}
   and (config.oid is not null
        or (n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
            and not exists (select 1 from pg_catalog.pg_depend d
                             where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                               and d.objid = c.oid and d.deptype = 'e')))

-- Tables whose changes can be followed, as far as they are not an extension's: what they are partitions
-- of; which of them and these were attached later than they were made (whose first columns are of that
-- time); which rows of a partition are older than its being one, if it was made then. And whether any of
-- this has changed since another time, or what they are published by, or told apart by.

-- name: ASK_TABLES_NOW
select c.oid, n.nspname, c.relname,
       {120000: coalesce((select pg_catalog.string_agg(' ' || a.relid::pg_catalog.oid || ' ', '')
                   from pg_catalog.pg_partition_ancestors(c.oid) a where c.relispartition), '')} {<120000: ''},
       {120000: coalesce((select pg_catalog.string_agg(' ' || i.inhrelid::pg_catalog.oid || ' ', '')
                   from pg_catalog.pg_partition_ancestors(c.oid) p
                   join pg_catalog.pg_inherits i on i.inhrelid = p.relid
                   join pg_catalog.pg_attribute a on a.attrelid = i.inhrelid and a.attnum = -1
                  where c.relispartition and a.xmin::pg_catalog.text <> i.xmin::pg_catalog.text), '')} {<120000: ''},
       coalesce((select pg_catalog.format('t.xmin::pg_catalog.text = %L and t.cmin::pg_catalog.text::pg_catalog.int8 < %s', i.xmin, i.cmin)
          from pg_catalog.pg_inherits i where i.inhrelid = c.oid and c.relispartition and c.relkind = 'r'), ''),
       c.relkind
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and c.relpersistence = 'p' {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and not exists (select 1 from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                      and d.objid = c.oid and d.deptype = 'e')
 order by n.nspname, c.relname

-- name: ASK_TABLES_MARK
select pg_catalog.concat_ws('/',
       (select pg_catalog.concat_ws('/', pg_catalog.count(*),
                    pg_catalog.sum(c.oid::pg_catalog.int8 * pg_catalog.ascii(c.relreplident::pg_catalog.text)))
          from pg_catalog.pg_class c where c.relkind in ('r', 'p') and c.relpersistence = 'p'),
       (select pg_catalog.concat_ws('/', pg_catalog.count(*),
                    pg_catalog.sum(i.inhrelid::pg_catalog.int8 * 3 + i.inhparent::pg_catalog.int8))
          from pg_catalog.pg_inherits i),
       (select pg_catalog.sum(i.indexrelid::pg_catalog.int8 * (1 + i.indisprimary::pg_catalog.int4
                    + 2 * i.indisreplident::pg_catalog.int4 + 4 * i.indimmediate::pg_catalog.int4
                    + 8 * i.indisvalid::pg_catalog.int4))
          from pg_catalog.pg_index i where i.indisprimary or i.indisreplident),
       (select pg_catalog.count(*) from pg_catalog.pg_publication_rel))

-- Of the tables $1, which are published by $2 (if that is not ''): those that are gone, those that are not
-- published any more, those that have no replica identity any more.

-- name: ASK_NOT_FOLLOWED
select p.oid, c.oid is null,
       $2::pg_catalog.text <> '' and c.oid is not null
         and p.oid not in (select g.relid
                             from pg_catalog.pg_publication b
                            cross join lateral pg_catalog.pg_get_publication_tables(b.pubname::pg_catalog.text) g
                            where b.pubname = $2::pg_catalog.text),
       c.relreplident <> 'f'
         and not exists (select 1 from pg_catalog.pg_index i
                          where i.indrelid = c.oid and i.indisvalid and i.indimmediate
                            and case c.relreplident when 'd' then i.indisprimary
                                                    when 'i' then i.indisreplident else false end)
  from pg_catalog.unnest($1::pg_catalog.oid[]) p (oid)
  left join pg_catalog.pg_class c on c.oid = p.oid

-- name: ASK_INHERITS
select i.inhrelid, i.inhparent
  from pg_catalog.pg_inherits i
  join pg_catalog.pg_class c on c.oid = i.inhrelid
 where c.relkind in ('r', 'p', 'f') {chosen i.inhrelid} {chosen i.inhparent}

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
 where t.relkind in ('r', 'p', 'm') and t.relpersistence <> 't' {chosen i.indrelid}
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
 where k.contype in ('p', 'u', 'x', 'f') and t.relkind in ('r', 'p') and t.relpersistence <> 't' {chosen k.conrelid}
   and (k.contype <> 'f' or true {chosen k.confrelid})
   {110000: and (k.contype <> 'f' or k.conparentid = 0)}
   and m.nspname !~ '^pg_' and m.nspname not in ('information_schema', 'pghaul')
   and not exists (select 1 from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                      and d.objid = t.oid and d.deptype = 'e')

-- Statistics of tables that may be carried: the rows that the planner expects now, pages of a
-- partitioned table, how many inherit from it, and what keeps them from being carried: null, if it has no
-- rows.

-- name: ASK_CARRIED_TABLES
select c.oid, n.nspname, c.relname, c.relkind,
       case when c.relkind <> 'p' and c.relpages > 0
            then pg_catalog.round(greatest(c.reltuples, 0)::pg_catalog.float8 / c.relpages
                                  * (z.size / pg_catalog.current_setting('block_size')::pg_catalog.int8))
            else greatest(c.reltuples, 0) end::pg_catalog.float4,
       c.relpages,
       (select pg_catalog.count(*) from pg_catalog.pg_inherits i where i.inhparent = c.oid),
       case when c.relkind <> 'p' and z.size = 0 then null
            {100000: when exists (select 1 from pg_catalog.pg_statistic_ext e where e.stxrelid = c.oid)
            then 'it has extended statistics'}
            {<170000: when exists (select 1 from pg_catalog.pg_attribute a
                          join pg_catalog.pg_type t on t.oid = a.atttypid
                          left join pg_catalog.pg_type b on b.oid = t.typbasetype
                         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                           and coalesce(b.typtype, t.typtype) in ('r', 'm'))
            then 'it has ranges, of which a source before version 17 does not show all statistics'}
            when exists (select 1 from pg_catalog.pg_index i
                          where i.indrelid = c.oid and i.indexprs is not null
                            and not pg_catalog.has_table_privilege(i.indexrelid, 'SELECT'))
            then 'the role that reads may not see those of its indexes'
            when not exists (select 1 from pg_catalog.pg_stats s
                              where s.schemaname = n.nspname and s.tablename = c.relname)
            then 'the source has none'
            else '' end
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 cross join lateral (select case when c.relkind <> 'p' then pg_catalog.pg_relation_size(c.oid) end) z (size)
 where c.relkind in ('r', 'p', 'm') and c.relpersistence <> 't' {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')

-- name: ASK_STATISTICS
select coalesce(x.indrelid, c.oid), coalesce(x.indexrelid, 0), n.nspname, c.relname, s.attname, a.attnum,
       s.inherited, s.null_frac, s.avg_width, s.n_distinct, s.most_common_vals, s.most_common_freqs,
       s.histogram_bounds, s.correlation, s.most_common_elems, s.most_common_elem_freqs,
       s.elem_count_histogram
       {170000: , s.range_length_histogram, s.range_empty_frac, s.range_bounds_histogram}
       {<170000: , null, null, null}
  from pg_catalog.pg_stats s
  join pg_catalog.pg_namespace n on n.nspname = s.schemaname
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = s.tablename
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = s.attname
  left join pg_catalog.pg_index x on x.indexrelid = c.oid
 where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   {chosen coalesce(x.indrelid, c.oid)}

-- Can changes be followed? Standby, wal_level, may the user who connects read them?

-- From version 19 on the first slot makes what is 'replica' logical, without a restart.

-- name: ASK_FOLLOWED
select pg_catalog.pg_is_in_recovery(),
       {<190000: pg_catalog.current_setting('wal_level')}
       {190000: case pg_catalog.current_setting('wal_level') when 'minimal' then 'minimal' else 'logical' end},
       r.rolsuper or r.rolreplication, session_user
  from pg_catalog.pg_roles r where r.rolname = session_user

-- By what a row of a table is told from the others, for updates and deletes: only an index that is
-- checked at once will do. How many relations are directly below a partitioned table; one before
-- version 13 cannot be published.

-- name: ASK_IDENTITIES
select c.oid,
       case when c.relkind = 'p' then ''
            when c.relreplident = 'f' then 'full'
            when c.relreplident = 'd'
                 and exists (select 1 from pg_catalog.pg_index i
                              where i.indrelid = c.oid and i.indisprimary and i.indisvalid and i.indimmediate)
            then 'key'
            when c.relreplident = 'i'
                 and exists (select 1 from pg_catalog.pg_index i
                              where i.indrelid = c.oid and i.indisreplident and i.indisvalid and i.indimmediate)
            then 'index'
            else '' end,
       c.relpersistence = 'p',
       case c.relreplident when 'd' then 'DEFAULT' else 'NOTHING' end,
       {130000: (select pg_catalog.count(*) from pg_catalog.pg_inherits i where i.inhparent = c.oid)} {<130000: -1}
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and c.relpersistence <> 't' {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')

-- Who writes: whom a new slot waits for. The oldest first.

-- name: ASK_WRITERS
select case when l.pid is null then 'prepared transaction ' || coalesce(pg_catalog.quote_literal(p.gid), '?')
            else 'backend ' || l.pid end
       || coalesce(' of application ' || pg_catalog.quote_literal(nullif(a.application_name, '')), '')
       || coalesce(' in database ' || coalesce(p.database, a.datname), '')
       || coalesce(', ' || a.state, '')
       || coalesce(', its transaction began '
                   || pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - coalesce(p.prepared, a.xact_start))
                   || ' ago', '')
  from pg_catalog.pg_locks l
  left join pg_catalog.pg_stat_activity a on a.pid = l.pid
  left join pg_catalog.pg_prepared_xacts p on p.transaction = l.transactionid
 where l.locktype = 'transactionid' and l.granted and l.mode = 'ExclusiveLock'
 order by pg_catalog.age(l.transactionid) desc
 limit 3

-- What transactions from a number (txid) on have defined anew, as far as the snapshot sees it, and as far
-- as decoding depends on it: of all tables, since a change's is found before it is known whether it is published.

-- name: ASK_DEFINED_SINCE
with since as (
        select pg_catalog.age(($1::bigint % 4294967296)::text::xid) as age),
     defined as (
        select c.oid from pg_catalog.pg_class c, since where pg_catalog.age(c.xmin) between 0 and since.age
        union
        select a.attrelid from pg_catalog.pg_attribute a, since where pg_catalog.age(a.xmin) between 0 and since.age
        union
        select i.indrelid from pg_catalog.pg_index i, since where pg_catalog.age(i.xmin) between 0 and since.age
        union
        select c.oid from pg_catalog.pg_class c join pg_catalog.pg_class t on t.oid = c.reltoastrelid, since
         where pg_catalog.age(t.xmin) between 0 and since.age)
select case c.relkind when 'c' then 'type ' else 'table ' end || n.nspname || '.' || c.relname
  from defined d
  join pg_catalog.pg_class c on c.oid = d.oid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'm', 'c') and c.relpersistence = 'p'
   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
union
select 'type ' || n.nspname || '.' || t.typname
  from pg_catalog.pg_type t
  join pg_catalog.pg_namespace n on n.oid = t.typnamespace, since
 where t.typtype <> 'c' and t.typcategory <> 'A' and n.nspname !~ '^pg_'
   and (pg_catalog.age(t.xmin) between 0 and since.age
        or exists (select 1 from pg_catalog.pg_enum e
                    where e.enumtypid = t.oid and pg_catalog.age(e.xmin) between 0 and since.age))
union
select 'schema ' || n.nspname
  from pg_catalog.pg_namespace n, since
 where n.nspname !~ '^pg_' and pg_catalog.age(n.xmin) between 0 and since.age
 order by 1

-- name: ASK_ENDED_BEFORE
select pg_catalog.txid_snapshot_xmin(pg_catalog.txid_current_snapshot()) >= $1::bigint

-- name: ASK_SLOT_HOLDER
select 'backend ' || s.active_pid
       || coalesce(' of application ' || pg_catalog.quote_literal(nullif(a.application_name, '')), '')
       || coalesce(' and role ' || pg_catalog.quote_literal(a.usename), '')
  from pg_catalog.pg_replication_slots s
  left join pg_catalog.pg_stat_activity a on a.pid = s.active_pid
 where s.slot_name = $1 and s.active

-- By oid, or by a quoted name.

-- name: ASK_REPLICA_IDENTITY
select c.relreplident, n.nspname, c.relname
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.oid = case when $1::pg_catalog.text ~ '^[0-9]+$' then $1::pg_catalog.text::pg_catalog.oid
                    else pg_catalog.to_regclass($1::pg_catalog.text)::pg_catalog.oid end

-- Who keeps a table from being altered; of 0, any table from being published.

-- name: ASK_TABLE_HOLDERS
select coalesce('backend ' || l.pid, 'a prepared transaction')
       || coalesce(' of application ' || pg_catalog.quote_literal(nullif(a.application_name, '')), '')
       || case when $1::pg_catalog.oid = 0 then ', which has ' || n.nspname || '.' || c.relname else '' end
       || coalesce(', ' || a.state, '')
       || coalesce(', its transaction began '
                   || pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - a.xact_start) || ' ago', '')
  from pg_catalog.pg_locks l
  join pg_catalog.pg_class c on c.oid = l.relation
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_stat_activity a on a.pid = l.pid
 where (l.relation = $1::pg_catalog.oid
        or $1::pg_catalog.oid = 0 and c.relkind in ('r', 'p') and c.oid >= 16384
           and l.mode in ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock',
                          'ExclusiveLock', 'AccessExclusiveLock'))
   and l.granted and l.pid is distinct from pg_catalog.pg_backend_pid()
   and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
 order by a.xact_start
 limit 3

-- name: ASK_PUBLICATION
select oid from pg_catalog.pg_publication where pubname = $1

-- name: ASK_PUBLISHED_OIDS
select array(select c.oid
               from pg_catalog.pg_publication_tables p
               join pg_catalog.pg_namespace n on n.nspname = p.schemaname
               join pg_catalog.pg_class c on c.relname = p.tablename and c.relnamespace = n.oid
              where p.pubname = any (pg_catalog.string_to_array($1, ',')))

-- Keys and exclusion constraints that are checked by triggers; of keys the columns, and what holds
-- of rows that are compared.

-- name: ASK_DEFERRABLE_KEYS
select n.nspname, c.relname, k.conname,
       case when k.contype <> 'x'
            then (select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by u.n)
                    from pg_catalog.unnest(k.conkey) with ordinality as u (attnum, n)
                    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = u.attnum) end,
       (select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname) || ' IS NOT NULL', ' AND ')
          from pg_catalog.unnest(k.conkey) as u (attnum)
          join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = u.attnum)
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_class c on c.oid = k.conrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where k.contype in ('p', 'u', 'x') and k.condeferrable and c.relkind = 'r'
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
 order by 1, 2, 3

-- Triggers and rules that fire on what replication brings as well.

-- name: ASK_ALWAYS_FIRING
select n.nspname, c.relname, 'TRIGGER', t.tgname, case t.tgenabled when 'A' then 'ALWAYS' else 'REPLICA' end
  from pg_catalog.pg_trigger t
  join pg_catalog.pg_class c on c.oid = t.tgrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where not t.tgisinternal and t.tgenabled in ('A', 'R')
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
union all
select n.nspname, c.relname, 'RULE', r.rulename, case r.ev_enabled when 'A' then 'ALWAYS' else 'REPLICA' end
  from pg_catalog.pg_rewrite r
  join pg_catalog.pg_class c on c.oid = r.ev_class
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where r.ev_enabled in ('A', 'R') and c.relkind in ('r', 'p')
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')

-- Unlogged tables that the run may copy anew; more conditions are added.

-- name: ASK_UNLOGGED_NOW
select c.oid, n.nspname, c.relname, pg_catalog.pg_table_size(c.oid) as bytes
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relpersistence = 'u' {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and not exists (select 1 from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                      and d.objid = c.oid and d.deptype = 'e')

-- On the target, the table of this schema ($1) and name ($2): may it be truncated by itself; what keeps
-- triggers from firing that do so on replicated changes as well, and undoes that.

-- name: ASK_UNLOGGED_TARGET
select pg_catalog.has_table_privilege(c.oid, 'TRUNCATE')
         and not exists (select from pg_catalog.pg_constraint k
                          where k.confrelid = c.oid and k.conrelid <> c.oid and k.contype = 'f'),
       coalesce((select pg_catalog.string_agg(pg_catalog.format('ALTER TABLE ONLY %I.%I DISABLE TRIGGER %I;',
                                                                n.nspname, c.relname, t.tgname), '' order by t.tgname)
                   from pg_catalog.pg_trigger t
                  where t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled in ('A', 'R')), ''),
       coalesce((select pg_catalog.string_agg(pg_catalog.format('ALTER TABLE ONLY %I.%I ENABLE %s TRIGGER %I;',
                                                                n.nspname, c.relname,
                                                                case t.tgenabled when 'A' then 'ALWAYS' else 'REPLICA' end,
                                                                t.tgname), '' order by t.tgname)
                   from pg_catalog.pg_trigger t
                  where t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled in ('A', 'R')), '')
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname = $1 and c.relname = $2 and c.relkind = 'r'

-- name: ASK_SEQUENCES
select c.oid, n.nspname, c.relname
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'S' and c.relpersistence <> 't' {chosen c.oid}
   and (c.oid in (select pg_catalog.unnest(extconfig) from pg_catalog.pg_extension)
        or (n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
            and not exists (select 1 from pg_catalog.pg_depend d
                             where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                               and d.objid = c.oid and d.deptype = 'e')))

-- All of them, with whether we may read them.

-- name: ASK_LARGE_OBJECTS
select m.oid,
       {180000: pg_catalog.has_largeobject_privilege(m.oid, 'SELECT') or}
       pg_catalog.pg_has_role(m.lomowner, 'USAGE')
       or pg_catalog.current_setting('lo_compat_privileges')::pg_catalog.bool
       or exists (select 1
                    from pg_catalog.aclexplode(m.lomacl) a
                   where a.privilege_type = 'SELECT'
                     and case when a.grantee = 0 then true
                              else pg_catalog.pg_has_role(a.grantee, 'USAGE') end)
  from pg_catalog.pg_largeobject_metadata m
 order by m.oid

-- Roles that own something in this database (o) or are named in a privilege (a) or policy (r) of it.

-- name: ASK_ROLES
select r.rolname, pg_catalog.string_agg(distinct d.deptype::pg_catalog.text, '')
  from pg_catalog.pg_shdepend d
  join pg_catalog.pg_roles r on r.oid = d.refobjid
 where d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
   and d.dbid = (select oid from pg_catalog.pg_database
                  where datname = pg_catalog.current_database())
   {only and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass} {chosen d.objid}
 group by 1
 order by 1

-- Roles that own something in any database of the server, or a database.

-- name: ASK_OWNERS_EVERYWHERE
select distinct r.rolname, 'o'
  from pg_catalog.pg_shdepend d
  join pg_catalog.pg_roles r on r.oid = d.refobjid
 where d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and d.deptype = 'o'
 order by 1

-- name: ASK_TABLESPACES
select distinct s.spcname
  from pg_catalog.pg_class c join pg_catalog.pg_tablespace s on s.oid = c.reltablespace
  left join pg_catalog.pg_index i on i.indexrelid = c.oid
 where c.relkind in ('r', 'p', 'm', 'i', 'I') and c.relpersistence <> 't'
   {chosen coalesce(i.indrelid, c.oid)}
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

-- What a table that is there already can take: columns, as ASK_TABLES says them; whether TRUNCATE is
-- possible; whether triggers or keys would fire; what cannot be switched off.

-- COPY and TRUNCATE know no rules; DELETE does.

-- name: ASK_TARGET_TABLES
with recursive base (domain, typid, typmod) as (
    select t.oid, t.typbasetype, t.typtypmod from pg_catalog.pg_type t where t.typtype = 'd'
    union all
    select b.domain, t.typbasetype, t.typtypmod
      from base b join pg_catalog.pg_type t on t.oid = b.typid where t.typtype = 'd'
),
fires (relid, always) as (
    select t.tgrelid, case when t.tgenabled in ('A', 'R') and coalesce(k.contype, 't') <> 'f'
                           then 'trigger ' || pg_catalog.quote_ident(t.tgname) end
      from pg_catalog.pg_trigger t
      left join pg_catalog.pg_constraint k on k.oid = t.tgconstraint
     where t.tgenabled <> 'D' and coalesce(k.contype, 't') not in ('p', 'u', 'x')
    union all
    select r.ev_class, case when r.ev_enabled in ('A', 'R')
                            then 'rule ' || pg_catalog.quote_ident(r.rulename) end
      from pg_catalog.pg_rewrite r
     where r.ev_enabled <> 'D' and r.ev_type = '4'
),
firing (relid, always) as (
    select f.relid, pg_catalog.min(f.always) from fires f group by 1
)
select n.nspname, c.relname, c.relkind,
       coalesce((select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname) || E'\t'
                                   || pg_catalog.format_type(a.atttypid, a.atttypmod)
                                   || coalesce(' over ' || pg_catalog.format_type(b.typid, b.typmod), '')
                                   || E'\n', '' order by a.attnum)
                   from pg_catalog.pg_attribute a
                   left join (select base.* from base
                               join pg_catalog.pg_type t on t.oid = base.typid and t.typtype <> 'd') b
                     on b.domain = a.atttypid
                  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                        {120000: and a.attgenerated = ''}), ''),
       exists (select 1 from pg_catalog.pg_constraint k where k.contype = 'f' and k.confrelid = c.oid)
         or not pg_catalog.has_table_privilege(c.oid, 'TRUNCATE'),
       f.relid is not null,
       coalesce(f.always || ' fires always',
                (select 'constraint ' || pg_catalog.quote_ident(k.conname)
                        || ' is deferrable, and not checked while keys and triggers are off'
                   from pg_catalog.pg_constraint k
                  where k.conrelid = c.oid and k.condeferrable and k.contype in ('p', 'u', 'x')
                    and f.relid is not null
                  limit 1), ''),
       {100000: pn.nspname, p.relname} {<100000: null, null}
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join firing f on f.relid = c.oid
  {100000: left join pg_catalog.pg_inherits i on i.inhrelid = c.oid and c.relispartition
  left join pg_catalog.pg_class p on p.oid = i.inhparent
  left join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace}
 where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and c.relpersistence <> 't'
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')

-- How many tables with rows table $1 has below it.

-- name: ASK_LEAVES
with recursive below (oid) as (
    select $1::pg_catalog.oid
    union
    select i.inhrelid from below b join pg_catalog.pg_inherits i on i.inhparent = b.oid
)
select pg_catalog.count(*) from below b join pg_catalog.pg_class c on c.oid = b.oid and c.relkind not in ('p')

-- Foreign keys of the target that hold for all rows, and a query that finds a row which breaks one;
-- null: there is none for keys with PERIOD. Partitions that have a key from their table have their own.
-- Where a partitioned table is referenced there is a row for each of its partitions, too.

-- name: ASK_TARGET_KEYS
select n.nspname, c.relname, k.conname, dn.nspname, d.relname,
       {180000: case when not k.conperiod then} pg_catalog.format('SELECT 1 FROM ONLY %I.%I f WHERE (%s) AND (%s) LIMIT 1',
           n.nspname, c.relname,
           case when k.confmatchtype = 'f'
                then pg_catalog.concat('NOT (', x.all_null, ')') else x.no_null end,
           pg_catalog.format('NOT EXISTS (SELECT FROM %s%I.%I p WHERE %s)',
                             case when r.relkind = 'r' then 'ONLY ' end, m.nspname, r.relname, x.same))
       {180000: end}
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_class c on c.oid = k.conrelid and c.relkind = 'r'
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_class r on r.oid = k.confrelid
  join pg_catalog.pg_namespace m on m.oid = r.relnamespace
  join lateral (select r.oid
                {120000: union select relid from pg_catalog.pg_partition_tree(r.oid)}) tree (oid) on true
  join pg_catalog.pg_class d on d.oid = tree.oid
  join pg_catalog.pg_namespace dn on dn.oid = d.relnamespace
  join lateral (
        select pg_catalog.string_agg(pg_catalog.format('f.%I IS NOT NULL', a.attname), ' AND ') as no_null,
               pg_catalog.string_agg(pg_catalog.format('f.%I IS NULL', a.attname), ' AND ') as all_null,
               pg_catalog.string_agg(pg_catalog.format('p.%I OPERATOR(%I.%s) f.%I%s', b.attname,
                                         s.nspname, o.oprname, a.attname,
                                         case when b.attcollation <> 0 and o.oprname <> '' then
                                              (select pg_catalog.format(' COLLATE %I.%I', y.nspname, l.collname)
                                                 from pg_catalog.pg_collation l
                                                 join pg_catalog.pg_namespace y on y.oid = l.collnamespace
                                                where l.oid = b.attcollation) end), ' AND ') as same
          from rows from (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey),
                         pg_catalog.unnest(k.conpfeqop)) u (own, ref, op)
          join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.own
          join pg_catalog.pg_attribute b on b.attrelid = k.confrelid and b.attnum = u.ref
          join pg_catalog.pg_operator o on o.oid = u.op
          join pg_catalog.pg_namespace s on s.oid = o.oprnamespace
       ) x on true
 where k.contype = 'f' and k.convalidated {180000: and k.conenforced}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   {110000: and not exists (select 1 from pg_catalog.pg_constraint u
                             where u.oid = k.conparentid and u.conrelid = k.conrelid)}
 order by k.oid, d.oid <> r.oid

-- What only the source computes, if the target does not: their values are not sent.

-- name: ASK_COMPUTED_COLUMNS
select n.nspname, c.relname, pg_catalog.quote_ident(a.attname)
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_class c on c.oid = a.attrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and a.attnum > 0 and not a.attisdropped {chosen c.oid}
   and {120000: a.attgenerated <> ''} {<120000: false}

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
select m.nspname, coalesce(t.relname, d.typname), k.conname, pg_catalog.pg_get_constraintdef(k.oid), k.convalidated
  from pg_catalog.pg_constraint k
  left join pg_catalog.pg_class t on t.oid = k.conrelid
  left join pg_catalog.pg_type d on d.oid = k.contypid
  join pg_catalog.pg_namespace m on m.oid = coalesce(t.relnamespace, d.typnamespace)
 where (k.contype in ('p', 'u', 'x', 'f') or (k.contype = 'c' and not k.convalidated))
   and m.nspname !~ '^pg_' and m.nspname not in ('information_schema', 'pghaul')

-- Check constraints that are no part of CREATE TABLE or CREATE DOMAIN.

-- name: ASK_LATE_CHECKS
select k.oid, m.nspname, coalesce(t.relname, d.typname), k.conname, pg_catalog.pg_get_constraintdef(k.oid)
  from pg_catalog.pg_constraint k
  left join pg_catalog.pg_class t on t.oid = k.conrelid
  left join pg_catalog.pg_type d on d.oid = k.contypid
  join pg_catalog.pg_namespace m on m.oid = coalesce(t.relnamespace, d.typnamespace)
 where k.contype = 'c' and not k.convalidated {chosen k.conrelid}
   and m.nspname !~ '^pg_' and m.nspname not in ('information_schema', 'pghaul')

-- Filters. The parts of a pattern are regular expressions; a table's without a schema means what is
-- visible in the search_path that the role usually has.

-- name: ASK_MATCHING_SCHEMAS
select n.oid, n.nspname, ''
  from pg_catalog.pg_namespace n
 where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and n.nspname operator(pg_catalog.~) $2 {120000: collate pg_catalog.default} and $1 = ''

-- name: ASK_MATCHING_TABLES
select c.oid, n.nspname, c.relname
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and c.relpersistence <> 't'
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and c.relname operator(pg_catalog.~) $2 {120000: collate pg_catalog.default}
   and case when $1 = '' then pg_catalog.pg_table_is_visible(c.oid)
            else n.nspname operator(pg_catalog.~) $1 {120000: collate pg_catalog.default} end

-- name: ASK_MATCHING_INDEXES
select i.indexrelid,
       coalesce((select pg_catalog.pg_describe_object('pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, 0)
                   from pg_catalog.pg_constraint k where k.conindid = c.oid order by k.contype <> 'f' desc limit 1),
                case when c.relkind = 'I' or exists (select 1 from pg_catalog.pg_inherits where inhrelid = c.oid)
                     then 'the index of a partitioned table' end, ''),
       pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, c.oid, 0)
  from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and c.relname operator(pg_catalog.~) $2 {120000: collate pg_catalog.default}
   and case when $1 = '' then pg_catalog.pg_table_is_visible(c.oid)
            else n.nspname operator(pg_catalog.~) $1 {120000: collate pg_catalog.default} end

-- name: ASK_MATCHING_EXTENSIONS
select e.oid, coalesce(pg_catalog.array_to_string(e.extconfig, ','), ''),
       pg_catalog.pg_describe_object('pg_catalog.pg_extension'::pg_catalog.regclass, e.oid, 0)
  from pg_catalog.pg_extension e
 where e.extname operator(pg_catalog.~) $2 {120000: collate pg_catalog.default} and $1 = ''

-- Those that are not asked for ($1), in the same columns.

-- name: ASK_OTHER_EXTENSIONS
select e.oid, coalesce(pg_catalog.array_to_string(e.extconfig, ','), ''),
       pg_catalog.pg_describe_object('pg_catalog.pg_extension'::pg_catalog.regclass, e.oid, 0)
  from pg_catalog.pg_extension e
 where e.oid >= 16384 and e.oid <> all ($1::pg_catalog.oid[])

-- Which relations are meant, by the rules of pg_dump. $1 tables that are asked for, $2 schemas that
-- are (null: there is no such filter), $3 schemas and $4 tables that are not. A sequence comes with
-- the table that owns it, and with a table that is asked for and has a default of it; a partition with
-- its parent that is asked for, since that has no rows of its own.

-- name: ASK_CHOSEN
with recursive kept (oid) as (
    select c.oid
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and c.relpersistence <> 't'
       and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
       and case when $1::pg_catalog.oid[] is not null
                then c.oid in (select pg_catalog.unnest($1::pg_catalog.oid[]))
                else ($2::pg_catalog.oid[] is null or n.oid = any ($2::pg_catalog.oid[]))
                     and n.oid <> all ($3::pg_catalog.oid[]) end
       and c.oid not in (select pg_catalog.unnest($4::pg_catalog.oid[]))
       and (($1::pg_catalog.oid[] is null and $2::pg_catalog.oid[] is null)
            or not exists (select 1 from pg_catalog.pg_depend d
                            where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                              and d.objid = c.oid and d.deptype = 'e'))
    {100000: union
    select c.oid
      from kept k
      join pg_catalog.pg_inherits i on i.inhparent = k.oid
      join pg_catalog.pg_class c on c.oid = i.inhrelid and c.relispartition and c.relkind in ('r', 'p', 'f')
     where $1::pg_catalog.oid[] is not null
       and c.oid not in (select pg_catalog.unnest($4::pg_catalog.oid[]))}
),
owned as (
    select d.objid as sequence, d.refobjid as relation, d.deptype
      from pg_catalog.pg_depend d
      join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S'
     where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
       and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
       and d.refobjsubid > 0 and d.deptype in ('a', 'i')
)
select oid from kept
 where oid not in (select sequence from owned
                    where deptype = 'i' and relation not in (select oid from kept))
union
select sequence from owned where relation in (select oid from kept)
union
select d.refobjid
  from pg_catalog.pg_attrdef a
  join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and d.objid = a.oid
                             and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  join pg_catalog.pg_class s on s.oid = d.refobjid and s.relkind = 'S'
 where $1::pg_catalog.oid[] is not null and a.adrelid in (select oid from kept)
   and s.oid not in (select pg_catalog.unnest($4::pg_catalog.oid[]))

-- What is chosen, but needs something that is not: views, keys, defaults, policies, triggers, rules,
-- functions, tables that inherit. A sequence does not need the table that owns it, nor a partition
-- its parent: only the link between them goes. $1 are the relations that are chosen; functions are,
-- unless tables are asked for ($2), those of the schemas $3 (null: all) less $4. $5 and $6 are further
-- objects (system catalogs, oids) that are not there. The last column is something that it needs.

-- name: ASK_LEFT_OUT
with recursive chosen (oid) as (select pg_catalog.unnest($1::pg_catalog.oid[])),
lost (classid, objid) as (
    select 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, c.oid
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and c.relpersistence <> 't'
       and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
       and c.oid not in (select oid from chosen)
       and not exists (select 1 from pg_catalog.pg_depend e
                        where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                          and e.objid = c.oid and e.deptype = 'e')
    union
    select m.classid, m.objid
      from (select pg_catalog.unnest($5::pg_catalog.oid[]) as classid,
                   pg_catalog.unnest($6::pg_catalog.oid[]) as objid) m
    union
    select case when r.rulename = '_RETURN' then 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
                else d.classid end,
           case when r.rulename = '_RETURN' then r.ev_class else d.objid end
      from lost l
      join pg_catalog.pg_depend d on d.refclassid = l.classid and d.refobjid = l.objid
                                 and (d.deptype in ('n', 'a', 'i')
                                      or (d.deptype = 'e' and l.classid = 'pg_catalog.pg_extension'::pg_catalog.regclass))
      left join pg_catalog.pg_rewrite r
             on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and r.oid = d.objid
      left join pg_catalog.pg_class k
             on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and k.oid = d.objid
     where k.oid is null or ((k.relkind <> 'S' or d.deptype = 'i') {100000: and not k.relispartition})
),
needs (classid, objid, what) as (
    select case when r.rulename = '_RETURN' then 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
                else d.classid end,
           case when r.rulename = '_RETURN' then r.ev_class else d.objid end,
           pg_catalog.min(array[l.classid, l.objid])
      from lost l
      join pg_catalog.pg_depend d on d.refclassid = l.classid and d.refobjid = l.objid
      left join pg_catalog.pg_rewrite r
             on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and r.oid = d.objid
     where r.ev_class is null or r.ev_class <> l.objid
     group by 1, 2
)
select l.classid, l.objid,
       case when x.indexrelid is not null then 'index'
            when l.classid = 'pg_catalog.pg_class'::pg_catalog.regclass then 'relation'
            when v.oid is not null then 'server'
            when k.contype = 'c' then 'part'
            when a.oid is not null
                 and not exists (select 1
                                   from pg_catalog.pg_depend d
                                   join pg_catalog.pg_class s on s.oid = d.refobjid and s.relkind = 'S'
                                  where d.classid = l.classid and d.objid = l.objid
                                    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                                    and s.oid not in (select oid from chosen)) then 'part'
            else 'other' end,
       coalesce(n.nspname, ''), coalesce(c.relname, v.srvname, ''),
       pg_catalog.pg_describe_object(l.classid, l.objid, 0),
       coalesce(pg_catalog.pg_describe_object(w.what[1], w.what[2], 0), '')
  from lost l
  left join needs w on w.classid = l.classid and w.objid = l.objid
  left join pg_catalog.pg_foreign_server v
         on l.classid = 'pg_catalog.pg_foreign_server'::pg_catalog.regclass and v.oid = l.objid
  left join pg_catalog.pg_class c on l.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and c.oid = l.objid
  left join pg_catalog.pg_index x on l.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and x.indexrelid = l.objid
  left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_constraint k on l.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and k.oid = l.objid
  left join pg_catalog.pg_attrdef a on l.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and a.oid = l.objid
  left join pg_catalog.pg_policy p on l.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and p.oid = l.objid
  left join pg_catalog.pg_trigger t on l.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass and t.oid = l.objid
                                   and not t.tgisinternal
  left join pg_catalog.pg_rewrite r on l.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and r.oid = l.objid
  left join pg_catalog.pg_proc f on l.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and f.oid = l.objid
 where not exists (select 1 from pg_catalog.pg_depend m
                    where m.classid = l.classid and m.objid = l.objid and m.deptype = 'e')
   and ((coalesce(x.indrelid, c.oid, k.conrelid, a.adrelid, p.polrelid, t.tgrelid, r.ev_class) in (select oid from chosen)
        and (c.oid is not null and x.indexrelid is null
             or coalesce(x.indrelid, k.conrelid, a.adrelid, p.polrelid, t.tgrelid, r.ev_class)
                not in (select objid from lost
                         where classid = 'pg_catalog.pg_class'::pg_catalog.regclass)))
    or (f.oid is not null and not $2::pg_catalog.bool
        and ($3::pg_catalog.oid[] is null or f.pronamespace = any ($3::pg_catalog.oid[]))
        and f.pronamespace <> all ($4::pg_catalog.oid[]))
    or ((l.classid = 'pg_catalog.pg_publication_rel'::pg_catalog.regclass or v.oid is not null)
        and not $2::pg_catalog.bool and $3::pg_catalog.oid[] is null))
{150000: union all
select 'pg_catalog.pg_publication_namespace'::pg_catalog.regclass, pn.oid, 'other', '', '',
       pg_catalog.pg_describe_object('pg_catalog.pg_publication_namespace'::pg_catalog.regclass, pn.oid, 0),
       ''
  from pg_catalog.pg_publication_namespace pn
 where not $2::pg_catalog.bool and $3::pg_catalog.oid[] is null and pn.pnnspid = any ($4::pg_catalog.oid[])}
{110000: union all
select 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, 'other', '', '',
       pg_catalog.pg_describe_object('pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, 0), ''
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_constraint p on p.oid = k.conparentid
 where k.contype = 'f' and k.conrelid in (select oid from chosen)
   and p.conrelid not in (select oid from chosen)}
{100000: union all
select 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, 'link', n.nspname, c.relname,
       'the link of partition ' || c.oid::pg_catalog.regclass || ' to '
       || i.inhparent::pg_catalog.regclass, ''
  from pg_catalog.pg_inherits i
  join pg_catalog.pg_class c on c.oid = i.inhrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relispartition and c.relkind in ('r', 'p', 'f')
   and c.oid in (select oid from chosen) and i.inhparent not in (select oid from chosen)}

-- Defaults of chosen tables that need a sequence which is not: $1 are the chosen relations.

-- name: ASK_STAND_INS
select tn.nspname, t.relname, c.attname, sn.nspname, s.relname
  from pg_catalog.pg_attrdef a
  join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and d.objid = a.oid
                             and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  join pg_catalog.pg_class s on s.oid = d.refobjid and s.relkind = 'S'
  join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
  join pg_catalog.pg_class t on t.oid = a.adrelid
  join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
  join pg_catalog.pg_attribute c on c.attrelid = a.adrelid and c.attnum = a.adnum
 where a.adrelid in (select pg_catalog.unnest($1::pg_catalog.oid[]))
   and s.oid not in (select pg_catalog.unnest($1::pg_catalog.oid[]))

-- What chosen relations ($1) and functions ($2 to $4, as above) need of those objects that no relation
-- brings along and that are not chosen with a schema: types, functions, collations, operators.

-- name: ASK_NEEDS
with chosen (oid) as (select pg_catalog.unnest($1::pg_catalog.oid[])),
taken (classid, objid) as (
    select 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, oid from chosen
    union all
    select 'pg_catalog.pg_class'::pg_catalog.regclass, indexrelid
      from pg_catalog.pg_index where indrelid in (select oid from chosen)
    union all
    select 'pg_catalog.pg_attrdef'::pg_catalog.regclass, oid
      from pg_catalog.pg_attrdef where adrelid in (select oid from chosen)
    union all
    select 'pg_catalog.pg_constraint'::pg_catalog.regclass, oid
      from pg_catalog.pg_constraint where conrelid in (select oid from chosen)
    union all
    select 'pg_catalog.pg_policy'::pg_catalog.regclass, oid
      from pg_catalog.pg_policy where polrelid in (select oid from chosen)
    union all
    select 'pg_catalog.pg_trigger'::pg_catalog.regclass, oid
      from pg_catalog.pg_trigger where tgrelid in (select oid from chosen)
    union all
    select 'pg_catalog.pg_rewrite'::pg_catalog.regclass, oid
      from pg_catalog.pg_rewrite where ev_class in (select oid from chosen)
    union all
    select 'pg_catalog.pg_proc'::pg_catalog.regclass, f.oid
      from pg_catalog.pg_proc f
     where f.oid >= 16384 and not $2::pg_catalog.bool
       and ($3::pg_catalog.oid[] is null or f.pronamespace = any ($3::pg_catalog.oid[]))
       and f.pronamespace <> all ($4::pg_catalog.oid[])
),
needed as (
    select distinct d.refclassid as classid, d.refobjid as objid
      from taken t
      join pg_catalog.pg_depend d on d.classid = t.classid and d.objid = t.objid and d.deptype = 'n'
     where d.refobjid >= 16384
       and d.refclassid in ('pg_catalog.pg_proc'::pg_catalog.regclass,
                            'pg_catalog.pg_type'::pg_catalog.regclass,
                            'pg_catalog.pg_collation'::pg_catalog.regclass,
                            'pg_catalog.pg_operator'::pg_catalog.regclass)
),
placed as (
    select n.classid, n.objid, k.relname as catalog,
           coalesce(y.typnamespace, f.pronamespace, c.collnamespace, o.oprnamespace) as namespace,
           coalesce(f.proname, o.oprname, c.collname, '')::pg_catalog.text as name,
           coalesce(e.oid, n.objid) as main, coalesce(nullif(e.typrelid, 0), y.typrelid, 0) as relation
      from needed n
      join pg_catalog.pg_class k on k.oid = n.classid
      left join pg_catalog.pg_type y on n.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and y.oid = n.objid
      left join pg_catalog.pg_type e on e.oid = y.typelem and y.typlen = -1
      left join pg_catalog.pg_proc f on n.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and f.oid = n.objid
      left join pg_catalog.pg_collation c on n.classid = 'pg_catalog.pg_collation'::pg_catalog.regclass and c.oid = n.objid
      left join pg_catalog.pg_operator o on n.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass and o.oid = n.objid
)
select p.classid, p.objid, p.catalog, i.identity, p.name
  from placed p
 cross join lateral pg_catalog.pg_identify_object(p.classid, p.objid, 0) i
 where not exists (select 1 from pg_catalog.pg_class r where r.oid = p.relation and r.relkind <> 'c')
   and case when exists (select 1 from pg_catalog.pg_depend x
                          where x.classid = p.classid and x.objid = p.main and x.deptype = 'e')
            then $2::pg_catalog.bool or $3::pg_catalog.oid[] is not null
            else $2::pg_catalog.bool or p.namespace = any ($4::pg_catalog.oid[])
                 or ($3::pg_catalog.oid[] is not null and p.namespace <> all ($3::pg_catalog.oid[])) end

-- Which of these the target lacks: $1 their places, $2 their system catalogs, $3 their identities, $4
-- their names. to_regprocedure() would fail for a schema that is not there. All names are quoted.

-- name: ASK_LACKING
select n.place
  from (select pg_catalog.unnest($1::pg_catalog.int4[]) as place,
               pg_catalog.unnest($2::pg_catalog.text[]) as catalog,
               pg_catalog.unnest($3::pg_catalog.text[]) as identity,
               pg_catalog.unnest($4::pg_catalog.text[]) as name) n
 where not case n.catalog
            when 'pg_type' then pg_catalog.to_regtype(n.identity) is not null
            when 'pg_proc' then exists (
                select 1 from pg_catalog.pg_proc p
                 where p.proname = n.name
                   and (pg_catalog.pg_identify_object('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0)).identity
                       = n.identity)
            when 'pg_operator' then exists (
                select 1 from pg_catalog.pg_operator p
                 where p.oprname = n.name
                   and (pg_catalog.pg_identify_object('pg_catalog.pg_operator'::pg_catalog.regclass, p.oid, 0)).identity
                       = n.identity)
            else exists (
                select 1 from pg_catalog.pg_collation p
                 where p.collname = n.name
                   and (pg_catalog.pg_identify_object('pg_catalog.pg_collation'::pg_catalog.regclass, p.oid, 0)).identity
                       = n.identity) end

-- What only a superuser may create, of what is chosen: unless tables are asked for ($1), in the
-- schemas $2 (null: all, and what belongs to none) less $3. Extensions are here because they may; default
-- privileges, because others may only set those of roles that they are members of. What
-- comes with something else, as the functions of a range type do, is not.

-- name: ASK_PRIVILEGED
with candidate (classid, objid, namespace) as (
    select 'pg_catalog.pg_event_trigger'::pg_catalog.regclass::pg_catalog.oid, oid, 0::pg_catalog.oid
      from pg_catalog.pg_event_trigger
    union all
    select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, p.pronamespace
      from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
     where (not l.lanpltrusted or p.proleakproof {120000: or p.prosupport::pg_catalog.oid <> 0})
           {110000: and p.prokind <> 'a'} {<110000: and not p.proisagg}
    union all
    select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, p.pronamespace
      from pg_catalog.pg_aggregate a join pg_catalog.pg_proc p on p.oid = a.aggfnoid
     where 'pg_catalog.internal'::pg_catalog.regtype in (a.aggtranstype, a.aggmtranstype)
    union all
    select 'pg_catalog.pg_type'::pg_catalog.regclass, oid, typnamespace
      from pg_catalog.pg_type where typtype = 'b' and not (typelem <> 0 and typlen = -1)
    union all
    select 'pg_catalog.pg_language'::pg_catalog.regclass, oid, 0 from pg_catalog.pg_language
    union all
    select 'pg_catalog.pg_opclass'::pg_catalog.regclass, oid, opcnamespace from pg_catalog.pg_opclass
    union all
    select 'pg_catalog.pg_opfamily'::pg_catalog.regclass, oid, opfnamespace from pg_catalog.pg_opfamily
    union all
    select 'pg_catalog.pg_am'::pg_catalog.regclass, oid, 0 from pg_catalog.pg_am
    union all
    select 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, oid, 0
      from pg_catalog.pg_foreign_data_wrapper
    union all
    select 'pg_catalog.pg_ts_parser'::pg_catalog.regclass, oid, prsnamespace from pg_catalog.pg_ts_parser
    union all
    select 'pg_catalog.pg_ts_template'::pg_catalog.regclass, oid, tmplnamespace from pg_catalog.pg_ts_template
    union all
    select 'pg_catalog.pg_cast'::pg_catalog.regclass, oid, 0 from pg_catalog.pg_cast where castmethod = 'b'
    {100000: union all
    select 'pg_catalog.pg_publication'::pg_catalog.regclass, oid, 0 from pg_catalog.pg_publication where puballtables}
    {150000: union all
    select 'pg_catalog.pg_publication'::pg_catalog.regclass, pnpubid, 0 from pg_catalog.pg_publication_namespace}
    union all
    select 'pg_catalog.pg_extension'::pg_catalog.regclass, oid, 0 from pg_catalog.pg_extension
    union all
    select 'pg_catalog.pg_default_acl'::pg_catalog.regclass, oid, defaclnamespace from pg_catalog.pg_default_acl
)
select distinct c.classid, c.objid, 'other' as kind, '' as nspname, '' as relname,
       pg_catalog.pg_describe_object(c.classid, c.objid, 0) as description, coalesce(e.extname, '') as extension,
       coalesce(r.rolname, '') as role
  from candidate c
  left join pg_catalog.pg_extension e
         on c.classid = 'pg_catalog.pg_extension'::pg_catalog.regclass and e.oid = c.objid
  left join pg_catalog.pg_default_acl a
         on c.classid = 'pg_catalog.pg_default_acl'::pg_catalog.regclass and a.oid = c.objid
  left join pg_catalog.pg_roles r on r.oid = a.defaclrole
 where c.objid >= 16384 and not $1::pg_catalog.bool
   and case when c.namespace = 0 then $2::pg_catalog.oid[] is null
            else ($2::pg_catalog.oid[] is null or c.namespace = any ($2::pg_catalog.oid[]))
                 and c.namespace <> all ($3::pg_catalog.oid[]) end
   and not exists (select 1 from pg_catalog.pg_depend d
                    where d.classid = c.classid and d.objid = c.objid and d.deptype in ('e', 'i'))
 order by description

-- Of schemas that both servers have, what belongs to them: comment, privileges of PUBLIC, those of others than
-- the owner (a line each, with ends on both sides), whether pg_dump would say these (those that a database has from the start it does not, but for public
-- before version 15), owner; and whether we own it. Schemas $1 (null: all) less $2.

-- name: ASK_SCHEMA_NOTES
select n.oid, n.nspname, coalesce(pg_catalog.obj_description(n.oid, 'pg_namespace'), ''),
       coalesce((select pg_catalog.string_agg(a.privilege_type, ', ' order by a.privilege_type)
                   from pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) a
                  where a.grantee = 0), ''),
       coalesce((select E'\n' || pg_catalog.string_agg(e.entry, E'\n' order by e.entry) || E'\n'
                   from (select pg_catalog.format('%s%s to %s', a.privilege_type,
                                    case when a.is_grantable then ' with grant option' end, r.rolname) as entry
                           from pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) a
                           join pg_catalog.pg_roles r on r.oid = a.grantee
                          where a.grantee <> n.nspowner) e), ''),
       {<150000: n.nspname = 'public' or}
       (n.nspacl is not null
        and not exists (select 1 from pg_catalog.pg_init_privs i
                         where i.objoid = n.oid and i.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
                           and i.initprivs = n.nspacl)),
       coalesce(o.rolname, ''), pg_catalog.pg_has_role(n.nspowner, 'USAGE')
  from pg_catalog.pg_namespace n
  left join pg_catalog.pg_roles o on o.oid = n.nspowner
 where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and ($1::pg_catalog.oid[] is null or n.oid = any ($1::pg_catalog.oid[]))
   and n.oid <> all ($2::pg_catalog.oid[])

-- Which of the schemas $1 are there, but not for us to create anything in?

-- name: ASK_CLOSED_SCHEMAS
select n.nspname
  from pg_catalog.pg_namespace n
 where n.nspname = any ($1::pg_catalog.name[])
   and not (pg_catalog.has_schema_privilege(n.oid, 'USAGE') and pg_catalog.has_schema_privilege(n.oid, 'CREATE'))
 order by 1

-- What pg_dump would create; the server's own come with each database.

-- name: ASK_EXTENSIONS
select oid, extname from pg_catalog.pg_extension where oid >= 16384 order by extname

-- $1 names an extension, $2 a version of it or nothing: which the target database has, whether its server
-- has any, all that this has, and whether the wanted one is that of the database or, if it has none, of these.

-- name: ASK_EXTENSION_ON_TARGET
select e.extversion,
       exists (select 1 from pg_catalog.pg_available_extension_versions where name = n.name),
       (select pg_catalog.string_agg(version, ', ' order by version)
          from pg_catalog.pg_available_extension_versions where name = n.name),
       coalesce(e.extversion = n.version,
                exists (select 1 from pg_catalog.pg_available_extension_versions
                         where name = n.name and version = n.version))
  from (select $1::pg_catalog.text as name, $2::pg_catalog.text as version) n
  left join pg_catalog.pg_extension e on e.extname = n.name

-- $1 names an extension: may a role that is no superuser have it on the target? Does its server lack it?

-- name: ASK_MAY_HAVE_EXTENSION
select exists (select 1 from pg_catalog.pg_extension where extname = $1)
       or exists (select 1 from pg_catalog.pg_available_extension_versions v
                   where v.name = $1 and (not v.superuser {130000: or v.trusted})),
       not exists (select 1 from pg_catalog.pg_available_extension_versions where name = $1)

-- Owners of what is chosen; whether they own anything in public, and a publication.

-- name: ASK_OWNERS
with owner (oid, in_public, publication) as (
    select c.relowner, n.nspname = 'public', false
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c') and c.relpersistence <> 't'
       and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul') {chosen c.oid}
       and not exists (select 1 from pg_catalog.pg_depend d
                        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                          and d.objid = c.oid and d.deptype = 'e')
    union all
    select p.proowner, n.nspname = 'public', false
      from pg_catalog.pg_proc p
      join pg_catalog.pg_namespace n on n.oid = p.pronamespace
     where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul') {only and false}
       and not exists (select 1 from pg_catalog.pg_depend d
                        where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                          and d.objid = p.oid and d.deptype = 'e')
    union all
    select t.typowner, n.nspname = 'public', false
      from pg_catalog.pg_type t
      join pg_catalog.pg_namespace n on n.oid = t.typnamespace
     where t.typtype in ('e', 'd', 'r') and n.nspname !~ '^pg_'
       and n.nspname not in ('information_schema', 'pghaul') {only and false}
       and not exists (select 1 from pg_catalog.pg_depend d
                        where d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
                          and d.objid = t.oid and d.deptype = 'e')
    union all
    select nspowner, false, false
      from pg_catalog.pg_namespace
     where nspname !~ '^pg_' and nspname not in ('information_schema', 'pghaul', 'public') {only and false}
    {100000: union all
    select pubowner, false, true from pg_catalog.pg_publication}
)
select r.rolname, pg_catalog.bool_or(o.in_public), pg_catalog.bool_or(o.publication)
  from owner o join pg_catalog.pg_roles r on r.oid = o.oid
 group by 1
 order by 1

-- What role $1 of the target lacks for being given objects by us: our membership, CREATE on the schema
-- public, CREATE on the database.

-- name: ASK_MAY_OWN
select case when r.oid is null then true
            else not pg_catalog.pg_has_role(r.oid, {160000: 'SET'} {<160000: 'MEMBER'})
                 or not pg_catalog.pg_has_role(r.oid, 'USAGE') end,
       case when r.oid is null or s.oid is null then false
            else not pg_catalog.has_schema_privilege(r.oid, s.oid, 'CREATE') end,
       case when r.oid is null then false
            else not pg_catalog.has_database_privilege(r.oid, pg_catalog.current_database(), 'CREATE') end
  from (select $1::pg_catalog.text as name) w
  left join pg_catalog.pg_roles r on r.rolname = w.name
  left join pg_catalog.pg_namespace s on s.nspname = 'public'

-- Roles, with what is asked of both servers. The last column: may we make somebody a member?

-- name: ASK_ROLE_LIST
select r.rolname, r.oid = 10, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb,
       r.rolcanlogin, r.rolreplication, r.rolbypassrls, r.rolconnlimit,
       coalesce(r.rolvaliduntil::pg_catalog.text, ''),
       coalesce(pg_catalog.shobj_description(r.oid, 'pg_authid'), ''),
       {160000: pg_catalog.pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')} {<160000: not r.rolsuper}
  from pg_catalog.pg_roles r

-- name: ASK_ROLE_SETTINGS
select r.rolname, c.setting, pg_catalog.split_part(c.setting, '=', 1),
       pg_catalog.lower(pg_catalog.split_part(c.setting, '=', 1))
  from pg_catalog.pg_db_role_setting s
  join pg_catalog.pg_roles r on r.oid = s.setrole
 cross join lateral pg_catalog.unnest(s.setconfig) with ordinality c(setting, place)
 where s.setdatabase = 0
 order by r.rolname, c.place

-- Between roles of the server's own every server has its memberships.

-- name: ASK_ROLE_MEMBERS
select m.rolname, r.rolname, g.rolname, coalesce(g.oid = 10, false), a.admin_option,
       {160000: a.inherit_option, a.set_option} {<160000: true, true}
  from pg_catalog.pg_auth_members a
  join pg_catalog.pg_roles m on m.oid = a.member
  join pg_catalog.pg_roles r on r.oid = a.roleid
  left join pg_catalog.pg_roles g on g.oid = a.grantor
 where not (m.rolname ~ '^pg_' and r.rolname ~ '^pg_')
 order by 1, 2, 3

-- name: ASK_ROLE_LABELS
select r.rolname, l.provider, l.label
  from pg_catalog.pg_shseclabel l
  join pg_catalog.pg_roles r on r.oid = l.objoid
 where l.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass
 order by 1, 2

-- name: ASK_MAY_READ_PASSWORDS
select pg_catalog.has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT')

-- The target's settings that we see: may we set them for a role? Two of those that we do not see
-- could be set by a superuser.

-- name: ASK_OPEN_SETTINGS
select pg_catalog.lower(s.name),
       s.context = 'user' {150000: or (s.context = 'superuser' and pg_catalog.has_parameter_privilege(s.name, 'SET'))}
  from pg_catalog.pg_settings s
 union all
select h.name, false
  from (values ('session_preload_libraries'), ('dynamic_library_path')) h(name)
 where h.name not in (select name from pg_catalog.pg_settings)
{150000: union all
select a.parname, true
  from pg_catalog.pg_parameter_acl a
 where a.parname not in (select pg_catalog.lower(name) from pg_catalog.pg_settings)
   and pg_catalog.has_parameter_privilege(a.parname, 'SET')}

-- What a role that is not there yet lacks for being given objects by us, once we are its member.

-- name: ASK_WILL_OWN
select {160000: false} {<160000: not (select r.rolinherit from pg_catalog.pg_roles r where r.rolname = current_user)},
       case when s.oid is null then false
            else not pg_catalog.has_schema_privilege('public', s.oid, 'CREATE') end,
       not pg_catalog.has_database_privilege('public', pg_catalog.current_database(), 'CREATE')
  from (select 1) one
  left join pg_catalog.pg_namespace s on s.nspname = 'public'

-- Not to be kept where passwords are: what might write them down, as far as we may turn it off.

-- name: ASK_KEEP_SILENT
select pg_catalog.set_config(s.name, v.value, true)
  from (values ('log_statement', 'none'), ('log_min_duration_statement', '-1'),
               ('log_min_error_statement', 'panic'), ('log_error_verbosity', 'terse'),
               ('log_parameter_max_length', '0'), ('md5_password_warnings', 'off'),
               ('pg_stat_statements.track', 'none'), ('auto_explain.log_min_duration', '-1'),
               ('pgaudit.log', 'none')) v(name, value)
  join pg_catalog.pg_settings s on s.name = v.name
 where s.context = 'user' or pg_catalog.current_setting('is_superuser') = 'on'
       {150000: or pg_catalog.has_parameter_privilege(s.name, 'SET')}

-- The database's subscriptions, without what their connection strings say. The first query: may we see them?

-- name: ASK_MAY_SEE_SUBSCRIPTIONS
select {100000: pg_catalog.has_column_privilege('pg_catalog.pg_subscription', 'subname', 'SELECT')}
       {<100000: false}

-- name: ASK_SUBSCRIPTIONS
select s.subname, coalesce(r.rolname, '')
  from pg_catalog.pg_subscription s
  left join pg_catalog.pg_roles r on r.oid = s.subowner
 where s.subdbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
 order by 1

-- Those that only a superuser may create, because they need no password: one with a password in a URI, or by
-- its keyword, needs one.

-- name: ASK_SUBSCRIPTIONS_WITHOUT_PASSWORD
select s.subname
  from pg_catalog.pg_subscription s
 where s.subdbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
   and ({160000: not s.subpasswordrequired or}
        s.subconninfo !~ '(^|[[:space:]&?])password[[:space:]]*=|^postgres(ql)?://[^/?@]*:[^/?@]*@')
 order by 1

-- What the target lacks for subscription $1 of role $2: it is there already; we may not create any; there is
-- no such role; it may not own one.

-- name: ASK_MAY_SUBSCRIBE
select exists (select 1 from pg_catalog.pg_subscription s
                where s.subname = w.name
                  and s.subdbid = (select oid from pg_catalog.pg_database
                                    where datname = pg_catalog.current_database())),
       {160000: not (pg_catalog.pg_has_role('pg_create_subscription', 'USAGE')
            and pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'))}
       {<160000: pg_catalog.current_setting('is_superuser') <> 'on'},
       r.oid is null,
       {160000: not pg_catalog.pg_has_role(r.oid, 'SET')} {<160000: not r.rolsuper}
  from (select $1::pg_catalog.text as name, $2::pg_catalog.text as owner) w
  left join pg_catalog.pg_roles r on r.rolname = w.owner

-- What belongs to the database itself, but its owner: kind, role (of a label its provider), name of
-- a setting, text. A list of privileges replaces the usual ones; those of the owner are his anyway.

-- name: ASK_DATABASE
with us as (select d.* from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
select q.kind, q.role, q.name, q.text
  from (select 1 as step, 'setting' as kind, coalesce(r.rolname, '') as role,
               pg_catalog.lower(pg_catalog.split_part(c.setting, '=', 1)) as name, c.setting as text, c.place
          from us
          join pg_catalog.pg_db_role_setting s on s.setdatabase = us.oid
         cross join lateral pg_catalog.unnest(s.setconfig) with ordinality c(setting, place)
          left join pg_catalog.pg_roles r on r.oid = s.setrole
         where s.setrole = 0 or r.oid is not null
        union all
        select 2, 'limit', '', '', us.datconnlimit::pg_catalog.text, 0 from us where us.datconnlimit >= 0
        union all
        select 3, 'comment', '', '', pg_catalog.shobj_description(us.oid, 'pg_database'), 0 from us
         where pg_catalog.shobj_description(us.oid, 'pg_database') is not null
        union all
        select 4, 'label', l.provider, '', l.label, 0
          from us join pg_catalog.pg_shseclabel l
            on l.objoid = us.oid and l.classoid = 'pg_catalog.pg_database'::pg_catalog.regclass
        union all
        select 5, 'privileges', '', '', '', 0 from us where us.datacl is not null
        union all
        select 6, 'privilege', coalesce(g.rolname, ''), '',
               a.privilege_type || case when a.is_grantable then ' WITH GRANT OPTION' else '' end, a.place
          from us
         cross join lateral pg_catalog.aclexplode(us.datacl)
                            with ordinality a(grantor, grantee, privilege_type, is_grantable, place)
          left join pg_catalog.pg_roles g on g.oid = a.grantee
         where a.grantee <> us.datdba and (a.grantee = 0 or g.oid is not null)) q
 order by q.step, case when q.step = 1 then q.role end, q.place, q.role

-- May we change the database? What settings does the server know?

-- name: ASK_MAY_ALTER_DATABASE
select pg_catalog.pg_has_role(d.datdba, 'USAGE')
  from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()

-- name: ASK_KNOWN_SETTINGS
select pg_catalog.lower(s.name) from pg_catalog.pg_settings s

-- May we change what the role $1 has? Null: there is none.

-- name: ASK_MAY_ALTER_ROLE
select r.rolname = current_user
       or (u.rolcreaterole and not r.rolsuper
           {160000: and pg_catalog.pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')})
  from (select $1::pg_catalog.text as name) w
  join pg_catalog.pg_roles u on u.rolname = current_user
  left join pg_catalog.pg_roles r on r.rolname = w.name

-- The databases of a server, the largest first. Who may not connect may not ask for the size either.

-- name: ASK_DATABASES
select d.datname,
       case when pg_catalog.has_database_privilege(d.oid, 'CONNECT') and d.datconnlimit <> -2
            then coalesce(pg_catalog.pg_database_size(d.oid), 0) else 0 end as bytes,
       pg_catalog.has_database_privilege(d.oid, 'CONNECT'), d.datallowconn, d.datistemplate,
       d.datconnlimit = -2
  from pg_catalog.pg_database d
 order by bytes desc, d.datname

-- name: ASK_DATABASES_LIKE
select d.datname from pg_catalog.pg_database d
 where d.datname operator(pg_catalog.~) $1 {120000: collate pg_catalog.default}
 order by d.datname

-- How many slots, walsenders and connections there may be, and are.

-- name: ASK_ROOM_TO_FOLLOW
select pg_catalog.current_setting('max_replication_slots'),
       (select pg_catalog.count(*) from pg_catalog.pg_replication_slots),
       pg_catalog.current_setting('max_wal_senders'),
       (select pg_catalog.count(*) from pg_catalog.pg_stat_get_wal_senders()),
       pg_catalog.current_setting('max_connections')::pg_catalog.int4
       - pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
       {160000: - pg_catalog.current_setting('reserved_connections')::pg_catalog.int4},
       (select pg_catalog.sum(b.numbackends) from pg_catalog.pg_stat_database b)

-- Is database $1 there? May we make databases?

-- name: ASK_DATABASE_THERE
select exists (select 1 from pg_catalog.pg_database where datname = $1),
       (select rolsuper or rolcreatedb from pg_catalog.pg_roles where rolname = current_user)

-- name: ASK_ROLE_THERE
select exists (select 1 from pg_catalog.pg_roles where rolname = $1)

-- name: ASK_TABLESPACE_THERE
select exists (select 1 from pg_catalog.pg_tablespace where spcname = $1)

-- What a database is made with. The columns for locales have had several names.

-- name: ASK_DATABASE_MADE
select pg_catalog.pg_encoding_to_char(d.encoding), coalesce(d.datcollate, ''), coalesce(d.datctype, ''),
       coalesce(j.row ->> 'datlocprovider', 'c'), coalesce(j.row ->> 'datlocale', j.row ->> 'daticulocale', ''),
       coalesce(j.row ->> 'daticurules', ''), coalesce(r.rolname, ''), t.spcname
  from pg_catalog.pg_database d
 cross join lateral (select pg_catalog.to_jsonb(d) as row) j
  left join pg_catalog.pg_roles r on r.oid = d.datdba
  join pg_catalog.pg_tablespace t on t.oid = d.dattablespace
 where d.datname = pg_catalog.current_database()

-- A table of the target that changes go to: its columns in their order, which also is that of a value of
-- its row type. The operator is what equality means for the column's type, whatever the search path.
-- name: ASK_DESTINATION
select c.oid, c.reltype, c.relkind, a.attname, a.atttypid, a.atttypmod,
       {120000: a.attgenerated <> ''} {<120000: false},
       a.attidentity = 'a', a.attnotnull, a.atthasdef,
       bn.nspname, b.typname, coalesce(e.nspname, 'pg_catalog'), coalesce(e.oprname, '='),
       coalesce(e.oprcanhash, b.typtype = 'e' or b.oid = 'pg_catalog.varchar'::pg_catalog.regtype),
       k.position,
       pg_catalog.format_type(a.atttypid, a.atttypmod), b.oid, b.typreceive::pg_catalog.oid = 0, b.takes_no_null
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
 left join lateral (
       with recursive d (oid) as (
            select a.atttypid
            union all
            select t.typbasetype from d join pg_catalog.pg_type t on t.oid = d.oid where t.typtype = 'd')
       select t.oid, t.typname, t.typnamespace, t.typtype, t.typreceive,
              (select pg_catalog.bool_or(x.typnotnull) from d join pg_catalog.pg_type x on x.oid = d.oid) as takes_no_null
         from d join pg_catalog.pg_type t on t.oid = d.oid where t.typtype <> 'd') b on true
  left join pg_catalog.pg_namespace bn on bn.oid = b.typnamespace
  left join lateral (
       select o.oprname, o.oprcanhash, m.nspname
         from pg_catalog.pg_amop p
         join pg_catalog.pg_am f on f.oid = p.amopmethod and f.amname = 'btree'
         join pg_catalog.pg_operator o on o.oid = p.amopopr
         join pg_catalog.pg_namespace m on m.oid = o.oprnamespace
        where p.amopstrategy = 3 and p.amoplefttype = b.oid and p.amoprighttype = b.oid
        order by o.oid limit 1) e on true
  left join lateral (
       select k.position
         from pg_catalog.pg_index i
        cross join lateral pg_catalog.unnest(i.indkey) with ordinality k (attnum, position)
        where i.indrelid = c.oid and i.indisprimary and i.indimmediate and i.indisvalid
          and k.attnum = a.attnum{110000:  and k.position <= i.indnkeyatts}) k on true
 where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p')
 order by a.attnum

-- What its unique indexes are on: those that hold for all rows at each moment.

-- name: ASK_UNIQUE_COLUMNS
select i.indexrelid, a.attname
  from pg_catalog.pg_index i
  join pg_catalog.pg_attribute a
    on a.attrelid = i.indrelid
   and a.attnum = any (i.indkey[0:{110000: i.indnkeyatts} {<110000: i.indnatts} - 1])
 where i.indrelid = $1::pg_catalog.oid and i.indisunique and i.indimmediate and i.indisvalid
   and i.indpred is null and i.indexprs is null
 order by 1

-- name: ASK_TABLE_NAME
select n.nspname, c.relname,
       {120000: coalesce((select pg_catalog.string_agg(' ' || a.relid::pg_catalog.oid || ' ', '')
                   from pg_catalog.pg_partition_ancestors(c.oid) a where c.relispartition), '')} {<120000: ''}
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.oid = $1::pg_catalog.oid and c.relkind in ('r', 'p')

-- Tables by name ($1, $2) or by their oids ($3): what tells rows apart in changes of them, as attnums; and
-- whether an index that may do so is newer than transaction $4; and what they are partitions of.
-- name: ASK_TOLD_TABLES
select c.oid, c.relkind, c.relreplident,
       case when i.indexrelid is null then ''
            else pg_catalog.array_to_string((i.indkey::pg_catalog.int2[])[0:{110000: i.indnkeyatts}{<110000: i.indnatts} - 1], ' ') end,
       exists (select 1 from pg_catalog.pg_index x
                where x.indrelid = c.oid and x.indisunique
                  and pg_catalog.age(x.xmin) < pg_catalog.age($4::pg_catalog.xid)),
       n.nspname, c.relname,
       (with recursive above (oid) as (
            select inhparent from pg_catalog.pg_inherits where inhrelid = c.oid
             union
            select h.inhparent from above join pg_catalog.pg_inherits h on h.inhrelid = above.oid)
        select coalesce(' ' || pg_catalog.string_agg(above.oid::pg_catalog.text, ' ') || ' ', '') from above)
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate
       and i.indpred is null
       and (c.relreplident = 'd' and i.indisprimary or c.relreplident = 'i' and i.indisreplident)
 where c.oid = any (case when $3 = '' then array (select k.oid from pg_catalog.pg_class k
                                                    join pg_catalog.pg_namespace m on m.oid = k.relnamespace
                                                   where m.nspname = $1 and k.relname = $2)
                         else $3::pg_catalog.oid[] end)

-- name: ASK_TOLD_COLUMNS
select a.attnum, a.attname, a.atttypid, a.atttypmod, pg_catalog.format_type(a.atttypid, null),
       {120000: a.attgenerated <> ''} {<120000: false}, a.attlen = -1
  from pg_catalog.pg_attribute a
 where a.attrelid = $1::pg_catalog.oid and a.attnum > 0 and not a.attisdropped
 order by a.attnum

-- A type by its name ($1), or by its oid ($2).
-- name: ASK_TOLD_TYPE
select t.oid, pg_catalog.format_type(t.oid, null), t.typlen = -1
  from pg_catalog.pg_type t
 where t.oid = case when $2 = '0' then pg_catalog.to_regtype($1)::pg_catalog.oid else $2::pg_catalog.oid end

-- Types ($1) that are not built in, as pgoutput names them: a domain by the type below it.
-- name: ASK_TOLD_TYPE_NAMES
with recursive b as (
    select t.oid as type, t.typtype, t.typbasetype, t.typnamespace, t.typname
      from pg_catalog.pg_type t
     where t.oid = any ($1::pg_catalog.oid[]) and t.oid >= 10000
     union all
    select b.type, t.typtype, t.typbasetype, t.typnamespace, t.typname
      from b
      join pg_catalog.pg_type t on t.oid = b.typbasetype
     where b.typtype = 'd')
select b.type, case when n.nspname = 'pg_catalog' then '' else n.nspname end, b.typname
  from b
  join pg_catalog.pg_namespace n on n.oid = b.typnamespace
 where b.typtype <> 'd'

-- Relations with rows, for comparing: size and file; the partitioned table at the top that they are
-- part of; columns, a line each: name, its built-in type (of a domain, what is below it), whether a
-- cast of the user's to text is in the way; the names of a key, a line each.

-- Who has locked a relation ($1) so that it cannot be read, or waits to: whoever comes later waits, too.
-- For people.

-- name: ASK_LOCKED_BY
select case when l.granted then 'it is locked by ' else 'a lock of it is wanted by ' end
       || case when l.pid is null then 'a prepared transaction'
               else 'backend ' || l.pid
                    || coalesce(' (' || nullif(pg_catalog.concat_ws(', ', 'user "' || a.usename || '"',
                                            'application "' || nullif(a.application_name, '') || '"',
                                            a.state || ' for '
                                            || pg_catalog.date_trunc('second', pg_catalog.now() - a.xact_start)), '')
                                || ')', '') end
  from pg_catalog.pg_locks l
  left join pg_catalog.pg_stat_activity a on a.pid = l.pid
 where l.locktype = 'relation' and l.relation = $1::pg_catalog.oid and l.mode = 'AccessExclusiveLock'
   and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
 order by l.granted desc, a.xact_start
 limit 1

-- name: ASK_COMPARED
with recursive base (domain, typid, typmod) as (
    select t.oid, t.typbasetype, t.typtypmod from pg_catalog.pg_type t where t.typtype = 'd'
    union all
    select b.domain, t.typbasetype, t.typtypmod
      from base b join pg_catalog.pg_type t on t.oid = b.typid where t.typtype = 'd'
),
locked (oid) as (
    select l.relation
      from pg_catalog.pg_locks l
     where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
       and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
),
above (oid, top) as (
    select i.inhrelid, i.inhparent
      from pg_catalog.pg_inherits i
      join pg_catalog.pg_class p on p.oid = i.inhparent
     where {100000: p.relkind = 'p'} {<100000: false}
    union all
    select a.oid, i.inhparent
      from above a
      join pg_catalog.pg_inherits i on i.inhrelid = a.top
      join pg_catalog.pg_class p on p.oid = i.inhparent
     where {100000: p.relkind = 'p'} {<100000: false}
),
tops (oid, top) as (
    select a.oid, a.top from above a where a.top not in (select oid from above)
),
keys (oid, columns) as (
    select distinct on (i.indrelid) i.indrelid,
           (select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), E'\n' order by u.place)
              from pg_catalog.unnest(i.indkey::pg_catalog.int2[]) with ordinality u (attnum, place)
              join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.attnum
             where u.place <= {110000: i.indnkeyatts} {<110000: i.indnatts})
      from pg_catalog.pg_index i
     where i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null and i.indexprs is null
       and not exists (select 1
                         from pg_catalog.unnest(i.indkey::pg_catalog.int2[]) with ordinality u (attnum, place)
                         join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.attnum
                        where u.place <= {110000: i.indnkeyatts} {<110000: i.indnatts} and not a.attnotnull)
     order by i.indrelid, i.indisprimary desc, i.indnatts, i.indexrelid
)
select c.oid, n.nspname, c.relname, c.relkind, c.relfilenode,
       case when c.relkind = 'p' then 0
            {opened when c.oid not in (select oid from locked) and c.reltoastrelid not in (select oid from locked)
            then coalesce(pg_catalog.pg_table_size(c.oid), 0)}
            else c.relpages * pg_catalog.current_setting('block_size')::pg_catalog.int8 end,
       case when c.relkind <> 'r' {120000: or am.amname <> 'heap'} then 0
            {opened when c.oid not in (select oid from locked)
            then coalesce(pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::pg_catalog.int8, 0)}
            else c.relpages end,
       coalesce(t.top, 0), c.relispopulated,
       coalesce((select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname) || E'\t'
                                   || case when y.typnamespace = 'pg_catalog'::pg_catalog.regnamespace and y.typtype = 'b'
                                           then y.typname
                                                || case when y.typname = 'bpchar' and coalesce(b.typmod, a.atttypmod) > 0
                                                        then '/' || coalesce(b.typmod, a.atttypmod) else '' end
                                           else '' end || E'\t'
                                   || case when y.oid = 'pg_catalog.xml'::pg_catalog.regtype
                                             or exists (select 1 from pg_catalog.pg_cast k
                                                         where k.castsource = y.oid and k.castmethod = 'f'
                                                           and k.casttarget = 'pg_catalog.text'::pg_catalog.regtype
                                                           and k.oid >= 16384) then 'own' else '' end
                                   || E'\n', '' order by a.attnum)
                   from pg_catalog.pg_attribute a
                   left join (select base.* from base
                               join pg_catalog.pg_type b on b.oid = base.typid and b.typtype <> 'd') b
                     on b.domain = a.atttypid
                   join pg_catalog.pg_type y on y.oid = coalesce(b.typid, a.atttypid)
                  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), ''),
       coalesce(k.columns, ''),
       exists (select 1 from pg_catalog.pg_depend d
                where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  {120000: left join pg_catalog.pg_am am on am.oid = c.relam}
  left join tops t on t.oid = c.oid
  left join keys k on k.oid = c.oid
 where c.relkind in ('r', 'p', 'm', 'S') and c.relpersistence <> 't'
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')

-- Of the large objects every thousandth.

-- name: ASK_COMPARED_LARGE_OBJECTS
select m.oid
  from (select oid, pg_catalog.row_number() over (order by oid) as n from pg_catalog.pg_largeobject_metadata) m
 where m.n % 1000 = 0
 order by m.oid

-- What would fire when rows of a table are replaced: ($1 schema, $2 name) anything at all, and what does
-- so whatever session_replication_role is.

-- name: ASK_COMPARED_FIRING
with recursive tree (oid) as (
    select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2
    union
    select i.inhrelid from tree t join pg_catalog.pg_inherits i on i.inhparent = t.oid
),
fires (name, enabled) as (
    select 'trigger ' || pg_catalog.quote_ident(t.tgname), t.tgenabled
      from pg_catalog.pg_trigger t
      left join pg_catalog.pg_constraint k on k.oid = t.tgconstraint
     where t.tgrelid in (select oid from tree) and t.tgenabled <> 'D' and coalesce(k.contype, 't') not in ('p', 'u', 'x')
    union all
    select 'rule ' || pg_catalog.quote_ident(r.rulename), r.ev_enabled
      from pg_catalog.pg_rewrite r
     where r.ev_class in (select oid from tree) and r.ev_enabled <> 'D' and r.ev_type = '4'
)
select pg_catalog.count(*), coalesce(pg_catalog.min(name) filter (where enabled in ('A', 'R')), ''),
       coalesce(pg_catalog.min(name), '')
  from fires

-- Of the table of this schema ($1) and name ($2): its kind, and the columns that the server computes.

-- name: ASK_COMPARED_COMPUTED
select c.relkind,
       coalesce((select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', '
                                              order by a.attname::pg_catalog.text collate pg_catalog."C")
                   from pg_catalog.pg_attribute a
                  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                    and {120000: a.attgenerated <> ''} {<120000: false}), '')
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname = $1 and c.relname = $2

-- Indexes that the server does not use because their building failed.

-- name: ASK_INVALID_INDEXES
select n.nspname, c.relname
  from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid = i.indexrelid and c.relkind = 'i'
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where not (i.indisvalid and i.indisready) and n.nspname !~ '^pg_'
 order by 1, 2

-- May we make the database read-only; and which roles have a setting of their own that we may not change?

-- name: ASK_FREEZE_RIGHTS
select me.rolsuper or pg_catalog.pg_has_role(me.oid, d.datdba, 'USAGE'),
       (select pg_catalog.string_agg(pg_catalog.quote_ident(r.rolname), ', ' order by r.rolname)
          from pg_catalog.pg_db_role_setting s
          join pg_catalog.pg_roles r on r.oid = s.setrole
         cross join lateral pg_catalog.unnest(s.setconfig) c (text)
         where s.setdatabase in (0, d.oid) and c.text ~ '^default_transaction_read_only='
           and not pg_catalog.substr(c.text, 31)::pg_catalog.bool
           and not me.rolsuper
           and not (me.rolcreaterole and not r.rolsuper
                    {160000: and pg_catalog.pg_has_role(me.oid, r.oid, 'MEMBER WITH ADMIN OPTION')}))
  from pg_catalog.pg_database d, pg_catalog.pg_roles me
 where d.datname = pg_catalog.current_database() and me.rolname = current_user

-- What is to be noted and then set, of the database and of roles that override it: their values now. And the
-- time: sessions that begin from then on may only read.

-- name: ASK_READ_ONLY_SETTINGS
with setting as (
    select s.setdatabase, s.setrole, r.rolname, pg_catalog.substr(c.text, 31) as value
      from pg_catalog.pg_db_role_setting s
      left join pg_catalog.pg_roles r on r.oid = s.setrole
     cross join lateral pg_catalog.unnest(s.setconfig) c (text)
     where c.text ~ '^default_transaction_read_only='
       and s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
)
select 'at', pg_catalog.current_database()::pg_catalog.text, pg_catalog.clock_timestamp()::pg_catalog.text
union all
select 'database', '', (select value from setting where setrole = 0 and setdatabase <> 0)
union all
select 'role', rolname, value from setting where setrole <> 0 and setdatabase <> 0 and not value::pg_catalog.bool
union all
select 'role', rolname, null from setting s
 where setrole <> 0 and setdatabase = 0 and not value::pg_catalog.bool
   and not exists (select from setting o where o.setrole = s.setrole and o.setdatabase <> 0)

-- Is it so now, for the database ($1 database) or the role $2 in it?

-- name: ASK_IS_READ_ONLY
select 1
  from pg_catalog.pg_db_role_setting s
  left join pg_catalog.pg_roles r on r.oid = s.setrole
 cross join lateral pg_catalog.unnest(s.setconfig) c (text)
 where s.setdatabase = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
   and case when $1::pg_catalog.text = 'database' then s.setrole = 0 else r.rolname = $2::pg_catalog.text end
   and c.text ~ '^default_transaction_read_only=' and pg_catalog.substr(c.text, 31)::pg_catalog.bool

-- Ends what workers of a cutover that died are still doing.

-- name: ASK_END_FREEZERS
select pg_catalog.pg_terminate_backend(a.pid)
  from pg_catalog.pg_stat_activity a
 where a.usename = session_user and a.pid <> pg_catalog.pg_backend_pid()
   and (a.application_name like 'pghaul cutover %' or a.application_name = 'pghaul freeze')
   and a.datname in (pg_catalog.current_database(), 'postgres', 'template1') and a.state <> 'idle'
   and a.query ~ '^ALTER '

-- name: ASK_WRITING_SUBSCRIPTIONS
select pg_catalog.string_agg(pg_catalog.quote_ident(s.subname), ', ' order by s.subname)
  from pg_catalog.pg_subscription s
 where s.subenabled and s.subdbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())

-- name: ASK_LOCKABLE
select n.nspname, c.relname
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and c.relpersistence in ('p', 'u')
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and pg_catalog.has_schema_privilege(n.oid, 'USAGE')
   and pg_catalog.has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
 order by c.oid

-- Ends the sessions of others on the database $2 that have begun since $3, as far as we may (what kind they are
-- is not shown to everybody), but for those that write and have a moment left ($1). Tells of those that are there.

-- name: ASK_END_SESSIONS
select pg_catalog.concat('process ', a.pid, ' of ', pg_catalog.quote_ident(a.usename),
                         case when not may.be_ended then ' (whom only a superuser can end)' end),
       case when may.be_ended and not ($1::pg_catalog.bool and a.backend_xid is not null)
            then pg_catalog.pg_terminate_backend(a.pid) end
  from pg_catalog.pg_stat_activity a
  join pg_catalog.pg_roles me on me.rolname = current_user
  left join pg_catalog.pg_roles u on u.oid = a.usesysid
 cross join lateral (select me.rolsuper or (not u.rolsuper
                         and (pg_catalog.pg_has_role(me.oid, u.oid, 'USAGE')
                              or pg_catalog.pg_has_role(me.oid, 'pg_signal_backend', 'USAGE')))) may (be_ended)
 where a.datname = $2 and a.pid <> pg_catalog.pg_backend_pid() and a.usesysid is not null
   and coalesce(a.backend_type, 'client backend') = 'client backend'
   and a.pid not in (select r.pid from pg_catalog.pg_stat_get_wal_senders() r)
   and not (a.application_name like 'pghaul %' and a.usename = session_user)
   and coalesce(a.backend_start, 'infinity') >= $3::pg_catalog.timestamptz
 order by a.pid

-- Transactions that wrote before $1 (a txid) and have not ended, of this database or of nobody we know; and
-- those that are prepared in it.

-- name: ASK_WRITING_STILL
select (select pg_catalog.string_agg(x.xid::pg_catalog.text, ', ')
          from pg_catalog.txid_snapshot_xip(pg_catalog.txid_current_snapshot()) x (xid)
         where x.xid < $1::pg_catalog.int8
           and not exists (select from pg_catalog.pg_stat_activity a
                            where a.backend_xid::pg_catalog.text::pg_catalog.int8 = x.xid % 4294967296
                              and a.datname <> pg_catalog.current_database())
           and not exists (select from pg_catalog.pg_prepared_xacts p
                            where p.transaction::pg_catalog.text::pg_catalog.int8 = x.xid % 4294967296
                              and p.database <> pg_catalog.current_database())),
       (select pg_catalog.string_agg(pg_catalog.quote_literal(p.gid), ', ' order by p.gid)
          from pg_catalog.pg_prepared_xacts p where p.database = pg_catalog.current_database())

-- What there is in the catalogs, each but for what sessions have for themselves; and without what changes by
-- itself. While it is the same, the schema is.

-- name: ASK_SCHEMA_MARKS
select t.catalog, pg_catalog.concat_ws('/', t.rows, t.mark)
  from (select 'relations', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtext(pg_catalog.concat_ws(' ', c.oid, c.relname, c.relnamespace, c.relowner, c.relkind, c.relnatts, c.relreplident, c.relpersistence, c.relispartition, c.relacl, c.reloptions)))
          from pg_catalog.pg_class c where c.relpersistence <> 't' and c.relkind <> 't'
        union all
        select 'columns', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtext(pg_catalog.concat(a.attrelid, ' ', a.attnum, ' ', a.xmin)))
          from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
         where c.relpersistence <> 't' and a.attnum > 0
        union all
        select 'constraints', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtext(pg_catalog.concat(c.oid, ' ', c.xmin)))
          from pg_catalog.pg_constraint c left join pg_catalog.pg_class r on r.oid = c.conrelid
         where r.relpersistence is distinct from 't'
        union all
        select 'functions', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtext(pg_catalog.concat(p.oid, ' ', p.xmin)))
          from pg_catalog.pg_proc p
        union all
        select 'triggers', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtext(pg_catalog.concat(g.oid, ' ', g.xmin)))
          from pg_catalog.pg_trigger g join pg_catalog.pg_class c on c.oid = g.tgrelid
         where c.relpersistence <> 't'
        union all
        select 'rules', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtext(pg_catalog.concat(r.oid, ' ', r.xmin)))
          from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class
         where c.relpersistence <> 't'
        union all
        select 'policies', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtext(pg_catalog.concat(p.oid, ' ', p.xmin)))
          from pg_catalog.pg_policy p
        union all
        select 'schemas', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtext(pg_catalog.concat(n.oid, ' ', n.xmin)))
          from pg_catalog.pg_namespace n where n.nspname !~ '^pg_(temp|toast_temp)_'
        union all
        select 'extensions', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtext(pg_catalog.concat(e.oid, ' ', e.xmin)))
          from pg_catalog.pg_extension e
        union all
        select 'enumerated types', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtext(pg_catalog.concat(e.oid, ' ', e.xmin)))
          from pg_catalog.pg_enum e
       ) t (catalog, rows, mark)
 order by 1

-- name: ASK_LONG_TRANSACTIONS
select pg_catalog.string_agg(pg_catalog.concat('process ', a.pid, ' of ', pg_catalog.quote_ident(a.usename), ' since ',
                             pg_catalog.date_trunc('second', a.xact_start)), ', ' order by a.xact_start)
  from pg_catalog.pg_stat_activity a
 where a.datname = pg_catalog.current_database() and a.pid <> pg_catalog.pg_backend_pid()
   and a.usesysid is not null
   and coalesce(a.backend_type, 'client backend') = 'client backend'
   and a.pid not in (select r.pid from pg_catalog.pg_stat_get_wal_senders() r)
   and a.xact_start < pg_catalog.clock_timestamp() - '10 s'::pg_catalog.interval
   and not (a.application_name like 'pghaul %' and a.usename = session_user)

-- name: ASK_WITHOUT_STATISTICS
select pg_catalog.count(*)
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relpersistence <> 't' and c.reltuples < 0
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and pg_catalog.pg_relation_size(c.oid) > 0
