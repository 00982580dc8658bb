load lib.bash

# A part of a run, in a work directory of its own.
part() { run -"$1" "$PGHAUL" "${@:3}" --dir "$RUN.$2" -q || { echo "$output"; return 1; }; }

# bats test_tags=any-servers
@test "section by section, the copy is the same" {
    pair objects
    part 0 pre clone --section pre-data
    [[ $(tgt -c "select count(*) from pg_constraint where contype in ('p', 'u', 'x', 'f') and connamespace::regnamespace::text !~ '^pg_'") == 0 ]]
    part 0 data clone --section data
    same_contents_but_views
    part 0 post clone --section post-data
    same
    no_helper_schema
    no_invalid_index
}

# What cannot be switched off for the copy of rows into tables that exist.
no_stubborn_triggers() {
    src -c "select format('alter table %s enable trigger %I;', tgrelid::regclass, tgname) from pg_trigger
             where not tgisinternal and tgenabled in ('A', 'R') and tgparentid = 0" | src -f - >/dev/null
    src -c "select format('alter table %s drop constraint %I;', conrelid::regclass, conname) from pg_constraint
             where condeferrable and contype in ('p', 'u', 'x')" | src -f - >/dev/null
}

# Materialized views are filled with post-data.
same_contents_but_views() {
    local view
    contents "$SOURCE" >"$BATS_TEST_TMPDIR/source.rows"
    for view in $(src -c "select oid::regclass from pg_class where relkind = 'm'" | tr -d '"'); do
        grep -v "^$view|\|^public.$view|" "$BATS_TEST_TMPDIR/source.rows" >"$BATS_TEST_TMPDIR/rows"
        mv "$BATS_TEST_TMPDIR/rows" "$BATS_TEST_TMPDIR/source.rows"
    done
    diff "$BATS_TEST_TMPDIR/source.rows" <(contents "$TARGET")
}

@test "two sections at once, and an option that is no section" {
    pair objects
    no_stubborn_triggers
    part 0 1 clone --section pre-data,post-data --section pre-data
    part 0 2 clone --data-only
    same
    run -2 "$PGHAUL" clone --section predata --dir "$RUN"
    assert_output --partial 'PGH-1003: --section cannot be "predata": it takes one of pre-data|data|post-data'
    run -2 "$PGHAUL" clone --section data --data-only --dir "$RUN"
    assert_output --partial 'PGH-1005'
    run -2 "$PGHAUL" copy data --schema-only --dir "$RUN"
    assert_output --partial 'PGH-1005'
    run -2 "$PGHAUL" clone --truncate --dir "$RUN"
    assert_output --partial '--truncate goes with rows that are copied into tables that exist'
    # Large objects, too, may be replaced.
    part 0 3 copy data --drop-if-exists --truncate
    same
    run -2 "$PGHAUL" copy sequences --drop-if-exists --dir "$RUN"
    assert_output --partial '--drop-if-exists drops what the run creates'
}

# bats test_tags=any-servers
@test "copy data into a schema with keys and triggers, which do not fire and are verified" {
    pair objects
    no_stubborn_triggers
    src -c 'create table people (id int primary key, boss int references people);
            create table notes (person int not null references people, n text);
            insert into people select i, i % 7 + 1 from generate_series(1, 5000) i order by i desc;
            insert into notes select i, repeat($$x$$, 300) from generate_series(1, 5000) i;
            create function loud() returns trigger language plpgsql as $$begin raise exception $q$fired$q$; end$$;
            create trigger loud before insert on notes for each row execute function loud();'
    # From version 18 on: a row that a constraint which is not validated would refuse.
    src -c "do \$\$ begin if to_regclass('app.not_null_later') is not null then delete from app.not_null_later where a is null; end if; end \$\$"
    part 0 schema copy schema
    run -0 "$PGHAUL" copy data --dir "$RUN.data"
    same
    [[ $(sqlite3 "$RUN.data/catalog.db" "select count(*) from obj_constraint where verify is not null") -gt 4 ]]
    # Again: there are rows.
    run -5 "$PGHAUL" copy data --dir "$RUN.again"
    assert_output --partial 'PGH-3113'
    same
    part 0 truncate copy data --truncate -t people -t notes
    same
}

