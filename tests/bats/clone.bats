load lib.bash

# bats test_tags=any-servers
@test "every object arrives" {
    pair objects
    run -0 clone
    assert_output --partial 'Slowest tables'
    same
    no_helper_schema
    nothing_left
}

# bats test_tags=any-servers
@test "the same in text format, with split tables" {
    pair work
    run -0 clone --copy-format text --split-larger-than 1MB --table-jobs 3 --index-jobs 2
    same
    [[ $(catalog "select count(*) >= 6 from work where kind = 'part' and state = 'done'") == 1 ]]
}

# bats test_tags=any-servers
@test "the same in binary format, split by key" {
    pair work
    run -0 clone --copy-format binary --split-larger-than 1MB --split-by key
    same
    [[ $(catalog "select split_by from obj_table where relname = 'plain'") == key ]]
}

@test "four workers copy the parts of one table at once" {
    pair
    src -c 'create table large as select i, repeat(md5(i::text), 30) as filler from generate_series(1, 20000) i'
    clone_to empty.after_commit --split-larger-than 2MB --table-jobs 4 -q
    run=$PID
    # Whoever begins a part now waits for this lock: all of them are seen at the same time.
    background psql -qX "$TARGET" -c 'begin; lock table large; select pg_sleep(60)'
    wait_for 10 lockers 1 "a.application_name = 'psql' and l.granted"
    go_on
    wait_for 20 lockers 4 "a.application_name like 'pghaul copy%' and not l.granted"
    [[ $(catalog "select count(*) from work where kind = 'part' and state = 'running'") == 4 ]]
    tgt -c "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'psql' and pid <> pg_backend_pid() and datname = '$DB'"
    wait "$run"
    same
}
lockers() {
    [[ $(tgt -c "select count(distinct pid) from pg_locks l join pg_stat_activity a using (pid)
                  where l.relation = 'large'::regclass and $2") == "$1" ]]
}

@test "the comparison finds one changed value, one row less, one comment less" {
    pair work
    run -0 clone -q
    same
    tgt -c "update big set n = n + 0.001 where id = 777"
    run same_contents
    assert_output --partial public.big
    tgt -c "update big set n = n - 0.001 where id = 777" -c 'comment on table big is null'
    run -0 same_contents
    run same_schema
    assert_output --partial 'the big one'
    tgt -c 'delete from plain where id = 60000 and not exists (select from child where plain_id = 60000)'
    run same_contents
    assert_output --partial public.plain
}

@test "schemas that need care: views that need a key, names like keywords, invalid indexes, other grantors" {
    pair
    src -c 'create table t (id int primary key, name text)' -c "insert into t select i, 'n' || i from generate_series(1, 50) i" \
        -c 'create materialized view m as select id, name, count(*) as n from t group by id' -c 'create index on m (n)' \
        -c 'create view v as select m.id, t.name from m join t using (id) group by t.id, m.id' \
        -c 'create type public.begin as (a int, b text)' \
        -c "create function g() returns public.begin language sql as 'select 1, ''x''::text'" \
        -c 'create function h(i int) returns int language sql begin atomic select case when i > 1 then 2 else 1 end; end' \
        -c 'create table dup (a int, b int)' -c 'insert into dup values (1, 1), (1, 1)'
    src -c 'create unique index concurrently dup_a on dup ((a + 0))' 2>/dev/null || true
    src -c 'alter index dup_a alter column 1 set statistics 77'
    src -c "do \$\$ begin for i in 1..120 loop
        execute format('create table g%1\$s (a int); grant all on g%1\$s to pgh_owner with grant option;
                        set role pgh_owner; grant select on g%1\$s to pgh_reader; reset role', i);
        end loop; end \$\$"
    run -0 clone
    assert_output --partial 'index public.dup_a is invalid on the source: left out'
    src -c 'drop index dup_a'
    same
}

# bats test_tags=any-servers
@test "without statistics: none are made, and foreign keys still wait for rows and keys" {
    pair objects
    run -0 clone --statistics none --split-larger-than 1MB -q
    same
    [[ $(tgt -c 'select sum(analyze_count) from pg_stat_user_tables') == 0 ]]
    [[ $(catalog "select count(*) from work where kind = 'analyze'") == 0 ]]
    [[ $(catalog "select count(*) > 0 from work where kind = 'foreign_keys'") == 1 ]]
    # What the keys of a table need is what holds rows or keys of it, of what it references, and below.
    [[ $(catalog "
        with recursive needed (item, oid) as (
            select id, object from work where kind = 'foreign_keys'
            union select w.id, c.ref_table from work w join obj_constraint c on c.table_oid = w.object and c.kind = 'f' where w.kind = 'foreign_keys'
            union select n.item, i.child from needed n join obj_inherits i on i.parent = n.oid)
        select count(*) from needed n
          join work b on b.kind in ('table', 'part', 'small', 'keys') and b.object = n.oid
          join work f on f.id = n.item
         where b.ended_us > f.started_us + 100000") == 0 ]] # the times are taken before the locks
}
