load lib.bash
load followed.bash

# What is seen of a run from outside: pghaul status as text and as JSON, in every phase and state.

status() { "$PGHAUL" status --dir "$RUN" "$@"; }
said() { status --json | jq -r "$1"; }
says() { [[ $(said "$1" 2>/dev/null) == "$2" ]]; }
# The run's JSON is what the schema says, and has nothing that it does not name.
valid() { status --json | documented status; }
# Does somebody on the target have this table for himself?
locked() { [[ $(tgt -v name="$1" <<<"select count(*) from pg_locks where mode = 'AccessExclusiveLock' and relation = :'name'::regclass") == 1 ]]; }
tables() {
    src -q -c 'create table t (id int primary key, v text)' -c "insert into t select i, 'x' from generate_series(1, 1000) i" \
        -c 'create schema "odd One"' -c 'create table "odd One"."T""t" (id int primary key, v text)' \
        -c 'create table child (id int primary key references t, v text)' -c 'create index on child (v)' -c 'insert into child values (1)' \
        -c 'create materialized view m as select count(*) from t'
}

@test "status --json in each phase and state: what docs/status.schema.json says" {
    local phase
    tables
    background env PGHAUL_TEST_AT='supervisor.before_phase:stop supervisor.phase:stop:1 supervisor.phase:stop:2 supervisor.phase:stop:3 supervisor.phase:stop:4 supervisor.phase:stop:5 supervisor.phase:stop:6 supervisor.phase:stop:7' \
        "$PGHAUL" clone --dir "$RUN" --follow --endpos now
    stopped_at supervisor.before_phase
    says .phase new && valid
    for phase in plan schema copy post refresh follow close; do
        # The next visit of the same place is another wish.
        keep_fired
        rm -f "$PGHAUL_TEST_DIR"/*
        go_on
        stopped_at supervisor.phase
        says .phase "$phase"
        valid
        [[ $(said '.state + " " + .mode') == 'running follow' ]]
    done
    go_on
    wait "$PID"
    valid
    [[ $(said '[.state, .phase, .substate, .rates, .eta, .waits_for, .position.lag_ms] | map(. // "-") | join(" ")') == 'done done - - - - -' ]]
    [[ $(said '.tables | [.total, .queued, .copying, .done, .failed] | join(" ")') == '3 0 0 3 0' ]]
    [[ $(said '.progress | [.rows_done, .constraints, .constraints_done] | join(" ")') == '1001 1 1' ]]
}

@test "failed, stopped, crashed: still what the schema says" {
    tables
    tgt -q -c 'create table t (a int)'
    run -5 clone
    valid && says .state failed && says '.fault.id > 2000 and .counts.errors >= 1' true
    tgt -q -c 'drop table t'
    background "$PGHAUL" clone --dir "$RUN" --restart --follow
    wait_for 30 following
    kill -INT "$PID"
    ended_with 3 stopped
    valid && says .state stopped
    run -0 status
    assert_line --regexp '^state +stopped, applying changes$'
    background env PGHAUL_TEST_AT=supervisor.phase:kill "$PGHAUL" clone --dir "$RUN" --resume
    wait "$PID" || true
    wait_for 10 says .state crashed
    valid && says '.rates == null and .waits == [] and .substate == null' true
}

@test "while rows are copied: tables by state, rates, time left with its basis, who is waited for" {
    src -q -c 'create table slow (id int primary key, v text)' -c "insert into slow select i, repeat('x', 500) from generate_series(1, 30000) i" \
        -c 'create table t (id int)' -c 'insert into t values (1)' -c 'create index on slow (v)'
    background "$PGHAUL" clone --dir "$RUN" --quiet --table-jobs 2 --index-jobs 1 --where "slow=case when id % 10 = 0 then pg_sleep(0.005) is not null else true end"
    wait_for 30 says '.rates.bytes > 0 and .waits_for.what == "source_read"' true
    valid
    says '.tables | [.total, .copying, .done] | join(" ")' '2 1 1'
    says '.waits[0] | .role != "" and (.source | startswith("active: Timeout, PgSleep")) and (.target | test("ClientRead"))' true
    wait_for 10 says '.eta.basis | test("^[0-9.]+ MB of rows at .*/s \\(of the last .*\\); .* of indexes are not in it: none is built yet$")' true
    says '.substate_sentence' 'copying tables'
    run -0 status
    assert_line --regexp '^state +running, copying data and building indexes: copying tables$'
    assert_line --regexp '^tables +0 queued, 1 copying, 1 done, 0 failed$'
    assert_line --regexp '^left +about .*: [0-9.]+ MB of rows at '
    assert_line --regexp '^copied +.* and .* rows a second$'
    assert_line --regexp '^waits for the source, which reads$'
    wait "$PID"
    says '.progress.bytes == .progress.bytes_moved' true
}

