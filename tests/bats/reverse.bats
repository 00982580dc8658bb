load lib.bash
load followed.bash
load back.bash

# The way back: prepared while the run follows, gone in its place once it has ended; what the run itself
# has written to its target does not come back.

bank() {
    src -q <<'SQL'
create table account (id int primary key, amount int not null, note text);
insert into account select i, 1000, 'n' || i from generate_series(1, 200) i;
create table log (client int, n int, at timestamptz default now(), primary key (client, n));
create table whole (a int, b text);
alter table whole replica identity full;
insert into whole select i, 'w' from generate_series(1, 50) i;
create sequence counter;
create table part (id int, k int, v text, primary key (id, k)) partition by list (k);
create table part_1 partition of part for values in (1);
create table part_2 partition of part for values in (2);
insert into part select i, 1 + i % 2, 'p' from generate_series(1, 100) i;
create schema "Odd ""one";
create table "Odd ""one"."T 1" ("the id" int generated always as identity primary key, v text);
insert into "Odd ""one"."T 1" (v) select 'x' from generate_series(1, 10);
SQL
}

reverse() { "$PGHAUL" reverse "$1" --dir "$RUN" "${@:2}"; }
back_says() { [[ -f $BACK/catalog.db && $(back "$1" 2>/dev/null) == "$2" ]]; }
# What was noted of the changes that came back, which is a moment later than they came.
back_counts() { wait_for 5 eval '[[ $("$PGHAUL" position --dir "$BACK" --json | jq -c '"'$1'"') == '"'$2'"' ]]' || { "$PGHAUL" position --dir "$BACK" --json | jq -c "$1"; return 1; }; }
back_state() { "$PGHAUL" status --dir "$RUN" --json | jq -r '.back.state'; }
target_slots() { admin_target "select count(*) from pg_replication_slots where database = '$DB'"; }
target_publications() { tgt -c 'select count(*) from pg_publication'; }
same_data() { "$PGHAUL" compare data --dir "$RUN"; }

# A run that follows, and has caught up.
followed() {
    background "$PGHAUL" clone --follow --dir "$RUN" "$@"
    FORWARD=$PID
    wait_for 30 following
    wait_for 10 eval '[[ $(tgt -c "select to_regclass('"'pghaul.progress'"') is not null") == t ]]'
}
# It ends; nobody writes any more.
forward_ends() {
    PID=$FORWARD
    end_now
}
# The way back goes, and has caught up with what is on the target now.
goes_back() {
    background "$PGHAUL" reverse start --dir "$RUN" "$@"
    came_back
}
came_back() {
    local end
    wait_for 30 back_says 'select phase from run' 6
    end=$(tgt -c "select pg_logical_emit_message(true, 'test', '')" -c 'select pg_current_wal_insert_lsn()' | tail -n 1)
    wait_for 30 eval '[[ $(src -c "select applied >= '"'$end'"' from pghaul.progress" 2>/dev/null) == t ]]'
}
back_ends() {
    run -0 "$PGHAUL" position set --dir "$BACK" --end now
    ended_with 0 'applied all that committed before'
}
frozen() { admin_source "alter database $DB set default_transaction_read_only = on"; }

