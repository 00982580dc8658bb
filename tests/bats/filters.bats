load lib.bash

# filtered OPTIONS…: a clone with these filters has what pg_dump with the same filters and pg_restore
# make of the source. What pg_restore cannot create, because it needs something else, is what pghaul
# must leave out.
filtered() {
    [[ -z ${DB:-} ]] || again
    run -0 clone -q "$@"
    local like
    like=$(on "$PGH_TARGET" "${DB}_like")
    admin_target "drop database if exists ${DB}_like"
    admin_target "create database ${DB}_like"
    # pg_dump leaves the schemas of tables that are asked for to others.
    [[ " $*" != *' -t a.'* ]] || psql -qX "$like" -c 'create schema a'
    [[ " $*" != *' -t b.'* ]] || psql -qX "$like" -c 'create schema b'
    "$(pg_bin)/pg_dump" -Fc "$@" -f "$BATS_TEST_TMPDIR/like.dump" -d "$SOURCE"
    "$(pg_bin)/pg_restore" -d "$like" "$BATS_TEST_TMPDIR/like.dump" 2>"$BATS_TEST_TMPDIR/like.err" || true
    alike schema "$like" "$TARGET" "$BATS_TEST_TMPDIR"
    alike contents "$like" "$TARGET" "$BATS_TEST_TMPDIR"
}

new_pair() {
    skip_downwards
    pair template0
    src -f "$PGH_TOP/tests/sql/filters.sql" >/dev/null
}

# bats test_tags=any-servers
@test "filters choose what pg_dump's choose, and leave out what cannot be without the rest" {
    new_pair
    filtered -T a.t
    filtered -T 'a.*'
    filtered -n a -n b
    filtered -N a
    filtered -N b -T a.t
    filtered -n b
    filtered -T 'a.part' -T b.child
    filtered -T a.parent -T b.child
    filtered -T 'b.*' -T a.t -T a.v -T a.vv
    filtered -t 'a."Mixed Case"' -t in_path
    filtered -t a.u -t b.w -t a.t -t b.ids
    filtered --exclude-table-data a.parent --exclude-table-data 'b.w' --exclude-table-data 'a.part*'
    filtered --exclude-table-data b.ids -N public
}

# bats test_tags=any-servers
@test "what is left out is named before anything is copied" {
    new_pair
    run -0 clone -T a.t
    # With what it needs, also by way of something else.
    assert_output --regexp 'constraint u_t_fkey on table "a"."u" is left out: it needs what is left out \(table "?a"?."?t"?\)'
    assert_output --regexp 'view "a"."v" is left out: it needs what is left out \(table "?a"?."?t"?\)'
    assert_output --regexp 'view "a"."vv" is left out: it needs what is left out \(view "?a"?."?v"?\)'
    for what in 'view "a"."v"' 'view "a"."vv"' 'materialized view "b"."m"' 'constraint u_t_fkey on table "a"."u"' \
        'policy p on table "b"."w"' 'rule w_rule on table "b"."w"'; do
        assert_output --partial "$what is left out: it needs what is left out"
    done
    [[ $(catalog "select count(*) from event where level = 'warning'") == "$(catalog 'select count(*) from left_out')" ]]
    # A key to a table that has no rows could not hold.
    again
    run -0 clone --exclude-table-data a.t
    assert_output --partial 'constraint u_t_fkey on table a.u is left out'
    [[ $(tgt -c 'select count(*) from a.t') == 0 && $(tgt -c 'select count(*) from a.u') == 50 ]]
    [[ $(tgt -c "select count(*) from pg_constraint where contype = 'f'") == 1 ]]
}

@test "a table comes with its schema, its sequences and its keys; a default goes with its sequence" {
    new_pair
    run -0 clone -t a.t -t a.u
    [[ $(tgt -c 'select last_value from b.ids') == 1000 ]]
    [[ $(tgt -c "select nextval('b.ids'), count(*) from a.u") == '1001|50' ]]
    [[ $(tgt -c "select count(*) from pg_constraint where contype = 'f' and convalidated") == 2 ]]
    # The sequence is unwanted: neither it nor its schema is left behind, nor the default.
    again
    run -0 clone -t a.t -T b.ids
    assert_output --partial 'default value for column id of table "a"."t" is left out'
    [[ $(tgt -c "select count(*) from pg_class where relkind = 'S'") == 0 ]]
    [[ $(tgt -c "select count(*) from pg_namespace where nspname = 'b'") == 0 ]]
    [[ $(tgt -c 'select count(*) from pg_attrdef') == 0 && $(tgt -c 'select count(*) from a.t') == 100 ]]
    # But one that the target has already stays, with its default.
    again
    tgt -c 'create schema b' -c 'create sequence b.ids start 5'
    run -0 clone -N b
    [[ $(tgt -c 'select last_value from b.ids') == 5 ]]
    [[ $(tgt -c "select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = 'a.t'::regclass") == "nextval('b.ids'::regclass)" ]]
}

