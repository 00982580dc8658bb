load lib.bash
load followed.bash

# A table that is a plain one on the source and partitioned on the target: changes go to its root there.

stream() { run -0 "$PGHAUL" stream "$@"; }
bring() {
    local end
    end=$(src -c 'select pg_current_wal_insert_lsn()')
    stream receive --source "$SOURCE" --dir "$RUN" --slot "$SLOT" --publication pub --endpos "$end" "$@"
    stream apply --target "$TARGET" --dir "$RUN" --endpos "$end"
}

@test "a plain table of the source that is partitioned on the target" {
    local form
    src -q -c 'create table t (id int primary key, v text, n int)' -c 'create table f (id int, v text)' -c 'alter table f replica identity full'
    tgt -q -c 'create table t (n int, v text, id int primary key) partition by hash (id)' -c 'create table t0 partition of t for values with (modulus 2, remainder 0)' \
        -c 'create table t1 (id int not null, gone int, v text, n int)' -c 'alter table t1 drop gone' -c 'alter table t attach partition t1 for values with (modulus 2, remainder 1)' \
        -c 'create table f (id int, v text) partition by range (id)' -c 'create table f0 partition of f for values from (0) to (100)' -c 'create table f_rest partition of f default'
    src -q -o /dev/null -c 'create publication pub for all tables' -c "select pg_create_logical_replication_slot('$SLOT', 'pgoutput')"
    for form in 1 2; do
        src -q <<'SQL'
insert into t select i, 'v', i from generate_series(1, 1000) i;
update t set n = n + 1 where id < 100;
update t set id = -id where id between 100 and 120;
begin; update t set id = 5000 where id = 1; update t set id = 1 where id = 2; update t set id = 2 where id = 5000; commit;
delete from t where id % 7 = 0;
insert into f select i % 150, 'x' from generate_series(1, 900) i;
update f set id = id + 60 where id between 30 and 50;
update f set v = 'one' where ctid = (select min(ctid) from f where id = 3);
delete from f where ctid in (select ctid from f where id = 4 limit 2);
SQL
        bring
        for table in t f; do
            [[ $(src -c "select md5(string_agg(x, '|' order by x)) from (select concat_ws(',', id, v) x from $table) s") == $(tgt -c "select md5(string_agg(x, '|' order by x)) from (select concat_ws(',', id, v) x from $table) s") ]]
        done
        src -q -c 'truncate t, f'
        bring
        [[ $(tgt -c 'select (select count(*) from t) + (select count(*) from f)') == 0 ]]
    done
}
