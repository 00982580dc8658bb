load lib.bash
load followed.bash

# Changes that follow into tables that were there before the run, and are not made as the source's are.

@test "another order of columns, more of them, a larger key, other constraints" {
    src -q <<'SQL'
create table t (id int primary key, v text, n int, big text);
alter table t alter big set storage external;
insert into t select i, 'v' || i, i, repeat('x', 3000) from generate_series(1, 500) i;
create table u (id int primary key, t int references t);
insert into u select i, i from generate_series(1, 300) i;
create table f (a int, b text);
alter table f replica identity full;
insert into f select i % 20, 'b' from generate_series(1, 100) i;
create sequence s;
select setval('s', 77);
SQL
    tgt -q <<'SQL'
create table t (note text default 'own', big text, n int, id int, v text, twice int generated always as (n * 2) stored, primary key (id, n));
create table log (id int);
create function loud() returns trigger language plpgsql as $$begin insert into public.log values (new.id); return new; end$$;
create trigger loud before insert or update on t for each row execute function loud();
create table u (t int, id int primary key);
create index on u (t);
create table f (b text, a int);
create sequence s;
SQL
    background "$PGHAUL" clone --dir "$RUN" --follow --data-only
    wait_for 30 following
    src -q <<'SQL'
insert into t select i, 'late', i, 'y' from generate_series(501, 900) i;
update t set v = v || '!' where id % 3 = 0;
update t set n = n + 1 where id between 10 and 20;
delete from u where id < 50; delete from t where id < 30 and id not in (select t from u);
begin; update t set id = -1, n = -1 where id = 600; update t set id = 600 where id = 601; update t set id = 601 where id = -1; commit;
update f set b = b || 'x' where a = 3;
delete from f where ctid in (select ctid from f where a = 4 limit 2);
select nextval('s') \g /dev/null
SQL
    end_now
    [[ $(src -c 'select md5(string_agg(concat_ws($$,$$, id, v, n, md5(big)), $$|$$ order by id)) from t') == $(tgt -c 'select md5(string_agg(concat_ws($$,$$, id, v, n, md5(big)), $$|$$ order by id)) from t') ]]
    [[ $(src -c 'select md5(string_agg(concat_ws($$,$$, id, t), $$|$$ order by id)) from u') == $(tgt -c 'select md5(string_agg(concat_ws($$,$$, id, t), $$|$$ order by id)) from u') ]]
    [[ $(src -c 'select md5(string_agg(concat_ws($$,$$, a, b), $$|$$ order by a, b)) from f') == $(tgt -c 'select md5(string_agg(concat_ws($$,$$, a, b), $$|$$ order by a, b)) from f') ]]
    [[ $(tgt -c 'select (select count(*) from log), (select count(*) from t where twice <> 2 * n), (select last_value from s)') == '0|0|78' ]]
    [[ $(tgt -c "select distinct note from t where id > 500 or id < 10") == own ]]
}

# A table with partitions of partitions, one with a plain table's name on the target, and two plain ones.
of_partitions() {
    src -q <<'SQL'
create table p (id int, k int, v text, primary key (id, k)) partition by list (k);
create table "p'1" partition of p for values in (1);
create table p2 partition of p for values in (2) partition by range (id);
create table p21 (v text, gone int, id int not null, k int not null);
alter table p21 drop gone;
alter table p2 attach partition p21 for values from (0) to (1000);
create table p22 partition of p2 default;
create table p3 partition of p default;
insert into p select i, i % 4, 'v' || i from generate_series(1, 4000) i;
insert into p select i, 1, repeat('1', 700) from generate_series(5000, 7500) i;
create table whole (id int primary key, v text);
insert into whole select i, repeat('w', 700) from generate_series(1, 5000) i;
create table refers (id int primary key, p int, k int, foreign key (p, k) references p);
insert into refers select i, i, i % 4 from generate_series(1, 100) i;
SQL
    tgt -q <<'SQL'
create table p (k int, v text, id int, primary key (k, id)) partition by hash (id);
create table h0 partition of p for values with (modulus 3, remainder 0);
create table h1 partition of p for values with (modulus 3, remainder 1) partition by list (k);
create table h1_all partition of h1 default;
create table h2 (v text, id int not null, gone text, k int not null);
alter table h2 drop gone;
alter table p attach partition h2 for values with (modulus 3, remainder 2);
create table p3 (other text);
create table whole (v text, id int primary key) partition by range (id);
create table w0 partition of whole for values from (minvalue) to (2500);
create table w1 partition of whole for values from (2500) to (maxvalue);
create table refers (id int primary key, k int, p int, foreign key (p, k) references p (id, k)) partition by hash (id);
create table r0 partition of refers for values with (modulus 1, remainder 0);
SQL
}
same_rows() { # TABLE COLUMNS
    local all="select count(*), md5(string_agg(concat_ws(',', $2), '|' order by $2)) from $1"
    [[ $(src -c "$all") == $(tgt -c "$all") ]]
}
all_there() { same_rows p 'id, k, v' && same_rows whole 'id, v' && same_rows refers 'id, p, k' && [[ $(tgt -c 'select count(*) from p3') == 0 ]]; }

