load lib.bash
load followed.bash
load cutover.bash

# Handing over: nobody writes any more, the target has all of it, and whatever happens before that is so
# lets the source write again.

setup_file() { own_source 'wal_sender_timeout = 10s' 'max_prepared_transactions = 10'; }
teardown() {
    tidy_up
    umount -l "$BATS_TEST_TMPDIR/small" 2>/dev/null || true
}

# In the background; CUTOVER is its process.
ask_cutover() {
    timeout 120 "$PGHAUL" cutover --dir "$RUN" "$@" >"$BATS_TEST_TMPDIR/cutover" 2>&1 3>&- &
    CUTOVER=$!
    PIDS="$PIDS $CUTOVER"
}
asked_ended_with() { # STATUS REGEXP
    local status=0
    wait "$CUTOVER" || status=$?
    [[ $status == "$1" ]] && grep -qE "$2" "$BATS_TEST_TMPDIR/cutover"
}
# The place of a step among those that every cutover has.
nth() {
    local steps=(check prepare freeze quiet marker apply schema close sequences large-objects unlogged last-look) i
    for i in "${!steps[@]}"; do [[ ${steps[i]} != "$1" ]] || echo $((i + 1)); done
}
state() { catalog 'select state from cutover order by id desc limit 1'; }
step() { catalog "select count(*) from cutover_step where step = '$1'"; }
writes_again() { src -q -c 'insert into log values (99, coalesce((select max(n) from log where client = 99), 0) + 1)'; }
settings() { admin_source "select coalesce(string_agg(setconfig::text || setrole::regrole, ' ' order by setrole), '') || datallowconn from pg_database d left join pg_db_role_setting s on s.setdatabase = d.oid where datname = '$DB' group by datallowconn"; }
nothing_frozen() { [[ $(settings) == true && $(catalog 'select count(*) from frozen') == 0 ]]; }
sequences_are_the_same() {
    local sql="select last_value, is_called from counter union all select last_value, is_called from bare"
    [[ $(src -c "$sql") == "$(tgt -c "$sql")" ]]
}

stop_run() {
    kill -TERM "$PID"
    wait "$PID" || true
}

# Roles that the tests have made on both servers, named like the database.
drop_roles() {
    local server r
    for server in admin_source admin_target; do
        "$server" "drop database $DB with (force)"
        for r; do "$server" "drop role if exists ${DB}_$r"; done
    done
}

@test "cutover: all is there, the sequences too, the command has the facts, and the source is closed" {
    shop
    src -q -o /dev/null -c "select lo_from_bytea(70000, 'first')" -c 'create unlogged table quick (a int primary key)'
    followed
    src -q -c "insert into log select 1, i from generate_series(1, 500) i" -c "select setval('counter', 70), nextval('counter')" -o /dev/null
    src -q -o /dev/null -c "select lo_from_bytea(70001, 'new')" -c "select lo_put(70000, 0, 'other')" -c "insert into quick select 1"
    local before
    before=$(src -c 'select sum(amount), (select count(*) from log) from account')
    run -0 --separate-stderr cutover --on-cutover "env | grep ^PGHAUL_ | sort > $BATS_TEST_TMPDIR/facts"
    assert_output --regexp 'freeze .* read-only'
    assert_output --regexp 'close .* nobody can connect'
    assert_output --regexp 'handed over at [0-9A-F/]+: the target was ready [0-9]+ ms after the source was frozen'
    ended_with 0 'cutover: handed over'
    grep -qx "PGHAUL_RUN=$DB" "$BATS_TEST_TMPDIR/facts"
    grep -qx "PGHAUL_DIR=$RUN" "$BATS_TEST_TMPDIR/facts"
    grep -qE '^PGHAUL_NEW=postgres://postgres@' "$BATS_TEST_TMPDIR/facts"
    grep -qE '^PGHAUL_DOWNTIME_MS=[0-9]+$' "$BATS_TEST_TMPDIR/facts"
    [[ $(tgt -c 'select sum(amount), (select count(*) from log) from account') == "$before" ]]
    [[ $(tgt -c "select nextval('counter'), nextval('bare')") == '72|41' ]]
    [[ $(tgt -c "select convert_from(lo_get(70000), 'utf8'), convert_from(lo_get(70001), 'utf8'), count(*) from quick") == 'other|new|1' ]]
    [[ $(tgt -c 'select handed_over is not null from pghaul.progress') == t ]]
    run -2 src -c 'select 1'
    assert_output --partial 'is not currently accepting connections'
    # It is done, once and for all.
    run -2 cutover
    assert_output --partial 'PGH-4052'
    run -2 "$PGHAUL" follow --dir "$RUN"
    assert_output --partial 'PGH-4052'
    run -2 "$PGHAUL" position set --dir "$RUN" --end now
    assert_output --partial 'PGH-4052'
    # Cleaning up needs the source: it takes connections again, and stays read-only.
    run -0 cleanup
    assert_output --partial 'connections'
    run -1 src -c 'insert into log values (9, 9)'
    assert_output --partial 'read-only transaction'
    [[ $(slots) == 0 ]]
}

