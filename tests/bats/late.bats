load lib.bash
load followed.bash

# What changes do not bring: large objects and unlogged tables, as they are when the run comes to its end.

shop() {
    src -q <<'SQL'
create table account (id int primary key, amount int not null);
insert into account select i, 1000 from generate_series(1, 200) i;
SQL
}

# Objects 1001 to 1008 with contents, owners and all; what becomes of them after the copy.
objects() {
    local role
    for role in pgh_late_owner pgh_late_reader pgh_late_writer; do
        admin_source "create role $role"
        admin_target "create role $role" 2>/dev/null || true
    done
    src -q -o /dev/null <<'SQL'
select lo_from_bytea(1000 + i, convert_to('object ' || i, 'UTF8')) from generate_series(1, 8) i;
select lo_put(1001, 5000000, 'far away');
grant select on large object 1002 to pgh_late_reader;
comment on large object 1003 is 'it''s commented';
alter large object 1003 owner to pgh_late_owner;
select lo_create(1009);
SQL
}
drop_roles() {
    local role
    for role in pgh_late_owner pgh_late_reader pgh_late_writer; do
        admin_source "drop role if exists $role" 2>/dev/null
        admin_target "drop role if exists $role" 2>/dev/null
    done
}
setup() {
    PGH_SOURCE="host=$HERE/s user=postgres"
    pair template0
    SLOT=pghaul_$DB
    drop_roles
}
teardown() { tidy_up && drop_roles; }

change_objects() {
    src -q -o /dev/null <<'SQL'
select lo_put(1001, 2500000, 'in the middle');
select lo_truncate64(lo_open(1002, 131072), 3);
revoke all on large object 1002 from pgh_late_reader;
alter large object 1003 owner to pgh_late_writer;
comment on large object 1003 is null;
grant update on large object 1003 to pgh_late_reader with grant option;
select lo_unlink(1004);
select lo_from_bytea(2001, decode(repeat('00ff', 400000), 'hex'));
comment on large object 2001 is 'new';
alter large object 2001 owner to pgh_late_owner;
grant select on large object 2001 to public;
select lo_create(2002);
select lo_truncate64(lo_open(1006, 131072), 0);
select lo_unlink(1007);
select lo_from_bytea(1007, 'another one');
SQL
}

# Failpoints may fire again.
once_more() {
    keep_fired
    rm -rf "$PGHAUL_TEST_DIR"
    mkdir -p "$PGHAUL_TEST_DIR"
}

looking() { catalog "select value from setting where name = 'late-blobs-looking'"; }
as_source() { diff <(contents "$SOURCE") <(contents "$TARGET"); }

@test "large objects: what was made, changed, removed, given away since the copy" {
    shop
    objects
    # One of the target's own stays.
    tgt -q -o /dev/null -c "select lo_from_bytea(777, 'mine')"
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 30 following
    change_objects
    src -q -c "insert into account values (1000, 1)"
    end_now
    grep -q 'large objects since the copy: 6 copied anew, 2 with other owners, privileges, comments or labels, 1 removed' "$BATS_TEST_TMPDIR/err" ||
        { grep 'large objects' "$BATS_TEST_TMPDIR/err"; false; }
    [[ $(tgt -c "select convert_from(lo_get(777), 'UTF8')") == mine ]]
    tgt -q -o /dev/null -c 'select lo_unlink(777)'
    as_source
    # Once more: nothing has changed, nothing is written.
    run -0 "$PGHAUL" follow --dir "$RUN" --endpos now
    refute_output --partial 'large objects since the copy'
    [[ $(looking) =~ ^[0-9]+$ ]]
    as_source
    # And once more, with changes of later transactions.
    src -q -o /dev/null -c "select lo_put(1001, 0, 'x')" -c "comment on large object 1008 is 'later'" -c 'select lo_unlink(2001)' -c "select lo_from_bytea(1004, 'back')"
    run -0 "$PGHAUL" follow --dir "$RUN" --endpos now
    assert_output --partial 'large objects since the copy: 2 copied anew, 1 with other owners, privileges, comments or labels, 1 removed'
    as_source
    run -0 cleanup --dry-run
    assert_output --partial 'target: rows of pghaul.large_objects: DELETE FROM pghaul.large_objects WHERE run = '
    run -0 cleanup
    no_helper_schema
    same
}

