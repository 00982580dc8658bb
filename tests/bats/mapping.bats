load lib.bash

# What is to be another on the target: tablespaces, versions of extensions.

setup() {
    one_tablespace source pgh_slow
    one_tablespace source 'pgh odd"=one'
    one_tablespace target pgh_fast
    one_tablespace target 'Pgh new'
    admin_target 'create role pgh_maker login'
}

one_tablespace() {
    local server=$PGH_SOURCE
    [[ $1 == source ]] || server=$PGH_TARGET
    psql -qXAt "$(on "$server" postgres)" -c 'set allow_in_place_tablespaces = on' -c "create tablespace \"${2//\"/\"\"}\" location ''"
}

eval "usual_$(declare -f teardown)"
teardown() {
    usual_teardown
    admin_source 'drop tablespace if exists pgh_slow'
    admin_source 'drop tablespace if exists "pgh odd""=one"'
    admin_target 'drop tablespace if exists pgh_fast'
    admin_target 'drop tablespace if exists "Pgh new"'
    admin_target 'drop role if exists pgh_maker'
}

tablespace_source() {
    src >/dev/null <<'SQL'
create table plain (id int primary key using index tablespace pgh_slow, a int unique, x int) tablespace pgh_slow;
insert into plain select i, i, i from generate_series(1, 3000) i;
create index plain_x on plain (x) tablespace "pgh odd""=one";
create index plain_own on plain (x, a);
create table other (a int, exclude using btree (a with =) using index tablespace pgh_slow) tablespace "pgh odd""=one";
create table parted (a int primary key) partition by range (a) tablespace pgh_slow;
create table parted_1 partition of parted for values from (0) to (10) tablespace "pgh odd""=one";
create table parted_2 partition of parted for values from (10) to (20) tablespace pg_default;
create index parted_i on parted (a) tablespace pgh_slow;
insert into parted select generate_series(0, 19);
create materialized view mv tablespace pgh_slow as select * from plain;
create index mv_i on mv (id) tablespace pgh_slow;
create table big (a int, b text) tablespace pgh_slow;
insert into big select i, repeat('x', 300) from generate_series(1, 80000) i;
create unique index big_a on big (a) tablespace pgh_slow;
-- What only looks like it.
create function looks() returns text language sql as $$
SET default_tablespace = pgh_slow;
select 'SET default_tablespace = pgh_slow;
SET default_tablespace = "pgh_slow";'::text
$$;
comment on table plain is 'x
SET default_tablespace = pgh_slow;
';
SQL
}

# Where everything is: the source's names as the mapping has them.
places() {
    psql -qXAt "$1" -c "select c.oid::regclass, coalesce(s.spcname, '-') from pg_class c left join pg_tablespace s on s.oid = reltablespace
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'i', 'I', 'm') order by relname"
}

without_tablespaces() { grep -vE '^(SET default_tablespace|-- .*; Tablespace: )'; }

@test "--tablespace-map: all that is in a tablespace goes to the other one, or to the database's own" {
    pair
    tablespace_source
    run -5 clone
    assert_output --partial 'tablespaces missing on the target: pgh odd"=one, pgh_slow'
    run -0 clone -q --tablespace-map 'pgh_slow=pgh_fast' --tablespace-map='pgh odd"\=one=Pgh new'
    same_contents
    diff <(places "$SOURCE" | sed 's/pgh_slow/pgh_fast/; s/pgh odd"=one/Pgh new/') <(places "$TARGET")
    diff <(schema "$SOURCE" | without_tablespaces) <(schema "$TARGET" | without_tablespaces)
    local looks="select prosrc, obj_description('plain'::regclass) from pg_proc where proname = 'looks'"
    diff <(src -c "$looks") <(tgt -c "$looks")
    grep -q '^SET default_tablespace = "pgh_fast";' "$RUN/schema/pre.sql"
    again
    run -0 clone -q --tablespace-map 'pgh_slow=' --tablespace-map='pgh odd"\=one=pg_default' --split-larger-than 1MB
    same_contents
    diff <(places "$SOURCE" | sed 's/pgh_slow$/-/; s/pgh odd"=one/-/') <(places "$TARGET")
    again
    run -0 clone -q --no-tablespaces
    [[ $(places "$TARGET" | grep -vc -- '|-$') == 0 ]]
}