@test "cutover --leave-open: the source writes again, and nothing of that is followed" {
    shop
    followed
    run -0 cutover --leave-open
    ended_with 0 'handed over'
    writes_again
    nothing_frozen
    [[ $(tgt -c 'select count(*) from log where client = 99') == 0 ]]
}

@test "cutover --rehearse and --dry-run: the source is what it was, and the run follows on" {
    shop
    admin_source "alter database $DB set default_transaction_read_only = off"
    admin_source "create role ${DB}_own"
    admin_source "create role ${DB}_both"
    admin_source "alter role ${DB}_own set default_transaction_read_only = off"
    admin_source "alter role ${DB}_both in database $DB set default_transaction_read_only = 'false'"
    local was
    was=$(settings)
    followed --roles
    run -0 cutover --dry-run --verify
    assert_output --regexp 'then prepare, freeze, .*, verify, .* about [0-9]+ ms, which is a guess'
    assert_output --partial 'nothing is in the way of a cutover now'
    [[ $(step freeze) == 0 ]]
    run -0 cutover --rehearse --verify --before-freeze "touch $BATS_TEST_TMPDIR/before"
    assert_output --regexp 'verify'
    assert_output --regexp 'rehearsed: the source was frozen for [0-9]+ ms, and takes writes again'
    run -0 cutover --dry-run
    assert_output --regexp 'about [0-9]+ ms, as in the last rehearsal'
    refute_output --partial 'since the copy'
    # What does not follow is told of.
    src -c 'create function f() returns int language sql return 1'
    run -0 cutover --dry-run
    assert_output --partial 'changed on the source since the copy: functions'
    grep -q 'since the copy, these have changed on the source: functions. They do not follow' "$RUN/log/pghaul.log"
    run -0 cutover --rehearse
    [[ -f $BATS_TEST_TMPDIR/before && $(state) == rehearsed && $(settings) == "$was" ]]
    writes_again
    caught_up
    [[ $(tgt -c 'select count(*) from log where client = 99') == 1 ]]
    # And in each of the other ways.
    local mode
    for mode in readonly lock none; do
        run -0 cutover --rehearse --freeze "$mode"
        [[ $(settings) == "$was" ]]
        writes_again
    done
    end_now
    drop_roles own both
}

@test "while it is frozen nobody writes: roles with settings of their own, open transactions, new sessions" {
    shop
    local r
    for r in plain own both; do
        admin_source "create role ${DB}_$r login"
        src -q -c "grant all on log to ${DB}_$r" -c "grant create on database $DB to ${DB}_$r"
    done
    admin_source "alter role ${DB}_own set default_transaction_read_only = off"
    admin_source "alter role ${DB}_both in database $DB set default_transaction_read_only = off"
    followed_to "cutover.step:$(nth schema)" --roles
    # One that is in a transaction, and would write on.
    mkfifo "$BATS_TEST_TMPDIR/in"
    psql -qX "$SOURCE" <"$BATS_TEST_TMPDIR/in" >/dev/null 2>"$BATS_TEST_TMPDIR/psql" &
    PIDS="$PIDS $!"
    exec 7>"$BATS_TEST_TMPDIR/in"
    echo 'begin; insert into log values (5, 1);' >&7
    wait_for 10 eval '[[ $(admin_source "select count(*) from pg_stat_activity where datname = '"'$DB'"' and state = '"'idle in transaction'"'") == 1 ]]'
    ask_cutover --freeze readonly
    stopped_at cutover.step
    for r in plain own both; do
        run -1 psql -qX "host=$HERE/s user=${DB}_$r dbname=$DB" -v ON_ERROR_STOP=1 -c "insert into log values (6, 1)"
        assert_output --partial 'read-only transaction'
    done
    echo 'insert into log values (5, 2); commit;' >&7
    exec 7>&-
    wait_for 10 grep -q 'terminating connection' "$BATS_TEST_TMPDIR/psql"
    go_on
    asked_ended_with 0 'handed over at'
    ended_with 0 'handed over'
    [[ $(tgt -c 'select count(*) from log') == 0 && $(src -c 'select count(*) from log') == 0 ]]
    drop_roles plain own both
}

