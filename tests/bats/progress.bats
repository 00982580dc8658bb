load lib.bash

# What a user sees while data is moved.

# In a terminal of its own; what is on it goes to a file.
on_terminal() {
    TERM=xterm COLUMNS=100 script -qefc "$*" /dev/null </dev/null >"$BATS_TEST_TMPDIR/screen" 2>&1 3>&- &
    PID=$!
    PIDS="${PIDS:-} $PID"
}
on_screen() { grep -qaE -- "$1" "$BATS_TEST_TMPDIR/screen"; }

@test "on a terminal: phase, bytes, tables and what is copied now, redrawn in place" {
    pair work
    export PGHAUL_TEST_AT=copy.moving:stop
    on_terminal "$PGHAUL" clone --dir "$RUN" --split-larger-than 1MB --table-jobs 2
    stopped_at copy.moving
    wait_for 10 on_screen 'copying data and building indexes: .* of .* \([0-9]+ %\).*, tables [0-9]+/'
    wait_for 10 on_screen '^  copy [12]: (part|table) public\.'
    # Cursor up and clear, for the next picture.
    wait_for 10 on_screen $'\033\\[A.*\033\\[J'
    go_on
    wait "$PID"
    # The last picture is gone, the summary stands.
    tail -n 40 "$BATS_TEST_TMPDIR/screen" | grep -q 'Slowest tables'
    same
}

@test "an index that is built says how far the server is" {
    pair
    table_with_slow_index
    on_terminal "$PGHAUL" clone --dir "$RUN"
    wait_for 20 on_screen "(copy|build|schema|snapshot) 1: index public.t_slow .*[0-9]+ %" || { tail -c 2500 "$BATS_TEST_TMPDIR/screen"; false; }
    wait "$PID"
}

@test "without a terminal: a plain line every few seconds" {
    pair work
    clone_to copy.moving --split-larger-than 1MB
    wait_for 15 grep -qE '^[0-9-]{10} [0-9:.]+Z info +clone: copying data and building indexes: .* tables [0-9]+/[0-9]+' "$BATS_TEST_TMPDIR/err"
    run ! grep -q $'\033' "$BATS_TEST_TMPDIR/err"
    go_on
    wait "$PID"
}

@test "the summary: steps with wall and cumulative time, bytes, rows, concurrency; slowest tables" {
    pair work
    run -0 --separate-stderr clone --split-larger-than 1MB --table-jobs 2
    assert_line --regexp '^Step +wall +cumulative +jobs +items +rows +moved'
    assert_line --regexp '^copying parts of tables +[0-9].* MB$'
    assert_line --regexp '^building indexes +[0-9]'
    assert_line --regexp '^Slowest tables'
    assert_line --regexp '^public\.plain +.* [0-9]+ +60,000 +[0-9]+ MB'
    run -0 --separate-stderr "$PGHAUL" status --dir "$RUN" --json
    jq -e '[.steps[].items] | add > 20' <<<"$output"
}
