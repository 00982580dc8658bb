load lib.bash

compare() { "$PGHAUL" compare "$@"; }

# Tables for each kind of difference, the same on both sides.
filled_pair() {
    pair template0 "" "${1:-}"
    local side
    for side in src tgt; do
        $side <<'SQL'
create schema "Odd ""one";
create table keyed (id int primary key, a text, b bytea, f float8, n numeric, g int generated always as (id * 2) stored);
insert into keyed (id, a, b, f, n)
select i, 'row ' || i, decode(md5(i::text), 'hex'), i / 3.0::float8, i / 7.0 from generate_series(1, 3000) i;
insert into keyed values (5001, '', '', 0, 0), (5002, 'NaN', '', 'NaN', 'NaN');
create table "Odd ""one"."no key" (a int, "B c" text);
insert into "Odd ""one"."no key" select i % 10, 'x' from generate_series(1, 100) i;
create table parts (id int primary key, v text) partition by range (id);
create table parts_1 partition of parts for values from (0) to (100);
create table parts_2 partition of parts for values from (100) to (200);
insert into parts select i, 'v' from generate_series(0, 199) i;
create sequence numbers;
create table nothing ();
select setval('numbers', 42), lo_from_bytea(77, decode(repeat('ab', 3000000), 'hex')), lo_from_bytea(78, '') \g /dev/null
SQL
    done
}

@test "compare data: what a clone makes is equal, whatever the sessions are set to" {
    pair objects
    run -0 clone
    for side in source target; do
        admin_$side "alter database $DB set timezone = 'Asia/Kathmandu'"
        admin_$side "alter database $DB set extra_float_digits = -15"
        admin_$side "alter database $DB set search_path = 'nowhere'"
        admin_$side "alter database $DB set statement_timeout = '1s'"
        admin_$side "alter database $DB set default_transaction_isolation = 'serializable'"
    done
    admin_source "alter database $DB set bytea_output = 'escape'"
    admin_source "alter database $DB set datestyle = 'SQL, DMY'"
    run -0 compare data
    assert_output --regexp 'data: [0-9]+ equal$'
    run --separate-stderr -0 compare data --json
    [[ $(jq -r '.version, ([.data[].state] | unique[])' <<<"$output" | tr '\n' ' ') == '1 equal ' ]]
}

@test "compare data: equal in servers of other encodings" {
    pair template0 "encoding UTF8" "template template0 encoding LATIN1 lc_collate 'C' lc_ctype 'C'"
    for side in src tgt; do
        PGCLIENTENCODING=UTF8 $side <<'SQL'
create table "täble" ("cölumn" text primary key, c char(5), v varchar, j json, a text[]);
insert into "täble" select 'é' || chr(i), chr(i), 'ü', '{"ä": 1}', array['ö', chr(i), null, 'NULL', ''] from generate_series(161, 255) i;
SQL
    done
    run -0 compare data
    PGCLIENTENCODING=UTF8 tgt -c "update \"täble\" set v = 'ú' where \"cölumn\" = 'éé'"
    run -12 compare data
    assert_output --partial 'table public."täble" differs: rows: 95 on the source, 95 on the target, 1 changed'
    assert_output --partial '  changed: (éé)'
}

@test "compare data: char(n) is equal when one server pads to bytes and the other to characters" {
    pair template0 "encoding SQL_ASCII lc_collate 'C' lc_ctype 'C'" "encoding UTF8"
    for side in src tgt; do
        PGCLIENTENCODING=UTF8 $side -c 'create table v (id int, c char(4))'
    done
    src -c "insert into v values (1, E'\\xc3\\xb1'), (2, 'n')"
    run -0 clone --data-only
    run -0 compare data
    tgt -c "update v set c = 'n' where id = 1"
    run -12 compare data
    run -0 compare data --repair
    run -0 compare data
}

