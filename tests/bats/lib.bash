# Helpers for the tests. A test calls `pair TEMPLATE` first: then it has a source database that is a
# copy of TEMPLATE, an empty target database, and a work directory that is not there yet.

bats_require_minimum_version 1.5.0
load /usr/lib/bats/bats-support/load.bash
load /usr/lib/bats/bats-assert/load.bash

# pair TEMPLATE [OPTIONS for the target's CREATE DATABASE]
pair() {
    DB=t${BATS_TEST_NUMBER}_$$
    SOURCE="host=$PGH_SOURCE_DIR user=postgres dbname=$DB"
    TARGET="host=$PGH_TARGET_DIR user=postgres dbname=$DB"
    export PGHAUL_SOURCE=$SOURCE PGHAUL_TARGET=$TARGET
    RUN=$BATS_TEST_TMPDIR/run
    export PGHAUL_TEST_DIR=$BATS_TEST_TMPDIR/failpoints
    mkdir -p "$PGHAUL_TEST_DIR"
    admin_source "create database $DB template ${1:-template0} ${2:-}"
    admin_target "create database $DB ${3:-}"
}

admin_source() { psql -qXAt "host=$PGH_SOURCE_DIR user=postgres dbname=postgres" -c "$1"; }
admin_target() { psql -qXAt "host=$PGH_TARGET_DIR user=postgres dbname=postgres" -c "$1"; }
src() { psql -qXAt -v ON_ERROR_STOP=1 "$SOURCE" "$@"; }
tgt() { psql -qXAt -v ON_ERROR_STOP=1 "$TARGET" "$@"; }

# An empty target again, and no work directory.
again() {
    admin_target "drop database $DB with (force)"
    admin_target "create database $DB"
    keep_fired
    rm -rf "$RUN" "$PGHAUL_TEST_DIR"
    mkdir -p "$PGHAUL_TEST_DIR"
}

# Notes for tests/failpoints which points this test has hit.
keep_fired() {
    if [[ -f ${PGHAUL_TEST_DIR:-}/fired ]]; then cat "$PGHAUL_TEST_DIR/fired" >>"$PGHAUL_TEST_FIRED"; fi
}

teardown() {
    local pid
    for pid in ${PIDS:-}; do
        kill -9 "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    keep_fired
    if [[ -n ${DB:-} ]]; then
        admin_source "drop database if exists $DB with (force)"
        admin_target "drop database if exists $DB with (force)"
    fi
    if [[ -n ${BATS_ERROR_STATUS:-} && -f ${RUN:-}/log/pghaul.log ]]; then
        echo "--- log of the run"
        tail -n 40 "$RUN/log/pghaul.log"
    fi
    true
}

clone() { "$PGHAUL" clone --dir "$RUN" "$@"; }

# Starts a command in the background; PID is its process, its output goes to files.
background() {
    "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
    PID=$!
    PIDS="${PIDS:-} $PID"
}

# wait_for SECONDS COMMAND...: until the command succeeds. Fails when it never does.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        if ((SECONDS > end)); then
            echo "timed out waiting for: $*" >&2
            return 1
        fi
        read -rt 0.02 <> <(:) || true
    done
}

# What the catalog of the run says.
catalog() { sqlite3 -cmd '.timeout 5000' "$RUN/catalog.db" "$1"; }
catalog_says() { [[ -f $RUN/catalog.db && $(catalog "$1" 2>/dev/null) == "$2" ]]; }
fired() { grep -qs "^$1 " "$PGHAUL_TEST_DIR/fired"; }

# stopped_at POINT: waits until the process that came to the failpoint has stopped itself there;
# STOPPED is its pid. go_on lets it run again.
stopped_at() {
    wait_for 30 fired "$1"
    STOPPED=$(sed -n "s/^$1 //p" "$PGHAUL_TEST_DIR/fired" | head -n 1)
    wait_for 10 grep -qs '^State:.T' "/proc/$STOPPED/status"
}
go_on() { kill -CONT "$STOPPED" 2>/dev/null || true; }

# One line for each table: count and order-independent hash of its rows; then sequences and large
# objects. In one session with fixed settings, since texts of values depend on them.
contents() {
    psql -qXAt -v ON_ERROR_STOP=1 "$1" <<'SQL'
set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'postgres'; set extra_float_digits = 3;
set bytea_output = 'hex'; set search_path = ''; set lc_monetary = 'C'; set row_security = off;
select format('select %L, count(*), sum((''x'' || substr(md5(t::text), 1, 16))::bit(64)::bigint::numeric) from only %I.%I t',
              nspname || '.' || relname, nspname, relname)
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where relkind in ('r', 'm') and relispopulated and nspname !~ '^pg_' and nspname not in ('information_schema', 'pghaul')
 order by nspname collate "C", relname collate "C" \gexec
select format('select %L, last_value, is_called from %I.%I', nspname || '.' || relname, nspname, relname)
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where relkind = 'S' order by nspname collate "C", relname collate "C" \gexec
select 'large object', m.oid, pg_catalog.md5(pg_catalog.lo_get(m.oid)), pg_catalog.pg_get_userbyid(lomowner),
       (select string_agg(a::text, ',' order by a::text) from unnest(lomacl) a), pg_catalog.obj_description(m.oid, 'pg_largeobject')
  from pg_catalog.pg_largeobject_metadata m order by oid;
SQL
}

same_contents() {
    contents "$SOURCE" >"$BATS_TEST_TMPDIR/source.contents"
    contents "$TARGET" >"$BATS_TEST_TMPDIR/target.contents"
    diff "$BATS_TEST_TMPDIR/source.contents" "$BATS_TEST_TMPDIR/target.contents"
}

schema_of() {
    "$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)/pg_dump" --schema-only -d "$1" |
        grep -vE '^\\(un)?restrict '
}

same_schema() {
    schema_of "$SOURCE" >"$BATS_TEST_TMPDIR/source.sql"
    schema_of "$TARGET" >"$BATS_TEST_TMPDIR/target.sql"
    diff "$BATS_TEST_TMPDIR/source.sql" "$BATS_TEST_TMPDIR/target.sql"
}

same() { same_schema && same_contents; }

# Nothing of ours is connected to either server, and nothing of ours is left in the target.
nothing_left() {
    [[ $(admin_source "select count(*) from pg_stat_activity where application_name like 'pghaul%' and datname = '$DB'") == 0 ]] &&
        [[ $(admin_target "select count(*) from pg_stat_activity where application_name like 'pghaul%' and datname = '$DB'") == 0 ]]
}

no_helper_schema() { [[ $(tgt -c "select count(*) from pg_namespace where nspname = 'pghaul'") == 0 ]]; }

no_invalid_index() { [[ $(tgt -c 'select count(*) from pg_index where not indisvalid') == 0 ]]; }