@test "--tablespace-map: what cannot be is refused before anything is copied" {
    pair
    tablespace_source
    for wrong in pgh_slow '=x' '' 'pg_default=pgh_fast' 'pg_global=' 'pgh_slow=pg_global'; do
        run -2 clone --tablespace-map "$wrong"
        assert_output --partial "PGH-1003: --tablespace-map cannot be \"$wrong\": it takes "
    done
    run -2 clone --tablespace-map pgh_slow=a --tablespace-map pgh_slow=b
    assert_output --partial 'PGH-1003: --tablespace-map is given twice for "pgh_slow"'
    run -2 clone --tablespace-map pgh_slow=a --no-tablespaces
    assert_output --partial 'PGH-1005: --tablespace-map and --no-tablespaces exclude each other'
    run -2 clone --tablespace-map pgh_slow= --tablespace-map Pgh_Slow=
    assert_output --partial 'PGH-1010'
    assert_output --partial '--tablespace-map names tablespaces that the source does not have: Pgh_Slow'
    run -5 clone --tablespace-map pgh_slow=pgh_none --tablespace-map='pgh odd"\=one=pgh_fast'
    assert_output --partial 'PGH-3103'
    assert_output --partial 'tablespaces missing on the target: pgh_none (--tablespace-map, for pgh_slow)'
    [[ $(tgt -c "select count(*) from pg_class where relnamespace = 'public'::regnamespace") == 0 ]]
    # May we create there?
    admin_target "alter database $DB owner to pgh_maker"
    export PGHAUL_TARGET=${TARGET/user=postgres/user=pgh_maker}
    run -5 clone --no-owner --tablespace-map pgh_slow=pgh_fast --tablespace-map='pgh odd"\=one=Pgh new'
    assert_output --partial 'PGH-3131'
    assert_output --partial 'role "pgh_maker" may not create in tablespaces of the target: Pgh new (--tablespace-map, for pgh odd"=one), pgh_fast (--tablespace-map, for pgh_slow)'
    assert_output --partial 'GRANT CREATE ON TABLESPACE "Pgh new", "pgh_fast" TO "pgh_maker";'
    admin_target 'grant create on tablespace pgh_fast to pgh_maker'
    run -0 clone -q --no-owner --tablespace-map pgh_slow=pgh_fast --tablespace-map='pgh odd"\=one='
    same_contents
    admin_target "alter database $DB owner to postgres"
    tgt -c 'reassign owned by pgh_maker to postgres' -c 'drop owned by pgh_maker'
    admin_target 'revoke create on tablespace pgh_fast from pgh_maker'
}

@test "--tablespace-map is kept for a resume, and cannot be changed by it" {
    pair
    tablespace_source
    clone_to script.before_commit -q --tablespace-map pgh_slow=pgh_fast --tablespace-map 'pgh odd"\=one='
    kill -9 "$PID"
    wait "$PID" || true
    go_on
    run -6 clone --resume --tablespace-map pgh_slow=pgh_fast
    assert_output --partial 'PGH-4007: the run was started with another --tablespace-map'
    run -0 clone --resume --not-consistent -q --tablespace-map pgh_slow=pgh_fast --tablespace-map 'pgh odd"\=one='
    same_contents
    diff <(places "$SOURCE" | sed 's/pgh_slow$/pgh_fast/; s/pgh odd"=one/-/') <(places "$TARGET")
    # Begun anew without it: the old one is forgotten.
    again
    run -5 clone
    assert_output --partial 'PGH-3103'
}

extension_source() {
    src -c 'create schema ext' -c 'create extension pg_trgm schema ext version "1.5"' -c 'create extension "uuid-ossp"' -c 'create extension hstore' \
        -c 'create table t (a text)' -c "insert into t values ('x')" -c 'create index on t using gin (a ext.gin_trgm_ops)' \
        -c "comment on extension pg_trgm is 'CREATE EXTENSION IF NOT EXISTS pg_trgm;'"
}

versions() { psql -qXAt "$1" -c "select extname, extversion, extnamespace::regnamespace from pg_extension where extname <> 'plpgsql' order by 1"; }

