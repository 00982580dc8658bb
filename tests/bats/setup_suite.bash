# Started once for all test files: two servers, with databases that tests copy as templates.

setup_suite() {
    export PGH_TOP PGH_ROOT PGH_SOURCE_DIR PGH_TARGET_DIR PGHAUL PGHAUL_TEST_FIRED
    PGH_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
    PGHAUL=$PGH_TOP/build/${BUILD:-debug}/pghaul
    PGH_ROOT=$(mktemp -d /tmp/pgh.XXXXXX)
    chmod 755 "$PGH_ROOT"
    PGH_SOURCE_DIR=$PGH_ROOT/s
    PGH_TARGET_DIR=$PGH_ROOT/t
    PGHAUL_TEST_FIRED=$PGH_TOP/build/failpoints.fired
    : > "$PGHAUL_TEST_FIRED"
    export LC_ALL=C.UTF-8
    unset PGHAUL_SOURCE PGHAUL_TARGET PGHAUL_TEST_AT PGHAUL_TEST_DIR PGHOST PGUSER PGPASSWORD PGDATABASE

    "$PGH_TOP/tests/server" start "$PGH_SOURCE_DIR" &
    "$PGH_TOP/tests/server" start "$PGH_TARGET_DIR" &
    wait
    for dir in "$PGH_SOURCE_DIR" "$PGH_TARGET_DIR"; do
        psql -qX "host=$dir user=postgres dbname=postgres" \
            -c 'create role pgh_owner' -c 'create role pgh_reader'
    done
    psql -qX "host=$PGH_SOURCE_DIR user=postgres dbname=postgres" \
        -c 'create database objects' -c 'create database work'
    psql -qX "host=$PGH_SOURCE_DIR user=postgres dbname=objects" \
        -f "$PGH_TOP/tests/sql/objects.sql" >/dev/null 2>"$PGH_ROOT/objects.err" ||
        { cat "$PGH_ROOT/objects.err" >&2; return 1; }
    # The subscription would keep the database from serving as a template.
    psql -qX "host=$PGH_SOURCE_DIR user=postgres dbname=objects" -c 'drop subscription sub'
    psql -qX "host=$PGH_SOURCE_DIR user=postgres dbname=work" \
        -f "$PGH_TOP/tests/sql/work.sql" >/dev/null
}

teardown_suite() {
    "$PGH_TOP/tests/server" wipe "$PGH_SOURCE_DIR"
    "$PGH_TOP/tests/server" wipe "$PGH_TARGET_DIR"
    rm -rf "$PGH_ROOT"
}
