load lib.bash

# Servers of their own, which listen on addresses of the loopback network, with TLS and passwords.

SECRET=s3cr3t-w0rd

setup_file() {
    export PGH_SOURCE_DIR=$PGH_ROOT/cs PGH_TARGET_DIR=$PGH_ROOT/ct
    export PGH_SOURCE="host=$PGH_SOURCE_DIR user=postgres" PGH_TARGET="host=$PGH_TARGET_DIR user=postgres"
    export SOURCE_ADDRESS=127.77.$((RANDOM % 250 + 1)).1
    export TARGET_ADDRESS=${SOURCE_ADDRESS%1}2
    openssl req -new -x509 -days 2 -nodes -subj /CN=localhost -newkey rsa:2048 \
        -keyout "$PGH_ROOT/server.key" -out "$PGH_ROOT/server.crt" 2>/dev/null
    one_server "$PGH_SOURCE_DIR" "$SOURCE_ADDRESS" &
    one_server "$PGH_TARGET_DIR" "$TARGET_ADDRESS" &
    wait
    psql -qX "host=$PGH_SOURCE_DIR user=postgres dbname=postgres" -c 'create database pgh_work'
    psql -qX "host=$PGH_SOURCE_DIR user=postgres dbname=pgh_work" -f "$PGH_TOP/tests/sql/work.sql" >/dev/null
}

one_server() {
    mkdir -p "$1"
    for file in server.key server.crt; do
        install -m 600 "$PGH_ROOT/$file" "$1/$file"
        [[ $(id -u) != 0 ]] || chown postgres: "$1/$file"
    done
    "$PGH_TOP/tests/server" start "$1" "listen_addresses = '$2'" 'ssl = on' "ssl_key_file = '$1/server.key'" "ssl_cert_file = '$1/server.crt'"
    psql -qX "host=$1 user=postgres dbname=postgres" -c "create role t_login superuser login password '$SECRET'" -c 'create role pgh_owner'
    printf 'local all all trust\nhost all all all scram-sha-256\n' >"$1/data/pg_hba.conf"
    psql -qXAt "host=$1 user=postgres dbname=postgres" -c 'select pg_reload_conf()' >/dev/null
}

teardown_file() {
    "$PGH_TOP/tests/server" wipe "$PGH_SOURCE_DIR"
    "$PGH_TOP/tests/server" wipe "$PGH_TARGET_DIR"
}

by_tcp() {
    S="host=$SOURCE_ADDRESS user=t_login dbname=$DB" T="host=$TARGET_ADDRESS user=t_login dbname=$DB"
    unset PGHAUL_SOURCE PGHAUL_TARGET
}

@test "over TLS, and over TCP without it" {
    pair work
    by_tcp
    for mode in require disable; do
        for format in text binary; do
            again
            PGPASSWORD=$SECRET run -0 clone -q --source "$S sslmode=$mode" --target "$T sslmode=$mode" --copy-format $format \
                --split-larger-than 1MB
            same
        done
    done
    again
    # One side only.
    PGPASSWORD=$SECRET run -0 clone -q --source "$S sslmode=require" --target "$T sslmode=disable"
    same
    PGPASSWORD=$SECRET run -0 "$PGHAUL" ping --source "$S sslmode=require" --target "$T sslmode=disable"
    assert_output --partial 'as user "t_login", encrypted'
    assert_output --partial 'as user "t_login", not encrypted'
}

@test "faults in the middle of a COPY over TLS" {
    pair work
    by_tcp
    export PGPASSWORD=$SECRET
    # The target refuses a row.
    src -c 'create table checked (a int)' -c 'insert into checked select generate_series(1, 200000)'
    clone_to supervisor.before_phase:3 --source "$S sslmode=require" --target "$T sslmode=require" -q
    tgt -c 'alter table checked add check (a < 150000)'
    go_on
    ended_with 5 'PGH-3003: .*checked.*violates check constraint'
    # The source loses the connection.
    again
    clone_to copy.moving --source "$S sslmode=require" --target "$T sslmode=require" -q
    admin_source "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'pghaul copy%'" >/dev/null
    go_on
    wait "$PID"
    same
}

@test "a password: in the string, in PGPASSWORD, in files; never shown" {
    pair work
    by_tcp
    run -4 clone --source "$S password=wrong-$SECRET" --target "$T password=$SECRET"
    assert_output --partial 'PGH-2001'
    assert_output --partial 'password authentication failed'
    refute_output --partial "$SECRET"
    : >"$BATS_TEST_TMPDIR/seen"
    background "$PGHAUL" clone --dir "$RUN" --source "postgres://t_login:$SECRET@$SOURCE_ADDRESS/$DB" --target "$T password=$SECRET" -v
    while kill -0 "$PID" 2>/dev/null; do
        ps -eo pid,args | grep -v grep | grep -- "$SECRET" >>"$BATS_TEST_TMPDIR/seen" || true
    done
    wait "$PID"
    # Whoever starts a program shows its arguments for an instant; workers and pg_dump never do.
    run grep -E 'worker|pg_dump|pg_restore' "$BATS_TEST_TMPDIR/seen"
    [[ $status == 1 ]]
    run grep -r "$SECRET" "$RUN" "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
    [[ $status == 1 ]]
    run -0 "$PGHAUL" status --dir "$RUN" --json
    refute_output --partial "$SECRET"
    again
    PGPASSWORD=$SECRET run -0 clone -q --source "$S" --target "$T"
    again
    printf '%s:*:*:t_login:%s\n' "$SOURCE_ADDRESS" "$SECRET" "$TARGET_ADDRESS" "$SECRET" >"$BATS_TEST_TMPDIR/pgpass"
    chmod 600 "$BATS_TEST_TMPDIR/pgpass"
    PGPASSFILE=$BATS_TEST_TMPDIR/pgpass run -0 clone -q --source "$S" --target "$T"
    same
}