@test "--extension-version: an extension is created in the wanted version" {
    pair
    extension_source
    run -0 clone -q --extension-version pg_trgm=1.4 --extension-version uuid-ossp=1.1
    same_contents
    [[ $(versions "$TARGET") == $'hstore|1.8|public\npg_trgm|1.4|ext\nuuid-ossp|1.1|public' ]]
    [[ $(tgt -c "select obj_description(oid) from pg_extension where extname = 'pg_trgm'") == 'CREATE EXTENSION IF NOT EXISTS pg_trgm;' ]]
    again
    run -0 clone -q
    [[ $(versions "$TARGET") == $'hstore|1.8|public\npg_trgm|1.6|ext\nuuid-ossp|1.1|public' ]]
    # What is there already in that version is used as it is.
    again
    tgt -c 'create schema ext' -c "create extension pg_trgm schema ext version '1.4'"
    run -5 clone --extension-version pg_trgm=1.5
    assert_output --partial 'PGH-3133'
    assert_output --partial "already has extension \"pg_trgm\" in version \"1.4\", not \"1.5\""
    assert_output --partial "hint: ALTER EXTENSION \"pg_trgm\" UPDATE TO '1.5'; or leave --extension-version out."
    run -0 clone -q --extension-version pg_trgm=1.4
    same_contents
}

@test "--extension-version: what cannot be is refused before anything is copied" {
    pair
    extension_source
    for wrong in pg_trgm pg_trgm= =1.4; do
        run -2 clone --extension-version "$wrong"
        assert_output --partial "PGH-1003: --extension-version cannot be \"$wrong\": it takes NAME=VERSION"
    done
    run -2 clone --extension-version PG_trgm=1.4
    assert_output --partial '--extension-version names "PG_trgm", which is no extension that comes from the source'
    assert_output --partial 'PGH-1010'
    run -2 clone --extension-version hstore=1.4 --exclude-extension hstore
    assert_output --partial '--extension-version names "hstore"'
    run -2 clone --extension-version hstore=1.4 -t t
    assert_output --partial '--extension-version names "hstore"'
    run -5 clone --extension-version hstore=9.9
    assert_output --partial 'PGH-3133'
    assert_output --partial 'extension "hstore" has no version "9.9" on the target: it has 1.4, 1.5, 1.6, 1.7, 1.8'
    [[ $(versions "$TARGET") == '' ]]
    run -0 clone -q --extension-version hstore=1.4
    run -2 clone --restart --drop-if-exists --extension-version hstore=1.4 --extension-version hstore=1.5
    assert_output --partial 'PGH-1003: --extension-version is given twice for "hstore"'
}

@test "extensions that the target server does not have are named before anything is copied" {
    pair
    extension_source
    # Both servers have the same ones here, so the source gets others.
    src -c "update pg_extension set extname = 'pgh_missing' where extname = 'hstore'" \
        -c "update pg_extension set extname = 'pgh_other' where extname = 'uuid-ossp'"
    run -5 clone
    assert_output --partial 'PGH-3134'
    assert_output --partial 'extensions that the target server does not have: pgh_missing, pgh_other'
    assert_output --partial '--exclude-extension pgh_missing --exclude-extension pgh_other'
    [[ $(versions "$TARGET") == '' ]]
    # The same for a role that is no superuser, whom nobody need make one.
    admin_target "alter database $DB owner to pgh_maker"
    run -5 env PGHAUL_TARGET="${TARGET/user=postgres/user=pgh_maker}" "$PGHAUL" clone --dir "$RUN" --no-owner
    assert_output --partial 'PGH-3134'
    admin_target "alter database $DB owner to postgres"
    run -0 clone -q --exclude-extension 'pgh_*'
    same_contents
}

@test "an index does not follow the last table that has a tablespace" {
    pair
    src -c 'create table a (i int primary key)' -c 'create table b (i int primary key)' \
        -c 'create table z (i int primary key using index tablespace pg_default) tablespace pgh_slow'
    run -0 clone --tablespace-map pgh_slow=pgh_fast
    [[ $(tgt -c "select string_agg(c.relname, ' ') from pg_class c join pg_tablespace t on t.oid = c.reltablespace where t.spcname = 'pgh_fast'") == z ]]
}
