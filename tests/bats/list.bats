load lib.bash

# What a user sees before anything is copied: ping, list; and the snapshot that outlives a clone.

@test "ping says what both sides can do, also when one of them does not answer" {
    pair work
    run -0 "$PGHAUL" ping
    assert_line --partial "database \"$DB\" in UTF8, as user \"postgres\""
    assert_line '  splits_tables_by: ctid'
    assert_line '  may_create_schemas: yes'
    run -0 --separate-stderr "$PGHAUL" ping --json
    jq -e '.source.facts.superuser == true and .target.facts.max_connections == 100 and .source.facts.size_bytes > 1e6 and .target.encrypted == false' <<<"$output"
    PGHAUL_TARGET="host=/nowhere dbname=x" run -5 --separate-stderr "$PGHAUL" ping
    assert_line '  splits_tables_by: ctid'
    [[ $stderr == *PGH-3001* ]]
    unset PGHAUL_TARGET
    run -0 "$PGHAUL" ping
    refute_output --partial max_connections
}

@test "list tables: all of them, largest first, and nothing is written on either side" {
    pair work
    run -0 --separate-stderr "$PGHAUL" list tables --json --split-larger-than 1MB
    [[ $(jq -r '.[].table' <<<"$output" | sort | xargs) == "public.big public.child public.parted_1 public.parted_2 public.plain public.rooms public.tiny" ]]
    [[ $(jq -r '.[0].table' <<<"$output") == public.plain ]]
    jq -e 'map(.bytes) | . == (sort | reverse)' <<<"$output"
    jq -e '.[] | select(.table == "public.big") | .parts >= 5 and .why == "by ctid: larger than 1.0 MB" and .rows == 40000 and .indexes == 3' <<<"$output"
    run -0 --separate-stderr "$PGHAUL" list tables
    assert_line --regexp '^public\.plain +2[0-9] MB +(60,0|59,9)[0-9]+ +binary +1 +2 '
    [[ $(tgt -c "select count(*) from pg_namespace where nspname = 'pghaul'") == 0 ]]
    [[ ! -e $RUN ]]
}

@test "list parts: the ranges cover everything, largest tables first, and each says why" {
    pair work
    run -0 --separate-stderr "$PGHAUL" list parts --json --split-larger-than 1MB --table-jobs 2
    parts=$output
    # The first part is open below, the last above, and each one begins where the one before ends.
    for table in big plain; do
        ranges=$(jq -r ".[] | select(.table == \"public.$table\") | .range" <<<"$parts")
        (($(wc -l <<<"$ranges") > 4))
        diff <(sed -n 's/.*ctid < //p' <<<"$ranges") <(sed -n 's/ <= ctid.*//p' <<<"$ranges")
        [[ $(head -n 1 <<<"$ranges") == "ctid < "* && $(tail -n 1 <<<"$ranges") == *" <= ctid" ]]
    done
    # The target gets exactly these.
    run -0 clone -q --split-larger-than 1MB --table-jobs 2
    [[ $(catalog "select count(*) from work where kind = 'part'") == $(jq '[.[] | select(.part > 0)] | length' <<<"$parts") ]]
    same
}

@test "list parts by key, and what cannot be split says so" {
    pair work
    src -c 'create table keyless as select * from plain'
    run -0 --separate-stderr "$PGHAUL" list parts --split-larger-than 1MB --split-by key
    assert_line --regexp '^public\.plain +1 +.* "id" < [0-9]+ +by key: --split-by key'
    assert_line --regexp '^public\.keyless +0 +.* whole +not split: --split-by key, and it has no unique integer column'
    assert_line --regexp '^public\.tiny +0 +.* whole +not split: not larger than 1.0 MB'
    run -0 clone -q --split-larger-than 1MB --split-by key
    same
}

@test "list indexes and sequences" {
    pair work
    run -0 --separate-stderr "$PGHAUL" list indexes --json
    jq -e '.[] | select(.index == "public.plain_filler_key") | .constraint == "unique" and .how == "built" and .table == "public.plain"' <<<"$output"
    jq -e '.[] | select(.index == "public.parted_pkey") | .how == "made with the schema"' <<<"$output"
    jq -e '.[] | select(.index == "public.tiny_pkey") | .how == "with its small table"' <<<"$output"
    jq -e '.[] | select(.index == "public.rooms_during_excl") | .constraint == "exclusion"' <<<"$output"
    run -0 --separate-stderr "$PGHAUL" list indexes
    assert_line --partial 'CREATE INDEX "big_at" ON "public"."big"'
    run -0 --separate-stderr "$PGHAUL" list sequences
    assert_line public.counter
    run -2 "$PGHAUL" list rubbish
    assert_output --partial 'it lists tables, parts, indexes, sequences or runs'
    run -2 "$PGHAUL" list
}

@test "snapshot: prints its id, holds it, and a clone anywhere reads in it" {
    pair work
    background "$PGHAUL" snapshot --dir "$BATS_TEST_TMPDIR/held" -q
    holder=$PID
    wait_for 10 test -s "$BATS_TEST_TMPDIR/out"
    read -r id <"$BATS_TEST_TMPDIR/out"
    contents "$SOURCE" >"$BATS_TEST_TMPDIR/then"
    src -c 'delete from child' -c 'update big set label = label || 1' -c "insert into tiny values (9, 'later')"
    run -0 clone -q --snapshot "$id"
    contents "$TARGET" | diff "$BATS_TEST_TMPDIR/then" -
    # It lives on after the clone, until it is told to stop.
    kill -0 "$holder"
    kill -INT "$holder"
    wait "$holder"
    run -0 nothing_left
    again
    run -4 clone -q --snapshot "$id"
    assert_output --partial 'PGH-2106'
    run -4 clone -q --restart --snapshot "rubbish'; drop table tiny"
    [[ $(src -c 'select count(*) from tiny') == 3 ]]
}
