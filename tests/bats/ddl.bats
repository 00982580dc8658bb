load lib.bash
load followed.bash

# Definitions that change on the source while a run follows. The run stops just before the first change
# that does not fit; when the same is done to the target, --resume goes on, and nothing is lost.

# In place of the shell that it is called in: of `run`, or of one in the background.
follow() { exec "$PGHAUL" clone --dir "$RUN" --follow "$@"; }
# Begins to follow, and waits for it.
begun() {
    background follow "$@"
    wait_for 30 following
}
end_now() {
    wait_for 30 eval '"$PGHAUL" position set --end now --dir "$RUN" 2>/dev/null'
    ended_with 0 'applied all that committed before'
}
# stops ID TEXT: the run ends there, and so it does again, whoever begins it.
stops() {
    local status=5
    [[ $1 != PGH-2* ]] || status=4
    wait_for 60 eval '! kill -0 "$PID" 2>/dev/null'
    ended_with "$status" "$1: .*$2"
    run -"$status" follow --resume
    assert_output --regexp "$1: .*$2"
}

@test "columns that come, go, change their type and their name, each while the run follows" {
    src -q -c 'create schema "My ""s"' -c 'create table "My ""s"."T a" ("I d" int primary key, "a,b" text, c int, d int)' \
        -c "insert into \"My \"\"s\".\"T a\" select i, i, i, i from generate_series(1, 20) i"
    begun
    local t='"My ""s"."T a"' change
    # What commits before is applied, in whatever batch it comes.
    while read -r change; do
        src -q -c "insert into $t (\"I d\") select max(\"I d\") + 1 from $t" -c "alter table $t $change" -c "insert into $t (\"I d\") select max(\"I d\") + 1 from $t" -c "update $t set \"I d\" = -\"I d\" where \"I d\" = 5 or \"I d\" = -5"
        stops PGH-3203 'T a'
        # All before that is there.
        [[ $(tgt -c "select count(*) from $t where \"I d\" > 0 or \"I d\" = -5") == "$(src -c "select count(*) - 1 from $t")" ]]
        tgt -q -c "alter table $t $change"
        background follow --resume
        caught_up
    done <<'SQL'
add e int default 5
add "F" timestamptz default clock_timestamp(), drop c
add "G, ""x" text not null default 'g'
drop "a,b"
alter d type bigint
alter d type text using 'd' || d
rename e to "e, e"
drop "e, e", drop "G, ""x"
SQL
    end_now
    # A default that was filled in on both sides alone may differ: rows that were there before.
    tgt -q -c "alter table $t drop \"F\""
    src -q -c "alter table $t drop \"F\""
    same_contents
}

@test "a change of several tables, and of one in the middle of a transaction: warn goes over it" {
    src -q -c 'create table a (id int primary key, v text, gone int)' -c 'create table b (id int primary key, v text)'
    begun
    src -q <<'SQL'
insert into a values (1, 'before', 1);
begin; insert into a values (2, 'in', 2); alter table a drop gone; insert into a values (3, 'after'); update a set v = v || '!'; commit;
insert into b values (1, 'x');
SQL
    stops PGH-3203 'table public.a: column "gone" is not on the source any more, but on the target'
    [[ $(tgt -c 'select count(*) from a') == 1 ]]
    # At no time would both halves of it fit.
    tgt -q -c 'alter table a drop gone'
    run -5 follow --resume
    assert_output --partial 'table public.a: column "gone" is not on the target'
    background follow --resume --on-ddl warn
    caught_up
    grep -q 'column "gone" is not on the target: its values are left out' "$BATS_TEST_TMPDIR/err"
    end_now
    same_contents
}

@test "--on-ddl warn goes on as long as it fits, and afterwards --on-ddl stop as well" {
    src -q -c 'create table a (id int primary key, v text, w text, n int not null)'
    begun --on-ddl warn
    src -q -c "insert into a values (1, 'v', 'w', 1)" -c 'alter table a drop w, add x int' -c "insert into a values (2, 'v', 2, 7)"
    caught_up
    [[ $(tgt -c 'select count(*), count(w) from a') == '2|1' ]]
    kill -INT "$PID"
    ended_with 3 stopped
    src -q -c 'alter table a drop n' -c "insert into a values (3, 'v', 8)"
    run -5 follow --resume
    assert_output --partial 'table public.a: column "n" of the target needs a value that the source does not have'
    tgt -q -c 'alter table a drop n, add x int'
    # What came while nobody looked is up to the user.
    background follow --resume --on-ddl stop
    end_now
    [[ $(tgt -c 'select id, v, x from a order by id') == $'1|v|\n2|v|\n3|v|8' ]]
}

