load lib.bash

# Security labels, of a provider that the tests bring along.

setup_file() {
    export PGH_LABEL=$PGH_ROOT/pgh_label.so
    [[ $(psql -XAtc 'show server_version_num' "$(on "$PGH_TARGET" postgres)") == 15* ]] || skip 'the provider is made for servers of version 15'
    gcc -shared -fPIC -o "$PGH_LABEL" "$PGH_TOP/tests/label_provider.c"
    chmod 755 "$PGH_LABEL"
}

eval "usual_$(declare -f teardown)"
teardown() {
    usual_teardown
    admin_source 'drop role if exists pgh_labelled'
    admin_target 'drop role if exists pgh_labelled'
}

with_provider() {
    admin_source "alter database $DB set session_preload_libraries = '$PGH_LABEL'"
    admin_target "alter database $DB set session_preload_libraries = '$PGH_LABEL'"
}

labels() {
    psql -qXAt "$1" -c "select objtype, replace(objname, '$DB', 'db'), provider, label from pg_seclabels order by 1, 2, 3"
}

labelled() {
    admin_source 'create role pgh_labelled'
    src >/dev/null <<'SQL'
create schema s;
create table s.t (i int primary key, "odd ""column" text);
create view s.v as select 1 as one;
create materialized view s.m as select 1 as one;
create sequence s.q;
create function s.f(int, text) returns int language sql return 1;
create procedure s.p(int) language sql begin atomic select 1; end;
create aggregate s.a(int) (sfunc = int4pl, stype = int);
create type s.c as (i int);
create domain s.d as int;
create extension file_fdw;
create server files foreign data wrapper file_fdw;
create foreign table s.ft (i int) server files options (filename '/dev/null');
create table s.parted (i int) partition by range (i);
create table s.parted_1 partition of s.parted for values from (0) to (9);
create publication pub for table s.t;
create function s.e() returns event_trigger language plpgsql as 'begin end';
create event trigger et on ddl_command_end execute function s.e();
select lo_from_bytea(4711, 'x');
security label for pgh on schema s is 'on a schema';
security label for pgh on table s.t is E'on a table, with ''quotes'' and \\ and ü';
security label for pgh on column s.t."odd ""column" is 'on a column';
security label for pgh on view s.v is 'on a view';
security label for pgh on materialized view s.m is 'on a materialized view';
security label for pgh on sequence s.q is 'on a sequence';
security label for pgh on function s.f(int, text) is 'on a function';
security label for pgh on procedure s.p(int) is 'on a procedure';
security label for pgh on aggregate s.a(int) is 'on an aggregate';
security label for pgh on type s.c is 'on a type';
security label for pgh on domain s.d is 'on a domain';
security label for pgh on foreign table s.ft is 'on a foreign table';
security label for pgh on table s.parted is 'on a partitioned table';
security label for pgh on table s.parted_1 is 'on a partition';
security label for pgh on publication pub is 'on a publication';
security label for pgh on event trigger et is 'on an event trigger';
create function s.handler() returns language_handler language c as '$libdir/plpgsql', 'plpgsql_call_handler';
create language pgh_language handler s.handler;
security label for pgh on language pgh_language is 'on a language';
security label for pgh on large object 4711 is 'on a large object';
security label for pgh on role pgh_labelled is 'on a role';
SQL
    src -c "security label for pgh on database $DB is 'on a database'"
}

@test "security labels on everything that can have one" {
    pair
    with_provider
    labelled
    run -0 clone --roles
    diff <(labels "$SOURCE") <(labels "$TARGET")
    [[ $(labels "$TARGET" | wc -l) -ge 20 ]]
    same
}

@test "security labels of a provider that the target lacks stop the run by name, or are said" {
    # A role comes without; what has its label in the database stops the run.
    pair
    with_provider
    labelled
    admin_target "alter database $DB reset session_preload_libraries"
    run -5 clone --roles
    assert_output --partial 'security label provider "pgh" is not loaded'
    admin_target "alter database $DB set session_preload_libraries = '$PGH_LABEL'"
    run -0 clone --resume --not-consistent
    diff <(labels "$SOURCE" | grep -v '^role') <(labels "$TARGET" | grep -v '^role')
}
