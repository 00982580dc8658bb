load lib.bash
load followed.bash

# From the spool to the target: source and target are databases of one server, with the same tables
# and rows at the beginning; the changes of the source come by `pghaul stream`.

setup_file() { own_source 'wal_sender_timeout = 2s' 'max_prepared_transactions = 5'; }

setup() { setup_halves; }

# tables SQL: makes them on both sides, and the slot.
tables() {
    src -q -c "$1"
    admin_source "create database ${DB}_t template $DB"
    src -q -o /dev/null -c "create publication pub for all tables" -c "select pg_create_logical_replication_slot('$DB', 'pgoutput')"
}

# What is received ends at END; what is applied as well, since what is written to the target moves
# the end of the server's WAL, too.
receive() {
    src -c 'select pg_current_wal_insert_lsn()' >"$BATS_TEST_TMPDIR/end"
    "$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN" --slot "$DB" --publication pub --segment-size 20kB --endpos "$(cat "$BATS_TEST_TMPDIR/end")" "$@"
}
apply() { "$PGHAUL" stream apply --dir "$RUN" --target "$TARGET" --endpos "$(cat "$BATS_TEST_TMPDIR/end")" "$@"; }
follow() { receive -q && apply -q "$@"; }
# Sequences do not come with changes.
rows() { contents "$1" | grep -v '|[tf]$'; }
same_rows() { alike rows "$SOURCE" "$TARGET" "$BATS_TEST_TMPDIR"; }

@test "inserts, updates, deletes, of one row and many, folded and not" {
    tables 'create table t (id int primary key, a text, b numeric); insert into t select i, i::text, i from generate_series(1, 1000) i'
    src -q <<'SQL'
insert into t values (2001, 'one', 1.50);
insert into t select i, 'many', i from generate_series(3000, 4200) i;
update t set b = b + 1 where id <= 500;
update t set a = null where id = 7;
delete from t where id between 100 and 150;
begin; insert into t values (5000, 'x', 1); update t set a = 'y' where id = 5000; update t set b = 'NaN' where id = 5000; commit;
begin; insert into t values (5001, 'x', 1); delete from t where id = 5001; commit;
begin; delete from t where id = 8; insert into t values (8, 'again', 8); commit;
begin; update t set a = 'gone' where id = 9; delete from t where id = 9; commit;
begin; insert into t values (9, 'back', 0); delete from t where id = 9; insert into t values (9, E'and\t"again"\\\n', 0); commit;
begin; insert into t values (6000, 'never', 0); rollback;
begin; insert into t values (6001, 'kept', 0); savepoint a; insert into t values (6002, 'not', 0); rollback to a; insert into t values (6003, 'kept', 0); commit;
begin; insert into t values (6004, 'prepared', 0); prepare transaction 'pghaul_test'; commit prepared 'pghaul_test';
SQL
    run -0 follow
    run -0 same_rows
    # Nothing is left in the spool that could be applied again, and nothing comes twice.
    run -0 follow
    run -0 same_rows
    [[ $(tgt -c 'select count(*) from pghaul.progress') == 1 ]]
}

@test "keys that change: chains, swaps, and what follows them" {
    tables 'create table t (id int primary key, a text); insert into t select i, i::text from generate_series(1, 100) i;
        create table d (id int, a text, primary key (id) deferrable); alter table d replica identity full; insert into d select i, i::text from generate_series(1, 100) i;
        create table two (a int, b text, note text, primary key (a, b)); insert into two values (1, $$x$$, null), (1, $$y$$, null)'
    src -q <<'SQL'
update t set id = id + 1000 where id <= 10;
begin; update t set id = 0 where id = 11; update t set id = 11 where id = 12; update t set id = 12 where id = 0; commit;
begin; insert into t values (500, 'new'); update t set id = 501 where id = 500; update t set a = 'then' where id = 501; delete from t where id = 13; update t set id = 13 where id = 501; commit;
update d set id = id + 1;
begin; set constraints all deferred; update d set id = 3 where id = 2; update d set id = 2 where a = '2'; update d set id = 4 where a = '1'; update d set id = 3 where a = '3'; commit;
update two set b = b || '!' where a = 1;
begin; update two set a = 2 where b = 'x!'; update two set note = 'moved' where a = 2; delete from two where a = 1; insert into two values (1, 'y!', 'new'); commit;
SQL
    run -0 follow
    run -0 same_rows
}

