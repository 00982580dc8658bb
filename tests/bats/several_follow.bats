load lib.bash

# Several databases of one server that are followed, each ended or handed over by itself. With servers of their
# own, since slots are of the whole server and --all-databases means those of the other tests as well.

setup_file() {
    export HERE=$PGH_ROOT/several_follow
    mkdir -p "$HERE"
    chmod 755 "$HERE"
    "$PGH_TOP/tests/server" start "$HERE/s" 'wal_level = logical' 'max_connections = 80' 'wal_sender_timeout = 10s'
    "$PGH_TOP/tests/server" start "$HERE/t" 'wal_level = logical' 'max_connections = 80'
}

teardown_file() {
    "$PGH_TOP/tests/server" wipe "$HERE/s"
    "$PGH_TOP/tests/server" wipe "$HERE/t"
}

setup() {
    PGH_SOURCE="host=$HERE/s user=postgres" PGH_TARGET="host=$HERE/t user=postgres"
    export PGHAUL_SOURCE=$PGH_SOURCE PGHAUL_TARGET=$PGH_TARGET PGHAUL_TEST_DIR=$BATS_TEST_TMPDIR/failpoints
    RUN=$BATS_TEST_TMPDIR/run PIDS='' WRITERS=''
    mkdir -p "$PGHAUL_TEST_DIR"
    local db
    for db in "${NAMES[@]}"; do
        admin_source "create database \"${db//\"/\"\"}\""
        in_source "$db" -o /dev/null -c 'create table t (a int primary key, x text)' -c 'create sequence s' \
            -c "insert into t select i, md5(i::text) from generate_series(1, 2000) i" -c "select setval('s', 7)"
    done
}

# Two come to the same letters, two are odd.
NAMES=(shop Shop 'we/ird, "Näme' .crm)

teardown() {
    local pid side db
    export PGOPTIONS='-c client_min_messages=warning'
    for pid in $WRITERS $PIDS; do kill -9 "$pid" 2>/dev/null || true; done
    for pid in $WRITERS $PIDS; do wait "$pid" 2>/dev/null || true; done
    wait_for 20 eval '[[ ! -e $RUN/lock ]] || flock -n "$RUN/lock" true'
    keep_fired
    if [[ -n ${BATS_ERROR_STATUS:-} ]]; then tail -n 30 "$RUN/log/pghaul.log" "$RUN"/*/*/log/pghaul.log; fi
    for side in source target; do
        "admin_$side" "update pg_database set datallowconn = true where datname <> 'template0'"
        "admin_$side" 'select pg_terminate_backend(active_pid) from pg_replication_slots where active' >/dev/null
        wait_for 20 eval "[[ \$(admin_$side 'select count(*) from pg_replication_slots where active') == 0 ]]"
        "admin_$side" 'select pg_drop_replication_slot(slot_name) from pg_replication_slots' >/dev/null
        "admin_$side" "select datname from pg_database where datname not in ('postgres', 'template0', 'template1')" |
            while read -r db; do "admin_$side" "drop database \"${db//\"/\"\"}\" with (force)"; done
        "admin_$side" 'drop role if exists pgs_app'
    done
    unset PGOPTIONS
    true
}

in_source() { psql -qXAt -v ON_ERROR_STOP=1 "$PGH_SOURCE dbname='$1'" "${@:2}"; }
in_target() { psql -qXAt -v ON_ERROR_STOP=1 "$PGH_TARGET dbname='$1'" "${@:2}"; }