@test "whatever fails before the hand-over, or is cancelled, lets the source write again" {
    shop
    followed
    # A prepared transaction.
    src -q -c 'begin' -c 'insert into log values (7, 1)' -c "prepare transaction 'left'"
    run -14 cutover
    assert_output --partial "PGH-4082: transactions are prepared on the source: 'left'"
    src -q -c "rollback prepared 'left'"
    # A command that says no.
    run -14 cutover --before-freeze 'echo not now >&2; exit 3'
    assert_output --partial 'before-freeze'
    assert_output --partial 'not now'
    [[ $(catalog "select count(*) from cutover_step where step = 'freeze'") == 0 ]]
    # What has come without us.
    tgt -q -c 'insert into log values (8, 8)'
    run -14 cutover --verify
    assert_output --partial 'PGH-4089'
    tgt -q -c 'delete from log where client = 8'
    nothing_frozen
    writes_again
    # Now it goes.
    run -0 cutover
    ended_with 0 'handed over'
    [[ $(tgt -c 'select count(*) from log') == 1 ]]
}

@test "cutover is taken back by ^C, and a second one at the same time is refused" {
    shop
    followed_to "cutover.step:$(nth sequences)"
    ask_cutover
    stopped_at cutover.step
    run -2 cutover
    assert_output --partial 'PGH-4050'
    kill -TERM "$CUTOVER"
    wait_for 10 grep -q 'taking it back' "$BATS_TEST_TMPDIR/cutover"
    go_on
    asked_ended_with 14 'PGH-4086'
    nothing_frozen
    writes_again
    run -0 cutover
    ended_with 0 'handed over'
}

@test "a table that is created, or changed, while the source is being frozen" {
    shop
    followed_to "cutover.step:$(nth prepare)"
    ask_cutover
    stopped_at cutover.step
    src -q -c 'create table late (id int primary key)' -c 'insert into late values (1)'
    go_on
    asked_ended_with 14 'PGH-4084: tables of the source are not followed: public.late'
    nothing_frozen
    src -q -c 'drop table late'
    # The run's guard may have found it meanwhile: then it has stopped, and goes on.
    if ! kill -0 "$PID" 2>/dev/null; then followed --resume; fi
    run -14 cutover --before-freeze "psql -qX '$SOURCE' -c 'create function f() returns int language sql return 1'"
    assert_output --partial 'PGH-4084: since the cutover began, these have changed on the source: functions'
    run -0 cutover
    ended_with 0 'handed over'
}

@test "--max-downtime: a transaction that does not end, and a target that stalls; a second cutover goes" {
    shop
    followed
    mkfifo "$BATS_TEST_TMPDIR/in"
    psql -qX "$SOURCE" <"$BATS_TEST_TMPDIR/in" >/dev/null 2>&1 &
    PIDS="$PIDS $!"
    exec 7>"$BATS_TEST_TMPDIR/in"
    echo 'begin; insert into log values (5, 1);' >&7
    wait_for 10 eval '[[ $(admin_source "select count(*) from pg_stat_activity where datname = '"'$DB'"' and state = '"'idle in transaction'"'") == 1 ]]'
    local mode
    for mode in none lock; do
        run -14 cutover --freeze "$mode" --max-downtime 1s
        assert_output --partial 'PGH-4080'
        assert_output --partial 'it takes longer than it may'
        nothing_frozen
        writes_again
    done
    echo 'commit;' >&7
    exec 7>&-
    # The target does not let apply write.
    tgt -q -o /dev/null -c 'begin' -c 'lock table log' -c 'select pg_sleep(60)' &
    local lock=$!
    PIDS="$PIDS $lock"
    wait_for 10 eval '[[ $(admin_target "select count(*) from pg_stat_activity where datname = '"'$DB'"' and query ~ '"'pg_sleep'"' and state = '"'active'"'") -ge 1 ]]'
    writes_again
    run -14 cutover --max-downtime 2s
    assert_output --partial 'PGH-4081: the target was'
    nothing_frozen
    admin_target "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB' and query ~ 'pg_sleep' and pid <> pg_backend_pid()" >/dev/null
    run -0 cutover
    ended_with 0 'handed over'
    [[ $(tgt -c 'select count(*) from log') == 4 ]]
}

