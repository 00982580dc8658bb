load lib.bash

# Rows that go to tables which were there before the run: none may be doubled, lost, changed, or make others so.

@test "partitions are copied by themselves; a key that references their table from elsewhere is verified" {
    pair template0
    src -c 'create table p (id int primary key) partition by range (id);
            create table p1 partition of p for values from (0) to (100);
            create table p2 partition of p for values from (100) to (300) partition by range (id);
            create table p21 partition of p2 for values from (100) to (200);
            create table p22 partition of p2 for values from (200) to (300);
            create table refers (p int references p);
            insert into p select generate_series(0, 299); insert into refers select generate_series(0, 299)'
    run -0 clone -q
    # All refers to is there again, once all are copied.
    run -0 "$PGHAUL" copy data -t 'p1' -t 'p2*' --truncate --table-jobs 2 --dir "$RUN.2" -q
    [[ $(sqlite3 "$RUN.2/catalog.db" "select count(distinct table_oid) from obj_constraint where verify is not null") == 1 ]]
    same
    src -c 'delete from refers where p = 205; delete from p where id = 205'
    run -5 "$PGHAUL" copy data -t p22 --truncate --dir "$RUN.3" -q
    assert_output --partial 'PGH-3115'
    assert_output --partial 'rows of table public.refers on the target break foreign key "refers_p_fkey"'
    tgt -c 'delete from refers where p = 205'
    run -0 "$PGHAUL" copy data -t p22 --truncate --dir "$RUN.3" --resume -q
    same
}

# Starts a second run of the same into the same tables, while the first has copied but not committed.
second_run_waits() {
    background env PGHAUL_TEST_AT=copy.before_commit:stop "$PGHAUL" copy data --dir "$RUN.a" "$@"
    stopped_at copy.before_commit
    "$PGHAUL" copy data --dir "$RUN.b" "$@" -q 2>"$BATS_TEST_TMPDIR/second" &
    SECOND=$!
    PIDS="$PIDS $SECOND"
    wait_for 20 second_is_stuck
    go_on
    ended_with 0 ''
    status=0
    wait "$SECOND" || status=$?
    [[ $status == 5 ]]
    grep -q 'PGH-3113.*table public.t on the target has rows' "$BATS_TEST_TMPDIR/second"
    same_contents # not the schema: the second one has left its table there
}
second_is_stuck() {
    [[ $(tgt -c "select count(*) from pg_locks where not granted and relation = 'public.t'::regclass") != 0 ]]
}

@test "two runs at the same time do not both find a table empty" {
    pair template0
    src -c 'create table t as select generate_series(1, 10) as id'
    run -0 "$PGHAUL" copy schema --dir "$RUN.1" -q
    second_run_waits
}

@test "two runs at the same time do not both find a share of a table missing" {
    pair template0
    src -c 'create table t as select i as id, repeat($$x$$, 100) as x from generate_series(1, 5000) i'
    run -0 "$PGHAUL" copy schema --dir "$RUN.1" -q
    second_run_waits --where 't=id > 0'
}

@test "rows of others that come while a split table waits to be emptied are not removed" {
    pair template0
    src -c 'create table t (id int primary key, x text); create table u (t int references t);
            insert into t select i, repeat($$x$$, 300) from generate_series(1, 5000) i'
    run -0 "$PGHAUL" copy schema --dir "$RUN.1" -q
    # The key of u makes it DELETE and not TRUNCATE. Both come after the check of the plan.
    background env PGHAUL_TEST_AT=plan.made:stop "$PGHAUL" copy data -t t --split-larger-than 1MB --dir "$RUN.2"
    stopped_at plan.made
    mkfifo "$BATS_TEST_TMPDIR/sql"
    tgt -f "$BATS_TEST_TMPDIR/sql" &
    PIDS="$PIDS $!"
    exec 4>"$BATS_TEST_TMPDIR/sql"
    echo "begin; insert into t values (-1, 'of others');" >&4
    wait_for 10 other_has_lock
    go_on
    wait_for 20 second_is_stuck
    echo 'commit;' >&4
    exec 4>&-
    ended_with 5 'PGH-3113'
    [[ $(tgt -c 'select count(*), min(id) from t') == '1|-1' ]]
}
other_has_lock() {
    [[ $(tgt -c "select count(*) from pg_locks where granted and mode = 'RowExclusiveLock' and relation = 'public.t'::regclass") != 0 ]]
}

@test "a role that may only read and insert copies into tables that are there" {
    pair template0
    admin_target 'create role pgh_existing login'
    src -c 'create table "it'\''s $pghaul$ \\" as select generate_series(1, 10) as id; create table large as select i, repeat($$x$$, 200) from generate_series(1, 5000) i'
    run -0 "$PGHAUL" copy schema --dir "$RUN.1" -q
    tgt -c 'grant insert, select on all tables in schema public to pgh_existing; grant create on database '"$DB"' to pgh_existing'
    PGHAUL_TARGET=$(on "$PGH_TARGET" "$DB" | sed 's/user=postgres/user=pgh_existing/')
    run -0 "$PGHAUL" copy data --dir "$RUN.2" -q
    same_contents
    tgt -c 'drop owned by pgh_existing'
    admin_target 'drop owned by pgh_existing; drop role pgh_existing'
}

