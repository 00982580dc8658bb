load lib.bash

@test "a short clone loses no memory, in no process, and reads none that is not set" {
    [[ ${BUILD:-debug} != asan ]] || skip 'a sanitizer and valgrind exclude each other'
    pair work
    mkdir "$BATS_TEST_TMPDIR/valgrind"
    PGHAUL_TEST_PROGRAM=$PGHAUL run -0 valgrind -q --trace-children=yes --trace-children-skip='*/pg_dump,*/pg_restore' \
        --leak-check=full --show-leak-kinds=definite,indirect,possible --log-file="$BATS_TEST_TMPDIR/valgrind/%p" \
        "$PGHAUL" clone --dir "$RUN" -q --split-larger-than 1MB --table-jobs 2
    # Each process has its file; what valgrind does not like is in lines that begin with ==.
    (($(find "$BATS_TEST_TMPDIR/valgrind" -type f | wc -l) > 5))
    run grep -rh '^==' "$BATS_TEST_TMPDIR/valgrind"
    assert_output ''
    same
}