@test "a target that does not answer any more does not keep the source frozen" {
    local deaf PGH_TARGET="host=$HERE/deaf user=postgres"
    "$PGH_TOP/tests/server" start "$HERE/deaf"
    TARGET=$(on "$PGH_TARGET" "$DB")
    export PGHAUL_TARGET=$TARGET
    admin_target "create database $DB"
    shop
    followed_to "cutover.step:$(nth close)"
    ask_cutover --max-downtime 3s
    stopped_at cutover.step
    deaf=$(head -n 1 "$HERE/deaf/data/postmaster.pid")
    deaf="$deaf $(pgrep -P "$deaf" | paste -sd ' ')"
    PIDS="$PIDS $deaf"
    kill -STOP $deaf
    go_on
    asked_ended_with 14 'PGH-4080'
    nothing_frozen
    writes_again
    kill -CONT $deaf
    wait_for 20 eval '[[ $(tgt -c "select count(*) from log") == 1 ]]'
    run -0 cutover
    ended_with 0 'handed over'
    "$PGH_TOP/tests/server" wipe "$HERE/deaf"
}

# Who dies at a step: before the record it is taken back, after it there is only forwards.

@test "the supervisor is killed at each step: before the hand-over the source writes again" {
    local step
    shop
    followed_to "cutover.step:$(nth freeze)"
    for step in quiet marker apply schema close sequences large-objects unlogged last-look done; do
        ask_cutover
        stopped_at cutover.step
        kill -9 "$PID"
        wait "$PID" || true
        go_on
        asked_ended_with 14 'PGH-4087'
        wait_for 20 nothing_frozen
        writes_again
        fresh_points
        [[ $step == done ]] || followed_to "cutover.step:$(nth "$step")" --resume
    done
    followed --resume
    run -0 cutover
    ended_with 0 'handed over'
    [[ $(tgt -c 'select count(*) from log') == 10 ]]
}

@test "all are killed while the source is frozen: who goes on with the run lets it write again" {
    shop
    followed_to "cutover.step:$(nth close)"
    ask_cutover
    stopped_at cutover.step
    kill_all
    asked_ended_with 14 'lets it write again'
    run -2 src -c 'select 1'
    # Nobody forgets what the source was.
    run -2 clone --follow --restart --drop-if-exists
    assert_output --partial 'PGH-4053'
    followed --resume
    wait_for 20 nothing_frozen
    writes_again
    [[ $(state) == 'given up' ]]
    run -0 cutover
    ended_with 0 'handed over'
    [[ $(tgt -c 'select count(*) from log') == 1 ]]
}

@test "cleanup --force lets a source write again that a dead cutover has frozen" {
    shop
    followed_to freeze.closed
    ask_cutover
    stopped_at freeze.closed
    kill_all
    run -0 cleanup --dry-run --force
    assert_output --partial 'ALLOW_CONNECTIONS true'
    run -2 src -c 'select 1'
    run -0 cleanup --force
    nothing_frozen
    writes_again
    [[ $(slots) == 0 ]]
}

@test "killed at the points of freezing and thawing: what the source was is never lost" {
    local point was mode
    shop
    admin_source "alter database $DB set default_transaction_read_only = 'off'"
    was=$(settings)
    for point in freeze.noted freeze.readonly freeze.locked freeze.before_close freeze.closed thaw.begun thaw.done cutover.before_hand_over; do
        mode=auto
        [[ $point != freeze.locked ]] || mode=lock
        if [[ $point == freeze.noted ]]; then followed_to "$point"; else followed_to "$point" --resume; fi
        if [[ $point == thaw.* ]]; then ask_cutover --rehearse; else ask_cutover --freeze "$mode"; fi
        stopped_at "$point"
        # Its supervisor starts another one, which takes it back.
        kill -9 "$STOPPED"
        asked_ended_with 14 'PGH-4087'
        [[ $(settings) == "$was" && $(catalog 'select count(*) from frozen') == 0 ]]
        writes_again
        stop_run
        fresh_points
    done
}

