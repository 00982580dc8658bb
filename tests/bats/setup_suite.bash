# Done once for all test files: two servers, with databases that tests copy as templates. The servers
# are throw-away ones, or those that tests/run was given.

setup_suite() {
    export PGH_TOP PGH_ROOT PGH_SOURCE_DIR PGH_TARGET_DIR PGH_SOURCE PGH_TARGET PGHAUL PGHAUL_TEST_FIRED
    PGH_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
    PGHAUL=$PGH_TOP/build/${BUILD:-debug}/pghaul
    PGH_ROOT=$(mktemp -d /tmp/pgh.XXXXXX)
    chmod 755 "$PGH_ROOT"
    PGHAUL_TEST_FIRED=$PGH_TOP/build/failpoints.fired
    : > "$PGHAUL_TEST_FIRED"
    export LC_ALL=C.UTF-8
    unset PGHAUL_SOURCE PGHAUL_TARGET PGHAUL_TEST_AT PGHAUL_TEST_DIR PGHOST PGUSER PGPASSWORD PGDATABASE

    if [[ -z ${PGH_SOURCE:-} ]]; then
        PGH_SOURCE_DIR=$PGH_ROOT/s PGH_TARGET_DIR=$PGH_ROOT/t
        PGH_SOURCE="host=$PGH_SOURCE_DIR user=postgres" PGH_TARGET="host=$PGH_TARGET_DIR user=postgres"
        "$PGH_TOP/tests/server" start "$PGH_SOURCE_DIR" &
        "$PGH_TOP/tests/server" start "$PGH_TARGET_DIR" &
        wait
    fi
    # shellcheck source=tests/bats/lib.bash
    source "$PGH_TOP/tests/bats/lib.bash"
    wipe_given
    for side in source target; do
        "admin_$side" 'create role pgh_owner'
        "admin_$side" 'create role pgh_reader'
    done
    admin_source 'create database pgh_objects'
    admin_source 'create database pgh_work'
    psql -qX "$(on "$PGH_SOURCE" pgh_objects)" -f "$PGH_TOP/tests/sql/objects.sql" >/dev/null 2>"$PGH_ROOT/objects.err" ||
        { cat "$PGH_ROOT/objects.err" >&2; return 1; }
    # The subscription would keep the database from serving as a template.
    psql -qX "$(on "$PGH_SOURCE" pgh_objects)" -c 'drop subscription sub'
    psql -qX "$(on "$PGH_SOURCE" pgh_work)" -f "$PGH_TOP/tests/sql/work.sql" >/dev/null
}

# What we make on servers that are not ours, and what a run before this one may have left there.
wipe_given() {
    [[ -n ${PGH_GIVEN:-} ]] || return 0
    admin_source 'drop database if exists pgh_objects'
    admin_source 'drop database if exists pgh_work'
    for side in source target; do
        "admin_$side" 'drop role if exists pgh_owner'
        "admin_$side" 'drop role if exists pgh_reader'
    done
} 2>/dev/null

teardown_suite() {
    if [[ -n ${PGH_GIVEN:-} ]]; then
        wipe_given
    else
        "$PGH_TOP/tests/server" wipe "$PGH_SOURCE_DIR"
        "$PGH_TOP/tests/server" wipe "$PGH_TARGET_DIR"
    fi
    rm -rf "$PGH_ROOT"
}