@test "unlogged tables: with the rows of the end, whatever is on them and around them" {
    shop
    src -q <<'SQL'
create schema "Odd ""one";
create unlogged table "Odd ""one"."my table" (id int generated always as identity primary key, "a b" text, twice int generated always as (length("a b") * 2) stored);
insert into "Odd ""one"."my table" ("a b") select 'r' || i from generate_series(1, 100) i;
create unlogged table parent (a int primary key);
create unlogged table child (b int) inherits (parent);
create unlogged table refers (a int references parent);
insert into parent select generate_series(1, 50);
insert into child select i, i from generate_series(51, 60) i;
insert into refers select generate_series(1, 50);
create unlogged table bare ();
insert into bare default values;
create unlogged table fired (a int, b float8[], c jsonb);
create table was_fired (a int);
create function note() returns trigger language plpgsql as $$ begin insert into public.was_fired values (new.a); return null; end $$;
create trigger note after insert on fired for each row execute function note();
alter table fired enable always trigger note;
create trigger other after insert on fired for each row execute function note();
create unlogged table quiet_data (a int);
create unlogged table not_meant (a int);
insert into quiet_data values (1);
alter table was_fired replica identity full;
SQL
    background "$PGHAUL" clone --dir "$RUN" --follow --exclude-table-data quiet_data -T not_meant
    wait_for 30 following
    src -q <<'SQL'
delete from "Odd ""one"."my table" where id < 10;
insert into "Odd ""one"."my table" ("a b") select repeat('wide', i) from generate_series(1, 300) i;
update parent set a = a + 1000 where a > 50;
insert into parent select generate_series(2001, 2100);
insert into refers values (2001);
delete from child where b = 55;
delete from bare;
insert into fired select i, array[0.1, 'NaN'], '{"a": 1}' from generate_series(1, 20) i;
insert into quiet_data values (2);
insert into not_meant values (2);
create unlogged table young (a int);
insert into young values (1);
SQL
    end_now
    grep -q 'unlogged tables copied anew: 6, ' "$BATS_TEST_TMPDIR/err"
    grep -q 'unlogged table public.young is not copied anew: it has come to the source after the run was planned' "$BATS_TEST_TMPDIR/err"
    [[ $(tgt -c 'select count(*) from quiet_data') == 0 ]]
    # The trigger that fires always did so on the source, and is as it was.
    [[ $(tgt -c "select string_agg(tgname || tgenabled::text, ' ' order by tgname) from pg_trigger where tgrelid = 'fired'::regclass") == 'noteA otherO' ]]
    src -q -c 'drop table young, not_meant' -c 'truncate quiet_data'
    as_source
    # Again, after a column has come to both sides, and one has another name.
    src -q -c 'alter table fired add d text' -c "insert into fired (a, d) values (77, 'new')" -c 'alter table bare rename to renamed' -c 'insert into renamed default values'
    tgt -q -c 'alter table fired add d text'
    run -5 "$PGHAUL" follow --dir "$RUN" --endpos now --retry-for 0
    assert_output --partial 'PGH-3332'
    assert_output --partial 'the target has no table public.renamed, which is unlogged on the source'
    tgt -q -c 'alter table bare rename to renamed'
    run -0 "$PGHAUL" follow --dir "$RUN" --resume
    as_source
    run -0 cleanup
}