@test "killed after the hand-over: only forwards, and the command runs at last" {
    local point
    shop
    for point in cutover.handed_over cutover.ready cutover.command; do
        followed_to "$point"
        ask_cutover --on-cutover "echo ran >>$BATS_TEST_TMPDIR/ran.$point"
        stopped_at "$point"
        kill_all
        asked_ended_with 7 'the target has everything'
        run -2 src -c 'select 1'
        run -2 "$PGHAUL" cutover --dir "$RUN"
        assert_output --partial 'PGH-4051'
        run -0 "$PGHAUL" follow --dir "$RUN" --resume
        [[ -s $BATS_TEST_TMPDIR/ran.$point && $(state) == done ]]
        run -2 src -c 'select 1'
        [[ $(tgt -c 'select handed_over is not null from pghaul.progress') == t ]]
        [[ $(tgt -c 'select last_value, is_called from bare') == '41|f' ]]
        run -0 cleanup
        admin_source "alter database $DB reset all"
        again
    done
}

@test "the command of --on-cutover fails: the source stays frozen, and a resume runs it again" {
    shop
    followed
    run -7 cutover --on-cutover 'echo the pooler is away >&2; exit 4'
    assert_output --partial 'PGH-4088: the command of --on-cutover failed'
    ended_with 7 'the pooler is away'
    run -2 src -c 'select 1'
    run -0 "$PGHAUL" follow --dir "$RUN" --resume --on-cutover "touch $BATS_TEST_TMPDIR/mended"
    [[ -f $BATS_TEST_TMPDIR/mended && $(state) == done ]]
}

@test "cutover is refused where it cannot be: not following, not running" {
    shop
    run -2 "$PGHAUL" cutover --dir "$RUN" --rehearse --dry-run
    assert_output --partial 'PGH-1005'
    run -6 cutover
    assert_output --partial 'PGH-4003'
    followed
    stop_run
    run -2 cutover
    assert_output --partial 'PGH-4051'
    run -0 "$PGHAUL" follow --dir "$RUN" --resume --endpos now
    run -2 cutover
    assert_output --partial 'is not running'
}

@test "who writes in spite of read-only: once, it comes over; on and on, the cutover is given up" {
    local rogue="begin read write; insert into log select 50, coalesce(max(n), 0) + 1 from log where client = 50; commit"
    shop
    followed_to "cutover.step:$(nth apply)"
    ask_cutover
    stopped_at cutover.step
    src -q -c "$rogue"
    go_on
    asked_ended_with 0 'handed over at'
    ended_with 0 'somebody has written to the frozen source: 1 transactions'
    [[ $(tgt -c 'select count(*) from log where client = 50') == 1 ]]
    run -2 src -c 'select 1'

    # Where nobody can be kept from connecting.
    admin_source "alter database $DB allow_connections true"
    run -0 cleanup
    admin_source "alter database $DB reset all"
    again
    followed
    for _ in 1 2 3; do
        (while :; do src -q -c "$rogue" 2>/dev/null || true; done) 3>&- &
        PIDS="$PIDS $!"
    done
    wait_for 10 eval '[[ $(src -c "select count(*) from log where client = 50") -gt 3 ]]'
    run -14 cutover --freeze readonly
    assert_output --partial 'PGH-4083: somebody goes on writing'
    nothing_frozen
}

@test "a transaction that is prepared while the source is being frozen" {
    shop
    followed_to "cutover.step:$(nth prepare)"
    ask_cutover
    stopped_at cutover.step
    src -q -c 'begin' -c 'insert into log values (7, 1)' -c "prepare transaction 'late one'"
    go_on
    asked_ended_with 14 "PGH-4082: transactions are prepared on the source: 'late one'"
    nothing_frozen
    src -q -c "commit prepared 'late one'"
    run -0 cutover
    ended_with 0 'handed over'
    [[ $(tgt -c 'select count(*) from log') == 1 ]]
}

@test "status of a cutover, and cancel while the source is frozen" {
    shop
    followed_to "cutover.step:$(nth close)"
    ask_cutover
    stopped_at cutover.step
    "$PGHAUL" status --dir "$RUN" --json >"$BATS_TEST_TMPDIR/status"
    documented status <"$BATS_TEST_TMPDIR/status"
    [[ $(jq -r '.substate, .cutover.state, (.cutover.steps | map(select(.ms == null)) | .[].step)' "$BATS_TEST_TMPDIR/status" | xargs) == 'cutting_over running close' ]]
    run -0 "$PGHAUL" status --dir "$RUN"
    assert_output --regexp 'cutover +cutover, running, step close'
    # It waits for the process that this test has stopped, and kills it.
    run -0 "$PGHAUL" cancel --dir "$RUN"
    assert_output --partial 'is cancelled'
    asked_ended_with 14 'PGH-4087'
    nothing_frozen
    writes_again
    [[ $(slots) == 0 && $(publications) == 0 ]]
    [[ $(tgt -c 'select count(*) from account') == 100 ]]
    run -2 cutover
}