@test "an index that takes its time on the target" {
    table_with_slow_index
    background "$PGHAUL" clone --dir "$RUN"
    wait_for 30 says '.waits_for.what == "target_write" and .substate == "index"' true
    valid
    wait "$PID"
}

@test "a lock that is waited for: on what, and who holds it" {
    tables
    background follow
    wait_for 30 following
    PGAPPNAME="it's a report" psql -qX "$TARGET" -c 'begin' -c 'lock table "odd One"."T""t"' -c 'select pg_sleep(60)' >/dev/null 3>&- & PIDS="$PIDS $!"
    wait_for 10 locked '"odd One"."T""t"'
    src -q -c "insert into \"odd One\".\"T\"\"t\" values (1, 'x')"
    wait_for 20 says '.waits_for.what' lock
    valid
    says '.waits[0] | [.role, .for, .object] | join(" ")' 'apply lock "odd One"."T""t"'
    says '.waits[0].holder | test("^process [0-9]+ \\(user postgres, it.s a report, active for 00:00:[0-9]+\\)$")' true
    wait_for 10 says '.position.lag_ms > 1000 and .substate == "catching_up"' true
    run -0 status
    assert_line --regexp '^waits for a lock on "odd One"."T""t" held by process [0-9]+ \(user postgres, it.s a report, active for .*\); apply 1 has waited for '
    assert_line --regexp '^behind +.*, [0-9.]+ s$'
    tgt -q -o /dev/null -c "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'it%'"
    wait_for 20 says '.substate + " " + .waits_for.what' 'caught_up changes'
    says .position.lag_ms 0
    end_now
}

@test "a role that may not see others is told who holds the lock, without what they do" {
    tables
    tgt -q -c "create role ${DB}_plain login" -c "grant all on database $DB to ${DB}_plain" \
        -c "grant set on parameter session_replication_role to ${DB}_plain"
    tgt -q -c "alter database $DB owner to ${DB}_plain" -c "grant all on schema public to ${DB}_plain"
    background "$PGHAUL" clone --dir "$RUN" --follow --target "$PGH_TARGET dbname=$DB user=${DB}_plain" --no-owner --no-acl
    wait_for 30 following
    psql -qX "$TARGET" -c 'begin' -c 'lock table t' -c 'select pg_sleep(60)' >/dev/null 3>&- & PIDS="$PIDS $!"
    wait_for 10 locked t
    src -q -c "update t set v = 'y' where id = 1"
    wait_for 20 says '.waits_for.what' lock
    says '.waits[0].holder | test("^process [0-9]+ \\(user postgres, psql\\)$")' true
    tgt -q -o /dev/null -c "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'psql' and pid <> pg_backend_pid()"
    end_now
    tgt -q -c "reassign owned by ${DB}_plain to postgres" -c "alter database $DB owner to postgres" -c "drop owned by ${DB}_plain" -c "drop role ${DB}_plain"
}

