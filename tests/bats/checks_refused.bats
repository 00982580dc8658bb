load lib.bash
load checks.bash

# What ends a clone is found by pghaul check in the same words: the findings that are faults.

# as SIDE ROLE: its connection string with another role.
as() {
    local text=$SOURCE
    [[ $1 == source ]] || text=$TARGET
    echo "${text/user=postgres/user=$2}"
}

# the_same STATUS ID [OPTIONS]: the clone with these options is refused with the words that were found.
the_same() {
    local status=0 text
    clone "${@:3}" >/dev/null 2>"$BATS_TEST_TMPDIR/clone" || status=$?
    text=$(jq -r --arg id "PGH-$2" '[.findings[] | select(.id == $id)][0].text' "$(REPORT)")
    [[ $status == "$1" ]] && grep -F "error: PGH-$2: " "$BATS_TEST_TMPDIR/clone" | grep -qF ": $text" ||
        { echo "status $status, found: $text"; cat "$BATS_TEST_TMPDIR/clone"; return 1; }
}

@test "this machine: programs, directory, disk, files" {
    pair template0
    mkdir -p "$BATS_TEST_TMPDIR/none" "$BATS_TEST_TMPDIR/old"
    looked 11 --pg-bindir "$BATS_TEST_TMPDIR/none"
    found 5001 error 'no pg_dump and pg_restore'
    printf '#!/bin/sh\necho "pg_dump (PostgreSQL) 9.0.1"\n' >"$BATS_TEST_TMPDIR/old/pg_dump"
    cp "$BATS_TEST_TMPDIR/old/pg_dump" "$BATS_TEST_TMPDIR/old/pg_restore"
    chmod 755 "$BATS_TEST_TMPDIR/old"/*
    looked 11 --pg-bindir "$BATS_TEST_TMPDIR/old"
    found 5002 error
    touch "$BATS_TEST_TMPDIR/file"
    RUN=$BATS_TEST_TMPDIR/file/run looked 11
    found 4004 error file/run
    looked 10 --follow --spool-reserve 900TB
    found 4040 warning 'are to stay free'
    bash -c "ulimit -n 64; '$PGHAUL' check --dir '$RUN' --json" >"$(REPORT)" || [[ $? == 10 ]]
    valid
    found 7081 warning 'ulimit -n 64'
    run -0 clone
    again_target
    looked 10
    found 4002 warning "$RUN"
}
again_target() { admin_target "drop database $DB with (force)"; admin_target "create database $DB"; }

@test "servers that cannot be reached: one finding each, and the other is looked at" {
    pair template0
    src -c 'create unlogged table u (id int primary key)'
    looked 11 --target "host=$BATS_TEST_TMPDIR user=postgres dbname=$DB"
    found 3001 error 'No such file'
    found 7014 note public.u
    looked 11 --source "host=$BATS_TEST_TMPDIR user=postgres dbname=$DB"
    found 2001 error 'No such file'
    missing 3001
    looked 11 --source "host=$BATS_TEST_TMPDIR user=postgres dbname=$DB" --target "host=127.0.0.1 port=1 dbname=$DB"
    found 2001 error
    found 3001 error 'Connection refused'
    looked 11 --source-role nobody_here
    found 2130 error nobody_here
    looked 11 --role nobody_here
    found 3130 error nobody_here
    looked 11 --target "$SOURCE"
    found 1007 error 'the same database'
}

@test "the long way to a server" {
    pair template0
    cc -O1 -o "$BATS_TEST_TMPDIR/delay" "$PGH_TOP/tests/bench/delay.c"
    mkdir -p "$BATS_TEST_TMPDIR/far"
    background "$BATS_TEST_TMPDIR/delay" "$BATS_TEST_TMPDIR/far/.s.PGSQL.5432" "$HERE/s/.s.PGSQL.5432" 6000
    wait_for 10 test -S "$BATS_TEST_TMPDIR/far/.s.PGSQL.5432"
    looked 0 --source "host=$BATS_TEST_TMPDIR/far user=postgres dbname=$DB"
    found 7083 note 'source'
    missing 7091
}

@test "what may not be read on the source" {
    pair template0
    admin_source 'create role "t ""reader""" login'
    src -c 'create table "a ""b""" (id int primary key)' -c 'create sequence s' -c 'create table hidden (id int primary key)' \
        -c 'alter table hidden enable row level security' -c 'grant select on hidden to "t ""reader"""' -c 'select lo_create(815)' >/dev/null
    local source
    source=$(as source "'t \"reader\"'")
    looked 11 --source "$source"
    found 2101 error 'GRANT USAGE ON SCHEMA "public" TO "t ""reader"""; GRANT SELECT ON TABLE "public"."a ""b""" TO "t ""reader"""'
    found 2107 error 'GRANT SELECT ON SEQUENCE "public"."s"'
    found 2102 error 'ALTER ROLE "t ""reader""" BYPASSRLS'
    found 2108 error 'GRANT SELECT ON LARGE OBJECT 815 TO "t ""reader"""'
    the_same 4 2101 --source "$source"
    grep -q 'besides, PGH-2107' "$BATS_TEST_TMPDIR/clone"
    found 3102 error 'CREATE ROLE "t ""reader"""'
    # The statements do what they are for.
    for id in 2101 2107 2102 2108; do mends $id; done | while read -r sql; do src -c "$sql"; done
    rm -rf "$RUN"
    looked 0 --source "$source" --no-acl
    clean
    run -0 clone --source "$source" --no-acl
    src -c 'drop owned by "t ""reader"""'
    admin_source 'drop role "t ""reader"""'
}

@test "filters and mappings that do not fit" {
    pair template0
    src -c 'create type mood as enum ($$a$$)' -c 'create table t (id int primary key)' -c 'create schema pghaul' -c 'create table pghaul.mine (a int)'
    looked 11
    found 2110 error pghaul.mine
    the_same 4 2110
    rm -rf "$RUN"
    src -c 'drop schema pghaul cascade'
    looked 11 -t nothing_like_it
    found 1008 error nothing_like_it
    looked 11 -t '"open'
    found 1003 error
    looked 11 --tablespace-map nowhere=here
    found 1010 error nowhere
    looked 0 -t t
    src -c 'create schema f' -c 'create function f.g() returns int language sql as $$select 1$$' -c 'create table other (a int default f.g())'
    looked 11 -N f
    found 2111 error other
}

@test "roles, tablespaces and what only a superuser may do" {
    pair template0
    mkdir -p "$HERE/space"
    [[ $(id -u) != 0 ]] || chown postgres: "$HERE/space"
    [[ $(admin_source "select count(*) from pg_tablespace where spcname = 't_space'") == 1 ]] || admin_source "create tablespace t_space location '$HERE/space'"
    admin_source 'create role t_owner'
    admin_target 'create role t_poor login'
    src -c 'create table t (id int primary key) tablespace t_space' -c 'alter table t owner to t_owner'
    looked 11
    found 3102 error 'CREATE ROLE t_owner'
    found 3103 error t_space
    the_same 5 3102
    looked 10 --roles --tablespace-map t_space=
    found 4002 warning
    rm -rf "$RUN"
    looked 0 --roles --no-tablespaces
    looked 11 --roles --no-tablespaces --target "$(as target t_poor)"
    found 3104 error "GRANT CREATE ON DATABASE $DB TO t_poor"
    found 3121 error t_poor
    admin_target "grant create on database $DB to t_poor"
    admin_target 'create role t_owner'
    src -c 'create function f() returns event_trigger language plpgsql as $$begin end$$' -c 'create event trigger e on ddl_command_end execute function f()' \
        -c "comment on schema public is 'changed'" -c "alter database $DB connection limit 50"
    looked 11 --no-tablespaces --target "$(as target t_poor)"
    found 3111 error t_owner
    found 3110 error 'event trigger'
    found 3151 error public
    found 3116 error "$DB"
    admin_target "alter role t_poor createrole"
    admin_source 'create role t_super superuser'
    looked 11 --roles --no-tablespaces --target "$(as target t_poor)"
    found 3120 error t_super
    admin_source 'drop role t_super'
    admin_source 'create role t_small login'
    looked 11 --roles --no-tablespaces --source "$(as source t_small)"
    admin_source 'drop role t_small'
    admin_target "drop database $DB with (force)"
    admin_target 'drop role t_poor'
    src -c 'drop table t'
    admin_source "drop tablespace t_space"
    admin_source 'drop role t_owner'
    admin_target 'drop role t_owner'
}

@test "a tablespace of the target that is closed to us" {
    pair template0
    mkdir -p "$HERE/one" "$HERE/two"
    [[ $(id -u) != 0 ]] || chown postgres: "$HERE/one" "$HERE/two"
    admin_source "create tablespace t_closed location '$HERE/one'"
    admin_target "create tablespace t_closed location '$HERE/two'"
    admin_target 'create role t_poor login'
    admin_target "alter database $DB owner to t_poor"
    src -c 'create table t (id int primary key) tablespace t_closed'
    looked 11 --no-owner --target "$(as target t_poor)"
    found 3131 error t_closed
    src -c 'drop table t'
    admin_source 'drop tablespace t_closed'
    admin_target 'drop tablespace t_closed'
    admin_target "alter database $DB owner to postgres"
    admin_target 'drop role t_poor'
}

@test "a database that is not there yet" {
    pair template0
    admin_target "drop database $DB with (force)"
    admin_target 'create role t_poor login'
    looked 11
    found 3001 error 'does not exist'
    looked 0 --create
    found 7091 note 'not there yet'
    looked 11 --create --target "$(as target t_poor)"
    found 3171 error t_poor
    the_same 5 3171 --create --target "$(as target t_poor)"
    admin_target 'drop role t_poor'
    admin_target "create database $DB"
    looked 10 --create
    missing 7091
}

@test "extensions, statistics, subscriptions" {
    pair template0
    src -c 'create extension hstore'
    looked 0
    looked 11 --extension-version hstore=99
    found 3133 error 99
    src -c "update pg_extension set extname = 'no_such_thing' where extname = 'hstore'"
    looked 11
    found 3134 error no_such_thing
    the_same 5 3134
    rm -rf "$RUN"
    src -c "update pg_extension set extname = 'hstore' where extname = 'no_such_thing'"
    if [[ $(admin_target 'show server_version_num') -lt 180000 ]]; then
        looked 11 --statistics carry
        found 3125 error 'version 18'
    fi
    src -c "create subscription t_sub connection 'host=nowhere' publication p with (connect = false)" 2>/dev/null
    looked 10
    found 7090 warning t_sub
    looked 0 --subscriptions
    tgt -c "create subscription t_sub connection 'host=nowhere' publication p with (connect = false)" 2>/dev/null
    looked 11 --subscriptions
    found 3150 error t_sub
    admin_source "create role t_app login"
    looked 11 --subscriptions --source "$(as source t_app)"
    found 2152 error t_sub
    looked 11 --roles --source "$(as source t_app)"
    found 2120 error t_app
    looked 10 --roles --no-role-passwords --source "$(as source t_app)"
    missing 2120
    admin_source 'drop role t_app'
    for side in src tgt; do $side -c 'alter subscription t_sub disable' -c 'alter subscription t_sub set (slot_name = none)' -c 'drop subscription t_sub'; done
}

@test "rows into tables that are there" {
    pair template0
    src -c 'create table t (id int primary key, x text)' -c 'create table g (id int primary key, n int generated always as (id + 1) stored)' \
        -c 'insert into t values (1, 2)' -c 'insert into g values (1)'
    looked 11 --data-only
    found 3112 error 'the target lacks'
    tgt -c 'create table t (id int primary key, x text)' -c 'create table g (id int primary key, n int generated always as (id + 1) stored)' -c 'insert into t values (3, 4)'
    looked 11 --data-only
    found 3113 error public.t
    looked 0 --data-only --truncate
    missing 3113
    tgt -c 'create function f() returns trigger language plpgsql as $$begin return new; end$$' -c 'create trigger a before insert on t for each row execute function f()' \
        -c 'alter table t enable always trigger a'
    looked 11 --data-only --truncate
    found 3114 error '"a" fires always on table public.t'
    tgt -c 'drop trigger a on t' -c 'drop table g' -c 'create table g (id int primary key, n int)'
    looked 11 --data-only --truncate
    found 3160 error 'public.g'
}

@test "what following needs of roles" {
    pair template0
    admin_source 'create role t_app login'
    admin_target 'create role t_app login'
    admin_target "alter database $DB owner to t_app"
    src -c 'create table t (id int primary key)' -c 'grant select on t to t_app'
    looked 11 --follow --no-owner --no-acl --source "$(as source t_app)" --target "$(as target t_app)"
    found 2212 error 'ALTER ROLE "t_app" REPLICATION'
    found 2216 warning "GRANT CREATE ON DATABASE \"$DB\" TO \"t_app\""
    found 2216 warning public.t
    found 3114 error t_app
    admin_source 'alter role t_app replication'
    src -c 'alter table t owner to t_app' -c "grant create on database $DB to t_app"
    if [[ $(admin_target 'show server_version_num') -ge 150000 ]]; then
        found 3114 error 'GRANT SET ON PARAMETER session_replication_role TO t_app'
        admin_target 'grant set on parameter session_replication_role to t_app'
        # It can follow; but to hand over, it would have to own the database.
        looked 0 --follow --no-owner --no-acl --source "$(as source t_app)" --target "$(as target t_app)"
        found 7035 note t_app
        admin_source "alter database $DB owner to t_app"
        looked 0 --follow --no-owner --no-acl --source "$(as source t_app)" --target "$(as target t_app)"
        clean
        admin_source "alter database $DB owner to postgres"
        admin_target 'revoke set on parameter session_replication_role from t_app'
    fi
    src -c 'drop owned by t_app'
    admin_source 'drop role t_app'
    admin_target "alter database $DB owner to postgres"
    admin_target 'drop role t_app'
    if [[ $(admin_source 'show server_version_num') -lt 170000 ]]; then
        looked 11 --follow --failover-slot
        found 2252 error
        the_same 4 2252 --follow --failover-slot
    fi
}

@test "a source without logical WAL, and standbys on either side" {
    "$PGH_TOP/tests/server" start "$HERE/plain" 'fsync = on' 'wal_level = replica'
    "$PGH_TOP/tests/server" standby "$HERE/standby" "$HERE/plain"
    local target=$PGH_TARGET
    PGH_SOURCE="host=$HERE/plain user=postgres"
    pair template0
    looked 0
    looked 11 --follow
    found 2211 error 'ALTER SYSTEM SET wal_level = logical'
    the_same 4 2211 --follow
    rm -rf "$RUN"
    src -c 'create unlogged table u (id int primary key)' -c 'create table t (id int primary key)'
    wait_for 20 eval '[[ $(psql -qXAt "host=$HERE/standby user=postgres dbname=$DB" -c "select count(*) from pg_class where relname = '"'t'"'") == 1 ]]'
    looked 11 --source "host=$HERE/standby user=postgres dbname=$DB"
    found 2151 error public.u
    found 7090 warning hot_standby_feedback
    looked 11 --follow --source "host=$HERE/standby user=postgres dbname=$DB"
    found 2210 error standby
    # And the other way round.
    PGH_SOURCE=$target
    looked 11 --source "$(on "$target" "$DB")" --target "host=$HERE/standby user=postgres dbname=$DB"
    found 3108 error standby
    PGH_SOURCE="host=$HERE/plain user=postgres"
    "$PGH_TOP/tests/server" wipe "$HERE/standby"
    teardown
    DB=''
    "$PGH_TOP/tests/server" wipe "$HERE/plain"
}

@test "a question that is refused hides no other answer" {
    pair template0
    admin_source 'create role t_app login'
    src -c 'create unlogged table u (id int primary key)' -c 'grant select on u to t_app' -c 'revoke all on pg_catalog.pg_prepared_xacts from public'
    looked 0 --no-acl --source "$(as source t_app)"
    found 7091 note 'permission denied for view pg_prepared_xacts'
    found 7014 note public.u
    [[ $(jq '[.findings[] | select(.id == "PGH-7091")] | length' "$(REPORT)") == 1 ]]
    src -c 'drop owned by t_app'
    admin_source 'drop role t_app'
}

@test "a disk of the target that is too small" {
    pair template0
    local place
    place=$(src -c "select current_setting('data_directory') || '/base/' || oid from pg_database where datname = '$DB'")
    for i in 1 2 3 4; do truncate -s 8T "$place/t_$i" || skip 'no such large files here'; done
    looked 10
    found 7060 warning 'the copy needs about'
    rm "$place"/t_?
    looked 0
}

@test "clone --check-only, and its checks" {
    pair template0
    src -c 'create table t (a int)'
    run -0 clone --check-only
    assert_line ready
    [[ ! -e $RUN ]]
    run -11 clone --check-only --follow
    assert_output --partial PGH-2213
    [[ ! -e $RUN && $(admin_source "select count(*) from pg_replication_slots") == 0 ]]
    run -0 "$PGHAUL" copy db --dir "$RUN" --check-only
    run -2 clone --check-only --resume
    assert_output --partial 'PGH-1005: --check-only looks at a new run of one database: it does not go with --resume'
    run -2 clone --check-only --all-databases
    assert_output --partial 'with --all-databases'
    no_helper_schema
}

@test "the page opens by itself, and says the same" {
    pair template0
    src -c 'create table "<script>alert(1)</script> & ""so""" (a int)' -c 'create unlogged table loose (id int primary key)'
    run -11 "$PGHAUL" check --follow --dir "$RUN" --html "$BATS_TEST_TMPDIR/report.html"
    page=$(cat "$BATS_TEST_TMPDIR/report.html")
    [[ $page == '<!DOCTYPE html>'*'</html>' ]]
    # Nothing is loaded from anywhere, and nothing runs.
    run -1 grep -Ei '(src|href|action)=|url\(|@import|<(script|link|img|iframe|object|base|form)|https?://' "$BATS_TEST_TMPDIR/report.html"
    grep -q "default-src 'none'" "$BATS_TEST_TMPDIR/report.html"
    grep -q '@media print' "$BATS_TEST_TMPDIR/report.html"
    grep -q '&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;' "$BATS_TEST_TMPDIR/report.html"
    for id in 2213 7013; do grep -q "PGH-$id" "$BATS_TEST_TMPDIR/report.html"; done
    looked 11 --follow
    [[ $(grep -c '<article' "$BATS_TEST_TMPDIR/report.html") == "$(jq '.findings | length' "$(REPORT)")" ]]
    # What is no file stays what it is.
    touch "$BATS_TEST_TMPDIR/elsewhere.html"
    ln -s elsewhere.html "$BATS_TEST_TMPDIR/link.html"
    run -11 "$PGHAUL" check --follow --dir "$RUN" --html "$BATS_TEST_TMPDIR/link.html"
    [[ -L $BATS_TEST_TMPDIR/link.html && $(head -c 9 "$BATS_TEST_TMPDIR/elsewhere.html") == '<!DOCTYPE' ]]
    ln -s /dev/full "$BATS_TEST_TMPDIR/full"
    run -6 "$PGHAUL" check --follow --dir "$RUN" --html "$BATS_TEST_TMPDIR/full"
    [[ -L $BATS_TEST_TMPDIR/full ]]
    run -6 "$PGHAUL" check --dir "$RUN" --html "$BATS_TEST_TMPDIR/not/there.html"
    assert_output --partial --html
}

@test "every id has its page" {
    for id in $("$PGHAUL" help faults | sed -n 's/^PGH-\([0-9]*\) .*/\1/p') $("$PGHAUL" help checks | sed -n 's/^PGH-\([0-9]*\) .*/\1/p'); do
        run -0 "$PGHAUL" explain "PGH-$id"
        assert_line --index 0 --regexp "^PGH-$id: ."
        assert_output --partial 'What to do:'
    done
    run -0 "$PGHAUL" explain 2107
    assert_line --index 0 'PGH-2107: sequences cannot be read'
    assert_output --partial 'exit status 4'
    run -0 "$PGHAUL" explain pgh-7013
    assert_output --partial 'as a warning when changes are followed'
    for wrong in PGH-0001 PGH-99999 nonsense '' 21O7; do
        run -2 "$PGHAUL" explain "$wrong"
        assert_output --partial "PGH-1003: there is no error or check \"$wrong\""
        assert_output --partial 'pghaul help checks'
    done
    run -2 "$PGHAUL" explain
    assert_output --partial PGH-1004
}

@test "bad options of check" {
    pair template0
    run -2 "$PGHAUL" check --source 'host=a password=top secret'
    assert_output --partial PGH-1006
    refute_output --partial secret
    unset PGHAUL_SOURCE
    run -2 "$PGHAUL" check
    assert_output --partial 'PGH-1004: --source is missing'
    run -2 "$PGHAUL" check --source "$SOURCE" --slot x
    assert_output --partial 'PGH-1005: --slot goes with --follow only'
    run -2 "$PGHAUL" check --source "$SOURCE" --schema-only --data-only
    assert_output --partial PGH-1005
    run -2 "$PGHAUL" check --source "$SOURCE" --table-jobs 0
    assert_output --partial PGH-1003
}
