load lib.bash
load followed.bash

# Values of every type, and tables that are another on the target, through change data capture: both
# sides are equal by hash of every table in the end. The target is another server, with other oids.

types() {
    psql -qX "$SOURCE" -f "$PGH_TOP/tests/sql/types.sql"
    # So that nothing has the oid there that it has here.
    tgt -q -o /dev/null -c 'select lo_unlink(lo_create(0)) from generate_series(1, 1000)'
}
change() { src -q -c 'set client_min_messages = warning' -c "call \"My \"\"types\"\"\".change($1, $2)"; }
format() { catalog 'select format from position'; }

# Also when that takes longer, but not when the run has ended.
all_applied() {
    local end
    end=$(src -c "select pg_logical_emit_message(true, 'test', '')" -c 'select pg_current_wal_insert_lsn()' | tail -n 1)
    wait_for 60 eval '[[ $(tgt -c "select applied >= '"'$end'"' from pghaul.progress") == t ]] || ! kill -0 "$PID"'
}

# followed OPTION...: changes from before the snapshot, while it is copied, and live, one by one and many at once.
followed() {
    change false 1
    clone_to copy.moving --follow "$@"
    change true 2
    go_on
    wait_for 60 eval 'following || ! kill -0 "$PID"'
    change false 3
    change true 4
    all_applied
    end_now
}

@test "every type, in text" {
    types
    followed
    [[ $(format) == text ]]
    # By their names, not by their numbers.
    [[ $(tgt -c "select oid from pg_class where relname like 'a relation%'") != "$(src -c "select oid from pg_class where relname like 'a relation%'")" ]]
    [[ $(tgt -c "select count(*) from \"as text\".regclass where v::text = '\"My \"\"types\"\"\".\"a relation; of course\"'") -gt 100 ]]
    run -0 same_contents
}

@test "every type, in binary" {
    types
    followed -T '"as text".*'
    [[ $(format) == binary ]]
    src -q -c 'set client_min_messages = warning' -c 'drop schema "as text" cascade'
    tgt -q -c 'set client_min_messages = warning' -c 'drop schema "as text" cascade'
    run -0 same_contents
}

@test "every type, told by test_decoding" {
    types
    followed --plugin test_decoding
    run -0 same_contents
}

@test "values of an enum that are added while following" {
    local form
    src -q -c "create type \"my Mood\" as enum ('sad')" -c 'create table m (id int primary key, v "my Mood")' -c 'create table "k k" (k "my Mood" primary key)'
    for form in binary text; do
        [[ $form == binary ]] || { again; src -q -o /dev/null -c "alter type \"my Mood\" add value 'arrays of it come in text'" -c 'create table a (id int primary key, v "my Mood"[])'; }
        background follow
        wait_for 30 following
        [[ $(format) == "$form" ]]
        src -q -c "insert into m values (${#form}, 'sad')" -c "alter type \"my Mood\" add value '$form, so \"glad\"' before 'sad'" -c "insert into m values (1${#form}, '$form, so \"glad\"')" -c "insert into \"k k\" values ('$form, so \"glad\"')"
        wait_for 30 eval '! kill -0 "$PID"'
        ended_with 5 "PGH-3202: .*INSERT into table public.m.*: invalid input value for enum public.\"my Mood\": \"$form, so \"glad\"\""
        tgt -q -c "alter type \"my Mood\" add value '$form, so \"glad\"' before 'sad'"
        background follow --resume
        caught_up
        end_now
        run -0 same_contents
        cleanup -q
    done
}

@test "a number that is none, as it was calculated, in a table without a key" {
    src -q -c 'create extension hstore' -c 'create table nan (f float8, g float4[], p point, d int)' -c 'alter table nan replica identity full' \
        -c "insert into nan select 'infinity'::float8 - 'infinity'::float8, array['infinity'::float4 * 0::float4], point('infinity'::float8 * 0, -0.0::float8), i from generate_series(1, 5) i" \
        -c "insert into nan values ('-0', '{-0}', '(0,0)', 6), ('0', '{0}', '(0,0)', 6)" -c 'create table h (h hstore, id int primary key)'
    background follow
    wait_for 30 following
    [[ $(format)$(catalog "select format from obj_table where relname = 'nan'") == textbinary ]]
    src -q -c 'delete from nan where d = 1' -c 'update nan set d = 7 where d = 2' -c "delete from nan where f::text = '-0'"
    caught_up
    end_now
    run -0 same_contents
}

@test "a column of a type that is numbers on each server, added to a run whose values come in binary" {
    src -q -c 'create table t (id int primary key, v text)' -c 'create table w (a int, v float8)' -c 'alter table w replica identity full' -c "insert into w values (0, 'NaN')"
    background env PGHAUL_TEST_AT='receive.form_changes:kill' "$PGHAUL" clone --dir "$RUN" --follow --on-ddl warn
    wait_for 30 following
    [[ $(format) == binary ]]
    tgt -q -o /dev/null -c 'select lo_unlink(lo_create(0)) from generate_series(1, 1000)' -c 'create table later (a int)' -c 'alter table t add r regclass'
    src -q <<'SQL'
create table later (a int);
insert into t values (1, 'in binary');
begin;
insert into t values (2, 'in binary, and again'), (3, 'x');
update t set v = v || '!' where id < 3;
insert into w values (1, 1.5), (1, 1.5), (2, 0.1);
alter table t add r regclass;
insert into t values (4, 'in text', 'later'), (5, 'y', 'pg_class'), (6, 'z', null);
update t set r = 'later' where id = 1;
delete from w where a = 2;
commit;
update t set v = v || '?';
delete from w where ctid = (select min(ctid) from w where a = 1);
SQL
    caught_up
    [[ $(format) == text ]]
    grep -q 'table public.t has a column whose type servers do not agree on in binary form' "$RUN/log/pghaul.log"
    end_now
    [[ $(tgt -c "select count(*) from t where r = 'later'::regclass") == 2 ]]
    src -q -c 'drop table later'
    tgt -q -c 'drop table later'
    src -q -c "update t set r = null where r::text ~ '^[0-9]'"
    tgt -q -c "update t set r = null where r::text ~ '^[0-9]'"
    run -0 same_contents
}