several() { "$PGHAUL" clone --dir "$RUN" "$@"; }
dir_of() {
    local name=${1//\//%2F}
    printf '%s/databases/%s' "$RUN" "${name/#./%2E}"
}
in_catalog() { sqlite3 -cmd '.timeout 5000' "$(dir_of "$1")/catalog.db" "$2" 2>/dev/null; }
member_is() { [[ $(catalog "select state from member where name = '$1'" 2>/dev/null) == "$2" ]]; }
member_pid() { in_catalog "$1" "select pid from process where role = '$2' and ended_us is null"; }
slots() { admin_source 'select count(*) from pg_replication_slots'; }
publications() {
    local db
    for db in "${NAMES[@]}"; do in_source "$db" -c 'select count(*) from pg_publication'; done | paste -sd+ | bc
}

# All of them follow: each could be handed over.
follows() {
    [[ $(in_catalog "$1" 'select phase from run') == 6 && -n $(member_pid "$1" cutover) ]]
}
all_follow() {
    local db
    for db in "${@:-${NAMES[@]}}"; do wait_for 40 follows "$db"; done
}
followed() { # NAME,... [OPTIONS]
    local names
    IFS=, read -ra names <<<"$1"
    background "$PGHAUL" clone --follow --dir "$RUN" --database "$1" --create "${@:2}"
    all_follow "${names[@]}"
}

# Somebody writes to a database all the time, as long as it takes writes.
write_to() {
    local n
    n=$(in_source "$1" -c 'select max(a) + 1 from t')
    while psql -qX -v ON_ERROR_STOP=1 "$PGH_SOURCE dbname='$1'" -c 'select pg_sleep(0.1)' \
        -c "insert into t values ($n, 'new'); update t set x = x || 'u' where a = $n % 2000; delete from t where a = $n - 20; select nextval('s')"; do
        n=$((n + 1))
    done >/dev/null 2>&1 3>&-
}
write() {
    local db
    for db; do
        write_to "$db" 3>&- &
        WRITERS="$WRITERS $!"
    done
}

cutover() { "$PGHAUL" cutover --dir "$(dir_of "$1")" "${@:2}"; }
open_again() { admin_source "alter database \"${1//\"/\"\"}\" allow_connections true"; }
equal() {
    open_again "$1"
    run -0 "$PGHAUL" compare data --dir "$(dir_of "$1")" --source "$PGH_SOURCE dbname='$1'" --target "$PGH_TARGET dbname='$1'"
    [[ $(in_source "$1" -c 'select last_value, is_called from s') == "$(in_target "$1" -c 'select last_value, is_called from s')" ]]
}

@test "all databases are followed at once, however few are copied, and handed over one after the other" {
    local db
    write "${NAMES[@]}"
    background "$PGHAUL" clone --follow --dir "$RUN" --all-databases --exclude-database postgres --create --database-jobs 1
    all_follow
    wait_for 10 catalog_says 'select phase from run' 6
    # Each has its own slot, named after it.
    [[ $(slots) == 4 && $(publications) == 4 ]]
    [[ $(admin_source "select slot_name from pg_replication_slots where database = 'shop'") == pghaul_databases_shop ]]
    [[ $(admin_source "select count(*) from pg_replication_slots where slot_name ~ '^pghaul_databases_shop_[0-9a-f]{8}\$' and database = 'Shop'") == 1 ]]
    # One at a time was copied.
    [[ $(for db in "${NAMES[@]}"; do in_catalog "$db" "select min(started_us) || ' ' || max(ended_us) from process where role in ('copy', 'schema')"; done |
        sort -n | awk '{ if (NR > 1 && $1 < last) bad = 1; last = $2 } END { print bad + 0 }') == 0 ]]
    run -0 "$PGHAUL" status --dir "$RUN"
    assert_output --partial 'mode      follow'
    assert_output --regexp 'Database .* behind'
    assert_output --regexp 'shop +following .* (bytes|kB)'
    "$PGHAUL" status --json --dir "$RUN" | documented status
    [[ $("$PGHAUL" status --json --dir "$RUN" | jq -r '[.members[] | select(.run.phase == "follow" and .run.position.slot != null)] | length') == 4 ]]
    # Tried first: it follows on.
    run -0 cutover shop --dry-run
    run -0 cutover shop --rehearse
    assert_output --partial 'rehearsed'
    write shop
    # The command knows which one it is.
    for db in "${NAMES[@]}"; do
        run -0 cutover "$db" --on-cutover "env | grep ^PGHAUL_ >>$BATS_TEST_TMPDIR/facts; touch $BATS_TEST_TMPDIR/over"
        assert_output --partial 'handed over at'
        [[ -e $BATS_TEST_TMPDIR/over ]]
        wait_for 20 member_is "$db" 'done'
        run -2 in_source "$db" -c 'select 1'
    done
    grep -qxF "PGHAUL_DIR=$(dir_of 'we/ird, "Näme')" "$BATS_TEST_TMPDIR/facts"
    grep -qx 'PGHAUL_RUN=.crm' "$BATS_TEST_TMPDIR/facts"
    ended_with 0 'done with database .*: 4 of 4'
    grep -q "pghaul cleanup --dir $RUN removes them" "$BATS_TEST_TMPDIR/err"
    run -0 "$PGHAUL" status --dir "$RUN"
    assert_output --partial 'state     done'
    run -0 several --resume
    assert_output --partial 'is done already'
    for db in "${NAMES[@]}"; do equal "$db"; done
    # What is left goes for all of them.
    run -0 --separate-stderr "$PGHAUL" cleanup --dry-run --dir "$RUN"
    assert_output --partial "SELECT pg_drop_replication_slot('pghaul_databases_shop');"
    assert_output --partial '-- database "we/ird, "Näme"'
    [[ $(slots) == 4 ]]
    run -0 "$PGHAUL" cleanup --dir "$RUN"
    assert_output --partial 'of 4 databases is cleaned up'
    [[ $(slots) == 0 && $(publications) == 0 ]]
    for db in "${NAMES[@]}"; do [[ $(in_target "$db" -c "select to_regclass('pghaul.progress') is null") == t ]]; done
    run -0 "$PGHAUL" cleanup --dir "$RUN"
    assert_output --partial 'not there'
}

@test "what is for one database, or makes no sense with several, is refused" {
    run -2 several --follow --all-databases --slot mine
    assert_output --partial 'PGH-1005: a slot is of one database: --slot does not go with several, each of which gets its own'
    run -2 several --follow --database shop,Shop --snapshot 00000003-1
    assert_output --partial 'PGH-1005: '
    run -2 several --follow --all-databases --endpos soon
    assert_output --partial 'PGH-1003: --endpos cannot be "soon"'
    [[ ! -d $RUN ]]
    # Too few slots, or processes: before anything is made.
    admin_source 'alter system set max_replication_slots = 3'
    admin_source 'alter system set max_connections = 18'
    "$PGH_TOP/tests/server" stop "$HERE/s"
    "$PGH_TOP/tests/server" start "$HERE/s"
    run -4 several --follow --database shop,Shop,.crm,postgres --create
    assert_output --partial 'PGH-7001: 4 databases are to be followed, and of the slots (max_replication_slots) of the source 3 of 3 are free'
    assert_output --partial 'raise max_replication_slots'
    assert_output --regexp 'warning clone: the source has room for 1[0-9] connections \(max_connections\), and 4 databases that follow need about 4 each'
    admin_source 'alter system reset max_connections'
    [[ ! -d $RUN/databases && $(admin_target 'select count(*) from pg_database') == 3 ]]
    admin_source 'alter system reset max_replication_slots'
    admin_source 'alter system set max_wal_senders = 2'
    "$PGH_TOP/tests/server" stop "$HERE/s"
    "$PGH_TOP/tests/server" start "$HERE/s"
    run -4 several --follow --database shop,Shop,.crm --create
    assert_output --partial 'PGH-7002: 3 databases are to be followed, and of the WAL senders (max_wal_senders) of the source 2 of 2 are free'
    admin_source 'alter system reset max_wal_senders'
    "$PGH_TOP/tests/server" stop "$HERE/s"
    "$PGH_TOP/tests/server" start "$HERE/s"
    run -7 bash -c 'ulimit -u 20; exec "$0" clone --follow --database shop,Shop,.crm --create --dir "$1"' "$PGHAUL" "$RUN"
    assert_output --partial 'PGH-4101: 3 databases that follow need up to 24 processes, and the limit is 20'
    # The same directory goes, since nothing was done; and then it says which databases there are.
    run -0 several --follow --database shop,Shop --create --endpos now
    assert_output --partial ': 2 of 2'
    local command dirs="\"$RUN/databases/Shop\", \"$RUN/databases/shop\""
    for command in cutover position 'position set --end now' follow 'reverse prepare'; do
        # shellcheck disable=SC2086
        run -2 "$PGHAUL" $command --dir "$RUN"
        assert_output --partial "PGH-4100: the run in \"$RUN\" is of several databases, and pghaul ${command%% *} is for one of them: $dirs"
        assert_output --partial 'hint: Give --dir with the directory of one of them.'
    done
    # A run that did not follow has nothing to remove.
    rm -rf "$RUN"
    run -0 several --database .crm --create
    run -0 "$PGHAUL" cleanup --dir "$RUN"
    assert_output --partial 'there is nothing of its databases to remove'
}

@test "one copies, one follows, one was handed over: the one above is killed, and all go on from there" {
    write shop .crm
    # The largest is begun first, and stops; the others take the other place in turn.
    in_source 'we/ird, "Näme' -c "create table big (a int primary key, x text)" \
        -c "insert into big select i, repeat('x', 200) from generate_series(1, 20000) i"
    background env PGHAUL_TEST_AT=copy.before_commit:stop "$PGHAUL" clone --follow --dir "$RUN" --database 'shop,Shop,.crm,we/ird\, "Näme' --create --database-jobs 2
    stopped_at copy.before_commit
    all_follow Shop .crm shop
    run ! follows 'we/ird, "Näme'
    run -0 cutover shop
    wait_for 10 member_is shop 'done'
    local before
    before=$(in_catalog shop 'select state, started_us, resumes from run')
    kill -9 "$PID"
    wait "$PID" || true
    go_on
    wait_for 20 flock -n "$RUN/lock" true
    run -0 "$PGHAUL" status --dir "$RUN"
    assert_output --partial 'state     crashed'
    # Of the one that was handed over the catalog may know, and ours not yet.
    catalog "update member set state = 'running' where name = 'shop'"
    background "$PGHAUL" clone --resume --dir "$RUN"
    all_follow Shop .crm 'we/ird, "Näme'
    [[ $(in_catalog shop 'select state, started_us, resumes from run') == "$before" ]]
    member_is shop 'done'
    [[ $(in_catalog Shop 'select resumes from run') == 1 ]]
    # Alone, while nobody is above.
    kill "$PID"
    ended_with 3 'stopped: 1 of 4 runs are done'
    run -0 "$PGHAUL" status --dir "$RUN"
    assert_output --regexp 'Shop +stopped'
    background "$PGHAUL" follow --resume --dir "$(dir_of .crm)" --source "$PGH_SOURCE dbname=.crm" --target "$PGH_TARGET dbname=.crm"
    all_follow .crm
    run -0 cutover .crm
    ended_with 0 'handed over'
    background "$PGHAUL" clone --resume --dir "$RUN"
    all_follow Shop 'we/ird, "Näme'
    member_is .crm 'done'
    run -0 cutover 'we/ird, "Näme'
    # One is ended without a hand-over.
    in_source Shop -c "insert into t values (-1, 'last')"
    run -0 "$PGHAUL" position set --end now --dir "$(dir_of Shop)"
    ended_with 0 '4 of 4'
    local db
    for db in "${NAMES[@]}"; do equal "$db"; done
    [[ $(in_target Shop -c 'select x from t where a = -1') == last ]]
}

@test "what fails or dies is told at once, and the others follow on" {
    local db
    followed shop,Shop,.crm
    # A conflict on the target.
    in_target Shop -c "insert into t values (-1, 'mine')"
    in_source Shop -c "insert into t values (-1, 'theirs')"
    wait_for 20 member_is Shop failed
    wait_for 10 grep -q 'error   clone: database "Shop": PGH-3201' "$BATS_TEST_TMPDIR/err"
    run -0 "$PGHAUL" status --dir "$RUN"
    assert_output --partial 'state     running'
    assert_output --regexp 'Shop +failed'
    assert_output --partial 'database "Shop": PGH-3201'
    # A worker is replaced; a supervisor is not.
    db=$(member_pid shop apply)
    kill -9 "$db"
    wait_for 20 eval '[[ -n $(member_pid shop apply) && $(member_pid shop apply) != '"$db"' ]]'
    kill -9 "$(in_catalog .crm 'select pid from process where ended_us is null' | head -n 1 | xargs ps -o ppid= -p | tr -d ' ')"
    wait_for 20 member_is .crm failed
    in_source shop -c "insert into t values (-1, 'on')"
    wait_for 20 eval '[[ $(in_target shop -c "select x from t where a = -1") == on ]]'
    kill -0 "$PID"
    run -0 "$PGHAUL" position set --end now --dir "$(dir_of shop)"
    ended_with 5 'error: PGH-3201: 2 of 3 runs have failed, the first one: database "Shop": '
    # Not while one of them could go on: all are asked before anything is done.
    run -2 "$PGHAUL" cleanup --dir "$RUN"
    assert_output --partial 'PGH-1031: database ".crm": '
    [[ $(slots) == 3 ]]
    in_target Shop -c 'delete from t where a = -1'
    # All that are left, to their end.
    run -0 several --resume --endpos now
    assert_output --partial ': 3 of 3'
    refute_output --partial 'database "shop"'
    for db in shop Shop .crm; do equal "$db"; done
}

@test "paused, set, stopped and cancelled as a whole" {
    admin_source 'create role pgs_app'
    followed shop,Shop --roles
    member_is roles 'done'
    run -0 "$PGHAUL" pause --dir "$RUN"
    in_source shop -c "insert into t values (-1, 'later')"
    [[ $("$PGHAUL" status --json --dir "$RUN" | jq -r '[.members[] | select(.roles | not) | .run.paused] | all') == true ]]
    run -0 "$PGHAUL" resume --dir "$RUN"
    wait_for 20 eval '[[ $(in_target shop -c "select x from t where a = -1") == later ]]'
    run -0 "$PGHAUL" set --dir "$RUN" spool-limit=1GB
    [[ $(in_catalog Shop "select value from setting where name = 'spool-limit'") == 1GB ]]
    kill -INT "$PID"
    ended_with 3 'stopped: 1 of 3 runs are done'
    background "$PGHAUL" clone --resume --dir "$RUN"
    all_follow shop Shop
    run -0 cutover Shop --leave-open
    wait_for 10 member_is Shop 'done'
    run -0 "$PGHAUL" cancel --dir "$RUN"
    ended_with 3 stopped
    [[ $(catalog 'select state from run') == cancelled && $(slots) == 1 ]]
    member_is shop cancelled
    run -2 several --resume
    assert_output --partial 'PGH-1040'
    # The one that was handed over has left something.
    run -0 "$PGHAUL" cleanup --dir "$RUN"
    [[ $(slots) == 0 && $(publications) == 0 ]]
}

@test "the way back of one, while the others follow; killed and gone on with" {
    followed shop,Shop
    run -0 cutover Shop --reverse
    wait_for 20 eval '[[ $(sqlite3 "$(dir_of Shop)/back/catalog.db" "select phase from run") == 6 ]]'
    in_target Shop -c "insert into t values (-1, 'new side')"
    wait_for 20 eval '[[ $(in_source Shop -c "select x from t where a = -1") == "new side" ]]'
    run -0 "$PGHAUL" status --dir "$RUN"
    assert_output --regexp 'Shop +going back'
    assert_output --regexp 'shop +following'
    kill -9 "$PID"
    wait "$PID" || true
    wait_for 20 flock -n "$RUN/lock" true
    in_target Shop -c "insert into t values (-2, 'meanwhile')"
    background "$PGHAUL" clone --resume --dir "$RUN"
    wait_for 20 eval '[[ $(in_source Shop -c "select x from t where a = -2") == meanwhile ]]'
    all_follow shop
    # Not while it goes on; nor by itself when it has only stopped.
    run -6 "$PGHAUL" cleanup --dir "$RUN"
    assert_output --partial 'PGH-4001'
    kill "$PID"
    ended_with 3 stopped
    run -2 "$PGHAUL" cleanup --dir "$RUN"
    assert_output --partial 'PGH-1031: database "Shop": run "Shop_back" has not reached its end'
    [[ $(slots) == 1 && $(admin_target 'select count(*) from pg_replication_slots') == 1 ]]
    background "$PGHAUL" clone --resume --dir "$RUN"
    all_follow shop
    wait_for 20 eval '[[ $(sqlite3 "$(dir_of Shop)/back/catalog.db" "select phase from run") == 6 ]]'
    wait_for 20 eval '[[ -n $(sqlite3 "$(dir_of Shop)/back/catalog.db" "select pid from process where role = '"'cutover'"' and ended_us is null") ]]'
    run -0 cutover Shop --back
    wait_for 20 member_is Shop 'done'
    in_source Shop -c "insert into t values (-3, 'the old side takes writes')"
    run -0 "$PGHAUL" position set --end now --dir "$(dir_of shop)"
    ended_with 0 '2 of 2'
    run -0 "$PGHAUL" cleanup --dir "$RUN"
    [[ $(slots) == 0 && $(publications) == 0 && $(admin_target 'select count(*) from pg_replication_slots') == 0 ]]
}

@test "begun anew with fewer databases: what the others have left is told" {
    followed shop,Shop
    kill -9 "$PID"
    wait "$PID" || true
    wait_for 20 flock -n "$RUN/lock" true
    run -0 several --follow --restart --database shop --drop-if-exists --endpos now
    assert_output --partial "the run before this one has left slot \"pghaul_databases_shop_"
    assert_output --partial "pghaul cleanup --force --dir \"$(dir_of Shop)\" removes that"
    run -0 "$PGHAUL" cleanup --dir "$RUN"
    [[ $(slots) == 1 ]]
    run -0 "$PGHAUL" cleanup --force --dir "$(dir_of Shop)" --source "$PGH_SOURCE dbname=Shop" --target "$PGH_TARGET dbname=Shop"
    [[ $(slots) == 0 && $(publications) == 0 ]]
}

@test "killed in the midst of a cutover of one: frozen before it is handed over, and behind that" {
    local point
    for point in freeze.closed cutover.handed_over; do
        keep_fired
        rm -f "$PGHAUL_TEST_DIR/fired"
        background env PGHAUL_TEST_AT=$point:stop "$PGHAUL" clone --follow --dir "$RUN" --database shop,Shop --create
        all_follow shop Shop
        timeout 60 "$PGHAUL" cutover --dir "$(dir_of Shop)" >"$BATS_TEST_TMPDIR/cutover" 2>&1 3>&- &
        PIDS="$PIDS $!"
        stopped_at $point
        # Who asks while one of them is handed over gets on with the other.
        run -0 cutover shop --rehearse
        # All at once: nobody of them lets the source write again.
        kill -9 "$(ps -o ppid= -p "$STOPPED" | tr -d ' ')" "$STOPPED" "$PID"
        wait "$PID" || true
        wait_for 20 flock -n "$RUN/lock" true
        run -2 in_source Shop -c 'select 1'
        background "$PGHAUL" clone --resume --dir "$RUN"
        all_follow shop
        if [[ $point == freeze.closed ]]; then
            all_follow Shop
            in_source Shop -c "insert into t values (-1, 'it writes again')"
            run -0 cutover Shop
        fi
        wait_for 20 member_is Shop 'done'
        [[ $(in_catalog Shop 'select count(*) from cutover where state = '"'done'") == 1 ]]
        run -0 "$PGHAUL" position set --end now --dir "$(dir_of shop)"
        ended_with 0 '2 of 2'
        equal shop
        equal Shop
        run -0 "$PGHAUL" cleanup --dir "$RUN"
        admin_source 'alter database "Shop" reset default_transaction_read_only'
        admin_target 'drop database shop'
        admin_target 'drop database "Shop"'
        rm -rf "$RUN"
    done
}

@test "one that was handed over is not cancelled with the others: it can only be brought to its end" {
    followed shop,Shop
    run -7 cutover Shop --on-cutover false
    wait_for 20 member_is Shop failed
    run -0 "$PGHAUL" cancel --dir "$RUN"
    assert_output --partial "database \"Shop\" was handed over, so it is not cancelled: pghaul follow --resume --dir \"$RUN/databases/Shop\" brings it to its end"
    ended_with 7 'PGH-4088: database "Shop": '
    [[ $(catalog 'select state from run') == cancelled && $(slots) == 1 ]]
    run -2 "$PGHAUL" cleanup --dir "$RUN"
    assert_output --partial 'PGH-1031: database "Shop": '
    run -0 "$PGHAUL" follow --resume --on-cutover true --dir "$(dir_of Shop)" --source "$PGH_SOURCE dbname=Shop" --target "$PGH_TARGET dbname=Shop"
    run -0 "$PGHAUL" cleanup --dir "$RUN"
    [[ $(slots) == 0 && $(publications) == 0 ]]
}
