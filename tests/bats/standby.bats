load lib.bash

# A hot standby as the source. It has a primary of its own, of which nobody else's vacuum is replayed.

setup_file() {
    export PRIMARY_DIR=$PGH_ROOT/primary STANDBY_DIR=$PGH_ROOT/standby
    "$PGH_TOP/tests/server" start "$PRIMARY_DIR" autovacuum=off hot_standby_feedback=off
    "$PGH_TOP/tests/server" standby "$STANDBY_DIR" "$PRIMARY_DIR"
    # What `pair` makes as the source is on the primary.
    export PGH_SOURCE="host=$PRIMARY_DIR user=postgres" PGH_STANDBY="host=$STANDBY_DIR user=postgres"
    admin_source 'create role pgh_owner'
    admin_source 'create role pgh_reader'
    admin_source 'create database pgh_work'
    psql -qX "$(on "$PGH_SOURCE" pgh_work)" -f "$PGH_TOP/tests/sql/work.sql" >/dev/null
}

teardown_file() {
    "$PGH_TOP/tests/server" wipe "$STANDBY_DIR"
    "$PGH_TOP/tests/server" wipe "$PRIMARY_DIR"
}

replayed() { [[ $(psql -qXAt "$(on "$PGH_STANDBY" postgres)" -c "select pg_last_wal_replay_lsn() >= '$1'") == t ]]; }
caught_up() { wait_for 20 replayed "$(admin_source 'select pg_current_wal_insert_lsn()')"; }

# The source of pghaul is the standby from here on, that of `src` and `same` the primary.
read_standby() {
    caught_up
    export PGHAUL_SOURCE
    PGHAUL_SOURCE=$(on "$PGH_STANDBY" "$DB")
}

# set_standby SETTING=VALUE: on the standby, until the test ends.
set_standby() {
    psql -qXAt "$(on "$PGH_STANDBY" postgres)" -c "alter system set ${1%%=*} = '${1#*=}'" -c 'select pg_reload_conf()' >/dev/null
    wait_for 10 standby_has "${1%%=*}" "${1#*=}"
}
standby_has() { [[ $(psql -qXAt "$(on "$PGH_STANDBY" postgres)" -c "show $1") == "$2" ]]; }
setup() {
    psql -qXAt "$(on "$PGH_STANDBY" postgres)" -c 'alter system reset hot_standby_feedback' \
        -c 'alter system reset max_standby_streaming_delay' -c 'select pg_reload_conf()' >/dev/null
}

# Versions of rows go that the snapshot still sees, and the standby is told so.
vacuum_away() {
    src -c 'update big set label = label' -c 'vacuum big'
}

@test "standby: every object arrives; rows of unlogged tables are refused before anything is done" {
    pair
    psql -qX "$SOURCE" -f "$PGH_TOP/tests/sql/objects.sql" >/dev/null 2>&1
    src -c 'drop subscription sub'
    read_standby
    run -4 clone
    assert_output --partial 'PGH-2151'
    assert_output --partial 'nobody can read what is unlogged: '
    assert_output --partial 'app.unlogged, app.unlogged_1'
    assert_output --partial '--exclude-table-data'
    no_helper_schema
    run -4 "$PGHAUL" plan
    assert_output --partial 'PGH-2151'
    run -0 "$PGHAUL" list tables
    run -0 clone --exclude-table-data 'app.unlogged*' --exclude-table-data app.forgetful --split-larger-than 1MB
    same_schema
    # A standby says of sequences what they would go on with there, so it is what the copy must be like.
    for side in src tgt; do
        $side -c 'set session_replication_role = replica' -c 'drop table app.unlogged, app.unlogged_1' \
        -c 'drop sequence if exists app.forgetful'
    done
    caught_up
    alike contents "$PGHAUL_SOURCE" "$TARGET" "$BATS_TEST_TMPDIR"
    no_helper_schema
    nothing_left
    # Nothing is read of it.
    again
    run -0 "$PGHAUL" copy schema --dir "$RUN"
    same_schema
}

@test "standby: sequences that are unlogged are named as well; what is not chosen is not" {
    [[ $(admin_source 'show server_version_num') -ge 150000 ]] || skip 'unlogged sequences are new in version 15'
    pair
    src -c 'create unlogged table u (id int generated always as identity, v text)' -c 'create table kept (id serial)' \
        -c "insert into u (v) values ('x')" -c 'insert into kept select from generate_series(1, 10)'
    read_standby
    run -4 "$PGHAUL" plan
    assert_output --partial 'unlogged: public.u, public.u_id_seq'
    run -4 "$PGHAUL" plan --exclude-table-data u
    assert_output --partial 'unlogged: public.u_id_seq'
    run -4 "$PGHAUL" copy sequences --dir "$RUN"
    assert_output --partial 'unlogged: public.u_id_seq'
    run -0 "$PGHAUL" plan -t kept
    run -0 clone --exclude-table-data 'u*'
    [[ $(tgt -c 'select count(*) from kept') == 10 && $(tgt -c 'select count(*) from u') == 0 ]]
    [[ $(tgt -c 'select last_value from u_id_seq') == 1 ]]
}

