# For tests of runs that follow, and of the two halves of that: a source server of their own, and what they
# ask of it. A file may define setup_file, setup and teardown anew with what these call.

# own_source SETTING...: a server for this file.
own_source() {
    HERE=$PGH_ROOT/$(basename "$BATS_TEST_FILENAME" .bats)
    export HERE
    mkdir -p "$HERE"
    chmod 755 "$HERE"
    "$PGH_TOP/tests/server" start "$HERE/s" "$@"
}
setup_file() { own_source 'wal_sender_timeout = 10s' 'max_prepared_transactions = 10'; }
teardown_file() { "$PGH_TOP/tests/server" wipe "$HERE/s"; }

setup() {
    PGH_SOURCE="host=$HERE/s user=postgres"
    pair template0
    SLOT=pghaul_$DB
}

# For tests of the halves: the source's database alone; theirs is ${DB}_t, on the same server.
setup_halves() {
    PGH_SOURCE="host=$HERE/s user=postgres" PGH_TARGET=$PGH_SOURCE
    export PGHAUL_TEST_DIR=$BATS_TEST_TMPDIR/failpoints
    DB=pgh_${BATS_TEST_NUMBER}_$$ RUN=$BATS_TEST_TMPDIR/run PIDS=''
    mkdir -p "$PGHAUL_TEST_DIR"
    SOURCE="$PGH_SOURCE dbname=$DB" TARGET="$PGH_TARGET dbname=${DB}_t"
    admin_source "create database $DB"
}

teardown() { tidy_up; }
tidy_up() {
    local pid
    # Of a function in the background it is the shell that has this id, and the command is its child.
    for pid in ${PIDS:-}; do
        # shellcheck disable=SC2046
        kill -9 $(pgrep -P "$pid") "$pid" 2>/dev/null || true
    done
    for pid in ${PIDS:-}; do wait "$pid" 2>/dev/null || true; done
    keep_fired
    if [[ -n ${BATS_ERROR_STATUS:-} ]]; then
        cat "$BATS_TEST_TMPDIR/err" 2>/dev/null
        tail -n 40 "$RUN/log/pghaul.log" 2>/dev/null
    fi
    # A test may have failed while the server was stopped.
    admin_source 'select' >/dev/null 2>&1 || "$PGH_TOP/tests/server" start "$HERE/s"
    admin_source 'select pg_terminate_backend(active_pid) from pg_replication_slots where active' >/dev/null
    wait_for 20 eval '[[ $(admin_source "select count(*) from pg_replication_slots where active") == 0 ]]'
    admin_source 'select pg_drop_replication_slot(slot_name) from pg_replication_slots' >/dev/null
    drop_databases admin_source
    drop_databases admin_target
}
drop_databases() { # SERVER
    local name
    for name in $("$1" "select datname from pg_database where datname ~ '^$DB(_|\$)'"); do "$1" "drop database if exists $name with (force)"; done
}

follow() { clone --follow "$@"; }
cleanup() { "$PGHAUL" cleanup --dir "$RUN" "$@"; }
slots() { admin_source "select count(*) from pg_replication_slots where database = '$DB'"; }
publications() { src -c "select count(*) from pg_publication where pubname like 'pghaul%'"; }
nothing_made() { [[ $(slots) == 0 && $(publications) == 0 ]]; }
position() { "$PGHAUL" position --dir "$RUN" --json | jq -r ".$1"; }
following() { catalog_says 'select phase from run' 6; }
# All that committed by now is applied.
caught_up() {
    local end
    end=$(src -c "select pg_logical_emit_message(true, 'test', '')" -c 'select pg_current_wal_insert_lsn()' | tail -n 1)
    wait_for 20 eval '[[ $(tgt -c "select applied >= '"'$end'"' from pghaul.progress") == t ]]'
}
end_now() {
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    ended_with 0 'applied all that committed before'
}
# The whole run at once, as if the machine had lost its power.
kill_all() {
    local workers
    workers=$(catalog 'select pid from process where ended_us is null')
    kill -STOP "$PID"
    # shellcheck disable=SC2086
    kill -9 $workers "$PID" 2>/dev/null || true
    wait "$PID" 2>/dev/null || true
}
fresh_points() {
    keep_fired
    rm -rf "$PGHAUL_TEST_DIR"
    mkdir -p "$PGHAUL_TEST_DIR"
}