@test "rows of partitions go to a table that has others on the target" {
    of_partitions
    run -0 "$PGHAUL" copy data --dir "$RUN"
    all_there
    # Where there are rows, none is added; as wanted, they are removed.
    run -5 "$PGHAUL" copy data --dir "$RUN.2"
    assert_output --partial 'PGH-3113'
    assert_output --partial 'public.p'
    run -0 "$PGHAUL" copy data --dir "$RUN.3" --truncate --split-larger-than 1MB --table-jobs 3
    all_there
    run -0 "$PGHAUL" copy data --dir "$RUN.4" --truncate --copy-format text --split-larger-than 1MB --split-by key
    all_there
    # Keys are verified, wherever the rows are.
    src -q -c 'alter table refers disable trigger all' -c 'insert into refers values (1000, 4001, 1)'
    run -5 "$PGHAUL" copy data --dir "$RUN.5" --truncate
    assert_output --partial 'PGH-3115'
    assert_output --partial 'break foreign key "refers_p_k_fkey"'
}

@test "only some of the partitions, of the rows: not where others' rows would go with them" {
    of_partitions
    run -5 "$PGHAUL" copy data --exclude-table p3 --dir "$RUN" --truncate
    assert_output --partial "only some partitions of table public.p are copied, which has others on the target"
    run -5 "$PGHAUL" copy data --where "p21=id > 3" --dir "$RUN.2"
    assert_output --partial "the target lacks table public.p21, and of only some of its rows none may go to other partitions of public.p"
    run -0 "$PGHAUL" copy data --exclude-table p3 --exclude-table refers --dir "$RUN.3"
    [[ $(tgt -c 'select count(*) from p') == $(src -c "select count(*) from p where tableoid <> 'p3'::regclass") ]]
    run -5 "$PGHAUL" copy data --exclude-table whole --exclude-table refers --dir "$RUN.4"
    assert_output --partial 'PGH-3113'
    # Nothing goes there where the table is left out that it would go to.
    run -5 "$PGHAUL" copy data -t "p'1" --dir "$RUN.5"
    assert_output --partial "PGH-3112: reading the source's catalogs: the target lacks: table public.\"p'1\""
    # Triggers of the partitions that fire always are an obstacle as any other.
    tgt -q -c 'truncate p cascade' -c 'create function loud() returns trigger language plpgsql as $$begin return null; end$$' \
        -c 'create trigger loud before insert on h1_all for each row execute function loud()'
    run -0 "$PGHAUL" copy data --exclude-table whole --exclude-table refers --dir "$RUN.6"
    same_rows p 'id, k, v'
    tgt -q -c 'truncate p cascade' -c 'alter table h1_all enable always trigger loud'
    run -5 "$PGHAUL" copy data --exclude-table whole --exclude-table refers --dir "$RUN.7"
    assert_output --partial 'PGH-3114'
    assert_output --partial 'trigger "loud" fires always on table public.h1_all'
    # Indexes and keys of the partitions have no place there.
    run -5 clone --section data --section post-data --dir "$RUN.8"
    assert_output --partial 'PGH-3112'
}

writes() {
    src -q <<'SQL'
insert into p select i, i % 4, 'late' from generate_series(10000, 11000) i;
update p set v = v || '!' where id % 3 = 0;
update p set k = (k + 1) % 4 where id between 2000 and 2100;
begin; update p set id = -1 where id = 3001 and k = 1; update p set id = 3001 where id = 3005; update p set id = 3005 where id = -1; commit;
begin; delete from p where id = 3009; insert into p values (3009, 2, 'moved'); update p set k = 3 where id = 3009; commit;
delete from p where id > 3500 and id % 5 = 0;
insert into whole select i, 'late' from generate_series(6000, 6100) i;
update whole set id = -id where id < 50;
insert into refers select id, id, k from p where id between 10000 and 10100 and id % 3 <> 0;
SQL
}

@test "changes of partitions follow to a table that has others on the target" {
    of_partitions
    background "$PGHAUL" clone --dir "$RUN" --follow --data-only --split-larger-than 1MB
    wait_for 30 following
    writes
    caught_up
    all_there
    # A partition that comes later; columns that come on both sides.
    tgt -q -c 'alter table p add x int default 0'
    src -q -c 'alter table p add x int default 0' -c 'create table p4 partition of p2 for values from (20000) to (30000)'
    src -q -c "insert into p select i, i % 4, 'new', i from generate_series(20000, 20400) i" -c 'update p set x = 5 where id < 100'
    writes_again
    # All of it, and both tables in one.
    src -q -c 'truncate refers, p, whole' -c "insert into p values (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c')"
    end_now
    same_rows p 'id, k, v, x' && same_rows whole 'id, v' && same_rows refers 'id, p, k'
    [[ $(tgt -c 'select count(*) from p') == 3 ]]
}
writes_again() {
    src -q -c 'update p set x = id where id between 100 and 200' -c 'delete from p where id between 20100 and 20150'
    caught_up
    same_rows p 'id, k, v, x'
}