@test "compare data: each difference of rows is found, shown and mended" {
    filled_pair
    run -0 compare data
    assert_output 'data: 7 equal'
    local -A change=(
        ['1 missing']='delete from keyed where id = 17'
        ['1 extra']='insert into keyed values (9000)'
        ['2 changed']="update keyed set b = set_byte(b, 3, get_byte(b, 3) # 1) where id = 18; update keyed set a = null where id = 5001"
        ['1 changed']="update keyed set f = '-0' where id = 5001"
        ['100 missing, 1 extra, 5 changed']="delete from keyed where id <= 100; insert into keyed values (9001);
            update keyed set n = n + 1 where id between 200 and 204"
    )
    for expected in "${!change[@]}"; do
        tgt -c "${change[$expected]}"
        run -12 compare data
        assert_output --partial "$expected"
        assert_output --partial 'table public.keyed differs: rows: 3,002 on the source'
        assert_output --partial 'data: 6 equal, 1 differs'
        assert_output --partial 'PGH-8001'
        run -12 compare data --repair --dry-run
        run -0 compare data --repair
        assert_output --partial 'table public.keyed differs (repaired)'
        run -0 compare data
    done
    same_contents
}

@test "compare data: rows without a key, doubled an even number of times" {
    filled_pair
    tgt -c "insert into \"Odd \"\"one\".\"no key\" values (3, 'x'), (3, 'x')"
    run -12 compare data
    assert_output --partial 'table "Odd ""one"."no key" differs: rows: 100 on the source, 102 on the target, 2 extra'
    assert_output --partial '  extra: (3,x)'
    tgt -c "delete from \"Odd \"\"one\".\"no key\" where a = 4" -c "insert into \"Odd \"\"one\".\"no key\" values (4, null)"
    run -12 compare data
    assert_output --partial '10 missing, 3 extra'
    tgt -c 'insert into nothing default values'
    run -12 compare data --show-rows 0
    assert_output --partial 'table public.nothing differs: rows: 0 on the source, 1 on the target, 1 extra'
    refute_output --partial '  extra: '
    run -12 compare data -t nothing --repair
    assert_output --partial 'public.nothing is not repaired: it has no column that could be written'
    tgt -c 'delete from nothing'
    run -0 compare data --repair
    run -0 compare data
    same_contents
}

@test "compare data: partitions of other names, sequences, large objects" {
    filled_pair
    tgt -c 'alter table parts_2 rename to parts_b' -c 'alter table parts detach partition parts_1' \
        -c "create table parts_a partition of parts for values from (0) to (100)" -c 'insert into parts select * from parts_1' -c 'drop table parts_1'
    run -0 compare data
    assert_output 'data: 6 equal'
    tgt -c "update parts set v = 'w' where id in (5, 105)" -c "select setval('numbers', 41)" -c "select lo_put(77, 2500000, 'x')" \
        -c "select lo_unlink(78), lo_create(79)"
    run -12 compare data
    assert_output --partial 'table public.parts differs: rows: 200 on the source, 200 on the target, 2 changed'
    assert_output --partial 'sequence public.numbers differs: source 42, target 41'
    assert_output --partial 'large objects differ: rows: 2 on the source, 2 on the target, 1 missing, 1 extra, 1 changed'
    run -0 compare data --repair
    run -0 compare data
    [[ $(tgt -c 'select md5(lo_get(77))') == "$(src -c 'select md5(lo_get(77))')" ]]
}

@test "compare data --repair: bytes that are no text in the target's encoding are refused" {
    pair template0 "encoding SQL_ASCII lc_collate 'C' lc_ctype 'C'" "encoding UTF8"
    for side in src tgt; do
        PGCLIENTENCODING=SQL_ASCII $side -c 'create table v (id text primary key)'
    done
    src -c "insert into v values (E'\\xe9')"
    run -12 compare data --repair
    assert_output --partial 'public.v is not repaired: invalid byte sequence for encoding "UTF8": 0xe9'
    [[ $(tgt -c 'select count(*) from v') == 0 ]]
}

@test "compare data: a partitioned table that has no partitions on one side" {
    pair template0
    src -c 'create table none_here (a int) partition by range (a)' -c 'create table none_there (a int) partition by range (a)' \
        -c 'create table all_there partition of none_there default' -c 'insert into none_there values (5)'
    tgt -c 'create table none_here (a int)' -c 'create table none_there (a int) partition by range (a)'
    run -0 compare data -t none_here
    tgt -c 'insert into none_here values (7)'
    run -12 compare data -t none_here
    assert_output --partial 'table public.none_here differs: rows: 0 on the source, 1 on the target, 1 extra'
    assert_line '  extra: (7)'
    run -12 compare data
    assert_output --partial 'table public.none_here differs: rows: 0 on the source, 1 on the target, 1 extra'
    assert_output --partial 'table public.none_there differs: rows: 1 on the source, 0 on the target, 1 missing'
    run -12 compare data --repair -t none_there -t all_there
    assert_output --partial 'not repaired: no partition of relation'
    tgt -c 'truncate none_here' -c 'create table all_of_it partition of none_there default'
    run -0 compare data --repair
    run -0 compare data
}