@test "service files, several hosts, PG* variables" {
    pair work
    by_tcp
    printf '[old]\nhost=%s\nuser=t_login\npassword=%s\ndbname=%s\n' "$SOURCE_ADDRESS" "$SECRET" "$DB" >"$BATS_TEST_TMPDIR/services"
    PGSERVICEFILE=$BATS_TEST_TMPDIR/services PGPASSWORD=$SECRET run -0 clone -q --source service=old \
        --target "host=$SOURCE_ADDRESS,$TARGET_ADDRESS port=1,5432 user=t_login dbname=$DB"
    same
    again
    PGUSER=t_login PGDATABASE=$DB PGPASSWORD=$SECRET run -0 clone -q --source "host=$SOURCE_ADDRESS" --target "host=$TARGET_ADDRESS"
    same
}

@test "a connection of each side that is lost in the middle is replaced" {
    pair work
    for victim in 'source copy copy.moving' 'source copy copy.begun' 'target copy copy.moving' 'target copy copy.begun' \
        'target build index.begun' 'target schema script.before_commit'; do
        again
        read -r side role point <<<"$victim"
        clone_to "$point" -q --split-larger-than 1MB
        "admin_$side" "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB' and application_name like 'pghaul $role%'" >/dev/null
        go_on
        wait "$PID" || { echo "$victim:"; cat "$BATS_TEST_TMPDIR/err"; return 1; }
        same
    done
}

@test "a restart of the target is waited for; of the source, which takes the snapshot away, is not" {
    pair work
    clone_to copy.moving -q --split-larger-than 1MB
    "$PGH_TOP/tests/server" stop "$PGH_TARGET_DIR"
    go_on
    wait_for 20 grep -qs 'it will be replaced' "$RUN/log/pghaul.log"
    "$PGH_TOP/tests/server" start "$PGH_TARGET_DIR"
    wait "$PID"
    same
    again
    clone_to copy.moving -q --split-larger-than 1MB
    "$PGH_TOP/tests/server" stop "$PGH_SOURCE_DIR"
    "$PGH_TOP/tests/server" start "$PGH_SOURCE_DIR"
    go_on
    ended_with 4 'PGH-(2106|2002)'
    run -0 clone --resume --not-consistent -q
    same
}

@test "as a role that owns nothing on the source, and is no superuser on the target" {
    pair work
    psql -qX "$SOURCE" -c 'drop event trigger quiet' -c 'create role t_reader login' \
        -c 'grant usage on schema public to t_reader' -c 'grant select on all tables in schema public to t_reader' \
        -c 'grant select on all sequences in schema public to t_reader' -c 'grant select on large object 770001 to t_reader'
    admin_target "create role t_admin login createrole createdb"
    admin_target "alter database $DB owner to t_admin"
    # Found before anything is copied.
    run -4 clone -q --source "${SOURCE/user=postgres/user=t_reader}" --target "${TARGET/user=postgres/user=t_admin}" --no-owner --no-acl
    [[ $output == *'PGH-2108: '*'role "t_reader" may not read large objects: 770002'* ]]
    [[ $(tgt -c "select count(*) from pg_class where relname = 'plain'") == 0 ]]
    src -c 'grant select on large object 770002 to t_reader'
    run -0 clone -q --source "${SOURCE/user=postgres/user=t_reader}" --target "${TARGET/user=postgres/user=t_admin}" --no-owner --no-acl
    contents "$SOURCE" | cut -d'|' -f1-3 >"$BATS_TEST_TMPDIR/source.contents"
    contents "$TARGET" | cut -d'|' -f1-3 >"$BATS_TEST_TMPDIR/target.contents"
    diff "$BATS_TEST_TMPDIR/source.contents" "$BATS_TEST_TMPDIR/target.contents"
    no_helper_schema
    src -c 'drop owned by t_reader' -c 'drop role t_reader'
    tgt -c 'reassign owned by t_admin to postgres'
    admin_target "alter database $DB owner to postgres"
    admin_target 'drop role t_admin'
}

@test "in a small run, which the snapshot's holder copies itself, the target loses a connection" {
    pair
    src -c "create table t as select i, md5(i::text) as filler from generate_series(1, 3000) i"
    clone_to copy.moving -q
    [[ $(catalog "select count(*) from process where role = 'copy'") == 0 ]]
    admin_target "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB' and application_name like 'pghaul%'" >/dev/null
    go_on
    wait "$PID"
    same
}
