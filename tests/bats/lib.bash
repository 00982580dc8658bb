# Helpers for the tests. A test calls `pair TEMPLATE` first: then it has a source database that is a
# copy of TEMPLATE, an empty target database, and a work directory that is not there yet.

bats_require_minimum_version 1.5.0
load /usr/lib/bats/bats-support/load.bash
load /usr/lib/bats/bats-assert/load.bash
# shellcheck source=tests/compare
source "${BASH_SOURCE[0]%/*}/../compare"

# on SERVER DATABASE: the connection string; a server is one without a database, or a URI.
on() {
    case $1 in
    *://*\?*) printf '%s&dbname=%s' "$1" "$2" ;;
    *://*) printf '%s?dbname=%s' "$1" "$2" ;;
    *) printf '%s dbname=%s' "$1" "$2" ;;
    esac
}

# pair TEMPLATE [OPTIONS of the source's CREATE DATABASE] [and of the target's]: TEMPLATE is objects,
# work, or one of the server's own.
pair() {
    local template=${1:-template0}
    [[ $template != objects ]] || skip_downwards
    [[ $template == template* ]] || template=pgh_$template
    DB=pgh_${BATS_TEST_NUMBER}_$$
    SOURCE=$(on "$PGH_SOURCE" "$DB")
    TARGET=$(on "$PGH_TARGET" "$DB")
    export PGHAUL_SOURCE=$SOURCE PGHAUL_TARGET=$TARGET
    RUN=$BATS_TEST_TMPDIR/run
    export PGHAUL_TEST_DIR=$BATS_TEST_TMPDIR/failpoints
    mkdir -p "$PGHAUL_TEST_DIR"
    admin_source "create database $DB template $template ${2:-}"
    admin_target "create database $DB ${3:-}"
}

admin_source() { psql -qXAt "$(on "$PGH_SOURCE" postgres)" -c "$1"; }
admin_target() { psql -qXAt "$(on "$PGH_TARGET" postgres)" -c "$1"; }
src() { psql -qXAt -v ON_ERROR_STOP=1 "$SOURCE" "$@"; }
tgt() { psql -qXAt -v ON_ERROR_STOP=1 "$TARGET" "$@"; }

# For sources with objects that only their own version knows.
skip_downwards() {
    [[ $(admin_source 'show server_version_num') -lt $(($(admin_target 'show server_version_num') / 10000 * 10000 + 10000)) ]] ||
        skip 'an older target does not know all of it'
}

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
        admin_target "drop database if exists ${DB}_like" 2>/dev/null
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

# Table t has an index t_slow that takes its time, on the target only; it is too large to be done in
# one transaction.
table_with_slow_index() {
    src -c "create function slow(i int) returns int language plpgsql immutable as \$\$ begin
                if current_setting('unix_socket_directories') = '$PGH_TARGET_DIR' then perform pg_sleep(0.002); end if;
                return i; end \$\$" \
        -c 'create table t (i int, filler text)' -c 'alter table t alter filler set storage plain' \
        -c "insert into t select i, repeat('x', 7000) from generate_series(1, 2400) i" \
        -c 'create index t_slow on t (slow(i))'
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
# The kernel wakes a stopped process whose supervisor has died; one that is ending already must be
# left alone, since the leak sanitizer's own stops would be undone.
go_on() {
    if grep -qs '^State:.T' "/proc/$STOPPED/status"; then kill -CONT "$STOPPED" 2>/dev/null || true; fi
}

# clone_to POINT[:NTH] [OPTIONS]: starts a clone in the background, of which a process stops itself
# at this failpoint, and waits until it has.
clone_to() {
    local point=${1%%:*}
    background env PGHAUL_TEST_AT="$point:stop${1#"$point"}" "$PGHAUL" clone --dir "$RUN" "${@:2}"
    stopped_at "$point"
}

# The same of a compare of data.
compare_to() {
    background env PGHAUL_TEST_AT="$1:stop" "$PGHAUL" compare data "${@:2}"
    stopped_at "$1"
}

# documented NAME: is the JSON on standard input as docs/NAME.schema.json has it, without more?
documented() { "$PGH_TOP/tests/validate" "$PGH_TOP/docs/$1.schema.json"; }

# ended STATUS: what runs in the background ends so.
ended() {
    local status=0
    wait "$PID" || status=$?
    [[ $status == "$1" ]]
}
# ended_with STATUS REGEXP: the same, and it says that.
ended_with() {
    ended "$1" && grep -qE "$2" "$BATS_TEST_TMPDIR/err"
}

same_contents() { alike contents "$SOURCE" "$TARGET" "$BATS_TEST_TMPDIR"; }
# Servers of two versions say some things differently: then what pg_dump and psql make of the source
# on the target's server is what the clone must be like.
same_schema() {
    local like=$SOURCE
    if [[ $(src -c 'show server_version_num') != "$(tgt -c 'show server_version_num')" ]]; then
        like=$(on "$PGH_TARGET" "${DB}_like")
        admin_target "drop database if exists ${DB}_like"
        admin_target "create database ${DB}_like"
        schema "$SOURCE" | psql -qXAt "$like" >/dev/null 2>"$BATS_TEST_TMPDIR/like.err"
    fi
    alike schema "$like" "$TARGET" "$BATS_TEST_TMPDIR"
}
same() { same_schema && same_contents; }

# Nothing of ours is connected to either server, and nothing of ours is left in the target.
nothing_left() {
    [[ $(admin_source "select count(*) from pg_stat_activity where application_name like 'pghaul%' and datname = '$DB'") == 0 ]] &&
        [[ $(admin_target "select count(*) from pg_stat_activity where application_name like 'pghaul%' and datname = '$DB'") == 0 ]]
}

no_helper_schema() { [[ $(tgt -c "select count(*) from pg_namespace where nspname = 'pghaul'") == 0 ]]; }

no_invalid_index() { [[ $(tgt -c 'select count(*) from pg_index where not indisvalid') == 0 ]]; }