@test "tables with another name, and names that go round" {
    src -q -c 'create schema s' -c 'create table a (id int primary key, v text)' -c 'create table b (id int primary key, v text)' \
        -c 'create table c (id int primary key, v text)' -c 'create table "d ""d" (id int primary key, v text)' -c 'create table untouched (id int primary key, v text)'
    begun
    src -q -c "insert into a values (1, 'a')" -c "insert into b values (1, 'b')" -c "insert into c values (1, 'c')"
    caught_up
    src -q -c "insert into \"d \"\"d\" values (1, 'd')" -c 'alter table "d ""d" rename to "e, e"' -c 'alter table "e, e" set schema s' -c "insert into s.\"e, e\" values (2, 'd')"
    stops PGH-3203 'table s.e, e is not on the target: before, its name was public.d "d'
    tgt -q -c 'alter table "d ""d" rename to "e, e"' -c 'alter table "e, e" set schema s'
    background follow --resume
    caught_up
    # All three names are on the target, before and after: who is who is known by their oids.
    src -q -c 'alter table a rename to x' -c 'alter table b rename to a' -c 'alter table c rename to b' -c 'alter table x rename to c' \
        -c "insert into a values (2, 'b')" -c "insert into c values (2, 'a')"
    stops PGH-3203 'table public.a of the target is not the one that its changes went to: that is public.b'
    run -5 follow --resume --on-ddl warn
    assert_output --partial 'that is public.b'
    tgt -q -c 'alter table a rename to x' -c 'alter table b rename to a' -c 'alter table c rename to b' -c 'alter table x rename to c'
    background follow --resume --on-ddl stop
    caught_up
    # Nothing has come of this one, so its old name is all that is known.
    src -q -c 'alter table untouched rename to v' -c "insert into v values (1, 'v')"
    stops PGH-3203 'table public.v is not on the target: before, its name was public.untouched'
    tgt -q -c 'create table v (id int primary key, v text)'
    run -5 follow --resume
    assert_output --partial 'table public.untouched is called public.v on the source now, and the target has both'
    tgt -q -c 'drop table v' -c 'alter table untouched rename to v'
    background follow --resume
    end_now
    same_contents
}

@test "a table of the target that was replaced by another of its name" {
    src -q -c 'create table t (id int primary key, v text)'
    begun
    src -q -c "insert into t values (1, 'x')"
    caught_up
    kill -INT "$PID"
    ended_with 3 stopped
    src -q -c "insert into t values (2, 'y')"
    tgt -q -c 'alter table t rename to old' -c 'create table t (like old including all)'
    run -5 follow --resume
    assert_output --partial 'table public.t of the target is not the one that its changes went to: that is public.old'
    tgt -q -c 'insert into t select * from old' -c 'drop table old' -c 'alter index t_pkey1 rename to t_pkey' || tgt -q -c 'select 1'
    background follow --resume
    caught_up
    [[ $(tgt -c 'select count(*) from t') == 2 ]]
}

@test "tables that are dropped on the source, and made anew" {
    src -q -c 'create table t (id serial primary key, v text)' -c 'create table u (id serial primary key, v text)' -c 'create table k (id int primary key)'
    begun
    src -q -c "insert into t (v) values ('x')" -c 'drop table t' -c "insert into u (v) values ('x')"
    wait_for 20 grep -q 'tables that are followed are not on the source any more: public.t' "$BATS_TEST_TMPDIR/err"
    caught_up
    [[ $(tgt -c 'select count(*) from t') == 1 ]]
    kill -INT "$PID"
    ended_with 3 stopped
    # Dropped before its last changes were applied: they are of no use to anybody.
    src -q -c "insert into u (v) values ('y')" -c 'truncate u' -c "insert into u (v) values ('z')" -c 'drop table u' -c 'insert into k values (1)'
    tgt -q -c 'drop table t, u'
    background follow --resume
    caught_up
    grep -q 'table public.u is on neither side any more: changes of it are left out' "$BATS_TEST_TMPDIR/err"
    # The same name is another table.
    src -q -c 'drop table k' -c 'create table k (id int primary key)' -c 'insert into k values (7)'
    stops PGH-2261 'are not followed: public.k'
    background follow --resume --on-ddl warn
    end_now
    [[ $(tgt -c 'select id from k') == 1 ]]
}

