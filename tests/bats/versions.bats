load lib.bash

# What servers of different versions give to whom: the schema public belongs to a superuser before
# version 15, and to the owner of the database from then on; who may create there differs, too.

setup() {
    local side
    for side in source target; do
        "admin_$side" 'create role pgh_versions_app login'
        "admin_$side" 'create role pgh_versions_other'
    done
    admin_target 'create role pgh_versions_admin login'
}

eval "usual_$(declare -f teardown)"
teardown() {
    local side
    usual_teardown
    for side in source target; do
        "admin_$side" 'drop role if exists pgh_versions_app'
        "admin_$side" 'drop role if exists pgh_versions_other'
    done
    admin_source 'drop role if exists pgh_only'
    admin_target 'drop role if exists pgh_versions_admin'
}

# A database of pgh_versions_app on the source, and of pgh_versions_admin on the target, with tables in public.
owned_pair() {
    pair
    admin_source "alter database $DB owner to pgh_versions_app"
    admin_target "alter database $DB owner to pgh_versions_admin"
    src -c 'grant create, usage on schema public to pgh_versions_app'
    export PGHAUL_SOURCE=${SOURCE/user=postgres/user=pgh_versions_app} PGHAUL_TARGET=${TARGET/user=postgres/user=pgh_versions_admin}
    psql -qX -v ON_ERROR_STOP=1 "$PGHAUL_SOURCE" -c 'create table t (id serial primary key, v text)' \
        -c "insert into t (v) select 'v' || i from generate_series(1, 100) i" -c 'create schema app' \
        -c 'create table app.t (id int references t)' -c 'insert into app.t select generate_series(1, 50)' \
        -c "comment on schema app is 'mine'" -c 'grant usage on schema app to pgh_versions_other' -c 'create view v as select * from t'
    src -c 'revoke all on schema public from pgh_versions_app'
}
relations_of() {
    tgt -c "select n.nspname, c.relname, c.relowner::regrole from pg_class c join pg_namespace n on n.oid = relnamespace
             where n.nspname in ('public', 'app') and relkind in ('r', 'v', 'S') order by 1, 2"
}

# bats test_tags=any-servers
@test "versions: from the owner of a database to the owner of a database, none of them a superuser" {
    owned_pair
    # Everything becomes the property of who connects.
    run -0 clone --no-owner
    refute_output --partial 'schema public'
    same_contents
    [[ $(relations_of | grep -c '|pgh_versions_admin$') == 4 ]]
    [[ $(tgt -c "select obj_description('app'::regnamespace)") == mine ]]
    # With owners.
    again
    admin_target "alter database $DB owner to pgh_versions_admin"
    admin_target 'grant pgh_versions_app to pgh_versions_admin'
    tgt -c 'grant create on schema public to pgh_versions_app'
    run -0 clone
    refute_output --partial 'schema public'
    same_contents
    [[ $(relations_of | grep -c '|pgh_versions_app$') == 4 ]]
    no_helper_schema
}

# bats test_tags=any-servers
@test "versions: comment and privileges of a schema that belongs to somebody else are named, or left out" {
    owned_pair
    tgt -c 'alter schema public owner to postgres' -c 'grant usage, create on schema public to pgh_versions_admin'
    src -c "comment on schema public is 'ours'" -c 'grant usage on schema public to pgh_versions_other with grant option'
    run -5 clone --no-owner
    assert_output --partial 'PGH-3151'
    assert_output --partial 'role "pgh_versions_admin" does not own on the target what it should set: the comment on schema public, privileges on schema public'
    assert_output --partial '--skip-forbidden'
    no_helper_schema
    run -5 clone --no-owner --no-acl
    assert_output --partial 'should set: the comment on schema public'
    refute_output --partial 'privileges on'
    run -0 "$PGHAUL" plan --no-owner --skip-forbidden
    assert_output --partial 'left out: privileges on schema public: only the owner of the schema could set it on the target'
    run -0 clone --no-owner --skip-forbidden
    assert_output --partial 'the comment on schema public is left out: only the owner of the schema could set it on the target'
    assert_output --partial 'privileges on schema public is left out'
    same_contents
    # What is the same already need not be set.
    again
    admin_target "alter database $DB owner to pgh_versions_admin"
    tgt -c 'alter schema public owner to postgres' -c 'grant usage, create on schema public to pgh_versions_admin' \
        -c "comment on schema public is 'ours'" -c 'grant usage on schema public to pgh_versions_other with grant option'
    # As it is for everybody on the source.
    if [[ $(src -c "select has_schema_privilege('public', 'public', 'create')") == t ]]; then tgt -c 'grant create on schema public to public'
    else tgt -c 'revoke create on schema public from public'; fi
    run -0 clone --no-owner
    refute_output --partial 'schema public'
    same_contents
}

# bats test_tags=any-servers
@test "versions: a schema that is there already and lets us create nothing is named beforehand" {
    owned_pair
    tgt -c 'alter schema public owner to postgres' -c 'revoke all on schema public from public' -c 'create schema app'
    run -5 clone --no-owner --skip-forbidden
    assert_output --partial 'PGH-3104'
    assert_output --partial 'role "pgh_versions_admin" may not create in schemas that the target has already: app, public'
    assert_output --partial 'GRANT USAGE, CREATE ON SCHEMA'
    no_helper_schema
    tgt -c 'grant usage, create on schema public, app to pgh_versions_admin'
    run -0 clone --no-owner --skip-forbidden
    same_contents
}

# bats test_tags=any-servers
@test "versions: an owner of public that the target lacks does not come" {
    pair
    admin_source 'create role pgh_only superuser'
    src -c 'alter schema public owner to pgh_only' -c 'create table t (a int)'
    run -5 clone
    assert_output --partial 'PGH-3102'
    run -0 clone --no-owner --no-acl
    same_contents
}

# bats test_tags=any-servers
@test "versions: to an older one the run warns, and what that one does not know stops it by name" {
    pair work
    if ! (skip() { exit 1; } && skip_downwards); then
        run -0 clone
        assert_output --regexp "warning .*the target's version \(.*\) is older than the source's"
        same
        again
        src -c 'create type r as range (subtype = float8)' -c 'create table n (a int unique nulls not distinct)'
        run -5 clone
        assert_output --regexp 'PGH-3105: creating the schema: pre.sql, line [0-9]+: r; Type: TYPE; Schema: public'
    else
        run -0 clone
        refute_output --partial 'is older than'
    fi
}
