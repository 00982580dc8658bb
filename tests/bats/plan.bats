load lib.bash

# The dry run: every step of a clone, and nothing written.

plan() { "$PGHAUL" plan "$@"; }

# Statements that the servers of this test were sent by pghaul in its database, one a line; from
# the moment log_all was called.
log_all() {
    src -c "alter database $DB set log_statement = 'all'"
    tgt -c "alter database $DB set log_statement = 'all'"
}
logged() { grep -E "\] pghaul [a-z ]*[0-9]* ?[a-z]+@$DB LOG:  (statement|execute)" "$1/log" || true; }

@test "plan: every item of the clone, each behind what it waits for, in the order of the claims" {
    pair work
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    run -0 --separate-stderr plan --json --split-larger-than 1MB --table-jobs 1
    items=$output
    jq -e '.items as $i | [$i | to_entries[] | .key as $at | .value.waits_for[] as $b
           | [$i[] | .id] | index($b) < $at] | length > 20 and all' <<<"$items"
    jq -e '[.items[].phase] | . == (sort_by({plan: 1, schema: 2, copy: 3, post: 4, refresh: 5, close: 6}[.]))' <<<"$items"
    jq -e '.items[] | select(.kind == "empty") | .parts >= 2 and .part == 0' <<<"$items" >/dev/null
    jq -e '[.items[].sql] | all(. == null)' <<<"$items"
    # Nothing was written anywhere.
    [[ $(tgt -c "select count(*) from pg_class where oid >= 16384") == 0 ]]
    [[ $(src -c "select count(*) from pg_namespace where nspname = 'pghaul'") == 0 ]]
    [[ ! -e $RUN && ! -e $XDG_STATE_HOME ]]
    # A run does exactly this. With one worker for rows, they are copied in this order.
    run -0 clone -q --split-larger-than 1MB --table-jobs 1
    diff <(jq -r '.items[] | "\(.id)|\(.kind)|\(.name // "")|\(.part)|\(.bytes)"' <<<"$items" | sort) \
        <(catalog 'select id, kind, name, part, bytes from work' | sort)
    diff <(jq -r '.items[] | select([.kind] | inside(["empty", "part", "table", "small", "config", "blobs", "sequences"])) | .id' <<<"$items") \
        <(catalog "select id from work where stage = 3 and lane = 2 order by started_us, id")
    jq -e ".totals == {tables: $(catalog 'select count(*) from obj_table where has_data'),
        bytes: $(catalog 'select sum(bytes) from obj_table where has_data'),
        rows: $(catalog 'select sum(rows_estimate) from obj_table where has_data'),
        indexes: $(tgt -c 'select count(*) from pg_index where indexrelid >= 16384 and indrelid in (select oid from pg_class where relnamespace = $$public$$::regnamespace)'),
        constraints: $(catalog 'select count(*) from obj_constraint'), sequences: 1, large_objects: 2,
        items: $(catalog 'select count(*) from work')}" <<<"$items"
    same
}

@test "plan for people: items, totals, connections, pg_dump, what is left out" {
    pair work
    src -c 'create view of_tiny as select * from tiny'
    run -0 --separate-stderr plan --table-jobs 3 --split-larger-than 10MB -T tiny --exclude-table-data rooms
    assert_line --regexp '^ +4  copy     empty +public\.plain$'
    assert_line --regexp '^ +[56]  copy     part +[0-9.]+ MB  public\.plain part 1$'
    assert_line --regexp '^to copy: [0-9]+ MB, 5 tables, [0-9,]+ rows \(estimated\), [0-9]+ indexes, '
    assert_line --regexp '^connections, at most: 6 to the source, 1?[0-9] to the target$'
    assert_line --regexp '^pg_dump: .*/pg_dump \(version [0-9]+\)$'
    assert_line 'left out: rows of table public.rooms: a filter leaves them out'
    assert_line --regexp '^left out: view .*of_tiny.*: it needs what is left out \(table .*tiny.*\)$'
    refute_output --partial 'no target was given'
    run -0 --separate-stderr plan --json -T tiny
    jq -e '.left_out[] | select(.what | test("of_tiny")) | .why | test("^it needs what is left out .table .*tiny")' <<<"$output"
    # Without data.
    run -0 --separate-stderr plan --json --schema-only
    jq -e '.totals.bytes == 0 and .totals.large_objects == 0 and .left_out == []
           and ([.items[].kind] | index("refresh", "analyze", "small", "table", "sequences") == null)' <<<"$output"
}