@test "there under load, and back: equal both times, what is ours does not come back, sequences are ahead" {
    bank
    followed
    for client in 1 2 3; do
        (for ((n = 1; ; n++)); do
            echo "begin; update account set amount = amount - 1 where id = $((n % 200 + 1)); update account set amount = amount + 1 where id = $(((n * 7) % 200 + 1));"
            echo "insert into log values ($client, $n, default); select nextval('counter'); commit;"
        done) | psql -qXAt "$SOURCE" >/dev/null 2>&1 3>&- &
        PIDS+=" $!" writers+=" $!"
    done
    caught_up
    run -0 reverse prepare
    assert_output --partial "following from"
    assert_output --partial "the way back is prepared in $BACK"
    [[ $(back_state) == prepared && $(target_slots) == 1 ]]
    # Nothing of it is on the source yet.
    [[ $(src -c "select count(*) from pg_namespace where nspname = 'pghaul'") == 0 ]]
    caught_up
    before=$(tgt -c 'select count(*) from log')
    wait_for 20 eval '[[ $(tgt -c "select count(*) from log") -gt $((before + 300)) ]]'
    # shellcheck disable=SC2154,SC2086
    kill $writers
    frozen
    admin_source "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB' and application_name = 'psql'" >/dev/null
    forward_ends
    run -0 same_data
    [[ $(src -c 'select sum(amount) from account') == 200000 ]]

    # The new side's writes, before and after it is begun.
    tgt -q -o /dev/null -c "begin; update account set amount = amount - 5 where id = 1; update account set amount = amount + 5, note = 'there' where id = 2; commit" \
        -c "insert into log values (9, 1, now())" -c "select nextval('counter') from generate_series(1, 40)"
    goes_back
    [[ $(slots) == 0 && $(publications) == 0 ]]
    tgt -q -o /dev/null -c "insert into log select 9, i, now() from generate_series(2, 100) i" -c "delete from whole where a <= 10" \
        -c "update part set k = 3 - k, v = 'moved' where id <= 10" -c "insert into \"Odd \"\"one\".\"T 1\" (v) values ('new')" -c 'truncate part_2' \
        -c "update account set id = id + 1000 where id > 190"
    came_back
    back_counts '[.transactions, .truncates, .conflicts]' '[7,1,0]'
    back_ends
    run -0 same_data
    [[ $(src -c 'select sum(amount) from account') == 200000 ]]
    [[ $(src -c 'select last_value from counter') == $(tgt -c 'select last_value from counter') ]]
    # Its end is its end; all of both goes.
    run -0 reverse start
    assert_output --partial 'has reached its end already'
    for dir in "$RUN" "$BACK"; do
        "$PGHAUL" status --dir "$dir" --json | "$PGH_TOP/tests/validate" "$PGH_TOP/docs/status.schema.json"
    done
    # A slot of another run that has taken the name of the one that was let go.
    src -q -o /dev/null -c "select pg_create_logical_replication_slot('$SLOT', 'pgoutput')"
    run -0 reverse start
    run -0 cleanup
    [[ $(slots)$(publications)$(target_slots)$(target_publications) == 1000 ]]
    [[ $(src -c "select count(*) from pg_namespace where nspname = 'pghaul'")$(tgt -c "select count(*) from pg_namespace where nspname = 'pghaul'") == 00 ]]
    [[ $(back_state) == over ]]
    run -0 clone --follow --resume
    refute_output --partial 'going back'
    run -2 reverse start
    assert_output --partial 'PGH-1030: the way back of the run'
    run -0 cleanup
}

@test "large transactions: what came in parts does not come back, what is written there does" {
    bank
    src -q -c 'create table big (id int primary key, v text)'
    followed
    caught_up
    run -0 reverse prepare
    # More than apply keeps in memory, with subtransactions, and rolled back in part.
    src -q -c "begin; insert into big select i, repeat(md5(i::text), 30) from generate_series(1, 40000) i; savepoint a; update big set v = 'a' || v where id <= 20000; rollback to a; savepoint b; delete from big where id > 39000; commit" \
        -c 'begin; truncate big; insert into big select i, repeat(md5(i::text), 30) from generate_series(1, 40000) i; commit'
    forward_ends
    [[ $(tgt -c 'select count(*) from big') == 40000 ]]
    goes_back
    back_counts '[.transactions, .inserts, .truncates]' '[0,0,0]'
    tgt -q -c "begin; update big set v = 'b' || v; savepoint a; delete from big where id % 2 = 0; commit"
    came_back
    back_counts '[.transactions, .updates, .deletes, .conflicts]' '[1,40000,20000,0]'
    back_ends
    run -0 same_data
}