@test "large objects, and what belongs to no schema, come only when nothing is asked for by name" {
    new_pair
    run -0 clone -n a -q
    [[ $(tgt -c 'select count(*) from pg_largeobject_metadata') == 0 ]]
    again
    run -0 clone -N a -q
    [[ $(tgt -c 'select count(*) from pg_largeobject_metadata') == 1 ]]
}

@test "what is not chosen may be unreadable, and need not be free on the target" {
    new_pair
    src -c 'create role pgh_some login' -c 'grant usage on schema a, b to pgh_some' -c 'grant select on a.u, a.u_id_seq to pgh_some' \
        -c 'grant pg_read_all_settings to pgh_some'
    tgt -c 'create schema a' -c 'create table a.t (other int)' -c 'create table a.part (other int)'
    run -4 clone --source "${SOURCE/user=postgres/user=pgh_some}"
    assert_output --partial 'PGH-2101'
    again
    tgt -c 'create schema a' -c 'create table a.t (other int)'
    run -0 clone --source "${SOURCE/user=postgres/user=pgh_some}" -t a.u --no-acl
    [[ $(tgt -c 'select count(*) from a.u') == 50 ]]
    src -c 'drop owned by pgh_some' -c 'drop role pgh_some'
}

@test "bad patterns, and patterns that match nothing" {
    new_pair
    run -2 clone -t nope
    assert_output --partial 'PGH-1008'
    assert_output --partial 'no table on the source matches --table "nope"'
    run -2 clone -t u
    assert_output --partial 'no table on the source matches --table "u"'
    run -2 clone -t a.mixed
    assert_output --partial 'no table on the source matches --table "a.mixed"'
    run -2 clone -N 'c*'
    assert_output --partial 'no schema on the source matches --exclude-schema "c*"'
    run -2 clone -t x.y.z
    assert_output --partial 'PGH-1003'
    assert_output --partial '--table "x.y.z" is not a pattern: it has more than one dot'
    run -2 clone -n '"a'
    assert_output --partial 'a double quote in it does not end'
    run -0 clone -t 'a.u' -t nope --no-strict-names -q
    [[ $(tgt -c 'select count(*) from a.u') == 50 ]]
}

@test "a run with filters goes on with them, and with no others" {
    new_pair
    clone_to copy.before_commit:2 -T a.t --table-jobs 1
    kill -9 "$PID"
    wait "$PID" || true # a zombie counts as running
    kill -9 "$STOPPED" 2>/dev/null || true
    run -6 clone --resume -T a.u --not-consistent
    assert_output --partial 'the run was started with other filters'
    run -0 clone --resume -T a.t --not-consistent -q
    [[ $(tgt -c "select count(*) from pg_class where relname = 't'") == 0 ]]
    [[ $(tgt -c 'select count(*) from a.u') == 50 && $(tgt -c 'select count(*) from b.w') == 20 ]]
    no_helper_schema
}

@test "list shows what the filters choose" {
    new_pair
    run -0 "$PGHAUL" list tables -n b
    assert_output --partial b.w
    refute_output --partial a.u
    run -0 "$PGHAUL" list sequences -t a.u
    [[ $(tail -n +2 <<<"$output") == a.u_id_seq ]]
}

