load lib.bash
load checks.bash
load poolers.bash

# Checks that need more than a setting: poolers, servers of other versions, clocks, servers that were started
# otherwise. And that each check is made to fire by some test.

# Those that cannot be made to fire between the servers of Debian 12, and where else they are tried.
unfired=(
    7004 # idle_replication_slot_timeout comes with version 18: "settings of the source" in check.bats asks such a server
    7005 # synchronized_standby_slots comes with version 17: as above
    7006 # of version 19 alone: tests/unit/check, logical_decoding_on_demand_is_known_of_nineteen
    7084 # a line slower than 10 MB in a second: tests/unit/check, clocks_and_lines_are_judged
)

@test "each check is made to fire by a test, and is found only then" {
    local id fired missing=() ids
    ids=$("$PGHAUL" help checks | sed -n 's/^ *PGH-\([0-9]*\).*/\1/p' | sort -u)
    [[ $(wc -l <<<"$ids") -gt 60 ]]
    fired=$(cat "$PGH_TOP"/tests/bats/check*.bats | grep -oE '\b(found|sees [0-9]+) [0-9]{4}\b' | grep -oE '[0-9]{4}$' | sort -u)
    for id in $ids; do
        grep -qx "$id" <<<"$fired" || [[ " ${unfired[*]} " == *" $id "* ]] || missing+=("$id")
    done
    [[ ${#missing[@]} == 0 ]] || { echo "no test makes these fire: ${missing[*]}"; return 1; }
    for id in $fired; do grep -qx "$id" <<<"$ids" || { echo "there is no check $id"; return 1; }; done
    # That none fires without a cause: "nothing is found in a pair without any fault" in check.bats.
}

@test "a pooler that does not keep sessions" {
    pair template0
    local PGH_SOURCE_DIR=$HERE/s PGH_TARGET_DIR=$HERE/t
    src -c 'create table t (id int primary key)'
    pooler source transaction 'max_client_conn = 100'
    looked 11 --source "$POOLED"
    found 2131 error 'the source is behind a pooler'
    missing 3132
    stop_pooler source
    pooler source session 'max_client_conn = 100'
    looked 0 --source "$POOLED"
    clean
    stop_pooler source
    pooler target transaction 'max_client_conn = 100'
    looked 11 --target "$POOLED"
    found 3132 error 'the target is behind a pooler'
    missing 2131
    stop_pooler target
    looked 0
}

# pretend: a library that tells the program another version of the server whose socket is in $OLD, or a clock that
# is $LATE seconds ahead.
pretend() {
    cc -shared -fPIC -O1 -o "$BATS_TEST_TMPDIR/pretend.so" -I"$(pg_config --includedir)" -xc - -ldl <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
int PQserverVersion(const PGconn *conn)
{
    int (*real)(const PGconn *) = dlsym(RTLD_NEXT, "PQserverVersion");
    const char *old = getenv("OLD");
    return old != NULL && strcmp(PQhost(conn), old) == 0 ? 90524 : real(conn);
}
int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    const char *late = getenv("LATE");
    int status = real(clock, ret);
    if (late != NULL && clock == CLOCK_REALTIME)
        ret->tv_sec += atoi(late);
    return status;
}
C
    [[ ${BUILD:-debug} != asan ]] || skip 'a sanitizer must be the first library'
    export LD_PRELOAD=$BATS_TEST_TMPDIR/pretend.so
}

@test "servers that are too old" {
    pair template0
    pretend
    OLD=$HERE/s looked 11
    found 2004 error 'the source has version 9.5'
    missing 3004
    OLD=$HERE/t looked 11
    found 3004 error 'the target has version 9.5'
    missing 2004
    OLD=/nowhere looked 0
    clean
}

@test "clocks that differ" {
    pair template0
    pretend
    LATE=60 looked 10
    found 7082 warning 'source '
    found 7082 warning 'target '
    LATE=-3600 looked 10
    found 7082 warning 'from this machine'
    LATE=2 looked 0
    clean
}

@test "a question that the plan needs is refused" {
    pair template0
    src -c 'create table t (id int primary key)' -c 'create role t_poor login' -c 'grant select on t to t_poor'
    looked 0 --source "${SOURCE/user=postgres/user=t_poor}" --no-acl --skip-db-properties
    src -c 'revoke execute on function pg_table_size(regclass) from public'
    looked 11 --source "${SOURCE/user=postgres/user=t_poor}" --no-acl --skip-db-properties
    found 2003 error 'permission denied for function pg_table_size'
    src -c 'drop owned by t_poor' -c 'drop role t_poor'
    admin_target 'create role t_poor login'
    admin_target "grant create on database $DB to t_poor"
    tgt -c 'revoke select on pg_catalog.pg_tablespace from public' -c 'revoke select on pg_catalog.pg_namespace from public'
    looked 11 --target "${TARGET/user=postgres/user=t_poor}" --no-acl --no-owner --skip-db-properties
    found 3003 error 'permission denied for table'
    tgt -c 'drop owned by t_poor'
    admin_target 'drop role t_poor'
}

@test "servers that were started otherwise" {
    "$PGH_TOP/tests/server" start "$HERE/other" 'fsync = on' 'max_prepared_transactions = 10' "shared_preload_libraries = 'auto_explain'" \
        'old_snapshot_threshold = 1h'
    PGH_SOURCE="host=$HERE/other user=postgres"
    pair template0
    looked 10
    found 7033 warning 'ALTER SYSTEM SET old_snapshot_threshold = -1'
    found 7108 warning 'auto_explain preloaded on the source'
    teardown
    PGH_TARGET=$PGH_SOURCE PGH_SOURCE="host=$HERE/s user=postgres"
    pair template0
    looked 0
    missing 7033
    missing 7108
}

@test "what --fix may run is shown before the rest, and told from it" {
    pair template0
    src -c "do \$\$ begin for i in 1..60 loop execute format('create table a%s (a int)', i); end loop; end \$\$" \
        -c 'create table "z last" (a int not null)' -c 'create unique index "the index" on "z last" (a)'
    run -11 "$PGHAUL" check --follow --dir "$RUN" --html "$BATS_TEST_TMPDIR/page.html"
    assert_output --partial 'on the source (--fix does it):
      ALTER TABLE ONLY "public"."z last" REPLICA IDENTITY USING INDEX "the index";
    on the source:
      ALTER TABLE ONLY "public"."a1" REPLICA IDENTITY FULL;'
    assert_output --partial 'and 11 more'
    run -0 cat "$BATS_TEST_TMPDIR/page.html"
    assert_output --partial '<p>On the source (<code>--fix</code> does it):</p>
<pre>ALTER TABLE ONLY &quot;public&quot;.&quot;z last&quot; REPLICA IDENTITY USING INDEX &quot;the index&quot;;
</pre>
<p>On the source:</p>'
    assert_output --partial '<article class="error long">'
}