@test "another key: rows are told apart by what the source says, and without one the user is warned" {
    src -q -c 'create table t (id int primary key, code text not null, v int)' -c "insert into t select i, 'c' || i, 0 from generate_series(1, 10) i" \
        -c 'create table f (id int primary key, v int)' -c 'insert into f select i, 0 from generate_series(1, 10) i'
    begun
    src -q -c 'update t set v = 1 where id = 1' -c 'alter table t drop constraint t_pkey, add primary key (code)' -c 'update t set v = 2, id = 100 where id = 2' \
        -c "update t set code = 'new' where id = 3" -c 'delete from t where id = 4' \
        -c 'alter table f replica identity full' -c 'update f set v = id' -c 'update f set id = id + 100 where id > 5' -c 'alter table f replica identity default' -c 'update f set v = -1 where id = 1'
    caught_up
    run -0 same_contents
    src -q -c 'alter table t alter id drop not null, alter v set not null, drop constraint t_pkey'
    wait_for 20 grep -q 'have no replica identity any more, so the application cannot update or delete their rows: public.t' "$BATS_TEST_TMPDIR/err"
    run -1 src -c 'update t set v = 3'
    src -q -c 'alter table t replica identity full' -c 'update t set v = 4 where id = 5'
    # Where the target keeps the key, that will do; a second row with it would not.
    caught_up
    tgt -q -c 'alter table t drop constraint t_pkey' -c 'alter table t alter id drop not null'
    src -q -c "insert into t values (5, 'twice', 4)"
    end_now
    same_contents
}

@test "partitions that come, go, and were something else before" {
    src -q -c 'create table p (id int, v text, primary key (id)) partition by range (id)' -c 'create table p1 partition of p for values from (0) to (10)' \
        -c 'create table p2 partition of p for values from (10) to (20)' -c 'create table p_rest partition of p default' -c 'insert into p select i, i from generate_series(1, 30) i'
    begun
    # A new one is found when its first row comes.
    src -q -c "create table p3 partition of p for values from (100) to (200)" -c "insert into p values (100, 'x')"
    stops PGH-3203 'table public.p3 is not on the target'
    tgt -q -c 'create table p3 partition of p for values from (100) to (200)'
    background follow --resume
    caught_up
    # A partition that is taken out of the default one, in one transaction: its rows came before it was one.
    src -q -c 'begin' -c 'create table p4 (like p including all)' -c 'with d as (delete from p_rest where id between 20 and 25 returning *) insert into p4 select * from d' \
        -c 'alter table p attach partition p4 for values from (20) to (26)' -c 'commit'
    stops PGH-2273 'partitions were attached, and what they had before does not follow: public.p4'
    caught_up_to_here() { [[ $(tgt -c 'select count(*) from p_rest') == $(src -c 'select count(*) from p_rest') ]]; }
    background follow --resume --on-ddl warn
    wait_for 20 caught_up_to_here
    tgt -q -c 'create table p4 (like p including all)' -c "insert into p4 select i, i from generate_series(20, 25) i" -c 'alter table p attach partition p4 for values from (20) to (26)'
    kill -INT "$PID"
    ended_with 3 stopped
    # Attached empty in the same transaction: nothing is lost.
    src -q -c 'begin' -c 'create table p5 (like p including all)' -c 'alter table p attach partition p5 for values from (300) to (400)' -c "insert into p values (300, 'y')" -c commit
    tgt -q -c 'create table p5 partition of p for values from (300) to (400)'
    background follow --resume --on-ddl warn
    wait_for 20 eval '[[ $(tgt -c "select count(*) from p5") == 1 ]]'
    psql -qX "$SOURCE" -c 'select pg_sleep(6)' >/dev/null
    run -1 grep -q 'follow:.*p5' "$BATS_TEST_TMPDIR/err"
    kill -INT "$PID"
    ended_with 3 stopped
    # Attached later.
    src -q -c 'create table p6 (like p including all)' -c "insert into p6 values (500, 'lost')" -c 'alter table p attach partition p6 for values from (500) to (600)'
    background follow --resume --on-ddl warn
    wait_for 20 grep -q 'what they had before does not follow: .*public.p6' "$BATS_TEST_TMPDIR/err"
    # Detached: it goes on by itself.
    src -q -c 'alter table p detach partition p2' -c "insert into p2 values (15000, 'alone')"
    wait_for 20 grep -q 'are not published any more, and their changes do not follow: public.p2' "$BATS_TEST_TMPDIR/err"
    kill -INT "$PID"
    ended_with 3 stopped
    run -4 follow --resume --on-ddl stop
    assert_output --regexp 'PGH-22(71|73)'
    tgt -q -c 'alter table p detach partition p2' -c "insert into p2 values (15000, 'alone')" -c 'create table p6 (like p including all)' -c "insert into p6 values (500, 'lost')" -c 'alter table p attach partition p6 for values from (500) to (600)'
    background follow --resume --on-ddl warn
    end_now
    same_contents
}

