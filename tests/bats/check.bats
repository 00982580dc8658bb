load lib.bash
load checks.bash

# What pghaul check asks of servers that can be set as one likes. What the plan refuses is in
# checks_refused.bats.

@test "nothing is found in a pair without any fault, whether changes are followed or not" {
    pair template0
    src -c 'create table t (id int primary key, x text)' -c 'create sequence s' -c "insert into t values (1, 'a')"
    looked 0
    clean
    [[ $(jq -r .result "$(REPORT)") == ready ]]
    looked 0 --follow
    clean
    [[ ! -e $RUN ]]
    nothing_left
    run -0 "$PGHAUL" check --dir "$RUN"
    assert_line --regexp '^source  postgres://.*, PostgreSQL [0-9]'
    assert_line --partial '0 errors, 0 warnings, 0 notes, in '
    assert_line ready
    [[ ! -e $RUN ]]
}

@test "without a target only the source is looked at, and nothing is said of the target" {
    pair template0
    unset PGHAUL_TARGET
    looked 0
    clean
    [[ $(jq -r '.target.connection' "$(REPORT)") == null ]]
    looked 0 --follow
    clean
}

@test "objects of the source that a user should know of" {
    pair template0
    src <<'SQL'
create schema "an odd ""one""";
create table "an odd ""one"""."no key" (a int);
create table plain (id int primary key, x text, r regclass);
create unlogged table loose (id int primary key);
create foreign data wrapper w; create server far foreign data wrapper w; create foreign table elsewhere (a int) server far;
insert into plain values (1, 'a'), (2, 'a');
create index good on plain (x);
alter table plain add constraint later check (id > 0) not valid;
create function f() returns event_trigger language plpgsql as 'begin end';
create event trigger watch on ddl_command_end execute function f();
create materialized view empty as select 1 with no data;
create publication everything for all tables;
create function tokens(internal, internal) returns internal language c as '$libdir/dict_snowball', 'dsnowball_init';
create sequence narrow maxvalue 100; select setval('narrow', 95);
SQL
    src -c "select lo_create(4711)" >/dev/null
    ! src -c 'create unique index concurrently broken on plain (x)' 2>/dev/null
    looked 10
    found 7014 note public.loose
    found 7015 note public.elsewhere
    found 7016 warning public.broken
    [[ $(mends 7016) == 'REINDEX INDEX CONCURRENTLY "public"."broken"' ]]
    found 7017 note 'VALIDATE CONSTRAINT "later"'
    found 7018 note watch
    found 7023 note 'REFRESH MATERIALIZED VIEW "public"."empty"'
    found 7024 note everything
    found 7025 warning dict_snowball
    found 7026 warning 'regclass'
    found 7027 note '95 of 100'
    missing 7013
    missing 7019
    # Filters hold here as well.
    looked 10 -t plain
    missing 7014
    missing 7015
    looked 10 -T plain
    missing 7026
    found 7014 note public.loose
}

@test "what matters when changes are followed only" {
    pair template0
    src <<'SQL'
create schema "an odd ""one""";
create table "an odd ""one"""."no key" (a int not null, b int);
create unique index "the ""key""" on "an odd ""one"""."no key" (a);
create table neither (a int);
create unlogged table loose (id int primary key);
create table whole (a int); alter table whole replica identity full;
create table later (id int primary key, u int unique deferrable);
create function f() returns trigger language plpgsql as 'begin return null; end';
create trigger t after insert on later for each row execute function f(); alter table later enable always trigger t;
create table ruled (id int primary key); create rule r as on insert to ruled do also notify x; alter table ruled enable replica rule r;
create publication pghaul_gone for table later;
SQL
    src -c "select lo_create(4711)" >/dev/null
    src -c "select pg_create_logical_replication_slot('pghaul_left', 'pgoutput')" \
        -c "select pg_create_physical_replication_slot('other', true)" >/dev/null
    looked 0
    for id in 2213 7010 7011 7012 7013 7019 7020 7021 7022; do missing $id; done
    looked 11 --follow
    found 2213 error 'ALTER TABLE ONLY "an odd ""one"""."no key" REPLICA IDENTITY USING INDEX "the ""key"""'
    found 2213 error 'ALTER TABLE ONLY "public"."neither" REPLICA IDENTITY FULL'
    [[ $(jq -r '.findings[] | select(.id == "PGH-2213") | [.objects[].safe] | sort | @csv' "$(REPORT)") == 'false,true' ]]
    found 7010 warning "pg_drop_replication_slot('pghaul_left')"
    found 7011 note 'DROP PUBLICATION "pghaul_gone"'
    found 7012 note other
    found 7013 warning public.loose
    missing 7014
    found 7019 warning '1 of them'
    found 7020 note public.whole
    found 7021 note public.later
    found 7022 note 'trigger "t"'
    found 7022 note 'rule "r"'
    # The policy makes a warning of it.
    looked 10 --follow --no-identity full
    found 2213 warning neither
    # The name of the run's own slot is another matter.
    looked 11 --follow --slot pghaul_left --no-identity full
    found 2215 error "pg_drop_replication_slot('pghaul_left')"
    missing 7010
    src -c "select pg_drop_replication_slot('pghaul_left'), pg_drop_replication_slot('other')"
}