@test "cancel is refused after the hand-over; a paused run is not cut over" {
    shop
    followed_to cutover.handed_over
    run -0 "$PGHAUL" pause --dir "$RUN"
    run -14 cutover
    assert_output --partial 'is paused'
    run -0 "$PGHAUL" resume --dir "$RUN"
    ask_cutover
    stopped_at cutover.handed_over
    run -2 "$PGHAUL" cancel --dir "$RUN"
    assert_output --partial 'PGH-4052'
    go_on
    asked_ended_with 0 'handed over at'
    ended_with 0 'handed over'
}

@test "a role that is no superuser: it owns the database; whom it may not end, the cutover waits for" {
    local side me=${DB}_owner app=${DB}_app
    for side in admin_source admin_target; do
        $side "create role $me login replication"
        $side "create role $app login"
        $side "grant set on parameter session_replication_role to $me"
    done
    admin_target "alter database $DB owner to $me"
    src -q -c "grant create on database $DB to $me" -c "grant create on schema public to $me" -c "set role $me" -c 'create table log (client int, n int, primary key (client, n))' \
        -c 'create sequence counter' -c "grant insert, select on log to $app"
    PGHAUL_SOURCE="$SOURCE user=$me" PGHAUL_TARGET="$TARGET user=$me"
    followed --no-owner --no-acl
    # It does not own the source's database.
    run -14 cutover
    assert_output --partial "PGH-4085: role \"$me\" does not own database \"$DB\""
    admin_source "alter database $DB owner to $me"
    # A role with a setting of its own, which it may not change.
    admin_source "alter role $app set default_transaction_read_only = off"
    run -14 cutover
    assert_output --partial "which role \"$me\" may not change: \"$app\""
    admin_source "alter role $app reset default_transaction_read_only"
    # Somebody else's session.
    mkfifo "$BATS_TEST_TMPDIR/in"
    psql -qX "$SOURCE user=$app" <"$BATS_TEST_TMPDIR/in" >/dev/null 2>&1 &
    PIDS="$PIDS $!"
    exec 7>"$BATS_TEST_TMPDIR/in"
    echo 'select 1;' >&7
    wait_for 10 eval '[[ $(admin_source "select count(*) from pg_stat_activity where usename = '"'$app'"'") == 1 ]]'
    run -14 cutover --max-downtime 1s
    assert_output --partial "PGH-4080: waiting for process"
    assert_output --partial "of \"$app\" (whom only a superuser can end)"
    nothing_frozen
    admin_source "grant pg_signal_backend to $me"
    src -q -c "set role $me" -c 'insert into log values (1, 1)' -c "select setval('counter', 5)" -o /dev/null
    run -0 cutover
    assert_output --partial 'nobody can connect'
    exec 7>&-
    ended_with 0 'handed over'
    [[ $(tgt -c "select count(*) || ' ' || nextval('counter') from log") == '1 6' ]]
    run -2 src -c 'select 1'
    run -0 cleanup
    for side in admin_source admin_target; do
        $side "drop database $DB with (force)"
        $side "drop owned by $me"
        $side "drop role $me, $app"
    done
}

@test "the source writes again: by --source-role, with target_session_attrs, and though a role is gone meanwhile" {
    local login=${DB}_login group=${DB}_group gone=${DB}_gone
    shop
    admin_source "create role $group"
    admin_source "create role $login login replication noinherit in role $group"
    admin_source "create role $gone"
    admin_source "alter database $DB owner to $group"
    src -q -c "alter table account owner to $group" -c "alter table log owner to $group" -c "alter sequence counter owner to $group" -c "alter sequence bare owner to $group"
    PGHAUL_SOURCE="$SOURCE user=$login target_session_attrs=read-write"
    followed --source-role "$group" --no-owner --no-acl
    run -0 cutover --rehearse
    nothing_frozen
    writes_again
    stop_run
    # A setting that is gone with its role when the source is thawed.
    PGHAUL_SOURCE="$SOURCE target_session_attrs=read-write"
    admin_source "alter role $gone set default_transaction_read_only = off"
    followed_to thaw.begun --resume --source-role postgres
    ask_cutover --rehearse
    stopped_at thaw.begun
    admin_source "alter role $gone in database $DB reset all"
    admin_source "drop role $gone"
    go_on
    asked_ended_with 0 'takes writes again'
    nothing_frozen
    end_now
    drop_roles login group
}