@test "nothing fires on the way back, and what else is on the target stays there" {
    bank
    src -q <<'SQL'
create table fired (what text, n int primary key generated always as identity);
create function fire() returns trigger language plpgsql as $$ begin insert into fired (what) values (tg_table_name); return new; end $$;
create trigger always after insert on account for each row execute function fire();
alter table account enable always trigger always;
create trigger usual after insert on log for each row execute function fire();
create table child (id int primary key, account int references account on delete cascade);
insert into child select i, i from generate_series(1, 20) i;
create table no_rows (a int primary key);
create unlogged table quick (a int primary key);
SQL
    tgt -q -c 'create schema other' -c 'create table other.mine (a int primary key)' -c 'create sequence other.seq' \
        -c 'create table other.keyless (a int)' -c 'create unlogged table other.quick (a int)' -c 'create table other.parts (a int) partition by list (a)'
    followed -T no_rows
    caught_up
    run -0 reverse prepare
    assert_output --partial 'changes of unlogged tables do not follow, so these are copied anew at the end: public.quick'
    [[ $(tgt -c "select string_agg(tablename, ' ' order by tablename) from pg_publication_tables where schemaname <> 'Odd \"one'") == 'account child fired log part_1 part_2 progress whole' ]]
    frozen
    forward_ends
    tgt -q -o /dev/null -c "insert into account values (5001, 1, 'x'); insert into log values (8, 1, now())" -c 'delete from account where id <= 10' \
        -c 'insert into other.mine values (1); insert into other.keyless values (1); update other.keyless set a = 2' -c "select nextval('other.seq')" -c 'insert into quick values (1)'
    goes_back
    tgt -q -c "insert into account values (5002, 1, 'y')" -c 'insert into other.mine values (2)'
    came_back
    back_ends
    [[ $(src -c 'select count(*) from fired') == 3 && $(tgt -c 'select count(*) from fired') == 3 ]]
    [[ $(src -c 'select count(*) from child') == 10 ]]
    [[ $(src -c 'select count(*) from quick') == 1 ]]
    run -0 "$PGHAUL" compare data --no-strict-names -T no_rows -N other
    [[ $(src -c "select tgenabled from pg_trigger where tgname = 'always'") == A ]]
}

@test "prepared, dropped, killed in between: prepared anew, and nothing is left behind" {
    bank
    followed
    caught_up
    # Killed at each step of it.
    for point in publication.intended publication.made slot.made plan.made back.made; do
        PGHAUL_TEST_AT=$point:kill run -137 reverse prepare
        run -0 reverse prepare
        [[ $(back_state) == prepared && $(target_slots) == 1 && $(target_publications) == 1 ]]
        consistent=$(back 'select consistent from position')
        run -0 reverse prepare
        [[ $(back 'select consistent from position') == "$consistent" ]]
        run -0 reverse drop
        [[ $(target_slots)$(target_publications) == 00 && ! -e $BACK && $(back_state) == null ]]
        rm -f "$PGHAUL_TEST_DIR/fired.$point"
    done
    # Dropping it, too.
    for point in undo.slot_dropped back.dropped; do
        run -0 reverse prepare
        PGHAUL_TEST_AT=$point:kill run -137 reverse drop
        [[ $(target_slots) == 0 ]]
        run -0 reverse drop
        [[ $(target_publications) == 0 && ! -e $BACK ]]
    done
    run -0 reverse drop
    # Stopped while it waits for a transaction that writes on the target, it takes back what it has made.
    tgt -c "begin; create table held (a int); select pg_sleep(60)" >/dev/null 2>&1 3>&- &
    PIDS+=" $!"
    wait_for 10 eval '[[ $(admin_target "select count(*) from pg_stat_activity where wait_event = '"'PgSleep'"'") == 1 ]]'
    background "$PGHAUL" reverse prepare --dir "$RUN" --verbose
    wait_for 20 grep -q 'waits for' "$BATS_TEST_TMPDIR/err"
    kill -INT "$PID"
    ended_with 3 'stopped on request'
    admin_target "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'" >/dev/null
    [[ $(target_slots)$(target_publications) == 00 && $(back_state) == begun ]]
    # Somebody drops the slot: it is made anew, with all that comes before.
    run -0 reverse prepare
    admin_target "select pg_drop_replication_slot('${SLOT}_back')" >/dev/null
    run -0 reverse prepare
    [[ $(target_slots)$(target_publications) == 11 ]]
    # And cleanup drops what was prepared.
    forward_ends
    run -0 cleanup --dry-run
    assert_output --partial 'slot and publication of the way back that was not gone'
    run -0 cleanup
    [[ $(slots)$(publications)$(target_slots)$(target_publications) == 0000 && ! -e $BACK ]]
    run -2 reverse prepare
    assert_output --partial 'PGH-1030'
}