@test "--fix runs what is safe, and nothing else" {
    pair template0
    src -c 'create table "with index" (a int not null)' -c 'create unique index i on "with index" (a)' -c 'create table without (a int)'
    # Nobody is there to answer.
    run -2 "$PGHAUL" check --follow --fix </dev/null
    assert_output --partial '--fix, on the source: ALTER TABLE ONLY "public"."with index" REPLICA IDENTITY USING INDEX "i";'
    assert_output --partial 'PGH-1004'
    assert_output --partial 'give --yes'
    [[ $(src -c "select relreplident from pg_class where relname = 'with index'") == d ]]
    run -2 "$PGHAUL" check --yes
    assert_output --partial 'PGH-1005: --yes goes with --fix only'
    looked 11 --follow --fix --yes
    grep -q 'done: ALTER TABLE ONLY "public"."with index"' "$BATS_TEST_TMPDIR/err"
    run -1 grep without "$BATS_TEST_TMPDIR/err"
    found 2213 error public.without
    [[ $(src -c "select relname, relreplident from pg_class where relname like 'with%' and relkind = 'r' order by 1") == $'with index|i\nwithout|d' ]]
    src -c 'drop table without'
    looked 0 --follow --fix --yes
    grep -q 'there is nothing that --fix may mend' "$BATS_TEST_TMPDIR/err"
    clean
}

@test "--fix makes roles that are missing, and says what is refused" {
    pair template0
    admin_source 'create role "a ""role""; drop"'
    src -c 'create table t (id int primary key)' -c 'alter table t owner to "a ""role""; drop"'
    looked 11
    found 3102 error 'CREATE ROLE "a ""role""; drop"'
    looked 0 --fix --yes
    missing 3102
    [[ $(admin_target "select rolcanlogin from pg_roles where rolname = 'a \"role\"; drop'") == f ]]
    admin_target 'drop role "a ""role""; drop"'
    # Without the right to: what is refused is said, and stays an error.
    admin_target "create role t_poor login"
    looked 11 --target "${TARGET/user=postgres/user=t_poor}" --fix --yes
    grep -q 'refused: CREATE ROLE' "$BATS_TEST_TMPDIR/err"
    found 3102 error
    admin_target "drop role t_poor"
    src -c 'drop table t'
    admin_source 'drop role "a ""role""; drop"'
}

# with SIDE SETTING: the server has this setting as long as the rest of the words run.
with() {
    local side=$1 name=${2%%=*} status=0 before
    before=$("admin_$side" "show $name")
    "admin_$side" "alter system set $name = ${2#*=}"
    "admin_$side" 'select pg_reload_conf()' >/dev/null
    wait_for 10 eval '[[ $("admin_$side" "show $name") != "$before" ]]'
    "${@:3}" || status=$?
    "admin_$side" "alter system reset $name"
    "admin_$side" 'select pg_reload_conf()' >/dev/null
    wait_for 10 eval '[[ $("admin_$side" "show $name") == "$before" ]]'
    return $status
}

sees() { looked "$1" "${@:5}" && found "$2" "$3" "$4"; }

@test "settings of the source" {
    pair template0
    with source max_slot_wal_keep_size="'1GB'" sees 10 7003 warning 'max_slot_wal_keep_size 1GB' --follow
    with source max_slot_wal_keep_size="'1GB'" looked 0
    clean
    admin_source "alter database $DB set logical_decoding_work_mem = '1MB'"
    looked 0 --follow
    found 7007 note 'logical_decoding_work_mem 1MB'
    if [[ $(admin_source 'show server_version_num') -ge 180000 ]]; then
        with source idle_replication_slot_timeout="'1h'" sees 10 7004 warning idle_replication --follow
    fi
    if [[ $(admin_source 'show server_version_num') -ge 170000 ]]; then
        with source synchronized_standby_slots="'x'" sees 10 7005 warning synchronized --follow --failover-slot
    fi
}

