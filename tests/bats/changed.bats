load lib.bash

# An old snapshot reads too little from a relation that was truncated or rewritten, without any
# error. Each of these must be found, and the table named.

found_and_named() {
    [[ $status == 4 ]]
    assert_output --partial "PGH-2103"
    assert_output --regexp "table public\.($1) on the source was|an object on the source was dropped or replaced"
    assert_output --partial 'pghaul: hint: '
}

# A snapshot is taken, then the change is made, then the clone reads.
@test "TRUNCATE, VACUUM FULL, CLUSTER and a rewriting ALTER TABLE between snapshot and plan" {
    pair work
    for change in 'truncate plain cascade' 'vacuum full plain' 'cluster plain using plain_pkey' \
        'alter table plain alter column filler type varchar using filler || $$!$$'; do
        again
        src -c 'begin isolation level repeatable read' >/dev/null
        background "$PGHAUL" snapshot --dir "$RUN"
        wait_for 10 catalog_says 'select count(*) from snapshot where ended_us is null' 1
        src -c "$change"
        run clone --split-larger-than 1MB -q
        kill -TERM "$PID"
        wait "$PID"
        found_and_named 'plain|child' # TRUNCATE cascades to child
        src -c 'truncate plain cascade' -c "alter table plain alter column filler type text" \
            -c "insert into plain select i, md5(i::text) || repeat('x', 300) from generate_series(1, 60000) i"
    done
}

@test "the same between plan and copy of an unsplit table" {
    pair work
    clone_to supervisor.before_phase:3 -q --table-jobs 1
    # Planned, nothing copied: the supervisor stands still, and with it everybody.
    src -c 'vacuum full plain'
    go_on
    wait "$PID" && status=0 || status=$?
    output=$(cat "$BATS_TEST_TMPDIR/err")
    found_and_named plain
}

@test "the same between two parts of a table" {
    pair work
    for change in 'truncate plain cascade' 'vacuum full plain'; do
        again
        background "$PGHAUL" snapshot --dir "$RUN"
        snapshot=$PID
        wait_for 10 catalog_says 'select count(*) from snapshot where ended_us is null' 1
        # The run dies after the first part, and with it our lock on the table.
        clone_to copy.after_commit:2 -q \
            --table-jobs 1 --split-larger-than 1MB
        kill -9 "$PID"
        wait "$PID" || true
        go_on
        wait_for 15 nobody_copies
        src -c "$change"
        run clone --resume -q
        kill -TERM "$snapshot"
        wait "$snapshot"
        found_and_named plain
        src -c 'truncate plain cascade' \
            -c "insert into plain select i, md5(i::text) || repeat('x', 300) from generate_series(1, 60000) i"
    done
}

nobody_copies() { [[ $(admin_source "select count(*) from pg_stat_activity where datname = '$DB' and application_name like 'pghaul copy%'") == 0 ]]; }

@test "while parts of a table are copied nobody can rewrite it" {
    pair work
    clone_to copy.before_commit:3 -q --table-jobs 1 --split-larger-than 1MB
    table=$(catalog "select name from work where kind = 'part' and state = 'running'" | sed 's/ part .*//')
    run psql -qX "$SOURCE" -c "set lock_timeout = '200ms'" -c "truncate $table cascade"
    assert_output --partial 'lock timeout'
    go_on
    wait "$PID"
    same
}

@test "a table that was dropped or replaced, or has other columns" {
    pair work
    for change in 'drop table tiny' 'drop table tiny; create table tiny (a int primary key, b text)' \
        'alter table tiny drop column b' 'alter table tiny rename column b to c' \
        'alter table tiny alter column a type bigint'; do
        again
        clone_to supervisor.before_phase:3 -q
        src -c "$change"
        go_on
        wait "$PID" && status=0 || status=$?
        grep -qE 'PGH-210[34]: .*(public\.tiny|"public"\."tiny"|tiny)' "$BATS_TEST_TMPDIR/err" ||
            { echo "$change:"; cat "$BATS_TEST_TMPDIR/err"; return 1; }
        [[ $status == 4 ]]
        src -c 'drop table if exists tiny' -c 'create table tiny (a int primary key, b text)' -c "insert into tiny values (1, 'one')"
    done
}

@test "changes that do not matter do not stop a run: rows, columns added, VACUUM" {
    pair work
    clone_to supervisor.before_phase:3 -q --split-larger-than 1MB
    contents "$SOURCE" >"$BATS_TEST_TMPDIR/before"
    src -c 'delete from plain where id % 2 = 0 and id > 50000' -c "update big set label = 'changed' where id < 1000" \
        -c "insert into big values (500000, 'late', 1, now())" -c 'alter table child add column later int default 7' -c 'vacuum plain'
    go_on
    wait "$PID"
    # The target is the source as it was when the snapshot was taken.
    contents "$TARGET" >"$BATS_TEST_TMPDIR/after"
    diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

@test "columns that were swapped by name, or dropped and added again, are found" {
    pair
    local change
    for change in 'alter table t rename a to x; alter table t rename b to a; alter table t rename x to b' \
        'alter table t drop b; alter table t add b text'; do
        src -c 'drop table if exists t' -c 'create table t (a text, b text)' -c "insert into t values ('a', 'b')"
        background "$PGHAUL" snapshot --dir "$RUN"
        wait_for 10 catalog_says 'select count(*) from snapshot where ended_us is null' 1
        clone_to supervisor.before_phase:3 -q
        src -c "$change"
        go_on
        ended_with 4 'PGH-2103.*has other columns'
        again
    done
}

# Relations of the database and shared catalogs that our sessions on the source keep locked.
locked_by_us() {
    admin_source "select coalesce(string_agg(distinct l.relation::text, ' '), '') from pg_locks l join pg_stat_activity a using (pid)
        where a.application_name like 'pghaul%' and a.datname = '$DB' and l.locktype = 'relation' and a.state like 'idle%'"
}

@test "no lock on a catalog or table outlives what it is for" {
    pair
    src -c 'create table small (i int primary key)' -c 'create sequence s' -c 'create table big as select i, repeat($$x$$, 100) from generate_series(1, 20000) i'
    # While the schema is created, nobody reads.
    clone_to script.before_commit --table-jobs 2
    [[ $(locked_by_us) == '' ]]
    go_on
    ended_with 0 ''
    # While one table is copied, those who wait for more to do hold nothing.
    again
    src -q -o /dev/null -c "select nextval('s')"
    clone_to copy.begun --table-jobs 2
    wait_for 20 eval '[[ $(catalog "select count(*) from work where kind in ('"'small', 'table', 'sequences'"') and state <> '"'done'"'") == 1 ]]'
    local waiting="select count(*) from pg_locks l join pg_stat_activity a using (pid) where a.application_name like 'pghaul%'
        and a.datname = '$DB' and l.locktype = 'relation'"
    wait_for 20 eval '[[ $(admin_source "$waiting") -le 2 ]]'
    [[ $(src -c "select count(*) from pg_locks where relation = 's'::regclass") == 0 ]]
    go_on
    ended_with 0 ''
}
