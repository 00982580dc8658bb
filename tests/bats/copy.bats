load lib.bash

@test "copy schema: all but the rows, like pg_dump --schema-only" {
    pair objects
    run -0 "$PGHAUL" copy schema --dir "$RUN" -q
    local like
    like=$(on "$PGH_TARGET" "${DB}_like")
    admin_target "create database ${DB}_like"
    "$(pg_bin)/pg_dump" --schema-only -d "$SOURCE" | psql -qXAt "$like" >/dev/null
    alike schema "$like" "$TARGET" "$BATS_TEST_TMPDIR"
    alike contents "$like" "$TARGET" "$BATS_TEST_TMPDIR"
    no_helper_schema
    no_invalid_index
}

@test "copy table: patterns, with indexes, keys and sequences; copy db: everything" {
    pair template0
    src -f "$PGH_TOP/tests/sql/filters.sql" >/dev/null
    run -0 "$PGHAUL" copy table a.t 'a.u*' --dir "$RUN"
    [[ $(tgt -c 'select count(*) from a.t') == 100 && $(tgt -c 'select count(*) from a.u') == 50 ]]
    [[ $(tgt -c "select count(*) from pg_constraint where conrelid = 'a.u'::regclass") == 3 ]]
    # Its trigger calls a function that is not there.
    assert_output --partial 'trigger u_trigger on table "a"."u" is left out'
    # A partitioned table, with its partitions, in whatever schema these are.
    run -0 "$PGHAUL" copy table a.part --dir "$RUN.3" -q
    [[ $(tgt -c 'select count(*), count(distinct tableoid) from a.part') == '40|2' ]]
    # Another table, into the same database.
    run -0 "$PGHAUL" copy table b.w --dir "$RUN.2" -q
    [[ $(tgt -c 'select count(*) from b.w') == 20 ]]
    again
    run -0 "$PGHAUL" copy db --dir "$RUN" -q
    same
}

@test "copy is resumed like a clone, and says what it cannot copy" {
    pair template0
    src -f "$PGH_TOP/tests/sql/filters.sql" >/dev/null
    background env PGHAUL_TEST_AT=copy.before_commit:stop "$PGHAUL" copy table a.t a.u --dir "$RUN"
    stopped_at copy.before_commit
    kill -9 "$PID"
    wait "$PID" || true # a zombie counts as running
    kill -9 "$STOPPED" 2>/dev/null || true
    run -6 "$PGHAUL" copy table a.t --resume --not-consistent --dir "$RUN"
    assert_output --partial 'other filters'
    run -0 "$PGHAUL" copy table --resume --not-consistent --dir "$RUN" -q
    [[ $(tgt -c 'select count(*) from a.t') == 100 && $(tgt -c 'select count(*) from a.u') == 50 ]]
    run -2 "$PGHAUL" copy everything --dir "$RUN.2"
    assert_output --partial 'pghaul copy cannot copy "everything": it copies db, schema, data, roles, extensions, sequences, blobs, indexes, constraints or table NAME'
    run -2 "$PGHAUL" copy table --dir "$RUN.2"
    assert_output --partial 'needs the name of a table'
    run -2 "$PGHAUL" copy schema a --dir "$RUN.2"
    assert_output --partial 'takes no argument "a"'
}