@test "filters from a file, in either grammar" {
    new_pair
    printf '%s\n' '# what we want' 'include table a.u   # and its friends' 'include table a.t' '' 'exclude table_data a.t' >"$BATS_TEST_TMPDIR/rules"
    run -0 clone --filter "$BATS_TEST_TMPDIR/rules" -q
    [[ $(tgt -c "select string_agg(relname, ',' order by relname) from pg_class where relkind = 'r' and relnamespace = 'a'::regnamespace") == t,u ]]
    [[ $(tgt -c 'select count(*) from a.t') == 0 && $(tgt -c 'select count(*) from a.u') == 50 ]]
    again
    src -c 'create index t_name on a.t (name)'
    printf '%s\n' '; of pgcopydb' '[exclude-schema]' 'b' '[exclude-table]' 'a."Mixed Case"' 'a.parent' '[exclude-index]' 'a.t_name' >"$BATS_TEST_TMPDIR/sections"
    run -0 clone --filter - -q <"$BATS_TEST_TMPDIR/sections"
    [[ $(tgt -c "select count(*) from pg_class where relname in ('Mixed Case', 'parent', 't_name') or relnamespace = to_regnamespace('b')") == 0 ]]
    [[ $(tgt -c 'select count(*) from a.t') == 100 ]]
    printf 'include table a.t\nexclude tables x\n' >"$BATS_TEST_TMPDIR/wrong"
    run -2 clone --filter "$BATS_TEST_TMPDIR/wrong"
    assert_output --partial 'wrong", line 2: its second word is none of table'
    run -2 clone --filter "$BATS_TEST_TMPDIR/not there"
    assert_output --partial 'No such file or directory'
}

@test "indexes and extensions may be left out" {
    pair template0
    src -c 'create extension citext' -c 'create extension hstore' -c "comment on extension hstore is 'mine'" \
        -c 'create table t (a int primary key, b citext, c int)' -c 'create index t_b on t (b)' -c 'create index t_c on t (c)' \
        -c "comment on index t_b is 'an index'" -c "insert into t values (1, 'X', 2)"
    run -0 clone --exclude-index t_b --exclude-extension hstore
    refute_output --partial warning
    [[ $(tgt -c "select string_agg(extname::text, ',' order by extname) from pg_extension") == citext,plpgsql ]]
    [[ $(tgt -c "select string_agg(relname::text, ',' order by relname) from pg_class where relkind = 'i' and relname like 't%' and relnamespace = 'public'::regnamespace") == t_c,t_pkey ]]
    # The target has the extension already.
    again
    tgt -c 'create extension citext' -c 'create extension hstore'
    run -0 clone --exclude-extension '*' -q
    [[ $(tgt -c 'select count(*) from t') == 1 ]]
    again
    run -4 clone --exclude-index t_pkey
    assert_output --partial 'cannot be left out: constraint t_pkey on table "t" needs it'
}

@test "filters at their edges" {
    pair template0
    # What is left out is not dropped on the target either.
    src -c 'create table t (i int)' -c "create function g(t) returns int language sql as 'select 1'" -c 'create table u (i int)'
    tgt -c 'create table t (i int)' -c "create function g(t) returns int language sql as 'select 42'" -c 'create table u (j text)'
    run -0 clone -T t --drop-if-exists -q
    [[ $(tgt -c "select count(*) from pg_proc where proname = 'g'") == 1 ]]
    [[ $(tgt -c "select attname from pg_attribute where attrelid = 'u'::regclass and attnum > 0") == i ]]
    # The schema public by name; patterns that fit the system catalogs, too.
    again
    run -0 clone -n public -q
    [[ $(tgt -c "select count(*) from pg_class where relname in ('t', 'u')") == 2 ]]
    again
    run -0 clone -t '*' -q
    [[ $(tgt -c "select count(*) from pg_class where relname in ('t', 'u')") == 2 ]]
    # Brackets are those of a regular expression.
    src -c 'create table ab (i int)' -c 'create table "a[b]" (i int)'
    again
    run -0 clone -t 'a[b]' -q
    [[ $(tgt -c "select relname from pg_class where relname in ('ab', 'a[b]')") == ab ]]
    # Nothing is left of what was asked for.
    run -2 clone --restart -t nope --no-strict-names
    assert_output --partial 'PGH-1008'
    src -c 'create table parent (i int)' -c 'create table heir () inherits (parent)'
    again
    run -4 clone -t heir
    assert_output --partial 'table "public"."heir" is asked for, but needs what is not chosen and the target lacks (table "public"."parent")'
}