@test "plan --sql: the statements that a clone then sends, word for word" {
    pair work
    src -c 'create table keyed (id int primary key, x int unique, y int references big)' \
        -c 'create sequence "odd;name"' -c 'create table "Odd;one" (a int, b text default $$;$$, c int generated always as (a + 1) stored)'
    log_all
    options=(--split-larger-than 1MB --table-jobs 2 --index-jobs 2)
    run -0 --separate-stderr plan --sql --json "${options[@]}"
    planned=$output
    run -0 --separate-stderr plan --sql "${options[@]}"
    text=$output
    run -0 clone -q "${options[@]}"
    for side in source target; do
        dir=$PGH_SOURCE_DIR
        [[ $side == source ]] || dir=$PGH_TARGET_DIR
        logged "$dir" >"$BATS_TEST_TMPDIR/$side"
        count=0
        # Sequences are read and set many at a time; large objects go on as the note says.
        while IFS= read -r statement; do
            grep -qF -- "${statement%;}" "$BATS_TEST_TMPDIR/$side" || { echo "not sent to the $side: $statement"; return 1; }
            grep -qxF -- "$statement" <<<"$text"
            count=$((count + 1))
        done < <(jq -r ".items[] | select(.kind != \"sequences\") | .sql.$side[]" <<<"$planned")
        ((count > 25))
    done
    [[ $(jq -r '.items[] | select(.kind == "sequences") | .sql.target[]' <<<"$planned" | sort) == \
        "SELECT pg_catalog.setval('\"public\".\"counter\"', last_value, is_called);
SELECT pg_catalog.setval('\"public\".\"odd;name\"', last_value, is_called);" ]]
    jq -e '.items[] | select(.kind == "foreign_keys" and .name == "public.keyed") | .sql.target | length == 2' <<<"$planned"
    jq -e '.items[] | select(.kind == "dump") | .sql.command | test("pg_dump -d .* --format=custom .*--snapshot=SNAPSHOT .*--file=DIR/schema/dump")' <<<"$planned"
    same
}

@test "plan without a target: for a target of the source's version; no password is shown" {
    pair work
    unset PGHAUL_TARGET
    export PGHAUL_SOURCE="$SOURCE password=top-secret-word"
    run -0 --separate-stderr plan --sql -v
    assert_line '-- no target was given: planned for one of the source'"'"'s version, and nothing was checked there'
    assert_line --partial 'ADD CONSTRAINT "plain_pkey" PRIMARY KEY USING INDEX "plain_pkey"'
    refute_output --partial top-secret-word
    [[ $stderr != *top-secret-word* ]]
    run -0 --separate-stderr plan --json --sql
    refute_output --partial top-secret-word
    jq -e '.target == null and .target_version == null and .source_version > 90600' <<<"$output"
}

@test "plan reports what a clone would fail for, with the same status, and prints no plan" {
    pair work
    tgt -c 'create table big (mine int)'
    run -5 --separate-stderr plan
    [[ -z $output && $stderr == *'PGH-3101'*public.big*drop-if-exists* ]]
    run -0 --separate-stderr plan --drop-if-exists
    tgt -c 'drop table big'
    run -2 plan --target "$SOURCE"
    assert_output --partial 'PGH-1007'
    run -2 plan -t missing
    assert_output --partial 'PGH-1008'
    run -7 plan --pg-bindir "$BATS_TEST_TMPDIR"
    assert_output --partial 'PGH-5001'
    run -2 plan --dir "$RUN"
    assert_output --partial 'PGH-1002'
    unset PGHAUL_SOURCE
    run -2 plan
    assert_output --partial '--source is missing'
    run -4 plan --source "${SOURCE/dbname=$DB/dbname=missing}"
    assert_output --partial 'PGH-2001'
    src -c 'create role t_plan login'
    run -4 plan --source "${SOURCE/user=postgres/user=t_plan}"
    assert_output --partial 'PGH-2101'
    admin_source 'drop role t_plan'
    admin_target 'create role t_plan login'
    run -5 plan --source "$SOURCE" --target "${TARGET/user=postgres/user=t_plan}"
    assert_output --partial 'PGH-3104'
    admin_target 'drop role t_plan'
}

@test "plan: the number of queries does not grow with the number of relations" {
    pair template0
    many() {
        src -c "do \$\$ begin for i in $1 .. $2 loop
            execute format('create table t%s (id serial primary key, a int unique, b int references t1)', i);
            execute format('create index on t%s (a, b)', i);
            execute format('create view v%s as select * from t%s', i, i);
        end loop; end \$\$"
    }
    sent() { logged "$1" | wc -l; }
    counts() {
        local source target
        for way in '' '-n public' '-T t7 --exclude-table-data t8'; do
            source=$(sent "$PGH_SOURCE_DIR") target=$(sent "$PGH_TARGET_DIR")
            # shellcheck disable=SC2086
            plan -q $way >/dev/null
            echo "${way:-all} $(($(sent "$PGH_SOURCE_DIR") - source)) $(($(sent "$PGH_TARGET_DIR") - target))"
        done
    }
    log_all
    many 1 10
    few=$(counts)
    many 11 200
    [[ $(plan --json | jq .totals.tables) == 200 ]]
    diff <(echo "$few") <(counts)
    awk '{ if ($(NF - 1) < 10 || $(NF - 1) > 60 || $NF < 3) exit 1 }' <<<"$few"
}
