# For tests of runs that follow: a source server of their own, and what they ask of it.

setup_file() {
    HERE=$PGH_ROOT/$(basename "$BATS_TEST_FILENAME" .bats)
    export HERE
    mkdir -p "$HERE"
    chmod 755 "$HERE"
    "$PGH_TOP/tests/server" start "$HERE/s" 'wal_sender_timeout = 10s'
}

teardown_file() { "$PGH_TOP/tests/server" wipe "$HERE/s"; }

setup() {
    PGH_SOURCE="host=$HERE/s user=postgres"
    pair template0
    SLOT=pghaul_$DB
}

teardown() {
    local pid
    for pid in ${PIDS:-}; do kill -9 "$pid" 2>/dev/null || true; done
    for pid in ${PIDS:-}; do wait "$pid" 2>/dev/null || true; done
    admin_source "select pg_terminate_backend(active_pid) from pg_replication_slots where active and database = '$DB'" >/dev/null
    wait_for 20 eval '[[ $(admin_source "select count(*) from pg_replication_slots where active and database = '"'$DB'"'") == 0 ]]'
    admin_source "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = '$DB'" >/dev/null
    keep_fired
    if [[ -n ${BATS_ERROR_STATUS:-} ]]; then
        cat "$BATS_TEST_TMPDIR/err" 2>/dev/null
        tail -n 40 "$RUN/log/pghaul.log" 2>/dev/null
    fi
    admin_source "drop database if exists $DB with (force)"
    admin_target "drop database if exists $DB with (force)"
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