@test "^C in the middle of a step: a command that does not end, a comparison" {
    shop
    followed
    ask_cutover --before-freeze 'exec sleep 100'
    wait_for 10 eval '[[ $(step before-freeze) == 1 ]]'
    kill -TERM "$CUTOVER"
    asked_ended_with 14 'PGH-4086'
    # Another worker has taken the place.
    wait_for 20 catalog_says "select count(*) from process where role = 'cutover' and ended_us is null" 1
    tgt -q -o /dev/null -c 'begin' -c 'lock table account' -c 'select pg_sleep(100)' 3>&- &
    PIDS="$PIDS $!"
    wait_for 10 eval '[[ $(admin_target "select count(*) from pg_stat_activity where query ~ '"'pg_sleep'"' and datname = '"'$DB'"' and state = '"'active'"'") == 1 ]]'
    ask_cutover --verify --max-downtime 1h
    wait_for 10 eval '[[ $(step verify) == 1 || $(step check) -ge 2 ]]'
    kill -TERM "$CUTOVER"
    asked_ended_with 14 'PGH-4086'
    nothing_frozen
    admin_target "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB' and query ~ 'pg_sleep' and pid <> pg_backend_pid()" >/dev/null
    wait_for 20 catalog_says "select count(*) from process where role = 'cutover' and ended_us is null" 1
    run -0 cutover
    ended_with 0 'handed over'
}

@test "a source that gets changes itself, by a subscription" {
    shop
    src -q -c "create subscription sub connection 'dbname=nowhere' publication p with (connect = false)" 2>/dev/null
    followed
    src -q -c 'alter subscription sub enable'
    run -14 cutover
    assert_output --partial 'PGH-4092: the source itself gets changes by subscriptions: "sub"'
    src -q -c 'alter subscription sub disable'
    run -0 cutover
    ended_with 0 'handed over'
    admin_source "alter database $DB allow_connections true"
    src -q -c 'set default_transaction_read_only = off' -c 'alter subscription sub set (slot_name = none)' -c 'drop subscription sub'
}

# The application comes back at once, and takes all there is room for, while it may only read.
@test "the source writes again though nobody finds room to connect any more" {
    local side me=${DB}_owner app=${DB}_app
    for side in admin_source admin_target; do
        $side "create role $me login replication"
        $side "create role $app login"
        $side "grant pg_signal_backend to $me"
        $side "grant set on parameter session_replication_role to $me"
        $side "alter database $DB owner to $me"
    done
    shop
    src -q -c "alter table account owner to $me" -c "alter table log owner to $me" -c "alter sequence counter owner to $me" -c "alter sequence bare owner to $me"
    admin_source "alter database $DB connection limit 9"
    PGHAUL_SOURCE="$SOURCE user=$me" PGHAUL_TARGET="$TARGET user=$me"
    followed_to "cutover.step:$(nth last-look)" --no-owner --no-acl
    ask_cutover --rehearse --freeze readonly
    stopped_at cutover.step
    while psql -qX "$SOURCE user=$app" -c 'select' >/dev/null 2>&1; do
        psql -qX "$SOURCE user=$app" -o /dev/null -c 'select pg_sleep(100)' 2>/dev/null 3>&- &
        PIDS="$PIDS $!"
        sleep 0.1
    done
    go_on
    asked_ended_with 0 'takes writes again'
    nothing_frozen
    # They are ended, so that they come again.
    wait_for 10 eval '[[ $(admin_source "select count(*) from pg_stat_activity where usename = '"'$app'"'") == 0 ]]'
    writes_again
    end_now
    for side in admin_source admin_target; do
        $side "drop database $DB with (force)"
        $side "drop owned by $me"
        $side "drop role $me, $app"
    done
}