@test "killed on the way back: each process, all of it; it goes on, and in the run's place" {
    bank
    followed
    caught_up
    run -0 reverse prepare
    # The hand-over says so while the run still goes: then its process goes back at its end.
    back "insert into setting values ('back-open', 'true')"
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    came_back
    grep -q "going back from here on" "$BATS_TEST_TMPDIR/err"
    [[ $(slots) == 0 ]]
    (for ((n = 1; ; n++)); do echo "insert into log values (1, $n, default); update account set amount = amount + 1 where id = $((n % 200 + 1)); update whole set b = '$n' where a = $((n % 50 + 1));"; done) | psql -qXAt "$TARGET" >/dev/null 2>&1 3>&- &
    writer=$! PIDS+=" $!"
    run -6 reverse drop
    assert_output --partial 'PGH-4001'
    run -6 cleanup --force
    assert_output --partial 'PGH-4001'
    for role in receive apply guard; do
        pid=$(back "select pid from process where role = '$role' and ended_us is null order by id desc limit 1")
        kill -9 "$pid"
        wait_for 10 eval '[[ $(back "select count(*) from process where role = '"'$role'"' and pid <> $pid and started_us > (select max(started_us) from process where pid = $pid)") -gt 0 ]]'
        came_back
    done
    # All of it; the run's own command goes on with it, as a service would.
    kill -9 "$PID"
    wait "$PID" || true
    background "$PGHAUL" clone --follow --resume --dir "$RUN"
    wait_for 20 grep -q 'is done already' "$BATS_TEST_TMPDIR/err"
    came_back
    kill -9 "$PID"
    wait "$PID" || true
    background "$PGHAUL" follow --resume --dir "$RUN"
    came_back
    # Softly, too.
    kill -INT "$PID"
    ended_with 3 'stopped while applying changes'
    background "$PGHAUL" reverse start --dir "$RUN"
    came_back
    kill "$writer"
    wait_for 10 eval '[[ $(admin_target "select count(*) from pg_stat_activity where datname = '"'$DB'"' and application_name = '"'psql'"'") == 0 ]]'
    back_ends
    run -0 same_data
    [[ $(back 'select conflicts from position') == 0 ]]
    # It follows on as any other run does.
    tgt -q -c "insert into log values (2, 1, default)"
    run -0 "$PGHAUL" follow --dir "$BACK" --source "$TARGET" --target "$SOURCE" --endpos now
    run -0 same_data
}

@test "what does not go, and is said before anything is made" {
    bank
    src -q -c 'create table late (id int primary key, v text)'
    run -2 reverse back
    assert_output --partial 'PGH-1003: pghaul reverse knows prepare, start and drop, not "back"'
    run -6 reverse prepare
    assert_output --partial 'PGH-4003: there is no run'
    # Without --follow; before all is copied.
    run -0 clone
    run -6 reverse prepare
    assert_output --partial 'PGH-4020'
    assert_output --partial 'was not started with --follow'
    again
    PGHAUL_TEST_AT=copy.moving:stop:1 background "$PGHAUL" clone --follow --dir "$RUN"
    FORWARD=$PID
    stopped_at copy.moving
    run -2 reverse prepare
    assert_output --partial 'PGH-1032'
    go_on
    wait_for 30 following
    wait_for 10 eval '[[ $(tgt -c "select to_regclass('"'pghaul.progress'"') is not null") == t ]]'
    # Not prepared; not ended; not open.
    run -2 reverse start
    assert_output --partial 'PGH-2334'
    run -0 reverse prepare
    run -2 reverse start
    assert_output --partial 'PGH-2334: run'
    for command in 'follow' 'clone --follow --resume'; do
        # shellcheck disable=SC2086
        run -2 "$PGHAUL" $command --dir "$BACK" --source "$TARGET" --target "$SOURCE"
        assert_output --partial 'PGH-2332: the run that this one turns back may still write'
    done
    run -6 clone --follow --restart
    assert_output --partial 'PGH-4001'
    run -0 reverse drop

    # What the run has brought has another name, no key any more, one column more.
    tgt -q -c 'alter table late rename to later'
    run -4 reverse prepare
    assert_output --partial 'PGH-2330'
    assert_output --partial 'they are not found: public.late'
    [[ $(target_slots)$(target_publications) == 00 ]]
    tgt -q -c 'alter table later rename to late' -c 'alter table late drop constraint late_pkey'
    run -4 reverse prepare
    assert_output --partial 'PGH-2213'
    assert_output --partial 'public.late'
    tgt -q -c 'alter table late add primary key (id)' -c 'alter table late add more int'
    run -5 reverse prepare
    assert_output --partial 'the target lacks: column "more" of table public.late'
    tgt -q -c 'alter table late drop more'
    # Roles that may not.
    src -q -c "create role ${DB}_r login"
    run -5 reverse prepare --source "$SOURCE user=${DB}_r"
    [[ $(target_slots)$(target_publications) == 00 ]]
    run -0 reverse prepare
    forward_ends
    run -2 clone --follow --restart
    assert_output --partial 'PGH-2335'
    # That of another run in its place.
    uuid=$(catalog 'select uuid from run')
    back "update setting set value = 'another' where name = 'mirrored'; insert into setting values ('back-open', 'true')"
    run -2 reverse prepare
    assert_output --partial 'PGH-2333'
    run -2 reverse drop
    assert_output --partial 'PGH-2335'
    # As long as it is not open it makes room.
    back "delete from setting where name = 'back-open'"
    run -0 reverse prepare
    [[ $(back "select value from setting where name = 'mirrored'") == "$uuid" && $(target_slots) == 1 ]]
    run -0 reverse drop
    # The target has nothing of the run.
    tgt -q -c 'create table kept as select * from pghaul.progress' -c 'delete from pghaul.progress'
    run -4 reverse prepare
    assert_output --partial 'PGH-2331'
    background "$PGHAUL" reverse start --dir "$RUN"
    ended_with 2 'PGH-2332: the way back of the run in .* is not prepared'
    src -q -c "drop role ${DB}_r"
}

