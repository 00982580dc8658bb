load lib.bash

# A run that is killed anywhere goes on: in the run itself, where a worker is replaced, or with
# --resume, under a snapshot that outlives it. Afterwards the target equals the source.

options=(--split-larger-than 1MB --table-jobs 3 --index-jobs 2 -q)

hold_snapshot() {
    background "$PGHAUL" snapshot --dir "$RUN"
    SNAPSHOT_PID=$PID
    wait_for 10 catalog_says 'select count(*) from snapshot where ended_us is null' 1
}

# Nothing that was done is done twice: an item's row on the target is its own, so a second COPY would
# have failed; here the catalog must say the same.
finished_once() {
    [[ $(catalog "select count(*) from work where state <> 'done'") == 0 ]]
    no_invalid_index
    no_helper_schema
}

# Kills at one point, in whatever process gets there first, then resumes until the run is done.
killed_at() {
    local point=$1 tries=0
    again
    hold_snapshot
    PGHAUL_TEST_AT="$point:${2:-kill}" timeout 60 "$PGHAUL" clone --dir "$RUN" "${options[@]}" \
        >"$BATS_TEST_TMPDIR/clone.out" 2>&1 && status=0 || status=$?
    fired "$point" || { echo "$point was not reached"; cat "$BATS_TEST_TMPDIR/clone.out"; return 1; }
    [[ $status != 124 ]] || { echo "hangs after $point"; return 1; }
    while [[ $status != 0 ]]; do
        ((tries++ < 3)) || { echo "$point: still fails"; cat "$BATS_TEST_TMPDIR/clone.out"; return 1; }
        timeout 60 "$PGHAUL" clone --dir "$RUN" --resume -q >"$BATS_TEST_TMPDIR/clone.out" 2>&1 && status=0 || status=$?
    done
    kill -TERM "$SNAPSHOT_PID"
    wait "$SNAPSHOT_PID" || true
    finished_once || { echo "$point: not finished"; return 1; }
    same >"$BATS_TEST_TMPDIR/diff" || { echo "$point: differs"; cat "$BATS_TEST_TMPDIR/diff"; return 1; }
}

@test "killed before and after a claim, and around its end" {
    pair work
    for point in work.before_claim work.after_claim work.before_finish work.after_finish worker.ready; do
        killed_at $point
    done
}

@test "killed while the snapshot is entered and the plan made" {
    pair work
    for point in snapshot.held plan.begun plan.made dump.begun dump.made; do killed_at $point; done
}

@test "killed around schema scripts" {
    pair work
    for point in script.before_commit script.after_commit check.begun final.before_commit final.after_commit; do
        killed_at $point
    done
}

@test "killed while rows are copied" {
    pair work
    for point in copy.begun copy.moving copy.before_commit copy.after_commit empty.after_commit; do
        killed_at $point
    done
}

@test "killed around large objects and sequences" {
    pair work
    for point in blobs.half_written blobs.after_commit sequences.before_set sequences.set; do
        killed_at $point
    done
}

@test "killed around indexes, keys and statistics" {
    pair work
    for point in index.begun index.built keys.begun keys.added analyze.begun foreign_keys.begun \
        foreign_keys.added foreign_keys.validated; do
        killed_at $point
    done
}

@test "the supervisor is killed at each phase" {
    pair work
    for nth in 1 2 3 4 5 6; do killed_at supervisor.phase "kill:$nth"; done
}

@test "the same with a later visit, and with faults instead of deaths" {
    pair work
    killed_at copy.moving kill:3
    killed_at work.after_finish kill:4
    killed_at copy.before_commit error
    killed_at index.built error
    killed_at script.before_commit error:2
    killed_at blobs.half_written error
}

@test "a copied part is never emptied again, a finished table never copied again" {
    pair work
    hold_snapshot
    PGHAUL_TEST_AT='work.after_finish:kill:2' PGHAUL_RETRY_FOR=0 run clone "${options[@]}"
    # Stop for good in the middle of the copy: every worker's second finish.
    run -0 clone --resume -q
    same
    finished_once
    # Every part was copied in one attempt, or its first attempt was undone with its worker.
    [[ $(catalog "select count(*) from work where kind in ('table', 'part', 'small') and state <> 'done'") == 0 ]]
    kill -TERM "$SNAPSHOT_PID"
}

