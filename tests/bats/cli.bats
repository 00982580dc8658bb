load lib.bash

commands='clone dump restore snapshot list plan check explain ping status position follow cutover reverse cleanup cancel pause resume set compare stream list-options help'

@test "--help and --version, everywhere" {
    run -0 "$PGHAUL" --help
    assert_output --partial 'Usage:'
    assert_output --partial 'clone '
    run -0 "$PGHAUL" --version
    assert_output --regexp '^pghaul [0-9]+\.[0-9]+\.[0-9]+$'
    for command in $commands; do
        run -0 "$PGHAUL" "$command" --help
        assert_output --partial "pghaul $command"
        help=$output
        run -0 "$PGHAUL" help "$command"
        [[ $output == "$help" ]]
        run -0 "$PGHAUL" "$command" --version
        assert_output --regexp '^pghaul '
        run -2 "$PGHAUL" "$command" --no-such-option
        assert_output --partial 'PGH-1002: unknown option --no-such-option'
    done
}

@test "no command, an unknown one, and the one that was meant" {
    run -2 "$PGHAUL"
    assert_output --partial 'PGH-1004'
    run -2 "$PGHAUL" cloen
    assert_output --partial 'PGH-1001: unknown command "cloen"'
    assert_output --partial 'Perhaps pghaul clone is meant'
    run -2 "$PGHAUL" clone --tabel-jobs 4
    assert_output --partial 'Perhaps --table-jobs is meant'
}

@test "option values are checked, with the range" {
    for value in 0 129 four 4x ''; do
        run -2 "$PGHAUL" clone --source x --target y --table-jobs "$value"
        assert_output --partial "PGH-1003: --table-jobs cannot be \"$value\": it takes a whole number from 1 to 128"
    done
    run -2 "$PGHAUL" clone --split-larger-than 1kB
    assert_output --partial 'auto or a size of at least'
    run -2 "$PGHAUL" clone --copy-format csv
    assert_output --partial 'one of auto|text|binary'
    run -2 env PGHAUL_INDEX_JOBS=many "$PGHAUL" clone
    assert_output --partial 'environment variable PGHAUL_INDEX_JOBS'
    run -2 "$PGHAUL" list everything --source x
    assert_output --partial 'tables, parts, indexes, sequences or runs'
}

@test "options that exclude each other" {
    run -2 "$PGHAUL" clone --source dbname=x --target dbname=y --resume --restart
    assert_output --partial 'PGH-1005'
    run -2 "$PGHAUL" clone --source dbname=x --target dbname=y --not-consistent
    assert_output --partial 'PGH-1005'
    run -2 "$PGHAUL" ping --source dbname=x -v -q
    assert_output --partial 'PGH-1005'
}

@test "list-options, as text and as JSON" {
    run -0 "$PGHAUL" list-options clone
    assert_line --regexp $'^clone\t--table-jobs\tN\tPGHAUL_TABLE_JOBS\t4\t'
    run -0 bash -c "'$PGHAUL' list-options --json | jq -r '.[] | select(.command == \"clone\" and .option == \"dir\").environment'"
    assert_output PGHAUL_DIR
}

@test "exit codes and faults are listed" {
    run -0 "$PGHAUL" help exit-codes
    assert_line --regexp '^ +2 +usage'
    run -0 "$PGHAUL" help faults
    assert_output --partial 'PGH-2103'
}

@test "colours as PG_COLOR and NO_COLOR say" {
    run -2 env PG_COLOR=always "$PGHAUL" nonsense
    assert_output --partial $'\033[01;31m'
    run -2 env PG_COLOR=never "$PGHAUL" nonsense
    refute_output --partial $'\033'
    run -2 env NO_COLOR=1 PG_COLOR=auto "$PGHAUL" nonsense
    refute_output --partial $'\033'
}

@test "a connection string that cannot be read is not repeated" {
    run -2 "$PGHAUL" ping --source 'host=a password=top secret'
    assert_output --partial 'PGH-1006: --source is not a connection string'
    refute_output --partial secret
}

@test "a worker by hand does what is ready and ends" {
    pair work
    run -0 clone
    run -0 "$PGHAUL" worker copy --dir "$RUN"
    run -2 "$PGHAUL" worker nonsense --dir "$RUN"
}
