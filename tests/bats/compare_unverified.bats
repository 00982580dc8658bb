load lib.bash

# What keeps one table from being compared keeps no other one.

compare() { "$PGHAUL" compare "$@"; }

three() {
    pair template0
    local side
    for side in src tgt; do
        $side <<'SQL'
create schema "Odd ""one";
create table "Odd ""one"."The t" (id int primary key, v text, check (v <> 'never'));
create index on "Odd ""one"."The t" (lower(v)) where id > 0;
insert into "Odd ""one"."The t" select i, 'row ' || i from generate_series(1, 1000) i;
create table calm (id int primary key);
insert into calm select generate_series(1, 1000);
create sequence numbers;
SQL
    done
}

# hold SIDE SQL…: a session that has run this, and has not ended its transaction.
hold() {
    local -n url=$1
    coproc HOLDER { psql -qXAt -v ON_ERROR_STOP=1 "$url" 2>&1 3>&-; }
    PIDS="${PIDS:-} $HOLDER_PID"
    shift
    printf '%s;\n' "$@" 'select pg_backend_pid()' >&"${HOLDER[1]}"
    read -r HELD_BY <&"${HOLDER[0]}"
}
let_go() {
    local pid=$HOLDER_PID
    printf '%s\n' 'rollback;' '\q' >&"${HOLDER[1]}"
    wait "$pid"
}

ODD='"Odd ""one"."The t"'

@test "a locked table is not verified, and it is said who has locked it; the others are compared" {
    three
    for side in SOURCE TARGET; do
        hold $side "set application_name = 'upgrade'" begin "lock table $ODD"
        run -13 compare data --lock-timeout 300ms
        [[ ${#lines[@]} -lt 12 ]]
        assert_output --regexp "table \"Odd \"\"one\".\"The t\" is not verified: the ${side,,}: canceling statement due to lock timeout: it is locked by backend $HELD_BY \(user \"postgres\", application \"upgrade\", idle in transaction for 00:00:0[0-9]\)"
        assert_output --partial 'data: 3 equal, 1 not verified'
        assert_output --partial 'PGH-8002'
        # What differs elsewhere counts for more.
        [[ $side == SOURCE ]] || tgt -c 'delete from calm where id = 5'
        run "$PGHAUL" compare data --lock-timeout 300ms
        [[ $side == SOURCE && $status == 13 || $side == TARGET && $status == 12 ]]
        let_go
    done
    tgt -c 'insert into calm values (5)'
    run -0 compare data
    assert_output 'data: 4 equal'
}

@test "a lock that somebody only waits for keeps us waiting, too, and is named" {
    three
    hold SOURCE begin "select count(*) from $ODD \\g /dev/null
        select 1 \\g /dev/null
        "
    background psql -qX "$SOURCE" -c "set application_name = 'ddl'; alter table $ODD add column more int"
    wait_for 10 eval '[[ $(src -c "select count(*) from pg_locks where mode = '"'AccessExclusiveLock'"' and not granted") == 1 ]]'
    run -13 compare data --lock-timeout 300ms
    assert_output --regexp 'table "Odd ""one"."The t" is not verified: .*: a lock of it is wanted by backend [0-9]+ \(user "postgres", application "ddl", active for '
    assert_output --partial 'data: 3 equal, 1 not verified'
    let_go
}

@test "partitions are named one by one" {
    three
    for side in src tgt; do
        $side -c 'create table p (id int primary key) partition by range (id)' \
            -c 'create table p1 partition of p for values from (0) to (10)' -c 'create table p2 partition of p for values from (10) to (20)' \
            -c 'insert into p select generate_series(0, 19)'
    done
    hold SOURCE begin 'lock table only p1 in access exclusive mode'
    run -13 compare data --lock-timeout 300ms
    assert_output --partial 'table public.p1 is not verified: the source: canceling statement due to lock timeout: it is locked by backend'
    assert_output --partial 'data: 5 equal, 1 not verified'
    let_go
}

@test "a table that is dropped after the snapshot is not verified; the others are" {
    three
    compare_to compare.before_part
    tgt -c "drop table $ODD"
    go_on
    ended 13
    grep -q 'table "Odd ""one"."The t" is not verified: the target: ' "$BATS_TEST_TMPDIR/out"
    grep -q 'data: 3 equal, 1 not verified' "$BATS_TEST_TMPDIR/out"
}

@test "a value that the server cannot show makes its table not verified, and no other one" {
    three
    for side in src tgt; do
        $side <<'SQL'
create type mute;
create function mute_in(cstring) returns mute language internal immutable strict as 'textin';
create function mute_out(mute) returns cstring language internal immutable strict as 'any_out';
create type mute (input = mute_in, output = mute_out, like = text);
create table silent (id int primary key, v mute);
insert into silent values (1, null);
SQL
    done
    run -0 compare data
    assert_output 'data: 5 equal'
    src -c "insert into silent values (2, 'x')"
    run -13 compare data
    assert_output --partial 'table public.silent is not verified: the source: cannot display a value of type any'
    assert_output --partial 'data: 4 equal, 1 not verified'
    # One column more or less is told as well.
    tgt -c 'alter table silent add column more int'
    run -13 compare data
    assert_output --partial 'table public.silent is not verified: column "more" is on the target only; the source: cannot display'
}

@test "a table that is locked when its rows are looked for is told to differ all the same" {
    three
    tgt -c "update $ODD set v = 'other' where id = 7" -c "select nextval('numbers')"
    compare_to compare.finding --lock-timeout 300ms
    hold TARGET begin "lock table $ODD" 'drop sequence numbers'
    go_on
    ended 12 || { cat "$BATS_TEST_TMPDIR/out"; false; }
    grep -Eq 'table "Odd ""one"."The t" differs: the target: canceling statement due to lock timeout: it is locked by backend [0-9]+ .*; what differs in it was not found; rows: 1,000 on the source, 1,000 on the target$' "$BATS_TEST_TMPDIR/out"
    grep -Eq 'sequence public.numbers differs: what differs in it was not found: canceling statement due to lock timeout' "$BATS_TEST_TMPDIR/out"
    grep -q 'data: 2 equal, 2 differ' "$BATS_TEST_TMPDIR/out"
    let_go
}

@test "definitions that cannot be read are not verified; the data are compared" {
    three
    hold SOURCE begin "lock table $ODD"
    run -13 compare --lock-timeout 300ms
    assert_output --regexp "schema is not verified: dumping the schema of the source: .*timeout; table \"Odd \"\"one\".\"The t\" is locked by backend $HELD_BY "
    assert_output --partial 'data: 3 equal, 1 not verified'
    run -13 compare schema --lock-timeout 300ms
    assert_output --partial 'PGH-8002: the definitions could not be compared'
    run --separate-stderr -13 compare --lock-timeout 300ms --json
    [[ $(jq -r '[has("schema"), (.schema_note | test("timeout")), ([.data[].state] | sort | join(" "))] | join(" ")' <<<"$output") == 'false true equal equal equal unverified' ]]
    documented compare <<<"$output"
    let_go
    run -0 compare
}