@test "settings of the target" {
    pair template0
    with target fsync=off sees 10 7050 warning 'ALTER SYSTEM SET fsync = on'
    with target autovacuum=off sees 10 7051 warning autovacuum
    src -c 'create table t (id int primary key, x text)' -c "insert into t select i, repeat(md5(i::text), 30) from generate_series(1, 40000) i" -c 'create index on t (x)' -c analyze
    with target max_wal_size="'32MB'" sees 0 7052 note 'max_wal_size 32MB, and the source has'
    admin_target "alter database $DB set maintenance_work_mem = '1MB'"
    looked 0
    found 7053 note 'maintenance_work_mem 1MB'
    looked 0 --maintenance-work-mem 1GB
    clean
    with target synchronous_standby_names="'away'" sees 10 7054 warning away
    admin_target "alter database $DB set temp_file_limit = '1GB'"
    looked 10 --maintenance-work-mem 1GB
    found 7057 warning 'temp_file_limit 1GB'
}

@test "what the target has already" {
    pair template0
    src -c 'create table mine (id int primary key)'
    tgt -c 'create table theirs (id int)' -c 'create schema pghaul' -c 'alter default privileges grant select on tables to public' \
        -c "create function f() returns event_trigger language plpgsql as 'begin end'" \
        -c 'create event trigger "on ""ddl""" on ddl_command_end execute function f()'
    looked 10
    found 7055 warning 'ALTER EVENT TRIGGER "on ""ddl""" DISABLE'
    found 7056 note 'for tables'
    found 7058 note 'DROP SCHEMA pghaul'
    found 7059 note public.theirs
    tgt -c 'create table mine (id int)'
    looked 11
    found 3101 error public.mine
}

@test "encodings, locales and versions of collations that differ" {
    pair template0 '' "template template0 encoding latin1 locale 'C'"
    looked 10
    found 7102 warning 'LATIN1 on the target, UTF8 on the source'
    found 7103 warning 'LC_COLLATE C'
}

@test "a collation whose library has changed" {
    local icu="template template0 locale_provider icu icu_locale 'en'"
    [[ $(admin_source 'show server_version_num') -ge 150000 ]] || skip 'versions of collations of databases come with version 15'
    pair template0 "${icu#template template0}" "$icu"
    looked 0
    clean
    admin_source "update pg_database set datcollversion = '0.1' where datname = '$DB'"
    looked 10
    found 7034 warning 'REFRESH COLLATION VERSION'
    found 7104 note '0.1 on the source'
}

@test "a collation that the target lacks ends a clone before it begins" {
    pair template0
    src -c 'create table t (id int primary key, x text collate "de-x-icu")'
    looked 0
    clean
    tgt -c 'set allow_system_table_mods = on' -c "update pg_collation set collname = 'gone' where collname = 'de-x-icu'"
    looked 11
    found 7101 error 'de-x-icu table public.t'
    run -5 clone
    assert_output --regexp 'PGH-7101: .*collations are missing on the target server: de-x-icu .table public.t.'
    run -5 "$PGHAUL" plan
    assert_output --partial PGH-7101
    # Without the check it is found out when the schema is restored.
    run -5 clone --skip-check
    assert_output --partial PGH-3105
    run -0 "$PGHAUL" plan --skip-check
    # It is no matter for what is not copied.
    rm -rf "$RUN"
    looked 0 -T t
    missing 7101
}

@test "settings and extensions that differ" {
    pair template0
    src -c "create extension hstore version '1.4'"
    admin_target "alter database $DB set default_text_search_config = 'pg_catalog.simple'"
    admin_target "alter database $DB set datestyle = 'German'"
    looked 10
    found 7105 note 'default_text_search_config pg_catalog.simple on the target'
    found 7105 note 'DateStyle German'
    found 7107 warning 'hstore'
    # What is there can be brought to the same version.
    tgt -c "create extension hstore version '1.4'"
    src -c "alter extension hstore update"
    version=$(src -c "select extversion from pg_extension where extname = 'hstore'")
    looked 10
    found 7107 warning "ALTER EXTENSION hstore UPDATE TO '$version'"
    looked 0 --fix --yes
    [[ $(tgt -c "select extversion from pg_extension where extname = 'hstore'") == "$version" ]]
}

@test "transactions that write, and prepared ones" {
    pair template0
    src -c 'create table t (id int primary key)'
    mkfifo "$BATS_TEST_TMPDIR/in"
    background psql -qX "$SOURCE" -f "$BATS_TEST_TMPDIR/in"
    exec 7>"$BATS_TEST_TMPDIR/in"
    echo "begin; insert into t values (1); select 'in';" >&7
    looked 0
    src -c 'begin' -c 'insert into t values (2)' -c "prepare transaction 'it''s'"
    looked 10
    found 7009 warning "ROLLBACK PREPARED 'it''s'"
    wait_for 15 eval '[[ $(admin_source "select count(*) from pg_stat_activity where backend_xid is not null and xact_start < clock_timestamp() - interval '"'5.1 seconds'"'") == 1 ]]'
    looked 10 --follow
    found 7008 warning pg_terminate_backend
    missing_when_not_followed
    src -c "rollback prepared 'it''s'"
    exec 7>&-
    wait "$PID"
    looked 0 --follow
    clean
}
missing_when_not_followed() { looked 10 && missing 7008; }