@test "killed anywhere between, it goes on" {
    shop
    objects
    src -q -c 'create unlogged table quick (a int primary key)' -c 'insert into quick select generate_series(1, 100)'
    run -0 follow --endpos now
    refute_output --partial 'large objects since the copy'
    local point
    for point in late_unlogged.locked late_unlogged.before_commit late_unlogged.after_commit late_blobs.compared late_blobs.half_written \
        late_blobs.after_commit late_blobs.before_seen; do
        once_more
        src -q -o /dev/null -c 'update quick set a = a + 1000' -c "select lo_put(1001, 7, '$point')" -c 'select lo_unlink(max(oid)) from pg_largeobject_metadata' \
            -c "select lo_from_bytea(0, '$point')" -c "comment on large object 1002 is '$point'"
        # A worker that dies is replaced.
        PGHAUL_TEST_AT=$point:kill run -0 "$PGHAUL" follow --dir "$RUN" --endpos now
        fired "$point"
        as_source || { echo "$point"; false; }
        # And the whole run.
        once_more
        src -q -o /dev/null -c 'update quick set a = a + 1000' -c "select lo_put(1001, 70, '$point')" -c "comment on large object 1002 is null"
        background env PGHAUL_TEST_AT=$point:stop "$PGHAUL" follow --dir "$RUN" --endpos now
        stopped_at "$point"
        kill -9 "$PID" "$STOPPED"
        wait "$PID" || true
        run -0 "$PGHAUL" follow --dir "$RUN" --resume
        as_source || { echo "$point"; false; }
    done
    # An error leaves the sessions as they were.
    for point in late_unlogged.before_commit late_blobs.half_written; do
        once_more
        src -q -o /dev/null -c 'update quick set a = a + 1000' -c "select lo_put(1001, 700, '$point')"
        PGHAUL_TEST_AT=$point:error run -1 "$PGHAUL" follow --dir "$RUN" --endpos now
        run -0 "$PGHAUL" follow --dir "$RUN" --resume
    done
    as_source
    run -0 cleanup
    same
}

@test "roles that are no superusers: all objects are compared; what they may not is said" {
    shop
    objects
    src -q -o /dev/null <<SQL
create role ${DB}_r login replication;
grant create on database $DB to ${DB}_r;
alter table account owner to ${DB}_r;
grant all on schema public to ${DB}_r;
grant pgh_late_owner to ${DB}_r;
create unlogged table quick (a int);
grant select on quick to ${DB}_r;
do \$\$ declare o oid; begin for o in select oid from pg_largeobject_metadata loop execute format('grant select on large object %s to ${DB}_r', o); end loop; end \$\$;
SQL
    admin_target "create role ${DB}_t login"
    admin_target "alter database $DB owner to ${DB}_t"
    admin_target "grant set on parameter session_replication_role to ${DB}_t"
    local sides=(--source "$SOURCE user=${DB}_r" --target "$TARGET user=${DB}_t")
    run -0 follow --endpos now --no-owner --no-acl "${sides[@]}"
    src -q -o /dev/null -c "select lo_put(1001, 3, 'other')" -c "comment on large object 1006 is 'said'" -c 'select lo_unlink(1004)' -c 'insert into quick values (7)'
    run -0 "$PGHAUL" follow --dir "$RUN" --endpos now "${sides[@]}"
    assert_output --partial 'large objects since the copy: 1 copied anew, 1 with other owners, privileges, comments or labels, 1 removed'
    diff <(contents "$SOURCE" | cut -d '|' -f 1-3,6) <(contents "$TARGET" | cut -d '|' -f 1-3,6)
    # The owner stays as it was here.
    [[ $(tgt -c 'select distinct lomowner::regrole::text from pg_largeobject_metadata') == "${DB}_t" ]]
    # A new one that may not be read.
    src -q -o /dev/null -c "select lo_from_bytea(3001, 'secret')"
    run -4 "$PGHAUL" follow --dir "$RUN" --endpos now --retry-for 0 "${sides[@]}"
    assert_output --partial 'PGH-2108'
    assert_output --partial 'permission denied for large object 3001'
    src -q -c "grant select on large object 3001 to ${DB}_r"
    # One of the target that may not be written.
    tgt -q -c 'alter large object 1008 owner to postgres'
    src -q -o /dev/null -c "select lo_put(1008, 0, 'y')"
    run -5 "$PGHAUL" follow --dir "$RUN" --resume --retry-for 0 "${sides[@]}"
    assert_output --partial 'PGH-3331'
    assert_output --partial 'permission denied for large object 1008'
    tgt -q -c "alter large object 1008 owner to ${DB}_t"
    run -0 "$PGHAUL" follow --dir "$RUN" --resume "${sides[@]}"
    diff <(contents "$SOURCE" | cut -d '|' -f 1-3,6) <(contents "$TARGET" | cut -d '|' -f 1-3,6)
    # Who may read the contents' own table need not hash all of them.
    src -q -c "grant select on pg_catalog.pg_largeobject to ${DB}_r" -o /dev/null -c "select lo_put(1002, 0, 'z')"
    run -0 "$PGHAUL" follow --dir "$RUN" --endpos now "${sides[@]}"
    assert_output --partial 'large objects since the copy: 1 copied anew, 0 with'
    diff <(contents "$SOURCE" | cut -d '|' -f 1-3,6) <(contents "$TARGET" | cut -d '|' -f 1-3,6)
    run -0 cleanup "${sides[@]}"
    src -q -c "drop owned by ${DB}_r" -c "drop role ${DB}_r"
    admin_target "revoke set on parameter session_replication_role from ${DB}_t"
    admin_target "drop database $DB with (force)"
    admin_target "drop role ${DB}_t"
}