@test "a second unique constraint, an exclusion constraint: in their order where a set would not fit" {
    tables 'create extension btree_gist;
        create table u (id int primary key, email text unique); insert into u select i, i::text from generate_series(1, 50) i;
        create table x (id int primary key, r int4range, exclude using gist (r with &&)); insert into x select i, int4range(i * 10, i * 10 + 10) from generate_series(1, 20) i'
    src -q <<'SQL'
begin; update u set email = 'free' where id = 1; update u set email = '1' where id = 2; update u set email = '2' where id = 1; commit;
begin; update u set email = null where id = 3; insert into u values (51, '3'); delete from u where id = 51; update u set email = '3' where id = 3; commit;
begin; update x set r = int4range(1000, 1010) where id = 1; update x set r = int4range(10, 20) where id = 2; update x set r = int4range(20, 30) where id = 1; commit;
SQL
    run -0 receive -q
    run -0 apply -v
    assert_output --partial 'writing the changes one by one'
    run -0 same_rows
}

@test "REPLICA IDENTITY FULL: rows that look the same, types without equality" {
    tables 'create table f (a int, b text, j json, p point); alter table f replica identity full;
        insert into f select i % 5, null, $${"a": 1}$$, point(1, 2) from generate_series(1, 100) i;
        create table n (a numeric, b text not null); alter table n replica identity full; insert into n values (1.0, $$x$$), (1.00, $$x$$), (1.000, $$x$$);
        create table k (id int primary key, a text); alter table k replica identity full; insert into k select i, i::text from generate_series(1, 50) i;
        create table g (id int generated always as identity, a text); alter table g replica identity full; insert into g (a) values ($$x$$), ($$y$$), ($$z$$)'
    src -q <<'SQL'
update f set b = 'one' where ctid = (select min(ctid) from f where a = 1);
delete from f where ctid in (select ctid from f where a = 2 limit 3);
begin; update f set a = 9 where a = 3; update f set a = 10 where a = 9; insert into f values (10, null, '{"a": 1}', point(1, 2)); delete from f where ctid = (select max(ctid) from f where a = 10); commit;
insert into f select null, null, null, null from generate_series(1, 5);
delete from f where ctid in (select ctid from f where a is null limit 2);
update n set b = 'y' where a::text = '1.00';
delete from n where a::text = '1.000';
update k set a = a || '!' where id < 20; update k set id = id + 100 where id > 40; delete from k where id = 30;
update g set id = default where a = 'y';
update g set a = 'zz' where a = 'z';
SQL
    run -0 follow
    run -0 same_rows
}

@test "REPLICA IDENTITY FULL with a primary key of several columns: each of them counts" {
    tables 'create table t (a int, b int, c text, d int, primary key (b, a) include (d)); alter table t replica identity full;
        insert into t select i, j, $$c$$, i from generate_series(1, 20) i, generate_series(1, 3) j'
    # What tells two rows apart is the first column only.
    src -q -c "begin; insert into t values (5, 9, 'new', 1); delete from t where a = 5 and b = 2; commit" \
        -c "begin; update t set c = 'x' where a = 6 and b = 1; delete from t where a = 6 and b = 3; update t set c = 'y', d = 7 where a = 6 and b = 2; commit" \
        -c "update t set b = b + 10 where a = 7" -c "delete from t where b = 1 and a > 15"
    run -0 follow
    run -0 same_rows
}

@test "values that are stored apart, and updates that leave them alone" {
    tables 'create table big (id int primary key, a text, b text, c bytea, n int); alter table big alter a set storage external, alter c set storage external;
        insert into big select i, repeat(md5(i::text), 500), repeat(md5(i::text), 300), decode(repeat(md5(i::text), 400), $$hex$$), 0 from generate_series(1, 40) i;
        create table key (k text primary key, n int); alter table key alter k set storage external; insert into key select repeat(md5(i::text), 80), i from generate_series(1, 10) i;
        create table full_ (a text, n int); alter table full_ alter a set storage external, replica identity full; insert into full_ select repeat(md5(i::text), 500), i from generate_series(1, 10) i'
    src -q <<'SQL'
update big set n = n + 1;
update big set a = a || 'x' where id < 10;
begin; update big set b = 'small' where id < 20; update big set c = '\x00', n = n + 1 where id between 5 and 15; update big set a = null where id = 5; commit;
begin; insert into big values (100, repeat('y', 100000), 'b', null, 0); update big set n = 5 where id = 100; commit;
begin; update big set id = 200 where id = 1; update big set n = 7 where id = 200; commit;
update key set n = n + 1;
update full_ set n = n + 100 where n < 5;
delete from full_ where n = 9;
insert into big select 300, decode(repeat('00', 10), 'hex')::text, '', decode(repeat('ab', 1000000), 'hex'), 0;
SQL
    run -0 follow
    run -0 same_rows
}