@test "compare data: a table of its own that has the name of a part of another one" {
    pair template0
    src -c 'create table p (a int) partition by range (a)' -c 'create table p1 partition of p for values from (0) to (10)' \
        -c 'create table p2 partition of p default partition by list (a)' -c 'create table p3 partition of p2 default' \
        -c 'insert into p select generate_series(1, 20)'
    tgt -c 'create table p (a int) partition by range (a)' -c 'create table px partition of p default' -c 'insert into p select generate_series(1, 20)'
    run -0 compare data
    tgt -c 'create table p1 (a int)' -c 'create table p2 (b text)'
    run -12 compare data
    assert_line 'table public.p1 differs: it stands for itself on the target only'
    assert_line 'table public.p2 differs: it stands for itself on the target only'
}

@test "compare data: a cast of the base type of a domain, and what xml declares" {
    pair template0
    local side
    for side in src tgt; do
        $side <<'SQL'
create type blind as (x int);
create function blinded(blind) returns text language sql as $$ select 'same' $$;
create cast (blind as text) with function blinded(blind);
create domain deep as blind;
create domain deeper as deep;
create table v (id int primary key, d deep, e deeper, x xml);
SQL
    done
    src -c "insert into v values (1, row(1), row(1), xml '<?xml version=\"1.0\" encoding=\"latin1\"?><a>x</a>')"
    run -0 clone --data-only
    run -0 compare data
    local change
    for change in 'd = row(2)' 'e = row(2)' "x = '<a>y</a>'"; do
        tgt -c "update v set $change"
        run -12 compare data
        assert_output --partial 'table public.v differs: rows: 1 on the source, 1 on the target, 1 changed'
        run -0 compare data --repair
        run -0 compare data
    done
}

@test "compare data: tables of an extension that only the target has are not compared" {
    pair template0
    tgt -c 'create extension citext' -c 'create table its (a int)' -c 'alter extension citext add table its'
    run -0 compare data
}