@test "copy data: what the target lacks, and what it must not have" {
    pair template0
    src -c 'create table t (id int primary key, a text, b numeric(10,2)); insert into t select i, i, i from generate_series(1, 10) i;
            create table u (id int, t int); insert into u values (1, 5), (2, 500);
            create sequence q; select nextval($$q$$)' >/dev/null
    part 5 1 copy data
    assert_output --partial 'PGH-3112'
    assert_output --partial 'the target lacks: table public.t, table public.u, sequence public.q'
    tgt -qc 'create table t (id int primary key, a text); create table u (id int, t int); create sequence q'
    part 5 2 copy data
    assert_output --partial 'the target lacks: column "b" of table public.t'
    # Another type is no difference, as long as it can read the values; nor are further columns.
    tgt -c 'alter table t add b text, add c int default 7'
    tgt -c 'insert into u values (3, 3)'
    part 5 3 copy data
    assert_output --partial 'PGH-3113'
    assert_output --partial 'tables on the target have rows: public.u'
    [[ $(tgt -c 'select count(*) from t') == 0 ]]
    # A key that the source's rows break.
    tgt -c 'delete from u; alter table u add constraint u_key foreign key (t) references t'
    part 5 4 copy data
    assert_output --partial 'PGH-3115'
    assert_output --partial 'rows of table public.u on the target break foreign key "u_key"'
    src -c 'delete from u where id = 2' # not seen by the run's snapshot, but its rows are there
    tgt -c 'delete from u where id = 2'
    run -0 "$PGHAUL" copy data --resume --dir "$RUN.4" -q
    [[ $(tgt -c 'select count(*), sum(b::numeric), sum(c) from t') == '10|55.00|70' ]]
    # Triggers that cannot be switched off.
    tgt -c 'truncate u; create function f() returns trigger language plpgsql as $$begin return null; end$$;
            create trigger always before insert on u for each row execute function f();
            alter table u enable always trigger always'
    part 5 5 copy data -t u
    assert_output --partial 'PGH-3114'
    assert_output --partial 'trigger "always" fires always on table public.u'
    tgt -c 'drop table u; create table u (id int, t int) partition by list (id)'
    part 5 6 copy data -t u
    assert_output --partial 'PGH-3003'
    assert_output --partial 'no partition of relation "u" found for row'
    tgt -c 'drop table u; create view u as select 1 as id, 2 as t'
    part 5 7 copy data -t u
    assert_output --partial 'is another kind of relation on the target'
}

@test "copy data as a role that may not switch off triggers" {
    pair template0
    admin_target 'create role pgh_plain login'
    src -c 'create table t (id int primary key); create table u (t int references t);
            insert into t select generate_series(1, 5000); insert into u select generate_series(1, 5000)'
    part 0 1 copy schema
    tgt -c 'grant insert, select on all tables in schema public to pgh_plain; grant create on database '"$DB"' to pgh_plain'
    PGHAUL_TARGET=$(on "$PGH_TARGET" "$DB" | sed 's/user=postgres/user=pgh_plain/')
    part 5 2 copy data
    assert_output --partial 'PGH-3114'
    assert_output --partial 'may not switch off triggers, and there are triggers, rules or foreign keys on: public.t, public.u'
    tgt -c 'alter table u drop constraint u_t_fkey'
    part 0 3 copy data
    same_contents
    tgt -c 'drop owned by pgh_plain'
    admin_target 'drop owned by pgh_plain; drop role pgh_plain'
}

@test "copy data: somebody writes to a table after it was found empty" {
    pair template0
    src -c 'create table small as select 1 as id; create table large as select i, repeat($$x$$, 200) as x from generate_series(1, 20000) i'
    part 0 1 copy schema
    background env PGHAUL_TEST_AT=plan.made:stop "$PGHAUL" copy data --dir "$RUN.2"
    stopped_at plan.made
    tgt -c 'insert into small values (2); insert into large values (1)'
    go_on
    ended_with 5 'PGH-3113.*table public.(small|large) on the target has rows'
    [[ $(tgt -c 'select (select count(*) from small), (select count(*) from large)') == '1|1' ]]
}

