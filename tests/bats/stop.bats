load lib.bash

options=(--split-larger-than 1MB --table-jobs 2 --index-jobs 2)

@test "asked once: the items in hand are finished, the rest is left for a resume" {
    pair work
    background "$PGHAUL" snapshot --dir "$RUN"
    holder=$PID
    wait_for 10 catalog_says 'select count(*) from snapshot where ended_us is null' 1
    clone_to copy.moving "${options[@]}" --table-jobs 1
    kill -INT "$PID"
    wait_for 10 grep -q 'stopping after the items in hand' "$BATS_TEST_TMPDIR/err"
    go_on
    ended_with 3 'pghaul: stopped while copying data'
    grep -q -- '--resume' "$BATS_TEST_TMPDIR/err"
    # What was in hand is done, the rest is not.
    [[ $(catalog "select count(*) > 0 from work where kind in ('part', 'table') and state = 'done'") == 1 ]]
    [[ $(catalog "select count(*) > 0 from work where state = 'ready'") == 1 ]]
    [[ $(catalog "select count(*) from work where state = 'running'") == 0 ]]
    [[ $(catalog 'select state from run') == stopped ]]
    run -0 clone --resume -q
    same
    kill -TERM "$holder"
}

@test "asked twice: what is in hand is cancelled at once" {
    pair work
    src -c "create view slow as select 1 as a from pg_sleep(60)" -c 'create materialized view slow_too as select a from slow with no data' \
        -c "update pg_class set relispopulated = true where relname = 'slow_too'"
    background "$PGHAUL" clone --dir "$RUN" "${options[@]}"
    wait_for 30 catalog_says "select count(*) from work where kind = 'refresh' and state = 'running'" 1
    wait_for 10 refreshing
    before=$SECONDS
    kill -TERM "$PID"
    wait_for 10 grep -q 'stopping after' "$BATS_TEST_TMPDIR/err"
    kill -TERM "$PID"
    wait "$PID" && status=0 || status=$?
    [[ $status == 3 ]]
    ((SECONDS - before < 15))
    wait_for 10 nothing_left
}
refreshing() { [[ $(admin_target "select count(*) from pg_stat_activity where datname = '$DB' and query like '%REFRESH MATERIALIZED VIEW%' and state = 'active' and application_name like 'pghaul%'") == 1 ]]; }

@test "a signal to the supervisor only, or to its process group, is the same" {
    pair work
    background setsid env PGHAUL_TEST_AT='copy.moving:stop' "$PGHAUL" clone --dir "$RUN" "${options[@]}"
    stopped_at copy.moving
    supervisor=$(cat "$RUN/lock")
    kill -INT -- "-$supervisor" # as ^C does
    wait_for 10 grep -q 'stopping after the items in hand' "$BATS_TEST_TMPDIR/err"
    go_on
    wait_for 20 catalog_says 'select state from run' stopped
    [[ $(catalog "select count(*) from process where ending not in ('done')") == 0 ]]
}

@test "SIGUSR1 prints progress at any time, also when quiet" {
    pair work
    clone_to copy.moving "${options[@]}" -q
    kill -USR1 "$PID"
    wait_for 10 grep -q 'copying data and building indexes: .* of .* (.* %), tables ' "$BATS_TEST_TMPDIR/err"
    wait_for 10 grep -q 'copy [12]: .*public.' "$BATS_TEST_TMPDIR/err"
    go_on
    wait "$PID"
}

@test "status of a running, a killed and a finished run" {
    pair work
    clone_to copy.moving "${options[@]}"
    run -0 "$PGHAUL" status --dir "$RUN"
    assert_line --regexp '^state +running, copying data and building indexes'
    run -0 bash -c "'$PGHAUL' status --dir '$RUN' --json | jq -e '.version == 1 and .state == \"running\" and .phase == \"copy\" and (.running | length) > 0 and .progress.tables > 5 and .source_version >= 150000'"
    kill -9 "$PID"
    wait "$PID" || true
    go_on
    wait_for 20 bash -c "'$PGHAUL' status --dir '$RUN' --json | jq -e '.state == \"crashed\"' >/dev/null"
    run -0 clone --restart --drop-if-exists -q
    run -0 "$PGHAUL" status --dir "$RUN"
    assert_line --regexp '^state +done, done$'
    assert_output --partial 'Slowest tables'
    run -0 bash -c "'$PGHAUL' status --dir '$RUN' --json | jq -r '.steps[] | select(.kind == \"small\") | .done, .items' | uniq | wc -l"
    assert_output 1
}

@test "status finds the only run by itself, by name, and asks when there are several" {
    pair work
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    run -6 "$PGHAUL" status
    assert_output --partial 'PGH-4003: there is no run in'
    run -0 "$PGHAUL" clone --name first -q
    run -0 "$PGHAUL" status
    assert_line --regexp '^run +first$'
    [[ $(stat -c %a "$XDG_STATE_HOME/pghaul/first") == 700 ]]
    again
    run -0 "$PGHAUL" clone -q
    run -2 "$PGHAUL" status
    assert_output --partial 'there are 2 runs'
    run -0 "$PGHAUL" status --name "$DB"
    assert_line --regexp "^run +$DB\$"
}
