# For tests of the way back: two servers of their own, since slots are on both.

setup_file() {
    own_source 'wal_sender_timeout = 10s'
    "$PGH_TOP/tests/server" start "$HERE/t" 'wal_sender_timeout = 10s'
}
teardown_file() {
    "$PGH_TOP/tests/server" wipe "$HERE/s"
    "$PGH_TOP/tests/server" wipe "$HERE/t"
}

setup() {
    PGH_SOURCE="host=$HERE/s user=postgres" PGH_TARGET="host=$HERE/t user=postgres"
    pair template0
    SLOT=pghaul_$DB BACK=$RUN/back
}

teardown() {
    local pid
    for pid in ${PIDS:-}; do kill -9 "$pid" 2>/dev/null || true; done
    if [[ -n ${BATS_ERROR_STATUS:-} ]]; then tail -n 40 "$BACK/log/pghaul.log" 2>/dev/null || true; fi
    admin_target 'select pg_terminate_backend(active_pid) from pg_replication_slots where active' >/dev/null
    wait_for 20 eval '[[ $(admin_target "select count(*) from pg_replication_slots where active") == 0 ]]'
    admin_target 'select pg_drop_replication_slot(slot_name) from pg_replication_slots' >/dev/null
    tidy_up
}

back() { sqlite3 -cmd '.timeout 5000' "$BACK/catalog.db" "$1"; }