@test "copy data is killed in a split table, and goes on in its snapshot, or in another one" {
    pair template0
    src -c 'create table big (id int primary key, x text); insert into big select i, repeat($$x$$, 200) from generate_series(1, 30000) i;
            create table other (big int references big); insert into other select generate_series(1, 100)'
    part 0 1 copy schema
    background env PGHAUL_TEST_AT=copy.after_commit:stop:2 "$PGHAUL" copy data --dir "$RUN" --split-larger-than 1MB --table-jobs 1
    stopped_at copy.after_commit
    kill -9 "$PID" "$STOPPED"
    wait "$PID" || true
    [[ $(tgt -c 'select count(*) from big') -gt 0 ]]
    run -4 "$PGHAUL" copy data --resume --dir "$RUN" -q
    assert_output --partial 'PGH-2106'
    run -6 "$PGHAUL" copy schema --resume --dir "$RUN" -q
    assert_output --partial 'it cannot be changed now'
    run -0 "$PGHAUL" copy data --resume --not-consistent --dir "$RUN" -q
    same
}

# bats test_tags=any-servers
@test "indexes and constraints by themselves; those that are there already stay" {
    pair objects
    part 0 pre clone --section pre-data
    part 0 data clone --section data
    part 0 indexes copy indexes
    [[ $(tgt -c "select count(*) from pg_constraint where contype in ('p', 'u', 'x', 'f') and connamespace::regnamespace::text !~ '^pg_' and conrelid not in (select objid from pg_depend where deptype = 'e')") == 0 ]]
    no_invalid_index_but_parents
    part 0 constraints copy constraints
    # Nothing is left to do.
    part 0 again copy indexes
    part 0 more copy constraints
    part 0 post clone --section post-data
    same
    no_invalid_index
}

# Until all partitions have theirs, the parent's index is invalid.
no_invalid_index_but_parents() {
    [[ $(tgt -c "select count(*) from pg_index i join pg_class c on c.oid = i.indexrelid where not indisvalid and relkind = 'i'") == 0 ]]
}

@test "an index or constraint of the same name that is another" {
    pair template0
    src -c 'create table t (a int primary key, b int); create index t_b on t (b)'
    part 0 1 clone --section pre-data
    tgt -c 'create index t_b on t (a)'
    part 5 2 copy indexes
    assert_output --partial 'PGH-3101'
    assert_output --partial 'index public.t_b'
    tgt -c 'drop index t_b; alter table t add constraint t_pkey unique (a)'
    part 5 3 copy constraints
    assert_output --partial 'constraint t_pkey of public.t'
}

@test "sequences, large objects, extensions by themselves" {
    pair template0
    src -c 'create sequence s; select setval($$s$$, 77); create table t (id int);
            select lo_from_bytea(4711, $$abc$$); comment on large object 4711 is $$of mine$$;
            create schema ext; create extension citext schema ext; comment on extension citext is $$changed$$'
    part 0 e copy extensions
    [[ $(tgt -c "select extname, extnamespace::regnamespace, obj_description(oid, 'pg_extension') from pg_extension where extname = 'citext'") == 'citext|ext|changed' ]]
    [[ $(tgt -c "select count(*) from pg_class where relname in ('s', 't')") == 0 ]]
    part 5 s copy sequences
    assert_output --partial 'PGH-3112'
    tgt -c 'create sequence s'
    part 0 s2 copy sequences
    [[ $(tgt -c 'select last_value, is_called from s') == '77|t' ]]
    part 0 b copy blobs
    [[ $(tgt -c "select convert_from(lo_get(4711), 'UTF8'), obj_description(4711, 'pg_largeobject')") == 'abc|of mine' ]]
    part 5 b2 copy blobs
    assert_output --partial 'PGH-3101'
    part 0 b3 copy blobs --drop-if-exists
    no_helper_schema
}