@test "TRUNCATE of several tables, in its place among the changes" {
    tables 'create table a (id int primary key); create table b (id int primary key, a int references a); create table c (id serial primary key, n int);
        insert into a select generate_series(1, 10); insert into b select i, i from generate_series(1, 10) i; insert into c (n) select generate_series(1, 10)'
    src -q <<'SQL'
begin; insert into a values (11); insert into b values (11, 11); truncate a cascade; insert into a values (1), (2); insert into b values (1, 2); commit;
begin; insert into c (n) values (99); truncate c restart identity; insert into c (n) values (5); savepoint s; truncate c; rollback to s; update c set n = 6; commit;
SQL
    run -0 follow
    run -0 same_rows
}

@test "tables that are another on the target: order of columns, more of them, a larger key" {
    tables 'create table o (id int primary key, a text, b int, c timestamptz default now()); insert into o select i, i::text, i from generate_series(1, 20) i;
        create table s (id int primary key, tenant int not null, a text); insert into s select i, i % 3, i::text from generate_series(1, 20) i;
        create table e (id int generated always as identity primary key, n int generated always as identity, a text, l int generated always as (length(a)) stored)'
    tgt -q -c 'drop table o; create table o (extra text default $$kept$$, c timestamptz, b int, id int primary key, gone int, a text); alter table o drop gone' \
        -c 'alter table s drop constraint s_pkey, add primary key (tenant, id)'  2>/dev/null || true
    tgt -q -c 'drop table if exists e' -c 'create table e (l int generated always as (length(a)) stored, a text, n int generated by default as identity, id int generated always as identity primary key)'
    src -c 'copy o to stdout' | tgt -c 'copy o (id, a, b, c) from stdin'
    src -q <<'SQL'
insert into o select i, i::text, i from generate_series(100, 1000) i; update o set a = 'u' where id < 10; delete from o where id = 11;
update s set a = a || '!' where id < 8; delete from s where id = 9; insert into s values (50, 1, 'new'); update s set tenant = 7 where id = 10;
insert into e (a) values ('one'), ('three'); update e set a = 'four!' where id = 2;
SQL
    run -0 follow
    [[ $(src -c 'select md5(string_agg(concat_ws(chr(44), id, a, b, c), chr(10) order by id)) from o') == $(tgt -c 'select md5(string_agg(concat_ws(chr(44), id, a, b, c), chr(10) order by id)) from o') ]]
    [[ $(tgt -c 'select count(*) from o where extra = $$kept$$') == $(tgt -c 'select count(*) from o') ]]
    [[ $(src -c 'select md5(string_agg(concat_ws(chr(44), id, tenant, a), chr(10) order by id)) from s') == $(tgt -c 'select md5(string_agg(concat_ws(chr(44), id, tenant, a), chr(10) order by id)) from s') ]]
    [[ $(tgt -c 'select id, n, a, l from e order by id') == $(src -c 'select id, n, a, l from e order by id') ]]
}

@test "an identity column that cannot be updated is replaced with its row" {
    tables 'create table e (id int generated always as identity primary key, a text); insert into e (a) values ($$x$$), ($$y$$);
        create table n (id int primary key, n int generated always as identity, a text); insert into n (id, a) values (1, $$x$$), (2, $$y$$);
        create table t (id int generated always as identity primary key, a text, b text); alter table t alter b set storage external;
        insert into t (a, b) select i, repeat(md5(i::text), 300) from generate_series(1, 5) i; create table nothing ()'
    tgt -q -c "alter table t add extra text default 'kept'"
    src -q <<'SQL'
update e set id = default where a = 'x'; update e set a = 'z' where a = 'x';
update n set a = 'same' where id = 1; update n set n = default, a = 'other' where id = 2;
update t set id = default where id < 3; update t set id = default, a = 'moved' where id = 4; insert into nothing default values; insert into nothing default values;
SQL
    tgt -q -c "update t set extra = 'mine'"
    run -0 follow
    [[ $(tgt -c "select count(*) from t where extra = 'mine'") == 5 ]]
    tgt -q -c 'alter table t drop extra'
    run -0 same_rows
}