@test "a domain that has another type on the target is copied as text" {
    pair template0
    src -c 'create domain d as int; create domain dd as d; create table t (x dd); create table u (x d[]);
            insert into t select generate_series(1, 1000); insert into u select array[i] from generate_series(1, 1000) i'
    tgt -c 'create domain d as text; create domain dd as text; create table t (x dd); create table u (x d[])'
    run -0 "$PGHAUL" copy data --dir "$RUN" -q
    [[ $(tgt -c 'select (select sum(x::int) from t), (select sum(x[1]::int) from u)') == '500500|500500' ]]
    # The other way round it cannot be, and is not.
    tgt -c 'drop table t, u; drop domain d, dd; create domain d as date; create domain dd as date; create table t (x dd)'
    run -5 "$PGHAUL" copy data -t t --dir "$RUN.2" -q
    assert_output --partial 'invalid input syntax for type date'
    [[ $(tgt -c 'select count(*) from t') == 0 ]]
}

@test "a column that the source computes and the target does not" {
    pair template0
    src -c 'create table t (i int, g int generated always as (i * 2) stored); insert into t select generate_series(1, 10)'
    tgt -c 'create table t (i int, g int)'
    run -5 "$PGHAUL" copy data --dir "$RUN" -q
    assert_output --partial 'PGH-3160: reading the source'\''s catalogs: column "g" of table public.t is computed on the source, and an ordinary one on the target'
    [[ $(tgt -c 'select count(*) from t') == 0 ]]
    # As wanted, it is left alone.
    run -0 "$PGHAUL" copy data --columns 't=i' --dir "$RUN.2" -q
    [[ $(tgt -c 'select count(*), count(g) from t') == '10|0' ]]
    tgt -c 'drop table t; create table t (g int generated always as (i * 3) stored, i int)'
    run -0 "$PGHAUL" copy data --dir "$RUN.3" -q
    [[ $(tgt -c 'select sum(i), sum(g) from t') == '55|165' ]]
}

# bats test_tags=any-servers
@test "triggers that partitions have from their table do not fire" {
    pair template0
    local table='create table p (id int) partition by range (id); create table p1 partition of p for values from (0) to (100);'
    src -c "$table insert into p select generate_series(0, 99)"
    tgt -c "$table create table public.log (id int);
            create function loud() returns trigger language plpgsql as \$\$begin insert into public.log values (new.id); return new; end\$\$;
            create trigger loud before insert on p for each row execute function loud()"
    run -0 "$PGHAUL" copy data --dir "$RUN" -q
    [[ $(tgt -c 'select (select count(*) from p), (select count(*) from public.log)') == '100|0' ]]
    tgt -c 'truncate p; alter table p1 enable always trigger loud'
    run -5 "$PGHAUL" copy data --dir "$RUN.2" -q
    assert_output --partial 'PGH-3114'
    assert_output --partial 'trigger "loud" fires always on table public.p1'
}

@test "a run that ends leaves alone what another one, still at work, has noted on the target" {
    pair template0
    src -c 'create table a as select generate_series(1, 10) as id; create table b as select * from a; create sequence s'
    run -0 "$PGHAUL" copy schema --dir "$RUN.1" -q
    background env PGHAUL_TEST_AT=copy.before_commit:stop "$PGHAUL" clone --section data -t a --dir "$RUN.2"
    stopped_at copy.before_commit
    run -0 timeout 60 "$PGHAUL" clone --section data -t b --dir "$RUN.3" -q
    go_on
    ended_with 0 ''
    same
    no_helper_schema
    # Runs that note nothing remove the table, too.
    run -0 "$PGHAUL" copy sequences --dir "$RUN.4" -q
    no_helper_schema
    run -0 "$PGHAUL" copy roles --dir "$RUN.5" -q
    no_helper_schema
}

@test "a rule that keeps rows from being deleted does not double them" {
    pair template0
    src -c 'create table t as select generate_series(1, 100) as id; create table kept (id int)'
    run -0 clone -q
    tgt -c 'create rule keep as on delete to t do instead insert into public.kept values (old.id)'
    run -0 "$PGHAUL" copy data -t t --where 't=id > 50' --truncate --dir "$RUN.2" -q
    same_contents
    tgt -c 'alter table t enable always rule keep'
    run -5 "$PGHAUL" copy data -t t --where 't=id > 50' --truncate --dir "$RUN.3" -q
    assert_output --partial 'PGH-3114'
    assert_output --partial 'rule "keep" fires always on table public.t'
    same_contents
}