@test "a table that is locked" {
    pair template0
    src -c 'create table t (id int primary key)'
    mkfifo "$BATS_TEST_TMPDIR/in"
    background psql -qX "$SOURCE" -f "$BATS_TEST_TMPDIR/in"
    exec 7>"$BATS_TEST_TMPDIR/in"
    echo "begin; lock table t;" >&7
    wait_for 10 eval '[[ $(src -c "select count(*) from pg_locks where relation = '"'t'"'::regclass and granted") == 1 ]]'
    looked 11
    found 2105 error public.t
    exec 7>&-
    wait "$PID"
    looked 0
}

@test "limits of roles and databases on connections" {
    pair template0
    admin_source "create role t_few login superuser connection limit 3"
    looked 0 --source "${SOURCE/user=postgres/user=t_few}"
    admin_source "alter role t_few nosuperuser"
    looked 10 --source "${SOURCE/user=postgres/user=t_few}"
    found 7030 warning 'ALTER ROLE "t_few" CONNECTION LIMIT -1'
    admin_source "alter role t_few connection limit -1"
    admin_source "alter database $DB connection limit 4"
    looked 10 --source "${SOURCE/user=postgres/user=t_few}" --skip-db-properties
    found 7031 warning 'CONNECTION LIMIT 4'
    looked 0 --source "${SOURCE/user=postgres/user=t_few}" --skip-db-properties --table-jobs 1
    admin_source 'drop role t_few'
}

@test "a server that is set up too small" {
    "$PGH_TOP/tests/server" start "$HERE/small" 'fsync = on' 'max_connections = 14' 'max_wal_senders = 1' 'max_replication_slots = 1' \
        'max_locks_per_transaction = 10' 'max_worker_processes = 4' "listen_addresses = '127.0.0.1'" 'port = 6300'
    local usual=$PGH_SOURCE
    PGH_SOURCE="host=$HERE/small port=6300 user=postgres"
    pair template0
    looked 10 -J 16
    found 7029 warning 'max_connections'
    looked 0 --source "host=127.0.0.1 port=6300 user=postgres dbname=$DB"
    found 7032 note '127.0.0.1'
    for from in 1 101 201; do
        src -c "do \$\$ begin for i in $from..$((from + 99)) loop execute format('create table t%s ()', i); end loop; end \$\$"
    done
    looked 10 -J 1 -I 1
    found 7028 warning 'pg_dump locks 300 tables and sequences'
    for from in 1 101 201; do
        src -c "do \$\$ begin for i in $from..$((from + 99)) loop execute format('drop table t%s', i); end loop; end \$\$"
    done
    looked 0 -J 1 -I 1
    src -c 'create table k (id int primary key)'
    src -c "select pg_create_physical_replication_slot('taken', true)" >/dev/null
    looked 11 -J 1 -I 1 --follow
    found 7001 error 'ALTER SYSTEM SET max_replication_slots'
    run -4 clone -J 1 -I 1 --follow
    assert_output --partial 'PGH-7001: the source has no free replication slot: max_replication_slots (all 1 are taken)'
    # The way to it is taken as well.
    background pg_receivewal -d "host=$HERE/small port=6300 user=postgres" -D "$BATS_TEST_TMPDIR" --no-loop
    wait_for 10 eval '[[ $(admin_source "select count(*) from pg_stat_get_wal_senders()") == 1 ]]'
    looked 11 -J 1 -I 1 --follow
    found 7002 error max_wal_senders
    kill "$PID"
    wait "$PID" || true
    wait_for 10 eval '[[ $(admin_source "select count(*) from pg_stat_get_wal_senders()") == 0 ]]'
    src -c "select pg_drop_replication_slot('taken')"
    rm -rf "$RUN"
    looked 0 -J 1 -I 1 --follow
    missing 7002
    # The other way round it is the target that is small.
    teardown
    PGH_TARGET=$PGH_SOURCE PGH_SOURCE=$usual
    pair template0
    looked 0 -J 1 -I 1
    found 7106 note max_connections
    found 7106 note max_worker_processes
    looked 10
    found 7029 warning 'max_connections'
}

@test "who may not freeze the source for a cutover" {
    pair template0
    admin_source "create role t_freezer login replication"
    src -q -c 'create table t (id int primary key)' -c "grant select on t to t_freezer" -c "grant create on database $DB to t_freezer"
    looked 11 --follow --source "${SOURCE/user=postgres/user=t_freezer}"
    found 7035 note 't_freezer is no member'
    looked 11 --follow
    missing 7035
    admin_source "drop owned by t_freezer"
    src -q -c 'drop owned by t_freezer'
    admin_source 'drop role t_freezer'
}