@test "keys, indexes and functions that filters cut off" {
    pair template0
    src -c 'create table a (i int primary key, k int) partition by range (i)' -c 'create table a1 partition of a for values from (1) to (9)' \
        -c 'create index aix on a (k)' -c 'insert into a values (1, 1)' -c 'create table b (i int references a)' -c 'insert into b values (1)' \
        -c 'create table c (i int)' -c 'create unique index cix on c (i)' -c 'create table d (i int references c (i))' \
        -c 'create schema s1' -c "create type s1.mood as enum ('a')" \
        -c "create function s1.f(s1.mood) returns int language sql immutable as 'select 1'" \
        -c "create function s1.h(int) returns int language sql immutable as 'select \$1'" \
        -c 'create schema s2' -c "create view s2.v as select s1.f('a')" -c 'create table s2.t (a int)' \
        -c 'create table e (a int, exclude using btree (s1.h(a) with =))'
    run -4 clone --exclude-index a1_k_idx
    assert_output --partial 'index "a1_k_idx" cannot be left out: the index of a partitioned table needs it'
    run -4 clone --exclude-index cix
    assert_output --partial 'cannot be left out: constraint d_i_fkey on table "d" needs it'
    # The server would fail over the name of a schema that is not there.
    run -0 clone -n s2
    assert_output --partial 'view "s2"."v" is left out'
    again
    run -0 clone -N s1
    assert_output --partial 'constraint e_h_excl on table public.e is left out'
    again
    run -0 clone --exclude-table-data a1
    assert_output --partial 'constraint b_i_fkey on table public.b is left out'
    [[ $(tgt -c 'select count(*) from b') == 1 ]]
}

# regular 'LINES of a file in pgcopydb's sections' OPTIONS…: it means what these options mean.
regular() {
    again
    printf '%b\n' "$1" >"$BATS_TEST_TMPDIR/sections"
    run -0 clone -q --filter "$BATS_TEST_TMPDIR/sections"
    { schema "$TARGET"; contents "$TARGET"; } >"$BATS_TEST_TMPDIR/regular"
    again
    run -0 clone -q "${@:2}"
    diff "$BATS_TEST_TMPDIR/regular" <(schema "$TARGET"; contents "$TARGET")
}

# bats test_tags=any-servers
@test "regular expressions in pgcopydb's sections mean what they match" {
    new_pair
    regular '[exclude-table]\na.~/^t$/' -T a.t
    regular '[exclude-table]\n~/^[ab]$/.~/^(t|w)$/ # two' -T a.t -T b.w
    regular '[exclude-table]\na.~/Case/\n~/b/.m' -T 'a."Mixed Case"' -T b.m
    regular '[exclude-schema]\n~/^b/' -N b
    regular '[include-only-schema]\n~/^[ab]{1}$/' -n a -n b
    regular '[include-only-table]\na.~/^part/\n[exclude-table-data]\na.~/^part_[0-9]+$/' -t a.part -t a.part_1 --exclude-table-data a.part_1
    regular '[include-only-table]\n~/^a$/.~/^Mixed C.se$/\nb.~/^w$/' -t 'a."Mixed Case"' -t b.w
    src -c 'create index t_name on a.t (name)' -c 'create index u_name on a.u (t)'
    regular '[exclude-index]\n~/^[ab]$/.~/._name$/' --exclude-index a.t_name --exclude-index a.u_name
}

@test "regular expressions: as options, in plan, resumed, wrong ones and such that match nothing" {
    new_pair
    run -0 clone -q -t 'a.~/^u$/' --dir "$RUN"
    [[ $(tgt -c 'select count(*) from a.u') == 50 ]]
    again
    run -0 "$PGHAUL" list tables -T '~/./.~/^[^u]/'
    assert_output --partial 'a.u '
    refute_output --partial 'a.t '
    run -2 clone -t 'a.~/^x'
    assert_output --partial 'PGH-1003'
    assert_output --partial '--table "a.~/^x" is not a pattern: a regular expression in it does not end with /'
    run -2 clone -t 'a.~/(/'
    assert_output --partial 'PGH-1003'
    assert_output --partial 'matching --table "a.~/(/": invalid regular expression: parentheses () not balanced'
    run -2 clone -T 'a.~/^nope/'
    assert_output --partial 'PGH-1008: '
    assert_output --partial 'no table on the source matches --exclude-table "a.~/^nope/"'
    printf '%s\n' '[include-only-schema]' '~/^nope$/' >"$BATS_TEST_TMPDIR/nothing"
    run -2 clone --filter "$BATS_TEST_TMPDIR/nothing"
    assert_output --partial 'no schema on the source matches --schema "~/^nope$/"'
    # What is asked for and is not there must not come to mean everything.
    run -2 clone --filter "$BATS_TEST_TMPDIR/nothing" --no-strict-names
    assert_output --partial 'PGH-1008: '
    assert_output --partial 'no schema on the source matches any --schema'
    run -2 clone -t 'a.~/^nope/' --no-strict-names
    assert_output --partial 'no table on the source matches any --table'
    again
    run -0 clone -T 'a.~/^nope/' -T 'a.~/^t$/' --no-strict-names -q
    [[ $(tgt -c "select to_regclass('a.t') is null and to_regclass('a.u') is not null") == t ]]
    again
    clone_to copy.before_commit:2 -T 'a.~/^t$/' --table-jobs 1
    kill -9 "$PID"
    wait "$PID" || true
    kill -9 "$STOPPED" 2>/dev/null || true
    run -0 clone --resume -T 'a.~/^t$/' --not-consistent -q
    [[ $(tgt -c "select to_regclass('a.t') is null and to_regclass('a.u') is not null") == t ]]
}