@test "an object of the target's own in the way of a new one of the source" {
    shop
    tgt -q -o /dev/null -c "select lo_from_bytea(5001, 'mine')" -c "select lo_from_bytea(5002, 'mine, too')"
    run -0 follow --endpos now
    src -q -o /dev/null -c "select lo_from_bytea(5001, 'of the source')"
    run -5 "$PGHAUL" follow --dir "$RUN" --endpos now --retry-for 0
    assert_output --partial 'PGH-3330: '
    assert_output --partial 'the target had large objects before the run that have the oids of new ones of the source: 5001'
    assert_output --partial 'lo_unlink'
    [[ $(tgt -c "select convert_from(lo_get(5001), 'UTF8')") == mine ]]
    tgt -q -o /dev/null -c 'select lo_unlink(5001)'
    run -0 "$PGHAUL" follow --dir "$RUN" --resume
    [[ $(tgt -c "select string_agg(convert_from(lo_get(oid), 'UTF8'), '; ' order by oid) from pg_largeobject_metadata") == 'of the source; mine, too' ]]
    run -0 cleanup
}

@test "what is left out stays so; many objects, some of which are gone" {
    shop
    src -q -o /dev/null -c "select lo_from_bytea(10000 + i, convert_to('n' || i, 'UTF8')) from generate_series(1, 1700) i" -c 'create unlogged table quick (a int)'
    run -0 follow --endpos now -n public
    [[ $(catalog "select count(*) from work where kind = 'last_blobs'") == 0 ]]
    [[ $(tgt -c 'select count(*) from pg_largeobject_metadata') == 0 ]]
    run -0 cleanup
    again
    run -0 follow --endpos now
    src -q -o /dev/null -c 'select lo_unlink(oid) from pg_largeobject_metadata where oid::int8 % 3 <> 0' -c "select lo_from_bytea(20000 + i, convert_to('m' || i, 'UTF8')) from generate_series(1, 700) i" \
        -c "select lo_put(oid, 0, 'changed') from pg_largeobject_metadata where oid::int8 % 9 = 0" -c 'select lo_unlink(oid) from pg_largeobject_metadata where oid > 11650 and oid < 20000'
    run -0 "$PGHAUL" follow --dir "$RUN" --endpos now
    as_source
    # All are gone.
    src -q -o /dev/null -c 'select lo_unlink(oid) from pg_largeobject_metadata'
    run -0 "$PGHAUL" follow --dir "$RUN" --endpos now
    [[ $(tgt -c 'select count(*) from pg_largeobject_metadata') == 0 ]]
    run -0 cleanup
    same
}

@test "cutover --verify finds what changes do not bring brought" {
    shop
    src -q -o /dev/null -c 'create unlogged table quick (a int)' -c 'create sequence counter' -c "select lo_from_bytea(6001, 'before')"
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 30 following
    src -q -o /dev/null -c 'insert into quick values (7)' -c "select setval('counter', 4711)" -c "select lo_put(6001, 0, 'after')" -c "select lo_from_bytea(6002, 'new')"
    # And between what is brought while others write and the freeze.
    run -0 "$PGHAUL" cutover --dir "$RUN" --verify \
        --before-freeze "psql -qX '$SOURCE' -o /dev/null -c 'insert into quick values (8)' -c \"select nextval('counter'), lo_put(6002, 3, ' and changed')\""
    assert_output --regexp 'verify +[0-9]+ ms'
    assert_output --partial 'unlogged'
    ended_with 0 'handed over'
    admin_source "alter database $DB allow_connections true"
    as_source
    [[ $(tgt -c 'select count(*) from quick') == 2 && $(tgt -c "select nextval('counter')") == 4713 ]]
}