@test "while it follows: transactions and rows a second, the source's end, the spool" {
    tables
    background follow
    wait_for 30 following
    (while :; do src -q -c 'update t set v = v || id where id < 5' -c 'delete from child' -c 'insert into child values (1)' || break; done) 2>/dev/null 3>&- & PIDS="$PIDS $!"
    wait_for 20 says '.rates | .transactions > 0 and .inserts > 0 and .updates > .inserts and .deletes > 0 and .received > 0 and .applied > 0' true
    valid
    says '.position.source_end != null and .spool.bytes > 0 and .spool.disk_free > 0 and .position.lag_ms < 10000' true
    run -0 status
    assert_line --regexp '^applied +[0-9.]+ transactions, [0-9.]+ inserts, [0-9.]+ updates, [0-9.]+ deletes a second$'
    assert_line --regexp '^stream +.* received, .* applied a second$'
    assert_line --regexp '^spool +.*; the disk has .* left$'
    kill "${PIDS##* }"
    end_now
    # Samples are bounded, however long it runs.
    [[ $(catalog 'select count(*) <= 128 and count(*) > 0 from sample') == 1 ]]
}

@test "WAL that the source has and that has not come is behind as well" {
    tables
    background follow
    wait_for 30 following
    wait_for 20 says .substate caught_up
    local receive
    receive=$(catalog "select pid from process where role = 'receive' and ended_us is null")
    kill -STOP "$receive"
    src -q -c "insert into t select i, repeat('v', 40) from generate_series(1001, 40000) i"
    wait_for 20 says '.position.lag_bytes > 1000000 and .position.received < .position.source_end and .substate == "catching_up"' true
    valid
    says .substate_sentence 'receiving what the source has written, and applying it'
    says .eta null
    wait_for 20 says '.position.lag_ms > 1000' true
    wait_for 20 grep -q 'applying changes: .* [1-9][0-9.]* MB behind' "$BATS_TEST_TMPDIR/err"
    kill -CONT "$receive"
    wait_for 20 says '.substate + " " + (.position | "\(.lag_bytes) \(.lag_ms)")' 'caught_up 0 0'
    end_now
}

@test "the target cannot be asked for a while: the run goes on, and what is waited for is known again" {
    tables
    background follow
    wait_for 30 following
    wait_for 20 says '.waits_for.what' changes
    wait_for 20 eval '[[ $(tgt -c "select count(*) from pg_stat_activity where application_name = '"'pghaul watch 1'"'") == 1 ]]'
    tgt -q -o /dev/null -c "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pghaul watch 1'"
    wait_for 30 eval '[[ $(tgt -c "select count(*) from pg_stat_activity where application_name = '"'pghaul watch 1'"'") == 1 ]]'
    says .state running
    end_now
}

@test "several databases: what they have together, and each" {
    tables
    admin_source "create database ${DB}_b template $DB"
    admin_target "create database ${DB}_b"
    run -0 "$PGHAUL" clone --dir "$RUN" --source "$PGH_SOURCE" --target "$PGH_TARGET" --database "$DB,${DB}_b"
    valid
    [[ $(said '.tables.total, .tables.done, .progress.rows_done, (.members | map(.run.tables.done) | add)' | xargs) == '6 6 2002 6' ]]
}

watch_on() { "$PGH_TOP/tests/terminal" "$@" >"$BATS_TEST_TMPDIR/screen"; }
screen_has() { grep -qaE -- "$1" "$BATS_TEST_TMPDIR/screen"; }