@test "a conflict ends the run, is named, and nothing after it is lost" {
    tables 'create table t (id int primary key, a text); insert into t select i, i::text from generate_series(1, 10) i; create table k (id int primary key, t int)'
    tgt -q -c "delete from t where id = 3" -c "insert into t values (20, 'in the way')"
    src -q -c "update t set a = 'first' where id = 1" -c "update t set a = 'u' where id = 3" -c 'insert into k values (1, 1)'
    run -0 receive -q
    run -5 apply -q
    assert_output --regexp 'PGH-3201: transaction [0-9]+, committed at [0-9A-F]+/[0-9A-F]+: UPDATE of table public.t, key \(id\)=\(3\): the target has no such row'
    run -5 apply -q
    tgt -q -c "insert into t values (3, '3')"
    run -0 apply -q
    src -q -c "insert into t values (20, 'from the source')"
    run -0 receive -q
    run -5 apply -q
    assert_output --partial 'INSERT into table public.t, key (id)=(20):'
    assert_output --partial 'duplicate key value violates unique constraint "t_pkey"'
    tgt -q -c 'delete from t where id = 20'
    run -0 apply -q
    src -q -c 'delete from t where id = 4'
    tgt -q -c 'delete from t where id = 4'
    run -0 receive -q
    run -5 apply -q
    assert_output --partial 'DELETE from table public.t, key (id)=(4): the target has no such row'
    run -0 apply --on-conflict log
    assert_output --partial 'left out'
    run -0 same_rows
}

@test "conflicts that the source wins, and ones that are left out" {
    tables 'create table t (id int primary key, a text); insert into t select i, i::text from generate_series(1, 10) i'
    tgt -q -c "delete from t where id in (3, 4)" -c "insert into t values (20, 'in the way')"
    src -q -c "begin; update t set a = 'u' where id = 3; delete from t where id = 4; insert into t values (20, 'source'); update t set a = 'last' where id = 5; commit"
    run -0 receive -q
    run -0 apply --on-conflict overwrite
    assert_output --partial "the source's row wins"
    run -0 same_rows
    tgt -q -c "delete from t where id = 5" -c "insert into t values (21, 'stays')"
    src -q -c "begin; update t set a = 'lost' where id = 5; insert into t values (21, 'source'); update t set a = 'kept' where id = 6; commit"
    run -0 receive -q
    run -0 apply --on-conflict log
    [[ $(tgt -c 'select a from t where id = 21') == stays && $(tgt -c 'select count(*) from t where id = 5') == 0 && $(tgt -c 'select a from t where id = 6') == kept ]]
}

@test "a table that changes: stops before the first change that does not fit, and goes on" {
    tables 'create table t (id int primary key, a text); insert into t values (1, $$x$$)'
    src -q -c "update t set a = 'before'" -c 'alter table t add b int' -c 'update t set b = 5' -c "insert into t values (2, 'y', 6)"
    run -0 receive -q
    run -5 apply -q
    assert_output --partial 'PGH-3203: table public.t: column "b" is not on the target'
    [[ $(tgt -c 'select a from t') == before ]]
    tgt -q -c 'alter table t add b int'
    run -0 apply -q
    run -0 same_rows
    src -q -c 'alter table t alter b type bigint' -c 'update t set b = 5000000000 where id = 1'
    run -0 receive -q
    run -5 apply -q
    assert_output --partial 'column "b" has another type on the target'
    tgt -q -c 'alter table t alter b type bigint'
    run -0 apply -q
    run -0 same_rows
    src -q -c "update t set a = 'then'" -c 'alter table t drop a' -c 'update t set b = 7'
    run -0 receive -q
    run -5 apply -q
    assert_output --partial 'table public.t: column "a" is not on the source any more, but on the target'
    tgt -q -c 'alter table t drop a'
    run -0 apply -q
    run -0 same_rows
    src -q -c 'create table new (id int primary key)' -c 'insert into new values (1)'
    run -0 receive -q
    run -5 apply -q
    assert_output --partial 'table public.new is not on the target'
    tgt -q -c 'create table new (id int primary key)'
    run -0 apply -q
    run -0 same_rows
    # As long as it fits, when that is asked for.
    src -q -c 'alter table t add c int' -c 'update t set c = 1, b = 8' -c 'alter table t drop c'
    run -0 receive -q
    run -0 apply --on-ddl warn
    assert_output --partial 'column "c" is not on the target: its values are left out'
    [[ $(tgt -c 'select distinct b from t') == 8 ]]
}