@test "kill -9 of the whole run while parts are copied: done parts stay, no worker and no query survives" {
    pair work
    hold_snapshot
    # Parts 1 and 2 of a table are done when the next one stops before its commit.
    clone_to copy.before_commit:3 "${options[@]}" --table-jobs 1
    supervisor=$PID
    wait_for 10 catalog_says "select count(*) >= 2 from work where kind = 'part' and state = 'done'" 1
    done_before=$(catalog "select group_concat(id) from (select id from work where kind in ('part', 'empty', 'table', 'small') and state = 'done' order by id)")
    kill -9 "$supervisor"
    wait "$supervisor" || true
    go_on
    wait_for 10 no_worker_lives
    wait_for 15 no_worker_backends
    epochs=$(catalog "select group_concat(id || ':' || epoch) from (select id, epoch from work where id in ($done_before) order by id)")
    run -0 clone --resume -q
    # What was done before was not claimed again.
    [[ $(catalog "select group_concat(id || ':' || epoch) from (select id, epoch from work where id in ($done_before) order by id)") == "$epochs" ]]
    same
    finished_once
    kill -TERM "$SNAPSHOT_PID"
}
no_worker_lives() { # of the processes that are in the catalog
    local pid
    for pid in $(catalog 'select pid from process'); do
        ! grep -qsaz '^worker' "/proc/$pid/cmdline" || return 1
    done
}
no_worker_backends() {
    [[ $(admin_source "select count(*) from pg_stat_activity where datname = '$DB' and application_name like 'pghaul%' and application_name <> 'pghaul snapshot'") == 0 ]] &&
        [[ $(admin_target "select count(*) from pg_stat_activity where datname = '$DB' and application_name like 'pghaul%'") == 0 ]]
}

@test "kill -9 of each role in turn, while data is copied and while indexes are built" {
    pair work
    for point in copy.moving index.begun; do
        for role in copy build schema watch; do
            again
            hold_snapshot
            clone_to "$point" "${options[@]}"
            supervisor=$PID
            wait_for 10 catalog_says "select count(*) > 0 from process where role = '$role' and ended_us is null" 1
            victim=$(catalog "select pid from process where role = '$role' and ended_us is null order by pid <> $STOPPED limit 1")
            kill -9 "$victim"
            go_on
            # The run heals itself.
            wait "$supervisor"
            same
            finished_once
            kill -TERM "$SNAPSHOT_PID"
            wait "$SNAPSHOT_PID" || true
        done
    done
}

@test "kill -9 of the role that holds the snapshot stops the run: what is left cannot be read in it" {
    pair work
    clone_to copy.moving "${options[@]}"
    supervisor=$PID
    kill -9 "$(catalog "select pid from process where role = 'snapshot'")"
    go_on
    wait "$supervisor" && status=0 || status=$?
    [[ $status == 7 ]]
    grep -q 'PGH-5005: worker snapshot 1 was killed by signal 9' "$BATS_TEST_TMPDIR/err"
    run -4 clone --resume
    assert_output --partial 'PGH-2106'
    run -0 clone --resume --not-consistent -q
    same
}

@test "without a held snapshot an unfinished copy is refused, or goes on by the user's word" {
    pair work
    clone_to copy.before_commit:2 "${options[@]}" --table-jobs 1
    kill -9 "$PID"
    wait "$PID" || true # a zombie counts as running
    go_on
    run -4 clone --resume
    assert_output --partial 'PGH-2106'
    assert_output --partial 'unfinished items of the copy need it'
    assert_output --partial '--not-consistent'
    # The source has changed meanwhile, and was even rewritten.
    src -c "insert into big values (100001, 'new', 1, now())" -c 'vacuum full big' -c 'vacuum full plain'
    run -0 clone --resume --not-consistent -q
    same
    finished_once
}

@test "a snapshot that is gone does not matter when all rows are copied" {
    pair work
    PGHAUL_TEST_AT='foreign_keys.begun:error' run clone "${options[@]}"
    [[ $status == 1 ]]
    assert_output --partial 'PGH-9002'
    run -0 clone --resume -q
    same
    finished_once
}

@test "a run that was killed before it touched the target begins anew in a new snapshot" {
    pair work
    local new=2
    for point in supervisor.phase snapshot.taken; do
        again
        PGHAUL_TEST_AT="$point:kill" run clone "${options[@]}"
        [[ $status != 0 ]]
        src -c "insert into tiny values ($((++new)), 'another')"
        run -0 clone --resume -q
        same
        finished_once
    done
}

@test "a resume with other settings, where they may change and where not" {
    pair work
    hold_snapshot
    PGHAUL_TEST_AT='foreign_keys.begun:error' run clone "${options[@]}"
    run -6 clone --resume --split-larger-than 2MB
    assert_output --partial 'PGH-4007'
    run -6 clone --resume --source "$(on "$PGH_SOURCE" pgh_work)"
    assert_output --partial 'PGH-4007'
    run -0 clone --resume --table-jobs 1 --index-jobs 1 -q
    same
    kill -TERM "$SNAPSHOT_PID"
}

@test "a second pghaul in the same directory is refused" {
    pair work
    clone_to copy.before_commit "${options[@]}"
    supervisor=$PID
    run -6 clone
    assert_output --partial "PGH-4001: work directory \"$RUN\" is in use by process $supervisor"
    run -6 clone --resume
    run -6 clone --restart
    assert_output --partial PGH-4001
    go_on
    wait "$supervisor"
    same
}