extensions() { tgt -c "select string_agg(extname::text, ',' order by extname) from pg_extension"; }

@test "only some extensions" {
    pair template0
    src -c 'create extension citext' -c 'create extension hstore' -c 'create extension cube' -c 'create table t (a int)' \
        -c "create publication p for table t" -c 'insert into t values (1)'
    run -0 clone -q -e citext --extension 'hst*'
    [[ $(extensions) == citext,hstore,plpgsql ]]
    [[ $(tgt -c 'select (select count(*) from t), count(*) from pg_publication') == '1|1' ]]
    again
    run -0 clone -q -e '*' --exclude-extension cube
    [[ $(extensions) == citext,hstore,plpgsql ]]
    again
    printf '%s\n' '[include-only-extension]' '~/^c(ub|x)e$/' >"$BATS_TEST_TMPDIR/only"
    run -0 clone -q --filter "$BATS_TEST_TMPDIR/only"
    [[ $(extensions) == cube,plpgsql ]]
    again
    printf '%s\n' 'include extension hstore' >"$BATS_TEST_TMPDIR/only"
    run -0 "$PGHAUL" copy extensions --dir "$RUN" -q --filter "$BATS_TEST_TMPDIR/only"
    [[ $(extensions) == hstore,plpgsql ]]
    again
    run -0 "$PGHAUL" dump schema --dir "$RUN" -q -e hstore
    [[ $(grep -c 'CREATE EXTENSION' "$RUN/schema/pre-data.sql") == 1 ]]
    rm -rf "$RUN"
    # Names are names: case and all.
    printf '%s\n' '[include-only-extension]' 'CITEXT' >"$BATS_TEST_TMPDIR/only"
    run -2 clone --filter "$BATS_TEST_TMPDIR/only"
    assert_output --partial 'PGH-1008: '
    assert_output --partial 'no extension on the source matches --extension ""CITEXT""'
    run -0 clone --filter "$BATS_TEST_TMPDIR/only" --no-strict-names -q
    [[ $(extensions) == plpgsql ]]
    again
    run -2 clone -e citext -t t
    assert_output --partial 'PGH-1005'
    assert_output --partial 'beside --table or --schema no extension comes: --extension cannot be given'
    run -2 clone -e public.citext
    assert_output --partial '--extension "public.citext" is not a pattern: it has a dot'
    printf '%s\n' 'include index i' >"$BATS_TEST_TMPDIR/only"
    run -2 clone --filter "$BATS_TEST_TMPDIR/only"
    assert_output --partial 'line 1: it can be excluded, but not included'
}

@test "an extension's configuration comes only with it" {
    pair template0
    src -c 'create extension citext' -c 'create table conf (k text)' -c 'insert into conf values (1)' \
        -c "update pg_extension set extconfig = array['conf'::regclass::oid], extcondition = array[''] where extname = 'citext'" \
        -c "insert into pg_depend select 'pg_class'::regclass, 'conf'::regclass, 0, 'pg_extension'::regclass, oid, 0, 'e' from pg_extension where extname = 'citext'" \
        -c 'create extension cube'
    run -0 "$PGHAUL" list tables -e citext
    assert_output --partial 'conf'
    run -0 "$PGHAUL" list tables -e cube
    refute_output --partial 'conf'
}