@test "a stream in binary that has gone over to text is not asked for more" {
    src -q -c 'create table t (id int primary key)'
    src -q -o /dev/null -c "create publication pub for all tables" -c "select pg_create_logical_replication_slot('$DB', 'pgoutput')"
    tgt -q -c 'create table t (id int primary key)' -c 'alter table t add r regtype'
    receive() { exec "$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN" --slot "$DB" --publication pub "$@"; }
    src -q -c 'insert into t values (1)'
    background receive --binary
    wait_for 20 eval '[[ $(admin_source "select count(*) from pg_replication_slots where active") == 1 ]]'
    src -q -c 'alter table t add r regtype' -c "insert into t values (2, 'int')"
    wait_for 20 grep -q 'from here on values come in text' "$BATS_TEST_TMPDIR/err"
    kill -INT "$PID"
    ended_with 0 'received all that committed before'
    src -q -c "insert into t values (3, 'text')"
    run -4 receive --binary --endpos now
    assert_output --partial 'PGH-2262: tables with types that servers do not agree on: public.t'
    run -0 receive --endpos now
    run -0 "$PGHAUL" stream apply --dir "$RUN" --target "$TARGET" --endpos "$(src -c "select confirmed_flush_lsn from pg_replication_slots where slot_name = '$DB'")"
    run -0 same_contents
}

@test "from LATIN1 to UTF8, in text and in binary" {
    local form
    admin_source "drop database $DB"
    admin_source "create database $DB template template0 encoding LATIN1 lc_collate 'C' lc_ctype 'C'"
    PGCLIENTENCODING=UTF8 src -q -c "create type \"enüm\" as enum ('ö', 'ß')" -c "create table \"tä\" (\"clé\" text primary key, v text[], j jsonb, e \"enüm\", n name)" \
        -c "create table f (a text, e \"enüm\", c \"char\")" -c 'alter table f replica identity full'
    for form in binary text; do
        if [[ $form == text ]]; then
            cleanup -q
            again
            src -q -c 'create table array_of (id int primary key, v xml)'
        fi
        background follow
        wait_for 30 following
        [[ $(format) == "$form" ]]
        PGCLIENTENCODING=UTF8 src -q -c "insert into \"tä\" select '$form é' || i, array['à\"', null, chr(i)], '{\"ü\": \"ñ\"}', 'ö', 'ÿ' from generate_series(161, 255) i" \
            -c "update \"tä\" set \"clé\" = \"clé\" || '¿', e = 'ß' where v[3] > 'é'" -c "insert into f select chr(i), 'ß', 'c' from generate_series(161, 255) i, generate_series(1, 2)" \
            -c "delete from f where ctid in (select min(ctid) from f group by a)" -c "update f set a = a || 'ö', e = 'ö'" -c "delete from \"tä\" where \"clé\" like '%©%'"
        caught_up
        end_now
        [[ $(PGCLIENTENCODING=UTF8 src -c "select * from \"tä\" order by 1 collate \"C\"" -c 'select * from f order by 1 collate "C"' | md5sum) == $(PGCLIENTENCODING=UTF8 tgt -c "select * from \"tä\" order by 1 collate \"C\"" -c 'select * from f order by 1 collate "C"' | md5sum) ]]
    done
}

@test "PostGIS" {
    [[ $(src -c "select count(*) from pg_available_extensions where name = 'postgis'")$(tgt -c "select count(*) from pg_available_extensions where name = 'postgis'") == 11 ]] ||
        skip 'PostGIS is not installed (postgresql-15-postgis-3)'
    src -q <<'SQL'
create schema geo;
create extension postgis schema geo;
create table shape (id int primary key, g geo.geometry, p geo.geometry(pointz, 4326), w geo.geography, b geo.box2d, n int);
create table shape_full (g geo.geometry, w geo.geography);
alter table shape alter g set storage external;
alter table shape_full replica identity full;
set search_path = geo, public;
insert into shape select i, st_buffer(st_point(i, i), 10, 300), st_setsrid(st_makepoint(i, i, i / 3.0), 4326), st_point(i, i)::geography, null, 0 from generate_series(1, 50) i;
insert into shape_full select st_point(i % 5, 0), null from generate_series(1, 20) i;
SQL
    background follow
    wait_for 30 following
    src -q <<'SQL'
set search_path = geo, public;
update shape set n = 1;
update shape set g = 'POINT EMPTY', b = 'BOX(1 2,3 4)' where id < 5;
update shape set g = st_setsrid(g, 3857), w = null where id > 40;
insert into shape select i, 'GEOMETRYCOLLECTION(POINT(0 0),LINESTRING(0 0,1 1.1))', null, 'SRID=4326;POLYGON((0 0,1 0,1 1,0 0))', null, i from generate_series(100, 800) i;
delete from shape where id % 7 = 0;
delete from shape_full where ctid in (select min(ctid) from shape_full group by g);
update shape_full set w = 'POINT(0.1 0.2)' where st_x(g) > 3;
SQL
    caught_up
    end_now
    run -0 same_contents
}