@test "--restart ends what the dead run has left, and begins anew" {
    pair work
    clone_to copy.before_commit "${options[@]}"
    kill -9 "$PID"
    wait "$PID" || true # a zombie counts as running
    go_on
    run -5 clone --restart -q
    assert_output --partial 'PGH-3101'
    run -0 clone --restart --drop-if-exists -q
    same
    finished_once
}

@test "the last transaction fails: the resume does it, event triggers and all" {
    pair work
    PGHAUL_TEST_AT='final.before_commit:error' run clone "${options[@]}"
    [[ $status == 1 ]]
    run -0 clone --resume -q
    same
    finished_once
}

@test "a resume that fails at once loses nothing: the run is still there" {
    pair work
    PGHAUL_TEST_AT='foreign_keys.begun:error' run clone "${options[@]}"
    [[ $status == 1 ]]
    PGHAUL_TARGET="host=/nowhere dbname=$DB" run -5 clone --resume
    run -6 clone
    assert_output --partial 'has run'
    run -0 clone --resume -q
    same
    finished_once
}

@test "three snapshots, one after the other: no part of an older one is taken for done" {
    pair work
    local resume=() nth
    for nth in 4 3 2; do
        clone_to "copy.before_commit:$nth" "${resume[@]:-${options[@]}}" --table-jobs 1 -q
        kill -9 "$PID"
        wait "$PID" || true # a zombie counts as running
        go_on
        wait_for 10 no_worker_lives
        rm -f "$PGHAUL_TEST_DIR"/*
        src -c "insert into big values (100000 + $nth, 'new', 1, now())"
        resume=(--resume --not-consistent)
    done
    run -0 clone --resume --not-consistent -q
    same
    finished_once
}

@test "a worker that dies after its commit leaves a place that copies on" {
    pair work
    PGHAUL_TEST_AT=copy.after_commit:kill:3 run -0 clone --split-larger-than 1MB --table-jobs 1 -q
    fired copy.after_commit
    same
    finished_once
}

@test "a target that has lost what was done is refused" {
    pair work
    PGHAUL_TEST_AT='foreign_keys.begun:error' run clone "${options[@]}"
    [[ $status == 1 ]]
    tgt -c "delete from pghaul.done where item = (select max(item) from pghaul.done where rows > 100)"
    run -5 clone --resume
    assert_output --partial 'PGH-3109: the target lacks 1 items that were done'
    run -0 clone --restart --drop-if-exists -q
    same
}

@test "a directory whose name means something to the shell is begun anew like others" {
    pair work
    RUN="$BATS_TEST_TMPDIR/a[1] *?"
    PGHAUL_TEST_AT='foreign_keys.begun:error' run clone "${options[@]}"
    [[ $status == 1 ]]
    src -c 'alter table tiny add c int default 7'
    run -0 clone --restart --drop-if-exists -q
    same
}

@test "a reader of the log that goes away does not stop the run" {
    pair work
    "$PGHAUL" clone --dir "$RUN" -v 2>&1 3>&- | head -n 1
    wait_for 20 catalog_says 'select state from run' done
    same
}

@test "a supervisor that was killed, but not yet waited for by who started it, does not hold the directory" {
    pair work
    # The sleep takes the shell's place, and never waits.
    background env PGHAUL_TEST_AT=copy.before_commit:stop bash -c '"$0" clone --dir "$1" -q & echo $! >"$1.pid"; exec sleep 300' "$PGHAUL" "$RUN"
    stopped_at copy.before_commit
    kill -9 "$(cat "$RUN.pid")"
    wait_for 10 grep -qs '^State:.Z' "/proc/$(cat "$RUN.pid")/status"
    # The kernel wakes the stopped worker, which then finds that it is alone.
    run -0 clone --resume --not-consistent -q
    same
}

@test "the session of pg_dump is ended: it is run again in the same snapshot" {
    pair template0
    src -q -c 'create table t as select 1 as a'
    clone_to dump.begun
    wait_for 20 catalog_says "select state from work where kind = 'plan'" done
    local run=$PID sessions="from pg_stat_activity where datname = '$DB' and"
    psql -qXAt "$SOURCE" -c 'begin; lock table t; select pg_sleep(60)' >/dev/null 2>&1 3>&- &
    PIDS="$PIDS $!"
    wait_for 10 eval "[[ \$(admin_source \"select count(*) $sessions wait_event = 'PgSleep'\") == 1 ]]"
    go_on
    wait_for 20 eval "[[ \$(admin_source \"select count(*) $sessions application_name = 'pg_dump' and wait_event_type = 'Lock'\") == 1 ]]"
    admin_source "select pg_terminate_backend(pid) $sessions application_name = 'pg_dump'" >/dev/null
    wait_for 20 grep -q 'it will be replaced' "$BATS_TEST_TMPDIR/err"
    admin_source "select pg_terminate_backend(pid) $sessions wait_event = 'PgSleep'" >/dev/null
    PID=$run
    ended_with 0 'worker schema 1 dumping the schema: pg_dump exited with status 1; it will be replaced'
    [[ $(tgt -c 'select a from t') == 1 ]]
}