@test "killed at each point, and gone on with: nothing is lost, nothing doubled" {
    local point n=0
    tables 'create table account (id int primary key, amount int); insert into account select i, 1000 from generate_series(1, 20) i; create table log (n int primary key, a text);
        create table whole (a int, b text); alter table whole replica identity full'
    for point in apply.batch_begun:kill apply.chunk_written:kill apply.before_commit:kill apply.after_commit:kill apply.relation_changed:kill spool.segment_removed:kill; do
        n=$((n + 1))
        src -q -c "begin; update account set amount = amount - $n where id = $n; update account set amount = amount + $n where id = $((n + 1)); insert into log values ($n, 'x'); commit" \
            -c "insert into whole select $n, string_agg(md5(random()::text), '') from generate_series(1, 10000) group by generate_series % 40" -c "update whole set b = b || '!' where a = $n" -c "truncate whole" \
            -c "insert into whole values ($n, 'left')" -c "alter table log alter a set default '$n'" -c 'alter table log replica identity full' -c "update log set a = '$n'" -c 'alter table log replica identity default' -c "update log set a = '!'"
        run -0 receive -q
        PGHAUL_TEST_AT=$point run apply -q
        [[ $status == 137 ]] || { echo "$point: $status $output"; false; }
        run -0 apply -q
        run -0 same_rows
    done
    [[ $(tgt -c 'select sum(amount) from account') == 20000 ]]
}

@test "a transaction that does not fit into memory; one that the connection has cut off" {
    tables 'create table t (id int primary key, a text, n int)'
    src -q -c "begin; insert into t select i, repeat(md5(i::text), 10), 0 from generate_series(1, 60000) i; update t set n = n + 1 where id % 2 = 0; delete from t where id % 7 = 0; update t set id = -id where id < 100; commit"
    run -0 receive -q
    PGHAUL_TEST_AT=apply.chunk_written:kill:3 run apply -q
    [[ $status == 137 ]]
    [[ $(tgt -c 'select count(*) from t') == 0 ]]
    run -0 apply -q
    run -0 same_rows
}

@test "two at a time on one target: only one can commit" {
    tables 'create table t (id int primary key, a text); insert into t select i, $$x$$ from generate_series(1, 10) i'
    src -q -c "update t set a = 'y'"
    run -0 receive -q
    # The same spool in another directory: that one has looked where the target is, and begins later.
    cp -r "$RUN" "$RUN.2"
    PGHAUL_TEST_AT=apply.batch_begun:stop "$PGHAUL" stream apply --dir "$RUN.2" --target "$TARGET" --endpos "$(cat "$BATS_TEST_TMPDIR/end")" >"$BATS_TEST_TMPDIR/second" 2>&1 3>&- &
    SECOND=$! PIDS+=" $!"
    stopped_at apply.batch_begun
    late=$STOPPED
    background env PGHAUL_TEST_AT=apply.before_commit:stop "$PGHAUL" stream apply --dir "$RUN" --target "$TARGET" --endpos "$(cat "$BATS_TEST_TMPDIR/end")"
    stopped_at apply.before_commit
    run -6 apply
    assert_output --partial 'PGH-4001'
    # It waits for the first one's transaction, and finds that it is late.
    kill -CONT "$late"
    wait_for 20 eval '[[ $(admin_source "select count(*) from pg_stat_activity where wait_event_type = '"'Lock'"' and application_name = '"'pghaul apply'"'") == 1 ]]'
    go_on
    wait "$PID"
    ! wait "$SECOND"
    grep -q 'PGH-3204' "$BATS_TEST_TMPDIR/second"
    run -0 same_rows
}