@test "tables that are partitioned otherwise, and columns in another order" {
    src -q <<'SQL'
create table plain (id int, k int, v text, primary key (id, k));
insert into plain select i, i % 4, 'v' from generate_series(1, 100) i;
create table tree (id int, k int, v text, primary key (id, k)) partition by list (k);
create table tree_0 partition of tree for values in (0, 1);
create table tree_1 partition of tree for values in (2, 3);
insert into tree select i, i % 4, 'v' from generate_series(1, 100) i;
create table flat (id int, k int, v text, primary key (id, k)) partition by range (id);
create table flat_1 partition of flat for values from (0) to (50);
create table flat_2 partition of flat for values from (50) to (10000);
insert into flat select i, i % 4, 'v' from generate_series(1, 100) i;
create table turned (a int primary key, b text, c int);
insert into turned select i, 'b', i from generate_series(1, 10) i;
SQL
    tgt -q <<'SQL'
create table plain (id int, k int, v text, primary key (id, k)) partition by hash (id);
create table plain_a partition of plain for values with (modulus 2, remainder 0);
create table plain_b partition of plain for values with (modulus 2, remainder 1);
create table tree (id int, k int, v text, primary key (id, k)) partition by range (id);
create table tree_low partition of tree for values from (0) to (40);
create table tree_high partition of tree for values from (40) to (10000);
create table flat (id int, k int, v text, primary key (id, k)) partition by hash (id);
create table flat_a partition of flat for values with (modulus 1, remainder 0);
create table turned (c int, a int primary key, b text);
SQL
    followed --data-only
    caught_up
    run -0 reverse prepare
    src -q -c "update plain set v = 'forward'; update tree set k = 3 - k, v = 'forward' where id < 50; delete from flat where id = 7; update turned set c = 0"
    forward_ends
    goes_back
    for table in plain tree flat; do
        tgt -q -c "insert into $table select i, i % 4, 'new' from generate_series(200, 260) i" -c "update $table set v = 'back' where id % 3 = 0" \
            -c "delete from $table where id % 10 = 0" -c "update $table set id = id + 1000, k = 0 where id between 1 and 5"
    done
    tgt -q -c "update turned set b = 'back', c = 7 where a > 5"
    came_back
    back_counts '[.conflicts]' '[0]'
    back_ends
    for table in plain tree flat; do
        [[ $(src -c "select count(*), md5(string_agg(t::text, ' ' order by id)) from $table t") == "$(tgt -c "select count(*), md5(string_agg(t::text, ' ' order by id)) from $table t")" ]]
    done
    [[ $(src -c "select string_agg(concat(a, b, c), ' ' order by a) from turned") == "$(tgt -c "select string_agg(concat(a, b, c), ' ' order by a) from turned")" ]]
}