@test "standby: a replay that may end the copy is said beforehand" {
    pair work
    read_standby
    run -0 "$PGHAUL" plan
    assert_output --partial 'warning: the source is a standby with hot_standby_feedback = off and max_standby_streaming_delay = 30s'
    assert_output --partial 'PGH-2150'
    set_standby max_standby_streaming_delay=-1
    run -0 "$PGHAUL" plan
    refute_output --partial 'is a standby'
    set_standby max_standby_streaming_delay=1h
    psql -qXAt "$(on "$PGH_STANDBY" postgres)" -c 'select pg_wal_replay_pause()'
    run -0 "$PGHAUL" plan
    refute_output --partial 'is a standby'
    psql -qXAt "$(on "$PGH_STANDBY" postgres)" -c 'select pg_wal_replay_resume()'
    run -0 "$PGHAUL" plan --schema-only
    refute_output --partial 'is a standby'
    run -0 clone
    assert_output --partial 'is a standby with hot_standby_feedback = off and max_standby_streaming_delay = 1h'
    same
    again
    set_standby hot_standby_feedback=on
    run -0 clone
    refute_output --partial 'is a standby'
    same
}

@test "standby: a vacuum on its primary ends the copy, which says why and what to do" {
    pair work
    read_standby
    set_standby max_standby_streaming_delay=0
    clone_to copy.moving --split-larger-than 1MB --table-jobs 2
    vacuum_away
    wait_for 20 holder_gone
    go_on
    ended_with 4 'PGH-2150: .*due to conflict with recovery'
    grep -q 'hint: .*hot_standby_feedback = on or max_standby_streaming_delay = -1' "$BATS_TEST_TMPDIR/err"
    run -4 clone --resume
    assert_output --partial 'PGH-2106'
    set_standby hot_standby_feedback=on
    run -0 clone --resume --not-consistent
    same
}
holder_gone() {
    [[ $(psql -qXAt "$(on "$PGH_STANDBY" "$DB")" -c "select count(*) from pg_stat_activity where application_name like 'pghaul snapshot%'") == 0 ]]
}

@test "standby: a vacuum on its primary ends pghaul snapshot, which says why" {
    pair work
    read_standby
    set_standby max_standby_streaming_delay=0
    background "$PGHAUL" snapshot --dir "$RUN"
    wait_for 10 catalog_says 'select count(*) from snapshot where ended_us is null' 1
    vacuum_away
    ended_with 4 'PGH-2150: the connection that holds snapshot .* was lost: .*due to conflict with recovery'
}

@test "standby: with feedback a vacuum does no harm" {
    pair work
    read_standby
    set_standby max_standby_streaming_delay=0
    set_standby hot_standby_feedback=on
    clone_to copy.moving --split-larger-than 1MB --table-jobs 2
    # The primary has heard of the snapshot when it knows an xmin.
    wait_for 20 feedback_came
    vacuum_away
    caught_up
    go_on
    wait "$PID"
    same
}
feedback_came() { [[ $(admin_source 'select count(*) from pg_stat_replication where backend_xmin is not null') == 1 ]]; }

@test "standby: who is thrown off a table by a lock that is replayed reads it again" {
    pair work
    read_standby
    set_standby max_standby_streaming_delay=0
    clone_to copy.moving --split-larger-than 1MB --table-jobs 3
    [[ $(catalog "select role from process where pid = $STOPPED") == copy ]]
    src -c 'alter table plain add column later int' -c 'alter table big add column later int'
    caught_up
    go_on
    wait "$PID"
    # A server that waits for us to take its rows cannot say why it goes.
    grep -q 'worker copy .*; it will be replaced' "$BATS_TEST_TMPDIR/err"
    src -c 'alter table plain drop column later' -c 'alter table big drop column later'
    same_contents
}

@test "standby: one that is promoted meanwhile keeps the snapshot; a resume goes on there" {
    pair work
    "$PGH_TOP/tests/server" standby "$PGH_ROOT/promoted" "$PRIMARY_DIR"
    PGH_STANDBY="host=$PGH_ROOT/promoted user=postgres"
    read_standby
    background "$PGHAUL" snapshot --dir "$RUN"
    wait_for 10 catalog_says 'select count(*) from snapshot where ended_us is null' 1
    clone_to copy.before_commit:2 --split-larger-than 1MB --table-jobs 2
    "$PGH_TOP/tests/server" promote "$PGH_ROOT/promoted"
    psql -qXAt "$PGHAUL_SOURCE" -c 'delete from child where id % 3 = 0' -c "update plain set filler = filler || 'y'" -c 'vacuum'
    kill -9 "$PID"
    wait "$PID" || true # a zombie counts as running
    go_on
    run -0 clone --resume
    same
    "$PGH_TOP/tests/server" wipe "$PGH_ROOT/promoted"
}

@test "standby: its primary's same database is no target" {
    pair work
    read_standby
    run -2 clone --target "$SOURCE"
    assert_output --partial 'are the same database'
}

@test "standby: whatever isolation its roles have by default" {
    pair work
    admin_source "alter database $DB set default_transaction_isolation = serializable"
    read_standby
    run -0 "$PGHAUL" list tables
    run -7 clone
    assert_output --partial 'cannot use serializable mode in a hot standby'
    export PGOPTIONS="-c default_transaction_isolation=read\\ committed"
    run -0 clone
    unset PGOPTIONS
    same_contents
}