@test "a lost target: what was not committed comes again" {
    tables 'create table t (id int primary key, a text); insert into t select i, $$x$$ from generate_series(1, 1000) i'
    src -q -c "update t set a = 'y'" -c "delete from t where id < 10"
    run -0 receive -q
    background env PGHAUL_TEST_AT=apply.before_commit:stop "$PGHAUL" stream apply --dir "$RUN" --target "$TARGET" --endpos "$(cat "$BATS_TEST_TMPDIR/end")"
    stopped_at apply.before_commit
    admin_source "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pghaul apply'" >/dev/null
    go_on
    ended_with 5 'PGH-3002'
    run -0 apply -q
    run -0 same_rows
    # A target that was put back to an earlier state lacks what was removed here.
    src -q -c "insert into t select i, repeat(md5(i::text), 100) from generate_series(2000, 3000) i"
    run -0 follow
    tgt -q -c "update pghaul.progress set applied = '0/1'"
    run -6 apply -q
    assert_output --partial 'PGH-4012'
}

@test "while changes come: applied at once, until it is stopped" {
    local n
    tables 'create table t (id int primary key, a text)'
    receive -q
    rm "$BATS_TEST_TMPDIR/end"
    background "$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN" --slot "$DB" --publication pub -q
    "$PGHAUL" stream apply --dir "$RUN" --target "$TARGET" 2>"$BATS_TEST_TMPDIR/apply" 3>&- &
    APPLY=$! PIDS="$PIDS $!"
    for ((n = 1; n <= 5; n++)); do
        src -q -c "insert into t values ($n, 'x')"
        wait_for 5 eval '[[ $(tgt -c "select count(*) from t") == $n ]]'
    done
    kill -INT "$APPLY"
    wait "$APPLY"
    grep -q 'applied all that committed before .*: 5 transactions, 5 inserts' "$BATS_TEST_TMPDIR/apply"
}

@test "columns in another order, dropped and added ones, computed ones, a larger key: with each identity" {
    local t
    local source="id int not null, tenant int not null, a text, big text"
    local target="made text generated always as (upper(a)) stored, big text, extra text, gone int, a text, tenant int not null, id int not null, given int default 7, none words, empty some_words"
    tables "create domain words as text[]; create domain some_words as words not null default '{}'; create table pk ($source, primary key (id)); create table ix ($source, unique (id)); alter table ix replica identity using index ix_id_key;
        create table fk ($source, primary key (id)); create table fl ($source); create table fn ($source);
        alter table fk replica identity full; alter table fl replica identity full; alter table fn replica identity full"
    for t in pk ix fk fl fn; do
        src -q -c "alter table $t alter big set storage external" -c "insert into $t select i, i % 3, 'é' || i, repeat(md5(i::text), 300) from generate_series(1, 30) i"
        tgt -q -c "drop table $t" -c "create table $t ($target)" -c "alter table $t drop gone, alter big set storage external"
        [[ $t == fn ]] || tgt -q -c "alter table $t add primary key (tenant, id)"
        [[ $t != fn ]] || src -q -c "insert into fn select * from fn where id > 25"
    done
    # None of this is there yet: it comes as changes.
    for t in pk ix fk fl fn; do
        src -q <<SQL
insert into $t select i, i % 3, 'many', 'b' from generate_series(1000, 1700) i;
update $t set a = a || '!' where id < 10;
update $t set big = 'small', tenant = 5 where id between 5 and 15;
update $t set tenant = tenant + 10 where id between 12 and 20;
begin; update $t set id = -id where id < 4; update $t set a = 'then' where id = -2; delete from $t where id = -3; commit;
begin; insert into $t values (50, 1, 'x', 'y'); update $t set a = 'z' where id = 50; update $t set id = 51 where id = 50; commit;
update $t set a = null where id = 22;
delete from $t where ctid = (select max(ctid) from $t where id = 30);
SQL
    done
    run -0 follow
    for t in pk ix fk fl fn; do
        diff <(src -c "select id, tenant, a, md5(big), upper(a), null, 7, null, '{}' from $t order by 1, 2, 3, 4") <(tgt -c "select id, tenant, a, md5(big), made, extra, given, none, empty from $t order by 1, 2, 3, 4")
    done
}
