load lib.bash

setup() {
    for side in source target; do
        "admin_$side" 'create role pgh_app login'
        "admin_$side" 'create role pgh_other'
    done
    admin_target 'create role pgh_admin login createrole createdb'
}

teardown_rights() {
    for side in source target; do
        "admin_$side" 'drop role if exists pgh_app'
        "admin_$side" 'drop role if exists pgh_other'
    done
    admin_target 'drop role if exists pgh_admin'
}

eval "usual_$(declare -f teardown)"
teardown() {
    usual_teardown
    teardown_rights
}

# A database that pgh_app owns on the source, and pgh_admin on the target.
ordinary_pair() {
    pair template0
    admin_source "alter database $DB owner to pgh_app"
    admin_target "alter database $DB owner to pgh_admin"
    AS_APP=${SOURCE/user=postgres/user=pgh_app}
    export PGHAUL_SOURCE=$AS_APP PGHAUL_TARGET=${TARGET/user=postgres/user=pgh_admin}
}

@test "no superuser on either side: what is missing is said before anything is copied, and how to mend it" {
    ordinary_pair
    psql -qX -v ON_ERROR_STOP=1 "$AS_APP" <<'SQL' >/dev/null
create schema app;
create extension pg_trgm;
create extension citext schema app;
create table app.t (id int generated always as identity primary key, name text not null, x app.citext);
insert into app.t (name) select 'n' || i from generate_series(1, 1000) i;
create index on app.t using gin (name gin_trgm_ops);
create table app.c (id serial primary key, t int references app.t);
insert into app.c (t) select i from generate_series(1, 500) i;
create table public.in_public (a int);
create type public.mood as enum ('sad');
grant select on app.t to pgh_other with grant option;
alter default privileges in schema app grant select on tables to pgh_other;
create view app.v as select * from app.t;
create materialized view app.m as select count(*) from app.t;
create function app.f() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger tr before insert on app.t for each row execute function app.f();
comment on table app.t is 'x';
comment on schema app is 'y';
comment on extension pg_trgm is 'mine';
create policy p on app.t using (true);
alter table app.t enable row level security;
select lo_from_bytea(12345, 'hello');
grant select on large object 12345 to pgh_other;
create publication pub for table app.c;
create statistics app.st on id, name from app.t;
SQL
    run -5 clone
    assert_output --partial 'PGH-3110'
    assert_output --partial 'may not create there: default privileges on new relations belonging to role pgh_app in schema app'
    run -5 clone --no-acl
    assert_output --partial 'PGH-3111'
    assert_output --partial 'role "pgh_app" on the target cannot be given what it owns: the role that connects is no member of it'
    assert_output --partial 'GRANT "pgh_app" TO "pgh_admin"; or use --no-owner.'
    admin_target 'grant pgh_app to pgh_admin'
    run -5 clone
    assert_output --partial 'it may not create in the schema public'
    assert_output --partial 'GRANT CREATE ON SCHEMA public TO "pgh_app"; or use --no-owner.'
    tgt -c 'grant create on schema public to pgh_app'
    run -5 clone
    assert_output --partial 'it owns a publication, but may not create in the database'
    tgt -c "grant create on database $DB to pgh_app"
    run -0 clone -q
    tgt -c 'revoke create on schema public from pgh_app'
    same
    # Without owners all of it is ours.
    again
    admin_target "alter database $DB owner to pgh_admin"
    run -0 clone --no-owner -q
    diff <(contents "$SOURCE" | grep -v '^large object') <(contents "$TARGET" | grep -v '^large object')
    [[ $(tgt -c "select distinct relowner::regrole from pg_class where relnamespace = 'app'::regnamespace") == pgh_admin ]]
}

@test "what only a superuser could create is named, or left out with all that needs it" {
    pair objects
    admin_target "alter database $DB owner to pgh_admin"
    export PGHAUL_TARGET=${TARGET/user=postgres/user=pgh_admin}
    run -5 clone --no-owner
    assert_output --partial 'PGH-3110'
    assert_output --partial 'role "pgh_admin", no superuser on the target, may not create there: '
    assert_output --partial 'access method brin2, access method heap2, cast from "app"."shell" to integer'
    assert_output --partial '--skip-forbidden'
    [[ $(tgt -c "select count(*) from pg_namespace where nspname = 'app'") == 0 ]]
    run -0 clone --no-owner --skip-forbidden
    for what in 'event trigger no_drops is left out: only a superuser could create it on the target' \
        'table "app"."every_type" is left out: it needs what is left out' \
        'index "app"."indexed_down" is left out' 'publication everything is left out'; do
        assert_output --partial "$what"
    done
    # All else is there, row by row.
    diff <(contents "$SOURCE" | grep -vE '^(large object|app.every_type|app.other_am|app.every_type_id_seq)\|') \
        <(contents "$TARGET" | grep -v '^large object')
    [[ $(tgt -c 'select count(*) from pg_largeobject_metadata') == 3 ]]
    no_helper_schema
    no_invalid_index
}

@test "a superuser's own objects cannot be given back to it by another role" {
    ordinary_pair
    src -c 'create table t (a int)' -c 'grant select on t to pgh_app'
    run -5 clone
    assert_output --partial 'role "postgres" on the target cannot be given what it owns'
    run -0 clone --no-owner -q
    same_contents
}

@test "what needs a member of an extension that is left out is left out, by name" {
    ordinary_pair
    src -c 'create extension autoinc' -c 'create extension cube' -c 'create extension earthdistance' -c 'create sequence s' \
        -c 'create table t (i int, e earth)' -c 'create table u (i int)' \
        -c "create trigger tr before insert on u for each row execute function autoinc(i, s)" -c 'insert into u values (1)'
    src -c 'grant select on all tables in schema public to pgh_app' -c 'grant select on all sequences in schema public to pgh_app'
    run -0 clone --no-owner --no-acl --skip-forbidden
    assert_output --partial 'trigger tr on table "public"."u" is left out'
    assert_output --partial 'table "public"."t" is left out'
    [[ $(tgt -c 'select count(*) from u') == 1 ]]
    [[ $(tgt -c "select string_agg(relname, ',') from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace") == u ]]
}