@test "a TRUNCATE of one of the target's partitions, which the source does not have" {
    src -q -c 'create table plain (id int primary key)' -c 'insert into plain select generate_series(1, 10)'
    tgt -q -c 'create table plain (id int primary key) partition by range (id)' -c 'create table plain_low partition of plain for values from (0) to (6)' \
        -c 'create table plain_high partition of plain for values from (6) to (100)'
    followed --data-only
    caught_up
    run -0 reverse prepare
    forward_ends
    tgt -q -c 'truncate plain_low'
    background "$PGHAUL" reverse start --dir "$RUN"
    ended_with 5 'PGH-3203: TRUNCATE of some partitions only'
    [[ $(src -c 'select count(*) from plain') == 10 ]]
    # All of them is all of it.
    src -q -c 'delete from plain where id < 6'
    background "$PGHAUL" follow --resume --on-ddl warn --dir "$BACK" --source "$TARGET" --target "$SOURCE"
    came_back
    tgt -q -c 'truncate plain'
    came_back
    [[ $(src -c 'select count(*) from plain') == 0 ]]
    back_ends
}

@test "roles that are no superusers, on both sides" {
    local side
    for side in admin_source admin_target; do
        $side "create role ${DB}_o login replication"
        $side "alter database $DB owner to ${DB}_o"
        $side "grant set on parameter session_replication_role to ${DB}_o"
    done
    src -q -c "set role ${DB}_o" -c 'create table t (id int primary key generated always as identity, v text, ref int references t)' -c 'create sequence s' \
        -c "insert into t (v) select 'x' from generate_series(1, 20)"
    PGHAUL_SOURCE="$SOURCE user=${DB}_o" PGHAUL_TARGET="$TARGET user=${DB}_o"
    followed --no-owner --no-acl
    caught_up
    run -0 reverse prepare
    src -q -c "update t set v = 'y' where id < 5"
    frozen
    forward_ends
    goes_back
    tgt -q -o /dev/null -c "insert into t (v, ref) select 'there', 1 from generate_series(1, 10)" -c "select nextval('s') from generate_series(1, 70)" -c 'delete from t where id = 20'
    came_back
    back_ends
    run -0 same_data
    [[ $(src -c 'select last_value from s') == $(tgt -c 'select last_value from s') && $(src -c "select last_value from t_id_seq") == 30 ]]
    [[ $(tgt -c "select pubowner::regrole from pg_publication") == "${DB}_o" ]]
    run -0 cleanup
    for side in admin_source admin_target; do
        $side "alter database $DB owner to postgres"
        $side "revoke set on parameter session_replication_role from ${DB}_o"
    done
    src -q -c 'set default_transaction_read_only = off' -c "drop owned by ${DB}_o" -c "drop role ${DB}_o"
    tgt -q -c "drop owned by ${DB}_o" -c "drop role ${DB}_o"
}

@test "by plugins that tell in text, and tables without a replica identity" {
    bank
    src -q -c 'create table bare (a int, b text)' -c "insert into bare values (1, 'x'), (1, 'x'), (2, 'y')"
    followed --plugin test_decoding --no-identity exclude
    caught_up
    run -0 reverse prepare
    [[ $(target_slots)$(target_publications) == 10 ]]
    src -q -c "update account set note = 'forward'; delete from whole where a = 3" -c "insert into bare values (9, 'only here')"
    forward_ends
    goes_back
    back_counts '[.transactions, .conflicts]' '[0,0]'
    tgt -q -c "update account set note = 'back' where id < 20; insert into log values (1, 1, now()); delete from whole where a = 4" -c "insert into bare values (8, 'only there')"
    came_back
    back_counts '[.transactions, .conflicts]' '[1,0]'
    back_ends
    run -0 "$PGHAUL" compare data -T bare
    run -0 cleanup

    # With FULL for as long, which both sides have.
    again
    admin_target "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = '$DB'" >/dev/null
    followed --no-identity full
    caught_up
    run -0 reverse prepare
    forward_ends
    goes_back
    tgt -q -c "update bare set b = 'back' where a = 1" -c 'delete from bare where a = 2'
    came_back
    back_ends
    run -0 same_data
    run -0 cleanup
    [[ $(src -c "select relreplident from pg_class where relname = 'bare'")$(tgt -c "select relreplident from pg_class where relname = 'bare'") == dd ]]
}