@test "one of several partitions that go to the same table is truncated: it stops, and says what to do" {
    of_partitions
    background "$PGHAUL" clone --dir "$RUN" --follow --data-only
    wait_for 30 following
    src -q -c 'update p set v = 1' -c 'truncate refers' -c 'truncate p3, p22 cascade' -c 'update p set v = 2'
    ended_with 5 'PGH-3203: TRUNCATE of some partitions only, whose rows are among others. in table public.p of the target'
    grep -q 'Delete the rows of these partitions' "$BATS_TEST_TMPDIR/err"
    [[ $(tgt -c 'select count(*) from p where v <> $$1$$') == 0 ]]
    # What was in p3: all but 1 and 2; in p22 the others of 2.
    tgt -q -c 'delete from p where k not in (1, 2) or (k = 2 and id not between 0 and 999)'
    run -0 clone --follow --resume --on-ddl warn --endpos now
    assert_output --partial 'whose rows are among others'\'' in table public.p of the target: it is left out'
    all_there
}

@test "the snapshot is lost while partitions are copied: all of their table begin again" {
    of_partitions
    background env PGHAUL_TEST_AT=copy.before_commit:stop:3 "$PGHAUL" clone --dir "$RUN" --follow --data-only --table-jobs 1 --split-larger-than 1MB
    stopped_at copy.before_commit
    writes
    src -q -c 'truncate p3, refers' -c "insert into p values (77777, 3, 'after')"
    admin_source "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB' and application_name like 'pghaul %'" >/dev/null
    go_on
    wait_for 30 following
    [[ $(catalog 'select resumes > 0 from run') == 1 ]]
    end_now
    all_there
}

@test "partitions whose replica identities do not go together" {
    of_partitions
    src -q -c 'alter table p3 replica identity full' -c 'create unique index on whole (v, id)' -c 'alter table whole alter v set not null' -c 'alter table whole replica identity using index whole_v_id_idx'
    tgt -q -c 'alter table p drop constraint p_pkey cascade'
    background "$PGHAUL" clone --dir "$RUN" --follow --data-only
    wait_for 30 following
    src -q -c "update p set v = 'x' where k = 1"
    ended_with 5 "table public.p of the target has no unique index on the replica identity of public.p'1"
    tgt -q -c 'alter table p add primary key (k, id)'
    background "$PGHAUL" clone --dir "$RUN" --follow --resume
    wait_for 30 catalog_says 'select resumes from run' 1
    wait_for 30 following
    src -q -c "update p set v = 'y' where k in (1, 3)" -c "update whole set v = v || id where id < 20"
    end_now
    all_there
}

@test "tables that are apart on the source, and one the partition of the other on the target" {
    src -q -c 'create table t (id int primary key)' -c 'create table t_1 (primary key (id)) inherits (t)' -c 'insert into t values (-1)' -c 'insert into t_1 select generate_series(1, 100)'
    tgt -q -c 'create table t (id int primary key) partition by range (id)' -c 'create table t_1 partition of t for values from (0) to (1000)' -c 'create table t_x partition of t default'
    run -5 "$PGHAUL" copy data --dir "$RUN" --truncate
    assert_output --partial "PGH-3112: reading the source's catalogs: tables that are apart on the source are partitions on the target: public.t_1 of public.t"
    [[ $(tgt -c 'select count(*) from t') == 0 ]]
}

@test "partitions that come while the others are copied, in one snapshot and another" {
    of_partitions
    src -q -c 'alter table refers drop constraint refers_p_k_fkey'
    background env PGHAUL_TEST_AT=copy.before_commit:stop:3 "$PGHAUL" clone --dir "$RUN" --follow --data-only --table-jobs 1 --split-larger-than 1MB
    stopped_at copy.before_commit
    src -q -c 'create table p4 partition of p2 for values from (20000) to (30000)' -c "insert into p select i, i % 4, 'new' from generate_series(20000, 20400) i" \
        -c 'create table p5 partition of p for values in (5)' -c "insert into p values (1, 5, 'five')" -c 'create table p6 partition of p for values in (6)' -c 'drop table p6'
    wait_for 20 catalog_says "select count(*) from landing where leaf in ($(src -c "select string_agg(oid::text, ', ') from pg_class where relname in ('p4', 'p5')"))" 2
    admin_source "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB' and application_name like 'pghaul %'" >/dev/null
    go_on
    wait_for 30 following
    [[ $(catalog 'select resumes > 0 from run') == 1 ]]
    caught_up
    all_there
    src -q -c 'drop table p5'
    tgt -q -c 'delete from p where k = 5'
    wait_for 20 catalog_says "select count(*) from landing where counts and leaf not in (select oid from obj_table)" 1
    src -q -c 'truncate refers, p' -c "insert into p values (1, 1, 'a')"
    end_now
    all_there
}