@test "at the end: sequences, indexes and keys as the source has them then" {
    src -q -c 'create table t (id serial primary key, v text, w int unique, x int)' -c 'create index on t (v)' -c 'create index renamed on t (x)' -c 'create sequence other' \
        -c "insert into t (v, w) select i, i from generate_series(1, 10) i" -c 'create table gone (id serial primary key)' -c 'insert into gone default values'
    begun
    ddl() {
        "$1" -q -o /dev/null -c 'alter table t add serial_too serial, drop v, drop constraint t_w_key, add unique (w, x)' -c 'alter sequence other rename to another' -c 'drop table gone' -c 'alter index renamed rename to again' \
            -c 'create sequence fresh'
    }
    ddl src
    src -q -o /dev/null -c 'insert into t (w) select i from generate_series(11, 20) i' -c "select setval('another', 77)" -c "select setval('fresh', 88)" -c 'create sequence unknown'
    stops PGH-3203 'column "v" is not on the source any more|table public.t: column "serial_too" is not on the target'
    ddl tgt
    background follow --resume
    end_now
    src -q -c 'drop sequence unknown'
    same_contents
    [[ $(tgt -c "select nextval('t_serial_too_seq') > 20, nextval('another'), nextval('fresh')") == 't|78|89' ]]
    grep -q 'sequence "public"."unknown" is not on the target' "$BATS_TEST_TMPDIR/err"
    # What is missing on the target alone is a difference still.
    run -0 "$PGHAUL" follow --dir "$RUN" --endpos now
    tgt -q -c 'alter table t drop constraint t_pkey'
    run -5 "$PGHAUL" follow --dir "$RUN" --endpos now
    assert_output --partial 'PGH-3106'
}

@test "a table that is followed from its birth" {
    src -q -c 'create table t (id int primary key)'
    begun --on-ddl warn
    tgt -q -c 'create table fresh (id serial primary key, v text)'
    src -q -c begin -c 'create table fresh (id serial primary key, v text)' -c "alter publication $SLOT add table only fresh" -c commit -c "insert into fresh (v) values ('a'), ('b')" -c "update fresh set v = 'c' where id = 1"
    caught_up
    [[ $(tgt -c 'select count(*) from fresh') == 2 ]]
    kill -INT "$PID"
    ended_with 3 stopped
    src -q -c 'delete from fresh where id = 2' -c 'insert into t values (1)'
    background follow --resume
    end_now
    same_contents
}

@test "types that come while values are in binary: one without a binary form, arrays of an enum, of a domain" {
    src -q -c "create type mood as enum ('sad', 'ok')" -c 'create domain word as text' -c 'create table f (a int, b text)' -c 'alter table f replica identity full' \
        -c "insert into f select i % 3, 'x' from generate_series(1, 30) i" -c 'create table k (id int primary key, b text)' -c "insert into k select i, 'x' from generate_series(1, 30) i"
    begun
    [[ $("$PGHAUL" status --dir "$RUN" --json | jq -r .position.format) == binary ]]
    local add="add acl aclitem, add moods mood[], add words word[], add matrix mood[]"
    src -q -c "alter table f $add" -c "alter table k $add" -c "alter type mood add value 'happy'"
    tgt -q -c "alter table f $add" -c "alter table k $add" -c "alter type mood add value 'happy'"
    src -q <<'SQL'
update f set acl = 'postgres=r/postgres', moods = '{sad,ok}', words = '[5:6]={a,b}' where a = 1;
update f set b = 'y', matrix = '[0:1][3:4]={{sad,happy},{ok,NULL}}' where ctid = (select min(ctid) from f where a = 1);
delete from f where ctid in (select ctid from f where a = 1 limit 3);
update f set moods = '{}' where a = 2;
insert into f select 7, 'new', 'postgres=w/postgres', '{happy}', null, '{}' from generate_series(1, 600);
update f set acl = null where ctid in (select ctid from f where a = 7 limit 10);
update k set acl = 'postgres=r/postgres', moods = '{happy}', words = '{NULL,""}' where id % 2 = 0;
update k set id = -id where id > 20;
insert into k select i, 'z', case when i % 2 = 0 then 'postgres=r/postgres'::aclitem end, '{sad}', null, null from generate_series(1000, 2000) i;
SQL
    end_now
    same_contents
}