@test "there, back, and there again" {
    bank
    followed
    caught_up
    run -0 reverse prepare
    forward_ends
    goes_back
    first=$PID
    # The way back has a way back, too: its directory is one of a run.
    run -0 "$PGHAUL" reverse prepare --dir "$BACK" --source "$TARGET" --target "$SOURCE"
    [[ $(slots) == 1 ]]
    tgt -q -c "insert into log values (1, 1, now())" -c "update account set amount = amount + 1 where id = 1"
    came_back
    PID=$first
    back_ends
    run -0 same_data
    background "$PGHAUL" reverse start --dir "$BACK" --source "$TARGET" --target "$SOURCE"
    src -q -c "insert into log values (1, 2, now())" -c "update account set amount = amount - 3 where id = 1"
    wait_for 20 eval '[[ $(tgt -c "select count(*) from log") == 2 && $(tgt -c "select amount from account where id = 1") == 998 ]]'
    [[ $(target_slots) == 0 ]]
    run -0 "$PGHAUL" position set --dir "$BACK/back" --end now
    ended_with 0 'applied all that committed before'
    [[ $(sqlite3 "$BACK/back/catalog.db" 'select transactions, conflicts from position') == '2|0' ]]
    run -0 same_data
    run -0 cleanup
    [[ $(slots)$(publications)$(target_slots)$(target_publications) == 0000 ]]
    [[ $(src -c "select count(*) from pg_namespace where nspname = 'pghaul'")$(tgt -c "select count(*) from pg_namespace where nspname = 'pghaul'") == 00 ]]
}

@test "a filter, and a table that comes to the new side" {
    bank
    src -q -c 'create schema aside' -c 'create table aside.t (id int primary key)' -c 'create table keyless (a int)'
    followed -n public -T keyless
    caught_up
    run -0 reverse prepare
    [[ $(tgt -c "select count(*) from pg_publication_tables where tablename in ('t', 'keyless')") == 0 ]]
    forward_ends
    goes_back
    # Not meant, then meant.
    tgt -q -c 'create schema aside' -c 'create table aside.other (id int primary key)'
    tgt -q -c 'insert into log values (1, 1, now())'
    came_back
    tgt -q -c 'create table fresh (id int primary key)'
    ended_with 4 'PGH-2261: tables came to the source after the run began, and are not followed: public.fresh'
    background "$PGHAUL" follow --resume --on-ddl warn --dir "$BACK" --source "$TARGET" --target "$SOURCE"
    came_back
    back_ends
}

@test "all else that is written to the target for the run does not come back either" {
    bank
    src -q <<'SQL'
create unlogged table quick (a int primary key);
insert into quick values (1);
create table fired (what text, n int primary key generated always as identity);
create function fire() returns trigger language plpgsql as $$ begin insert into fired (what) values (tg_table_name); return new; end $$;
create trigger always after insert on account for each row execute function fire();
alter table account enable always trigger always;
SQL
    followed
    caught_up
    # Somebody has spoiled the target, before.
    tgt -q -c 'update account set amount = 0 where id = 7' -c 'delete from log' -c 'delete from part where id < 5'
    run -0 reverse prepare
    # A repair, sequences at the end, triggers on again, the last rows of pghaul.progress and its end.
    src -q -o /dev/null -c "select nextval('counter') from generate_series(1, 9)" -c "insert into account values (3000, 1, 'forward')"
    caught_up
    run -0 "$PGHAUL" compare data --repair
    assert_output --partial 'table public.account differs (repaired)'
    [[ $(tgt -c 'select count(*) from pghaul.progress') == 1 ]]
    forward_ends
    goes_back
    back_counts '[.transactions, .inserts, .updates, .deletes, .truncates, .conflicts]' '[0,0,0,0,0,0]'
    back_ends
    run -0 same_data
}
