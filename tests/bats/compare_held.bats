load lib.bash
load followed.bash

# compare data --live holds apply for a moment. Whoever ends meanwhile, nothing hangs and nothing wrong is said.

live() { "$PGHAUL" compare data --live --dir "$RUN" "$@"; }

# The run's own process, which is to hear signals.
run_it() {
    background "$PGHAUL" clone --follow --dir "$RUN" "$@"
    FOLLOW=$PID
}
followed() {
    src <<'SQL'
create table calm (id int primary key, v text);
insert into calm select i, 'v' from generate_series(1, 1000) i;
SQL
    run_it
    wait_for 30 following
}

# held_at POINT: a live compare has stopped itself there; COMPARE is its process.
held_at() {
    PGHAUL_TEST_AT="$1:stop" "$PGHAUL" compare data --live --dir "$RUN" >"$BATS_TEST_TMPDIR/compared" 2>"$BATS_TEST_TMPDIR/compared.err" 3>&- &
    COMPARE=$!
    PIDS="$PIDS $COMPARE"
    stopped_at "$1"
}
# compared STATUS TEXT: it goes on, and ends so.
compared() {
    local status=0
    go_on
    wait "$COMPARE" || status=$?
    cat "$BATS_TEST_TMPDIR/compared" "$BATS_TEST_TMPDIR/compared.err"
    [[ $status == "$1" ]] && cat "$BATS_TEST_TMPDIR/compared" "$BATS_TEST_TMPDIR/compared.err" | grep -qE -- "$2"
}
# ran STATUS: the run ends so.
ran() {
    local status=0
    wait "$FOLLOW" 2>/dev/null || status=$?
    [[ $status == "$1" ]]
}
applier() { catalog "select pid from process where role = 'apply' and ended_us is null"; }
come_later() { # a change comes to the target within so many seconds
    src -c "update calm set v = '$2'"
    wait_for "$1" eval '[[ $(tgt -c "select count(*) from calm where v = '"'$2'"'") == 1000 ]]'
}

@test "the run is stopped while apply is held: it ends, and the compare says so" {
    followed
    for point in live.held live.placed; do
        held_at $point
        kill -TERM "$FOLLOW"
        ran 3
        compared 13 'PGH-8010: the run in "[^"]*" has ended'
        keep_fired
        rm -rf "${PGHAUL_TEST_DIR:?}"
        mkdir -p "$PGHAUL_TEST_DIR"
        run -13 live
        assert_output --partial 'PGH-8010: the run in'
        assert_output --partial 'is not running'
        run_it --resume
        come_later 15 "$point"
    done
    run -0 live
}

@test "the supervisor is killed while apply is held: the compare says that the run has ended" {
    followed
    held_at live.held
    local apply
    apply=$(applier)
    kill -KILL "$FOLLOW"
    ran 137
    wait_for 10 eval '! kill -0 "$apply" 2>/dev/null || grep -q "^State:.Z" /proc/$apply/status'
    compared 13 'PGH-8010: the run in "[^"]*" has ended'
    wait_for 20 nothing_left
    run_it --resume
    come_later 20 again
    run -0 live
}

@test "apply is killed while it is held: its replacement waits as well, and both sides are equal" {
    followed
    held_at live.placed
    local before
    before=$(applier)
    src -c "update calm set v = 'meanwhile'"
    kill -KILL "$before"
    wait_for 10 eval '[[ -n $(applier) && $(applier) != "$before" ]]'
    compared 0 'data: 1 equal'
    come_later 10 after
}

@test "apply that is killed after the target's snapshot was taken does not matter" {
    followed
    held_at live.taken
    kill -KILL "$(applier)"
    compared 0 'data: 1 equal'
    come_later 10 after
}

# A process that sleeps for longer than its wish lasts must not take apply for waiting.
@test "a compare that was kept waiting for too long holds apply once more" {
    followed
    local point
    for point in live.held live.placed live.taken; do
        held_at $point
        # The wish has ended by itself.
        come_later 15 "$point"
        compared 0 'apply went on before both snapshots were taken: holding it once more'
        grep -q 'data: 1 equal' "$BATS_TEST_TMPDIR/compared"
        keep_fired
        rm -rf "${PGHAUL_TEST_DIR:?}"
        mkdir -p "$PGHAUL_TEST_DIR"
    done
}

@test "a compare that is stopped while it holds apply lets it go at once" {
    followed
    held_at live.held
    kill -TERM "$COMPARE"
    compared 3 'Nothing was found out. Compare again'
    come_later 3 later
    run -0 live
}

@test "a compare that is killed at any point keeps apply for five seconds at most" {
    followed
    local point
    for point in live.placed live.taken; do
        run -137 env PGHAUL_TEST_AT="$point:kill" "$PGHAUL" compare data --live --dir "$RUN"
        come_later 8 "$point"
    done
    run -0 live
}

@test "two compares at once take turns" {
    followed
    held_at live.placed
    live >"$BATS_TEST_TMPDIR/second" 2>&1 3>&- &
    local second=$!
    PIDS="$PIDS $second"
    wait_for 10 grep -q 'waiting for another compare of this run' "$BATS_TEST_TMPDIR/second"
    compared 0 'data: 1 equal'
    wait "$second"
    grep -q 'data: 1 equal' "$BATS_TEST_TMPDIR/second"
}

@test "a run that does not follow yet, or no more, is told from one that was never to" {
    src -c 'create table t (id int primary key)' -c 'insert into t select generate_series(1, 1000)'
    background env PGHAUL_TEST_AT=copy.moving:stop "$PGHAUL" clone --dir "$RUN" --follow
    stopped_at copy.moving
    run -13 live
    assert_output --regexp 'PGH-8010: the run in "[^"]*" does not apply changes yet'
    assert_output --partial 'hint: Compare when it follows: pghaul status --dir'
    go_on
    wait_for 30 following
    run -0 live
    end_now
    run -13 live
    assert_output --regexp 'PGH-8010: the run in "[^"]*" is not running'
    assert_output --partial 'pghaul follow'
}