@test "compare --json is what docs/compare.schema.json says, whatever differs" {
    filled_pair
    src -c 'create table here (a int)' -c 'create role pgh_blind login' -c 'grant select on keyed to pgh_blind'
    tgt -c 'create table there (a int)' -c 'delete from keyed where id = 17' -c 'insert into keyed values (9000)' -c "update keyed set a = 'x' where id = 18" \
        -c "select setval('numbers', 41), lo_put(77, 2500000, 'x')" -c 'truncate "Odd ""one"."no key"'
    run --separate-stderr -12 compare --json --show-rows 3
    documented compare <<<"$output"
    [[ $(jq -c '[.data[] | [.kind, .schema, .name, .state, .source_rows, .target_rows, .missing, .extra, .changed, .repaired, (.rows | length)]]
        | sort | .[]' <<<"$output") == '["large objects","","","differs",2,2,0,0,1,false,1]
["sequence","public","numbers","differs",1,1,0,0,0,false,0]
["table","Odd \"one","no key","differs",100,0,100,0,0,false,3]
["table","public","here","differs",0,0,0,0,0,false,0]
["table","public","keyed","differs",3002,3002,1,1,1,false,3]
["table","public","nothing","equal",0,0,0,0,0,false,0]
["table","public","parts_1","equal",100,100,0,0,0,false,0]
["table","public","parts_2","equal",100,100,0,0,0,false,0]
["table","public","there","differs",0,0,0,0,0,false,0]' ]] || { jq -c '.data[]' <<<"$output"; false; }
    [[ $(jq -r '[.schema[].what] | sort | join(" ")' <<<"$output") == 'extra missing missing' ]]
    run --separate-stderr "$PGHAUL" compare data --json --source "${SOURCE/user=postgres/user=pgh_blind}" -t keyed -t parts
    documented compare <<<"$output"
    run --separate-stderr -12 compare data --repair --json
    documented compare <<<"$output"
    [[ $(jq -r '[.data[] | select(.repaired) | .name] | sort | join(" ")' <<<"$output") == ' keyed no key numbers' ]]
    src -c 'drop owned by pgh_blind' -c 'drop role pgh_blind'
}

@test "compare data: tables and columns that only one side has" {
    filled_pair
    src -c 'create table here (a int)' -c 'alter table keyed add column more int'
    tgt -c 'create table there (a int)' -c 'alter table parts add column other int'
    run -12 compare data
    assert_line 'table public.here differs: it is on the source only'
    assert_output --partial 'table public.there differs: it is on the target only'
    assert_output --partial 'table public.keyed differs: column "more" is on the source only; rows: 3,002 on the source, 3,002 on the target'
    assert_output --partial 'column "other" is on the target only'
    tgt -c 'delete from keyed where id = 1'
    run -12 compare data --repair
    assert_output --partial 'public.keyed is not repaired: column "more" is on the source only'
    # What the filters leave out is not compared.
    run -0 compare data -T here -T keyed -T 'parts*'
    run -12 compare data -t keyed
    refute_output --partial there
}

@test "compare data: only the rows and columns that are meant" {
    filled_pair
    tgt -c "update keyed set a = 'other' where id = 7" -c 'delete from keyed where id > 2000'
    run -12 compare data
    run -0 compare data --columns keyed=id,b --where 'keyed=id < 1000'
    run -12 compare data --where 'keyed=id < 1000'
    assert_output --partial '  changed: (7)'
    run -12 compare data --where 'keyed=id < 1000' --repair
    assert_output --partial 'not repaired: only a part of it is compared'
    # The filters of a run.
    tgt -c 'select lo_unlink(77), lo_unlink(78)'
    run -0 clone --where 'keyed=id < 5' --data-only --truncate
    run -0 compare data --dir "$RUN" --quiet
}

@test "compare data: what cannot be read is not verified" {
    filled_pair
    tgt -c 'create role pgh_compare login' -c 'grant usage on schema public, "Odd ""one" to pgh_compare' \
        -c 'grant select on all tables in schema public to pgh_compare' -c 'grant select on all sequences in schema public to pgh_compare'
    local as="${TARGET/user=postgres/user=pgh_compare}"
    run -13 compare data --target "$as"
    assert_output --partial 'table "Odd ""one"."no key" is not verified: the target: permission denied for table no key'
    assert_output --partial 'large objects are not verified: the target: permission denied for large object'
    assert_output --partial 'PGH-8002'
    tgt -c 'grant select on all tables in schema "Odd ""one" to pgh_compare' -c 'grant select on large object 77, 78 to pgh_compare'
    run -0 compare data --target "$as"
    tgt -c 'alter table keyed enable row level security'
    run -13 compare data --target "$as"
    assert_output --partial 'table public.keyed is not verified: the target: query would be affected by row-level security policy for table "keyed"'
    # A difference counts for more.
    tgt -c 'delete from parts where id = 5'
    run -12 compare data --target "$as"
    assert_output --partial '1 differs, 1 not verified'
    # Nor may it write.
    run -12 compare data --repair --target "$as"
    assert_output --partial 'is not repaired: permission denied'
    tgt -c 'drop owned by pgh_compare' -c 'drop role pgh_compare'
}

@test "compare data: a table that is locked, or truncated meanwhile, is not equal" {
    filled_pair
    background psql -qX "$TARGET" -c 'begin; lock table keyed; select pg_sleep(60)'
    wait_for 10 eval '[[ $(tgt -c "select count(*) from pg_locks where mode = '"'AccessExclusiveLock'"' and locktype = '"'relation'"'") == 1 ]]'
    run -13 compare data --lock-timeout 200ms -t keyed
    assert_output --partial 'canceling statement due to lock timeout: it is locked by backend'
    tgt -c "select pg_terminate_backend(pid) from pg_stat_activity where query like '%lock table keyed%' and pid <> pg_backend_pid()"
    compare_to compare.before_part -t keyed
    tgt -c 'truncate keyed'
    go_on
    ended 13
    grep -q 'table public.keyed is not verified: the table was truncated, rewritten or replaced after the snapshot' "$BATS_TEST_TMPDIR/out"
}

@test "compare data: a lost connection is opened again; without its snapshot there is no result" {
    filled_pair
    src -c 'create table big as select i, repeat(md5(i::text), 10) t from generate_series(1, 300000) i'
    tgt -c 'create table big as select i, repeat(md5(i::text), 10) t from generate_series(1, 300000) i'
    compare_to compare.part_read
    tgt -c "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pghaul compare' and datname = current_database()
             and pid <> (select min(pid) from pg_stat_activity where application_name = 'pghaul compare' and datname = current_database())"
    go_on
    wait "$PID"
    grep -q 'data: 8 equal' "$BATS_TEST_TMPDIR/out"
    grep -q 'again' "$BATS_TEST_TMPDIR/err"
    keep_fired
    rm -rf "${PGHAUL_TEST_DIR:?}"
    mkdir -p "$PGHAUL_TEST_DIR"
    compare_to compare.part_read
    src -c "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pghaul compare' and datname = current_database()"
    go_on
    ended 4
    run -1 grep equal "$BATS_TEST_TMPDIR/out"
    grep -q 'hint: Check network and server log. Compare again.' "$BATS_TEST_TMPDIR/err"
    wait_for 10 nothing_left
}

@test "compare data --repair: nothing fires, and a repair that dies changes nothing" {
    filled_pair
    tgt -c 'create table child (id int references keyed on delete cascade)' -c 'insert into child values (17)' -c "update keyed set a = 'x' where id = 17"
    src -c 'create table child (id int)' -c 'insert into child values (17)'
    run -137 env PGHAUL_TEST_AT=compare.before_repaired:kill "$PGHAUL" compare data --repair
    [[ $(tgt -c 'select a from keyed where id = 17') == x ]]
    wait_for 10 nothing_left
    run -0 compare data --repair
    [[ $(tgt -c 'select count(*) from child') == 1 ]]
    # Who may not switch triggers off does not delete what others hang on.
    tgt -c "update keyed set a = 'x' where id = 17" -c 'create role pgh_compare login' -c 'grant all on all tables in schema public to pgh_compare' \
        -c 'grant usage on schema public to pgh_compare'
    run -12 compare data --repair -t keyed --target "${TARGET/user=postgres/user=pgh_compare}"
    assert_output --partial 'public.keyed is not repaired: trigger "RI_ConstraintTrigger_a_'
    tgt -c 'drop owned by pgh_compare' -c 'drop role pgh_compare'
    tgt -c 'create function f() returns trigger language plpgsql as $$ begin return null; end $$' \
        -c 'create trigger always before delete on keyed for each row execute function f()' -c 'alter table keyed enable always trigger always'
    run -12 compare data --repair -t keyed
    assert_output --partial 'public.keyed is not repaired: trigger "always" would fire'
}

# different WORDS SQL…: after these statements on the target, compare schema says that.
different() {
    local words=$1 statement
    shift
    for statement; do tgt -c "$statement"; done
    run -12 compare schema
    assert_output --partial "$words"
}

@test "compare data --repair: what would be lost by it is not repaired" {
    pair template0
    src -c 'create table computed (id int primary key, a int, "the G" int generated always as (a * 2) stored)' -c 'insert into computed (id, a) values (1, 1), (2, 2)'
    tgt -c 'create table computed (id int primary key, a int, "the G" int)' -c 'insert into computed values (1, 1, 2), (2, 5, 4)'
    run -12 compare data --repair
    assert_output --partial 'not repaired: not the same columns are generated on both sides: source ("the G"), target ()'
    [[ $(tgt -c 'select "the G" from computed where id = 2') == 4 ]]
    for side in src tgt; do
        $side -c 'drop table computed' -c 'create table t (id int primary key, v text)' \
            -c "insert into t select i, 'v' from generate_series(1, 9) i" -c 'create materialized view m as select * from t'
    done
    tgt -c "update t set v = 'w' where id = 3" -c 'refresh materialized view m'
    run -12 compare data --repair -t m
    assert_output --partial 'table public.m differs: not repaired: it is a materialized view: REFRESH MATERIALIZED VIEW fills it'
    # Somebody changes a row that differs after it was compared: there are as many as before, but not the same.
    compare_to compare.finding -t t --repair
    tgt -c "update t set v = 'theirs' where id = 3"
    go_on
    ended 12
    grep -q 'table public.t differs: not repaired: somebody has written to its rows since they were compared' "$BATS_TEST_TMPDIR/out"
    [[ $(tgt -c 'select v from t where id = 3') == theirs ]]
    run -0 compare data --repair -t t
    [[ $(tgt -c 'select v from t where id = 3') == v ]]
}

@test "compare schema: what a clone makes is equal" {
    pair objects
    run -0 clone
    run -0 compare schema
    assert_output --regexp 'schema: [0-9]+ equal$'
    run -0 compare
    assert_output --partial 'schema: '
    assert_output --partial 'data: '
    run --separate-stderr -0 compare --json
    [[ $(jq -c '[.version, (.schema | length), (.data | length > 10)]' <<<"$output") == '[1,0,true]' ]]
    documented compare <<<"$output"
}

@test "compare schema: each difference is found, and shown" {
    pair template0
    local side
    for side in src tgt; do
        $side <<'SQL'
create type mood as enum ('sad', 'ok');
create table parent (id int primary key);
create table t (id int primary key, a text default 'new', n numeric(10,2), p int constraint t_p_fkey references parent);
create index t_a on t (a);
create function f(x int) returns int language sql as $$ select x + 1 $$;
alter table t enable row level security;
create policy mine on t using (id > 1);
comment on column t.a is 'the a';
create view v as select id from t;
create sequence s;
SQL
    done
    run -0 compare schema
    different "INDEX public.t_a is on the source only
  - CREATE INDEX t_a ON public.t USING btree (a);" 'drop index t_a'
    tgt -c 'create index t_a on t (a)'
    run -0 compare schema
    different "INVALID INDEX public.t_a is on the target only" "update pg_index set indisvalid = false where indexrelid = 't_a'::regclass"
    tgt -c "update pg_index set indisvalid = true where indexrelid = 't_a'::regclass"
    different "-     a text DEFAULT 'new'::text,
  +     a text DEFAULT 'old'::text," "alter table t alter a set default 'old'"
    different "+     n numeric(12,2)," 'alter table t alter n type numeric(12,2)'
    different "TYPE public.mood differs
  -     'ok'
  +     'ok',
  +     'glad'" "alter type mood add value 'glad'"
    different 'FUNCTION public.f(integer) differs' 'create or replace function f(x int) returns int language sql as $$ select x + 2 $$'
    assert_output --partial '$$ select x + 2 $$'
    different 'POLICY public.t mine differs' 'alter policy mine on t using (id > 2)'
    different 'ACL public.TABLE t is on the target only' 'grant select on t to pgh_reader'
    different '+ ALTER TABLE public.parent OWNER TO pgh_owner;' 'alter table parent owner to pgh_owner'
    different 'COMMENT public.COLUMN t.a differs' "comment on column t.a is 'another'"
    different 'NOT VALID;' 'alter table t drop constraint t_p_fkey' 'alter table t add constraint t_p_fkey foreign key (p) references parent not valid'
    different 'VIEW public.more is on the target only' 'create view more as select 1 as x'
    different 'PUBLICATION mine is on the target only' 'create publication mine'
    run -12 compare schema --no-owner --no-acl --no-comments
    refute_output --partial 'OWNER TO'
    refute_output --partial 'ACL'
    refute_output --partial 'COMMENT'
    run --separate-stderr -12 compare schema --json
    [[ $(jq -r '.schema[] | select(.object == "VIEW public.more") | .what' <<<"$output") == extra ]]
    documented compare <<<"$output"
    # Filters hold for both sides; and one side may have nothing of it.
    run -12 compare schema -t parent
    assert_output --partial 'TABLE public.parent differs'
    refute_output --partial mood
    run -0 compare schema -t s
    tgt -c 'drop sequence s'
    run -12 compare schema -t s
    assert_output --partial 'SEQUENCE public.s is on the source only'
    # What a run that follows has made does not count.
    src -c 'create publication pghaul_x for table t'
    run -12 compare schema
    refute_output --partial pghaul_x
}

@test "compare: what is asked for must make sense" {
    pair template0
    run -2 compare everything
    assert_output --partial 'PGH-1003: pghaul compare cannot compare "everything": it compares schema or data'
    run -2 compare --repair
    assert_output --partial 'PGH-1005: --repair goes with pghaul compare data'
    run -2 compare data --dry-run
    assert_output --partial 'PGH-1005: --dry-run goes with --repair'
    run -6 compare data --dir "$BATS_TEST_TMPDIR/none"
    assert_output --partial 'PGH-4003'
    run -2 compare --target "$SOURCE"
    assert_output --partial 'PGH-1007: --source and --target are the same database'
    unset PGHAUL_TARGET
    run -2 compare data
    assert_output --partial 'PGH-1004: --target is missing'
}