@test "killed before the sessions that may only read are ended: they are, so that they come again" {
    shop
    background env PGHAUL_TEST_AT='thaw.begun:stop thaw.restored:kill' "$PGHAUL" clone --follow --dir "$RUN"
    is_followed
    ask_cutover --rehearse --freeze readonly
    stopped_at thaw.begun
    psql -qX "$SOURCE" -o /dev/null -c 'select pg_sleep(100)' 3>&- 2>/dev/null &
    local reader=$!
    PIDS="$PIDS $reader"
    wait_for 10 eval '[[ $(admin_source "select count(*) from pg_stat_activity where datname = '"'$DB'"' and query ~ '"'^select pg_sleep'"'") == 1 ]]'
    go_on
    asked_ended_with 14 'PGH-4087'
    fired thaw.restored
    wait_for 10 eval '! kill -0 '"$reader"' 2>/dev/null'
    nothing_frozen
    writes_again
    end_now
}

@test "a run that is paused while it hands over: the cutover is given up at once" {
    shop
    followed
    ask_cutover --before-freeze 'sleep 2'
    wait_for 10 eval '[[ $(step before-freeze) == 1 ]]'
    run -0 "$PGHAUL" pause --dir "$RUN"
    asked_ended_with 14 'the run is paused: pghaul resume'
    [[ $(step freeze) == 0 ]]
    nothing_frozen
    run -0 "$PGHAUL" resume --dir "$RUN"
    # While the target is waited for.
    tgt -q -o /dev/null -c 'begin' -c 'lock table log in share mode' -c 'select pg_sleep(100)' 3>&- &
    PIDS="$PIDS $!"
    ask_cutover --max-downtime 1h --before-freeze "sleep 1; psql -qX '$SOURCE' -c 'insert into log values (1, 1)'"
    wait_for 10 eval '[[ $(step apply) == 1 ]]'
    run -0 "$PGHAUL" pause --dir "$RUN"
    asked_ended_with 14 'the run is paused: pghaul resume'
    nothing_frozen
    writes_again
    admin_target "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB' and query ~ 'pg_sleep' and pid <> pg_backend_pid()" >/dev/null
    run -0 "$PGHAUL" resume --dir "$RUN"
    run -0 cutover
    ended_with 0 'handed over'
    [[ $(tgt -c 'select count(*) from log') == 2 ]]
}

@test "all that a command says is in the log, and what makes the source writable works anywhere" {
    shop
    followed
    run -2 cutover --max-downtime 1ms
    assert_output --partial 'it takes a duration from 100 ms to 24 h 00 min, such as'
    run -14 cutover --before-freeze 'echo said; echo complained >&2; exit 3'
    assert_output --partial complained
    grep -q 'command: said' "$RUN/log/pghaul.log"
    grep -q 'command: complained' "$RUN/log/pghaul.log"
    run -0 cutover --on-cutover 'echo went well >&2'
    ended_with 0 'command: went well'
    run -0 cleanup
    local sql
    sql=$(sed -n 's/.*to let it write again: //p' <<<"$output")
    src -q -c "$sql"
    writes_again
}

@test "the disk of the work directory is full while the source is frozen: it writes again" {
    local small=$BATS_TEST_TMPDIR/small
    mkdir "$small"
    mount -t tmpfs -o size=8m none "$small" || skip "cannot mount"
    RUN=$small/run
    shop
    followed_to "cutover.step:$(nth close)" --spool-limit 1MB --spool-reserve 1MB
    ask_cutover --rehearse
    stopped_at cutover.step
    head -c 10000000 /dev/zero >"$small/fill" 2>/dev/null || true
    go_on
    asked_ended_with 14 'PGH-40(06|87)'
    wait_for 10 eval '[[ $(settings) == true ]]'
    writes_again
    wait "$PID" || true
    rm "$small/fill"
    fresh_points
    background "$PGHAUL" clone --follow --dir "$RUN" --resume
    wait_for 20 nothing_frozen
    is_followed
    run -0 cutover
    ended_with 0 'handed over'
}

@test "^C twice: who asked goes away, and the run goes on with a command that does not end" {
    shop
    followed
    ask_cutover --on-cutover "while [ ! -e $BATS_TEST_TMPDIR/mended ]; do sleep 0.1; done"
    wait_for 20 eval '[[ $(step command) == 1 ]]'
    kill -TERM "$CUTOVER"
    wait_for 10 grep -q 'taking it back' "$BATS_TEST_TMPDIR/cutover"
    sleep 1.2
    kill -TERM "$(pgrep -P "$CUTOVER")"
    asked_ended_with 3 'the run goes on by itself'
    [[ $(state) == 'handed over' ]]
    touch "$BATS_TEST_TMPDIR/mended"
    ended_with 0 'handed over'
    [[ $(state) == done ]]
}
