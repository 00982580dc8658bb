-- What is asked of both servers besides that which the plan asks. Each text gives rows of schema (null: it is
-- in none), name, detail, statement that mends it (null: none), and may that be run without a thought?
-- All that are asked of a server are one statement, in which p.j is what the check was told: names and numbers of the
-- run; for the target also `source`, what the source has (CHECK_FACTS). Pieces in braces are as in
-- plan/sql/source.sql.

-- name: CHECK_FACTS
select pg_catalog.jsonb_build_object(
       'encoding', pg_catalog.getdatabaseencoding(),
       'collate', d.datcollate, 'ctype', d.datctype,
       'provider', {150000: d.datlocprovider::pg_catalog.text} {<150000: 'c'::pg_catalog.text},
       'collversion', {150000: d.datcollversion} {<150000: null::pg_catalog.text},
       'size', case when pg_catalog.has_database_privilege(d.oid, 'CONNECT') then pg_catalog.pg_database_size(d.oid) end,
       'largest_index', (select coalesce(pg_catalog.max(c.relpages::pg_catalog.int8) * pg_catalog.current_setting('block_size')::pg_catalog.int8, 0)
                           from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                          where c.relkind = 'i' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'),
       'settings', (select pg_catalog.jsonb_object_agg(s.name, s.reset_val) from pg_catalog.pg_settings s
                     where s.name in ('TimeZone', 'DateStyle', 'IntervalStyle', 'default_text_search_config', 'lc_messages',
                                      'lc_monetary', 'lc_numeric', 'lc_time', 'standard_conforming_strings', 'backslash_quote',
                                      'array_nulls', 'bytea_output', 'extra_float_digits', 'xmloption', 'xmlbinary',
                                      'transform_null_equals', 'default_transaction_isolation', 'row_security', 'search_path',
                                      'default_toast_compression', 'password_encryption', 'max_identifier_length',
                                      'max_index_keys', 'max_function_args', 'block_size', 'data_checksums', 'wal_block_size',
                                      'quote_all_identifiers', 'escape_string_warning', 'client_encoding', 'work_mem',
                                      'max_stack_depth', 'statement_timeout', 'lock_timeout',
                                      'idle_in_transaction_session_timeout', 'synchronous_commit', 'jit',
                                      'max_connections', 'max_prepared_transactions', 'max_worker_processes',
                                      'max_locks_per_transaction', 'max_wal_senders', 'max_replication_slots',
                                      'superuser_reserved_connections', 'shared_preload_libraries')),
       'extensions', (select pg_catalog.jsonb_object_agg(x.extname, x.extversion) from pg_catalog.pg_extension x),
       'roles', (select pg_catalog.jsonb_agg(q.role) from (
                 select distinct r.rolname as role
                   from pg_catalog.pg_shdepend s join pg_catalog.pg_roles r on r.oid = s.refobjid
                  where s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and s.dbid = d.oid
                    and s.deptype in ('o', 'a', 'r')) q),
       'collations', (select pg_catalog.jsonb_agg(q.used) from (
                 select distinct pg_catalog.jsonb_build_object('name', l.collname, 'encoding', pg_catalog.pg_encoding_to_char(l.collencoding),
                          'table', n.nspname || '.' || c.relname) as used
                   from pg_catalog.pg_attribute a
                   join pg_catalog.pg_class c on c.oid = a.attrelid
                   join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                   join pg_catalog.pg_type t on t.oid = a.atttypid
                   join pg_catalog.pg_collation l on l.oid = a.attcollation
                  where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'
                    and l.collnamespace = 'pg_catalog'::pg_catalog.regnamespace
                    and t.typcollation <> l.oid {chosen c.oid}
                    and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
                    and not exists (select 1 from pg_catalog.pg_depend e
                                     where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = c.oid
                                       and e.deptype = 'e')) q)
       )::pg_catalog.text
  from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()

-- ---- both sides ----

-- name: CHECK_UNENCRYPTED
select null, pg_catalog.host(pg_catalog.inet_server_addr()), 'connected over TCP, without TLS'::pg_catalog.text, null, false
 where pg_catalog.inet_server_addr() is not null
   and not exists (select 1 from pg_catalog.pg_stat_ssl s where s.pid = pg_catalog.pg_backend_pid() and s.ssl)
   {120000: and not exists (select 1 from pg_catalog.pg_stat_gssapi g where g.pid = pg_catalog.pg_backend_pid() and g.encrypted)}

-- name: CHECK_CONNECTIONS
select null, 'max_connections',
       pg_catalog.format('%s of %s are taken, %s kept for others, and the run needs up to %s', t.taken, t.most, t.kept, t.needed),
       pg_catalog.format('ALTER SYSTEM SET max_connections = %s', t.taken + t.kept + t.needed + 20), false
  from (select pg_catalog.current_setting('max_connections')::pg_catalog.int4 as most,
               (select pg_catalog.sum(b.numbackends)::pg_catalog.int4 from pg_catalog.pg_stat_database b) as taken,
               pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
               {160000: + pg_catalog.current_setting('reserved_connections')::pg_catalog.int4} as kept,
               (p.j->>'connections')::pg_catalog.int4 as needed from p) t
 where t.most - t.taken - t.kept < t.needed

-- name: CHECK_ROLE_LIMIT
select null, r.rolname, pg_catalog.format('CONNECTION LIMIT %s, and the run needs up to %s', r.rolconnlimit, p.j->>'connections'),
       pg_catalog.format('ALTER ROLE %I CONNECTION LIMIT -1', r.rolname), false
  from p, pg_catalog.pg_roles r
 where r.rolname = session_user and not r.rolsuper and r.rolconnlimit >= 0
   and r.rolconnlimit < (p.j->>'connections')::pg_catalog.int4

-- name: CHECK_DATABASE_LIMIT
select null, d.datname, pg_catalog.format('CONNECTION LIMIT %s, and the run needs up to %s', d.datconnlimit, p.j->>'connections'),
       pg_catalog.format('ALTER DATABASE %I CONNECTION LIMIT -1', d.datname), false
  from p, pg_catalog.pg_database d, pg_catalog.pg_roles r
 where d.datname = pg_catalog.current_database() and r.rolname = session_user and not r.rolsuper
   and d.datconnlimit >= 0 and d.datconnlimit < (p.j->>'connections')::pg_catalog.int4

-- ---- the source ----

-- name: CHECK_SLOTS_FULL
select null, 'max_replication_slots', pg_catalog.format('all %s are taken', s.most),
       pg_catalog.format('ALTER SYSTEM SET max_replication_slots = %s', s.taken + 5), false
  from (select pg_catalog.current_setting('max_replication_slots')::pg_catalog.int4 as most,
               (select pg_catalog.count(*) from pg_catalog.pg_replication_slots) as taken) s
 where s.taken >= s.most

-- name: CHECK_WALSENDERS_FULL
select null, 'max_wal_senders', pg_catalog.format('all %s are taken', s.most),
       pg_catalog.format('ALTER SYSTEM SET max_wal_senders = %s', s.taken + 5), false
  from (select pg_catalog.current_setting('max_wal_senders')::pg_catalog.int4 as most,
               (select pg_catalog.count(*) from pg_catalog.pg_stat_get_wal_senders()) as taken) s
 where s.taken >= s.most

-- name: CHECK_SLOT_KEEP
select null, 'max_slot_wal_keep_size', pg_catalog.current_setting('max_slot_wal_keep_size'),
       'ALTER SYSTEM SET max_slot_wal_keep_size = -1', false
 where {130000: pg_catalog.current_setting('max_slot_wal_keep_size') <> '-1'} {<130000: false}

-- name: CHECK_SLOT_IDLE
select null, 'idle_replication_slot_timeout', pg_catalog.current_setting('idle_replication_slot_timeout', true),
       'ALTER SYSTEM SET idle_replication_slot_timeout = 0', false
 where {180000: pg_catalog.current_setting('idle_replication_slot_timeout') not in ('0', '0s', '0min')} {<180000: false}

-- name: CHECK_STANDBY_SLOTS
select null, 'synchronized_standby_slots', pg_catalog.current_setting('synchronized_standby_slots', true),
       'ALTER SYSTEM RESET synchronized_standby_slots', false
  from p where {170000: pg_catalog.current_setting('synchronized_standby_slots') <> '' and p.j->>'failover' = 'true'} {<170000: false}

-- name: CHECK_LOGICAL_ON_DEMAND
select null, 'wal_level', 'replica', null, false
 where {190000: pg_catalog.current_setting('wal_level') = 'replica'} {<190000: false}

-- name: CHECK_DECODING_MEMORY
select null, s.name, pg_catalog.current_setting(s.name), 'ALTER SYSTEM SET logical_decoding_work_mem = ''64MB''', false
  from pg_catalog.pg_settings s
 where s.name = 'logical_decoding_work_mem' and s.setting::pg_catalog.int8 < 65536

-- name: CHECK_WRITERS
select null, pg_catalog.format('backend %s', a.pid),
       pg_catalog.format('user %I, database %I, %s, since %s', coalesce(a.usename, ''), coalesce(a.datname, ''), coalesce(a.state, ''),
                         pg_catalog.date_trunc('second', a.xact_start)),
       pg_catalog.format('SELECT pg_catalog.pg_terminate_backend(%s)', a.pid), false
  from pg_catalog.pg_stat_activity a
 where a.backend_xid is not null and a.pid <> pg_catalog.pg_backend_pid()
   and a.xact_start < pg_catalog.clock_timestamp() - '5 seconds'::pg_catalog.interval

-- name: CHECK_PREPARED
select null, x.gid, pg_catalog.format('database %I, owner %I, since %s', x.database, x.owner, pg_catalog.date_trunc('second', x.prepared)),
       pg_catalog.format('ROLLBACK PREPARED %L', x.gid), false
  from p, pg_catalog.pg_prepared_xacts x
 where x.database = pg_catalog.current_database() or p.j->>'follow' = 'true'

-- name: CHECK_LEFT_SLOTS
select null, s.slot_name, pg_catalog.format('inactive, database %I', s.database),
       pg_catalog.format('SELECT pg_catalog.pg_drop_replication_slot(%L)', s.slot_name), false
  from p, pg_catalog.pg_replication_slots s
 where pg_catalog.left(s.slot_name, 7) = 'pghaul_' and not s.active and s.slot_name <> (p.j->>'slot')

-- name: CHECK_LEFT_PUBLICATIONS
select null, b.pubname, null, pg_catalog.format('DROP PUBLICATION %I', b.pubname), false
  from p, {100000: pg_catalog.pg_publication b} {<100000: (select ''::pg_catalog.name as pubname where false) b}
 where pg_catalog.left(b.pubname, 7) = 'pghaul_' and b.pubname <> (p.j->>'slot')
   and not exists (select 1 from pg_catalog.pg_replication_slots s where s.slot_name = b.pubname and s.active)

-- name: CHECK_IDLE_SLOTS
select null, s.slot_name, pg_catalog.format('%s slot, inactive, keeps WAL from %s on', s.slot_type, s.restart_lsn),
       pg_catalog.format('SELECT pg_catalog.pg_drop_replication_slot(%L)', s.slot_name), false
  from p, pg_catalog.pg_replication_slots s
 where not s.active and s.restart_lsn is not null and pg_catalog.left(s.slot_name, 7) <> 'pghaul_' and s.slot_name <> (p.j->>'slot')

-- name: CHECK_UNLOGGED
select n.nspname, c.relname, null, null, false
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relpersistence = 'u' {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')

-- name: CHECK_FOREIGN_TABLES
select n.nspname, c.relname, pg_catalog.format('server %I', s.srvname), null, false
  from pg_catalog.pg_foreign_table f
  join pg_catalog.pg_foreign_server s on s.oid = f.ftserver
  join pg_catalog.pg_class c on c.oid = f.ftrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname not in ('information_schema', 'pghaul') {chosen c.oid}

-- name: CHECK_INVALID_INDEXES
select n.nspname, c.relname, pg_catalog.format('on table %s', t.relname),
       pg_catalog.format('REINDEX INDEX{120000: CONCURRENTLY} %I.%I', n.nspname, c.relname), false
  from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid = i.indexrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_class t on t.oid = i.indrelid
 where not i.indisvalid and t.relkind in ('r', 'm') and t.relpersistence <> 't' {chosen t.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')

-- name: CHECK_NOT_VALID
select n.nspname, c.relname, pg_catalog.format('constraint %I', k.conname),
       pg_catalog.format('ALTER TABLE %I.%I VALIDATE CONSTRAINT %I', n.nspname, c.relname, k.conname), false
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where not k.convalidated and k.contype in ('f', 'c', 'n') {180000: and k.conenforced} {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')

-- name: CHECK_EVENT_TRIGGERS
select null, e.evtname, pg_catalog.format('on %s', e.evtevent), null, false
  from p, pg_catalog.pg_event_trigger e where e.evtenabled <> 'D' and p.j->>'everything' = 'true'

-- name: CHECK_LARGE_OBJECTS
select null, 'large objects', pg_catalog.format('%s of them', q.count), null, false
  from p, (select pg_catalog.count(*) as count from pg_catalog.pg_largeobject_metadata) q
 where q.count > 0 and p.j->>'large_objects' = 'true'

-- name: CHECK_FULL_IDENTITY
select n.nspname, c.relname, null, null, false
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relreplident = 'f' and c.relpersistence = 'p' {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and not exists (select 1 from pg_catalog.pg_index i
                    where i.indrelid = c.oid and i.indisprimary and i.indisvalid and i.indimmediate)

-- name: CHECK_DEFERRABLE
select n.nspname, c.relname, pg_catalog.format('constraint %I', k.conname), null, false
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where k.contype in ('p', 'u', 'x') and k.condeferrable and c.relkind = 'r' {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')

-- name: CHECK_ALWAYS_FIRING
select n.nspname, c.relname, pg_catalog.format('trigger %I', t.tgname), null, false
  from pg_catalog.pg_trigger t
  join pg_catalog.pg_class c on c.oid = t.tgrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where not t.tgisinternal and t.tgenabled in ('A', 'R') {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
union all
select n.nspname, c.relname, pg_catalog.format('rule %I', r.rulename), null, false
  from pg_catalog.pg_rewrite r
  join pg_catalog.pg_class c on c.oid = r.ev_class join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where r.ev_enabled in ('A', 'R') and c.relkind in ('r', 'p') {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')

-- name: CHECK_UNPOPULATED
select n.nspname, c.relname, null, pg_catalog.format('REFRESH MATERIALIZED VIEW %I.%I', n.nspname, c.relname), false
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'm' and not c.relispopulated {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')

-- name: CHECK_ALL_TABLES
select null, b.pubname, null, pg_catalog.format('DROP PUBLICATION %I', b.pubname), false
  from p, {100000: pg_catalog.pg_publication b} {<100000: (select ''::pg_catalog.name as pubname, false as puballtables where false) b}
 where b.puballtables and p.j->>'everything' = 'true'

-- name: CHECK_LIBRARIES
select distinct null, f.probin, pg_catalog.format('function %I.%I', n.nspname, pg_catalog.min(f.proname::pg_catalog.text)), null, false
  from p, pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace
  join pg_catalog.pg_language l on l.oid = f.prolang
 where l.lanname = 'c' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and p.j->>'everything' = 'true'
   and not exists (select 1 from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = f.oid and d.deptype = 'e')
 group by f.probin, n.nspname

-- name: CHECK_REG_TYPES
select n.nspname, c.relname, pg_catalog.format('column %I: %s', a.attname, pg_catalog.format_type(a.atttypid, null)), null, false
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relpersistence <> 't' and a.attnum > 0 and not a.attisdropped {chosen c.oid}
   and a.atttypid in ('pg_catalog.regclass'::pg_catalog.regtype, 'pg_catalog.regproc'::pg_catalog.regtype,
                      'pg_catalog.regprocedure'::pg_catalog.regtype, 'pg_catalog.regoper'::pg_catalog.regtype,
                      'pg_catalog.regoperator'::pg_catalog.regtype)
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')

-- name: CHECK_SEQUENCES_FULL
select s.schemaname, s.sequencename, pg_catalog.format('at %s of %s', s.last_value, s.max_value), null, false
  from {100000: pg_catalog.pg_sequences s}
       {<100000: (select ''::pg_catalog.name as schemaname, ''::pg_catalog.name as sequencename, 0 as last_value, 1 as max_value, 1 as increment_by, false as cycle where false) s}
 where s.last_value > s.max_value / 10 * 9 and s.increment_by > 0 and not s.cycle

-- name: CHECK_LOCK_TABLE
select null, 'max_locks_per_transaction',
       pg_catalog.format('room for about %s locks, and pg_dump locks %s tables and sequences at once', t.room, t.tables),
       pg_catalog.format('ALTER SYSTEM SET max_locks_per_transaction = %s',
                         t.tables / pg_catalog.current_setting('max_connections')::pg_catalog.int4 * 2 + 64), false
  from (select pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.int8
               * (pg_catalog.current_setting('max_connections')::pg_catalog.int8
                  + pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int8) as room,
               (select pg_catalog.count(*) from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                 where c.relkind in ('r', 'p', 'S') and c.relpersistence <> 't' {chosen c.oid}
                   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')) as tables) t
 where t.tables > t.room

-- name: CHECK_OLD_SNAPSHOT
select null, 'old_snapshot_threshold', pg_catalog.current_setting('old_snapshot_threshold', true),
       'ALTER SYSTEM SET old_snapshot_threshold = -1', false
 where {<170000: pg_catalog.current_setting('old_snapshot_threshold') <> '-1'} {170000: false}

-- name: CHECK_FREEZE
select null, d.datname, pg_catalog.format('it belongs to %s, and %s is no member', d.datdba::pg_catalog.regrole, session_user),
       null, false
  from pg_catalog.pg_database d, pg_catalog.pg_roles r
 where d.datname = pg_catalog.current_database() and r.rolname = session_user and not r.rolsuper
   and not pg_catalog.pg_has_role(r.oid, d.datdba, 'USAGE')

-- name: CHECK_COLLATION_VERSION
select null, d.datname, pg_catalog.format('made with %s, the server has %s now', d.was, d.is_now),
       pg_catalog.format('REINDEX DATABASE %I; ALTER DATABASE %I REFRESH COLLATION VERSION', d.datname, d.datname), false
  from {150000: (select datname, datcollversion as was, pg_catalog.pg_database_collation_actual_version(oid) as is_now
                   from pg_catalog.pg_database where datname = pg_catalog.current_database()) d}
       {<150000: (select ''::pg_catalog.name as datname, ''::pg_catalog.text as was, ''::pg_catalog.text as is_now where false) d}
 where d.was <> d.is_now

-- name: CHECK_PUBLISHER
select null, pg_catalog.current_database(), pg_catalog.format('role %I may not make a publication there', current_user),
       pg_catalog.format('GRANT CREATE ON DATABASE %I TO %I', pg_catalog.current_database(), current_user), true
 where not pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
union all
select n.nspname, c.relname, pg_catalog.format('role %I does not own it', current_user), null, false
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relpersistence = 'p' and not pg_catalog.pg_has_role(c.relowner, 'USAGE') {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and not exists (select 1 from pg_catalog.pg_depend e
                    where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = c.oid and e.deptype = 'e')

-- ---- the target ----

-- name: CHECK_UNSAFE
select null, s.name, 'off', pg_catalog.format('ALTER SYSTEM SET %I = on', s.name), false
  from pg_catalog.pg_settings s where s.name in ('fsync', 'full_page_writes') and s.setting = 'off'

-- name: CHECK_AUTOVACUUM
select null, s.name, 'off', pg_catalog.format('ALTER SYSTEM SET %I = on', s.name), false
  from pg_catalog.pg_settings s where s.name in ('autovacuum', 'track_counts') and s.setting = 'off'

-- name: CHECK_WAL_SIZE
select null, 'max_wal_size', pg_catalog.format('%s, and the source has %s', pg_catalog.current_setting('max_wal_size'),
                                               pg_catalog.pg_size_pretty((p.j->'source'->>'size')::pg_catalog.int8)),
       'ALTER SYSTEM SET max_wal_size = ''16GB''', false
  from p, pg_catalog.pg_settings s
 where s.name = 'max_wal_size' and s.setting::pg_catalog.int8 * 1048576 < (p.j->'source'->>'size')::pg_catalog.int8

-- name: CHECK_INDEX_MEMORY
select null, 'maintenance_work_mem',
       pg_catalog.format('%s, and the largest index has %s', pg_catalog.current_setting('maintenance_work_mem'),
                         pg_catalog.pg_size_pretty((p.j->'source'->>'largest_index')::pg_catalog.int8)), null, false
  from p, pg_catalog.pg_settings s
 where s.name = 'maintenance_work_mem' and p.j->>'maintenance_work_mem' = ''
   and s.setting::pg_catalog.int8 * 1024 < (p.j->'source'->>'largest_index')::pg_catalog.int8

-- name: CHECK_SYNCHRONOUS
select null, 'synchronous_standby_names', pg_catalog.current_setting('synchronous_standby_names'), null, false
 where pg_catalog.current_setting('synchronous_standby_names') <> ''

-- name: CHECK_TARGET_EVENT_TRIGGERS
select null, e.evtname, pg_catalog.format('on %s', e.evtevent), pg_catalog.format('ALTER EVENT TRIGGER %I DISABLE', e.evtname), false
  from pg_catalog.pg_event_trigger e where e.evtenabled <> 'D'

-- name: CHECK_DEFAULT_PRIVILEGES
select n.nspname, r.rolname,
       pg_catalog.format('for %s', case a.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
                                   when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end), null, false
  from pg_catalog.pg_default_acl a join pg_catalog.pg_roles r on r.oid = a.defaclrole
  left join pg_catalog.pg_namespace n on n.oid = a.defaclnamespace

-- name: CHECK_TEMP_LIMIT
select null, s.name, pg_catalog.current_setting(s.name), 'ALTER SYSTEM SET temp_file_limit = -1', false
  from pg_catalog.pg_settings s where s.name = 'temp_file_limit' and s.setting <> '-1'

-- name: CHECK_LEFT_OURS
select null, 'pghaul', 'schema of earlier runs'::pg_catalog.text, 'DROP SCHEMA pghaul CASCADE', false
  from pg_catalog.pg_namespace n where n.nspname = 'pghaul'

-- name: CHECK_NOT_EMPTY
select n.nspname, c.relname, null, null, false
  from p, pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relpersistence <> 't' and p.j->>'brings_schema' = 'true'
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and not exists (select 1 from pg_catalog.pg_depend e
                    where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = c.oid and e.deptype = 'e')

-- ---- the pair ----

-- name: CHECK_ENCODINGS
select null, pg_catalog.current_database(),
       pg_catalog.format('%s on the target, %s on the source', pg_catalog.getdatabaseencoding(), p.j->'source'->>'encoding'), null, false
  from p where pg_catalog.getdatabaseencoding() <> (p.j->'source'->>'encoding')

-- name: CHECK_LOCALES
select null, pg_catalog.current_database(),
       pg_catalog.format('LC_COLLATE %s, LC_CTYPE %s, provider %s on the target; %s, %s, %s on the source', d.datcollate, d.datctype,
                         {150000: d.datlocprovider} {<150000: 'c'}, p.j->'source'->>'collate', p.j->'source'->>'ctype', p.j->'source'->>'provider'),
       null, false
  from p, pg_catalog.pg_database d
 where d.datname = pg_catalog.current_database()
   and (d.datcollate <> (p.j->'source'->>'collate') or d.datctype <> (p.j->'source'->>'ctype')
        or {150000: d.datlocprovider::pg_catalog.text} {<150000: 'c'::pg_catalog.text} <> (p.j->'source'->>'provider'))

-- name: CHECK_COLLATION_VERSIONS
select null, d.datname, pg_catalog.format('%s on the target, %s on the source', d.is_now, p.j->'source'->>'collversion'), null, false
  from p, {150000: (select datname, pg_catalog.pg_database_collation_actual_version(oid) as is_now
                      from pg_catalog.pg_database where datname = pg_catalog.current_database()) d}
          {<150000: (select ''::pg_catalog.name as datname, ''::pg_catalog.text as is_now where false) d}
 where d.is_now <> (p.j->'source'->>'collversion')

-- name: CHECK_COLLATIONS_MISSING
select null, u.used->>'name', pg_catalog.format('table %s', u.used->>'table'), null, false
  from p, pg_catalog.jsonb_array_elements(case when p.j->'source'->'collations' = 'null'::pg_catalog.jsonb then '[]'::pg_catalog.jsonb
                                               else p.j->'source'->'collations' end) as u (used)
 where p.j->>'brings_schema' = 'true'
   and not exists (select 1 from pg_catalog.pg_collation l
                    where l.collname = u.used->>'name'
                      and l.collencoding in (-1, pg_catalog.pg_char_to_encoding(pg_catalog.getdatabaseencoding())))

-- name: CHECK_PARAMETERS
select null, s.name, pg_catalog.format('%s on the target, %s on the source', s.reset_val, p.j->'source'->'settings'->>s.name), null, false
  from p, pg_catalog.pg_settings s
 where s.name not in ('client_encoding', 'max_connections', 'max_prepared_transactions', 'max_worker_processes',
                      'max_locks_per_transaction', 'max_wal_senders', 'max_replication_slots',
                      'superuser_reserved_connections', 'shared_preload_libraries')
   and s.reset_val <> (p.j->'source'->'settings'->>s.name)

-- name: CHECK_SMALLER
select null, s.name, pg_catalog.format('%s on the target, %s on the source', s.reset_val, p.j->'source'->'settings'->>s.name),
       pg_catalog.format('ALTER SYSTEM SET %I = %L', s.name, p.j->'source'->'settings'->>s.name), false
  from p, pg_catalog.pg_settings s
 where s.name in ('max_connections', 'max_prepared_transactions', 'max_worker_processes', 'max_locks_per_transaction')
   and s.reset_val::pg_catalog.int8 < (p.j->'source'->'settings'->>s.name)::pg_catalog.int8

-- name: CHECK_EXTENSION_VERSIONS
select null, e.key, pg_catalog.format('%s on the target, %s on the source', coalesce(x.extversion, a.default_version), e.value),
       case when x.extversion <> e.value
                 and exists (select 1 from pg_catalog.pg_available_extension_versions v where v.name = e.key and v.version = e.value)
                 and exists (select 1 from pg_catalog.pg_extension_update_paths(e.key) u
                              where u.source = x.extversion and u.target = e.value and u.path is not null)
            then pg_catalog.format('ALTER EXTENSION %I UPDATE TO %L', e.key, e.value) end, true
  from p, pg_catalog.jsonb_each_text(p.j->'source'->'extensions') e
  join pg_catalog.pg_available_extensions a on a.name = e.key
  left join pg_catalog.pg_extension x on x.extname = e.key
 where coalesce(x.extversion, a.default_version) <> e.value

-- name: CHECK_PRELOADED
select null, l.library, 'preloaded on the source'::pg_catalog.text, null, false
  from p, (select pg_catalog.btrim(u.library, ' "') as library
             from p, pg_catalog.regexp_split_to_table(coalesce(p.j->'source'->'settings'->>'shared_preload_libraries', ''), ',') as u (library)) l
 where l.library <> ''
   and l.library not in (select pg_catalog.btrim(u.library, ' "')
                           from pg_catalog.regexp_split_to_table(pg_catalog.current_setting('shared_preload_libraries', true), ',') as u (library))

-- ---- what mends what the plan refuses ----

-- name: MEND_UNREADABLE
select n.nspname, c.relname, null,
       pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I; GRANT SELECT ON TABLE %I.%I TO %I', n.nspname, current_user, n.nspname, c.relname, current_user), true
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relpersistence <> 't' {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and not (pg_catalog.has_schema_privilege(n.oid, 'USAGE') and pg_catalog.has_table_privilege(c.oid, 'SELECT'))

-- name: MEND_UNREADABLE_SEQUENCES
select n.nspname, c.relname, null,
       pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I; GRANT SELECT ON SEQUENCE %I.%I TO %I', n.nspname, current_user, n.nspname, c.relname, current_user), true
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'S' and c.relpersistence <> 't' {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and not (pg_catalog.has_schema_privilege(n.oid, 'USAGE') and pg_catalog.has_table_privilege(c.oid, 'SELECT'))

-- name: MEND_LARGE_OBJECTS
select null, l.oid::pg_catalog.text, null,
       pg_catalog.format('GRANT SELECT ON LARGE OBJECT %s TO %I', l.oid, current_user), true
  from p, pg_catalog.pg_largeobject_metadata l
 where p.j->>'large_objects' = 'true'
   and not (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user)
   and pg_catalog.current_setting('lo_compat_privileges') = 'off'
   and not pg_catalog.pg_has_role(l.lomowner, 'USAGE')
   {140000: and not pg_catalog.pg_has_role('pg_read_all_data', 'USAGE')}
   and not exists (select 1 from pg_catalog.aclexplode(l.lomacl) g
                    where g.privilege_type = 'SELECT'
                      and (g.grantee = 0 or pg_catalog.pg_has_role(g.grantee, 'USAGE')))

-- name: MEND_HIDDEN
select n.nspname, c.relname, null, pg_catalog.format('ALTER ROLE %I BYPASSRLS', current_user), false
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relrowsecurity {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and pg_catalog.row_security_active(c.oid)

-- name: MEND_WAL_LEVEL
select null, 'wal_level', pg_catalog.current_setting('wal_level'), 'ALTER SYSTEM SET wal_level = logical', false

-- name: MEND_REPLICATION_ROLE
select null, session_user::pg_catalog.text, null, pg_catalog.format('ALTER ROLE %I REPLICATION', session_user), false

-- name: MEND_NO_IDENTITY
select n.nspname, c.relname, null,
       pg_catalog.format('ALTER TABLE ONLY %I.%I REPLICA IDENTITY %s', n.nspname, c.relname,
                         coalesce('USING INDEX ' || pg_catalog.quote_ident(u.name), 'FULL')), u.name is not null
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join lateral (select x.relname as name
                       from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid
                      where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate
                        and i.indpred is null and i.indexprs is null
                        and not exists (select 1 from pg_catalog.pg_attribute a
                                         where a.attrelid = c.oid and a.attnum = any (i.indkey::pg_catalog.int2[])
                                           and not a.attnotnull)
                      order by i.indnatts, x.relname limit 1) u on true
 where c.relkind = 'r' and c.relpersistence = 'p' {chosen c.oid}
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pghaul')
   and not (c.relreplident = 'f'
            or exists (select 1 from pg_catalog.pg_index i
                        where i.indrelid = c.oid and i.indisvalid and i.indimmediate
                          and (c.relreplident = 'd' and i.indisprimary or c.relreplident = 'i' and i.indisreplident)))

-- name: MEND_SLOT_TAKEN
select null, s.slot_name::pg_catalog.text, 'slot'::pg_catalog.text,
       pg_catalog.format('SELECT pg_catalog.pg_drop_replication_slot(%L)', s.slot_name), false
  from p, pg_catalog.pg_replication_slots s where s.slot_name = (p.j->>'slot')
union all
select null, b.pubname, 'publication', pg_catalog.format('DROP PUBLICATION %I', b.pubname), false
  from p, pg_catalog.pg_publication b where b.pubname = (p.j->>'slot')

-- name: MEND_ROLES
select null, r.name, null, pg_catalog.format('CREATE ROLE %I', r.name), true
  from p, pg_catalog.jsonb_array_elements_text(case when p.j->'source'->'roles' = 'null'::pg_catalog.jsonb then '[]'::pg_catalog.jsonb
                                                    else p.j->'source'->'roles' end) as r (name)
 where r.name not in (select rolname from pg_catalog.pg_roles)

-- name: MEND_CREATE
select null, pg_catalog.current_database(), null,
       pg_catalog.format('GRANT CREATE ON DATABASE %I TO %I', pg_catalog.current_database(), current_user), true
 where not pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')

-- name: MEND_REPLICATION_SETTING
select null, 'session_replication_role', null,
       pg_catalog.format('GRANT SET ON PARAMETER session_replication_role TO %I', current_user), true
 where {150000: not pg_catalog.has_parameter_privilege('session_replication_role', 'SET')} {<150000: false}