@test "status --watch: on the whole terminal, wide and narrow, until q" {
    tables
    background follow
    wait_for 30 following
    TERM=xterm watch_on 160x40 'waits for.*changes of the source.*q ends this look' resize=50x14 'from, to [^\n]*postgres[^ \n]*\n' keys=x 'q ends this' keys=q -- "$PGHAUL" status --watch --dir "$RUN"
    # Another screen, no cursor, and all as it was.
    screen_has $'^\033\\[\\?1049h\033\\[\\?25l' && screen_has $'\033\\[\\?25h\033\\[\\?1049l$'
    run ! screen_has 'NOT AS IT WAS'
    # What stood in one row is in two now.
    screen_has 'from, to .*postgres://.*  postgres://' && screen_has '^ {12}postgres://'
    screen_has $'\033\\[40;1H' && screen_has $'\033\\[14;1H'
    end_now
    TERM=xterm watch_on 80x24 'done.*q ends' int -- "$PGHAUL" status --watch --dir "$RUN"
    run ! screen_has 'NOT AS IT WAS'
    NO_COLOR=1 TERM=xterm watch_on 80x24 'done.*q ends' keys=Q -- "$PGHAUL" status --watch --dir "$RUN"
    run ! screen_has $'\033\\[[0-9]*m.*done'
}

@test "status --watch without such a terminal: lines, until the run ends" {
    tables
    clone_to supervisor.phase
    "$PGHAUL" status --watch --dir "$RUN" >"$BATS_TEST_TMPDIR/lines" </dev/null 3>&- & PIDS="$PIDS $!"
    local watching=$!
    TERM=dumb watch_on 80x24 'running, ' int -- "$PGHAUL" status --watch --dir "$RUN"
    run ! screen_has $'\033'
    go_on
    wait "$PID"
    wait "$watching"
    head -n 1 "$BATS_TEST_TMPDIR/lines" | grep -qE "^[0-9-]{10}T[0-9:.]+Z $DB: running, reading the source"
    tail -n 1 "$BATS_TEST_TMPDIR/lines" | grep -qE "^[0-9-]{10}T[0-9:.]+Z $DB: done, done: .* of .*, tables 3/3, indexes 1/1$|tables 3/3"
    run -2 "$PGHAUL" status --watch --json --dir "$RUN"
    assert_output --partial 'PGH-1005: --watch and --json exclude each other'
    run -6 "$PGHAUL" status --watch --dir "$RUN.none"
    assert_output --partial PGH-4003
}

@test "list runs: a grid of all runs in the state directory, newest first" {
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    tables
    run -0 "$PGHAUL" list runs
    assert_output 'name  state  mode  source  target  databases  duration  start'
    run -0 "$PGHAUL" list runs --json
    assert_output '[]'
    run -0 "$PGHAUL" clone --name first --schema-only
    run -0 "$PGHAUL" clone --name 'sécond one' --drop-if-exists
    background env PGHAUL_TEST_AT=supervisor.phase:kill "$PGHAUL" clone --name third --follow --drop-if-exists
    wait "$PID" || true
    mkdir -p "$XDG_STATE_HOME/pghaul/odd" "$XDG_STATE_HOME/pghaul/empty"
    sqlite3 "$XDG_STATE_HOME/pghaul/odd/catalog.db" 'create table theirs (a); pragma user_version = 7'
    run -0 "$PGHAUL" list runs
    assert_line --index 0 --regexp '^name +state +mode +source +target +databases +duration +start$'
    assert_line --index 1 --regexp '^third +crashed +follow +postgres://.* +postgres://.* +1 +.* +[0-9-]{10} [0-9:]{8}Z$'
    assert_line --index 2 --regexp "^sécond one +done +offline +postgres://[^ ]*/$DB +postgres://[^ ]*/$DB +1 +"
    assert_line --index 3 --regexp '^first +done +offline '
    assert_line --index 4 --regexp '^.*/pghaul/odd +unreadable +.*catalog.db'
    # A character is a column, however many bytes it has.
    python3 -c 'import sys; a, b = [l.index("postgres:") for l in sys.argv[1:]]; sys.exit(a != b)' "${lines[1]}" "${lines[2]}"
    run -0 "$PGHAUL" list runs --json
    jq -e 'map([.state, .mode, .databases] | map(tostring) | join(" ")) == ["crashed follow 1", "done offline 1", "done offline 1", "unreadable null null"]' <<<"$output"
}
