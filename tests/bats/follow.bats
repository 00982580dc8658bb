load lib.bash
load followed.bash

# The online run: publication, slot and snapshot in their order; changes received while all is copied,
# and applied; an end; stopping, dying, going on.

shop() {
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
SQL
}

spooled() { "$PGHAUL" stream show --dir "$RUN" | awk '$1 == "change" && substr($3, 1, 2) == "43"' | wc -l; }

@test "publication, slot, snapshot: made in this order, and nothing more than is meant" {
    shop
    src -q -c 'create unlogged table quick (a int primary key)' -c 'create table left_out (a int)'
    src -q -o /dev/null -c 'create table named (id int not null)' -c 'create unique index named_i on named (id)' -c 'alter table named replica identity using index named_i'
    run -0 follow --endpos now -T left_out
    assert_output --partial "slot \"$SLOT\" and publication \"$SLOT\" stay on the source"
    assert_output --partial "pghaul cleanup --dir $RUN removes them"
    assert_output --partial 'changes of unlogged tables do not follow, so these are copied anew at the end: public.quick'
    # The partitioned table stands for its partitions.
    [[ $(src -c "select string_agg(c.relname, ' ' order by c.relname) from pg_publication_rel r join pg_class c on c.oid = prrelid") == 'account log named part whole' ]]
    [[ $(src -c 'select puballtables, pubviaroot, pubinsert and pubupdate and pubdelete and pubtruncate from pg_publication') == 'f|f|t' ]]
    [[ $(admin_source "select slot_type || plugin || active from pg_replication_slots where slot_name = '$SLOT'") == 'logicalpgoutputfalse' ]]
    # What is ours does not come to the target.
    [[ $(tgt -c 'select count(*) from pg_publication') == 0 ]]
    [[ $(position slot) == "$SLOT" && $(position end) == "$(position received)" ]]
    src -q -o /dev/null -c "select pg_drop_replication_slot('$SLOT')" -c "drop publication $SLOT" -c 'drop table left_out'
    same
}

@test "of a partitioned table that is not meant as a whole the partitions come one by one" {
    shop
    src -q -c 'create table sub (id int, k int, v text, primary key (id, k)) partition by list (k)' \
        -c 'create table sub_a partition of sub for values in (1) partition by list (k)' -c 'create table sub_a1 partition of sub_a for values in (1)' \
        -c 'create unlogged table sub_b partition of sub for values in (2)'
    run -0 follow --endpos now --exclude-table-data part_2
    [[ $(src -c "select string_agg(c.relname, ' ' order by c.relname) from pg_publication_rel r join pg_class c on c.oid = prrelid") == 'account log part_1 sub_a whole' ]]
}

@test "every kind of object" {
    local role
    for role in pgh_owner pgh_reader; do admin_source "create role $role"; done
    psql -qX "$SOURCE" -f "$PGH_TOP/tests/sql/objects.sql" >/dev/null 2>&1
    src -q -c 'drop subscription sub'
    run -4 follow --endpos now
    assert_output --partial 'PGH-2213'
    # What has no identity gets one.
    catalog "select 'alter table ' || format('\"%s\".\"%s\"', replace(nspname, '\"', '\"\"'), replace(relname, '\"', '\"\"')) || ' replica identity full;'
        from published where kind = 'r' and logged and identity = ''" | src -q
    run -0 follow --endpos now
    assert_output --partial 'changes of large objects do not follow: what differs at the end is copied then'
    src -q -o /dev/null -c "select pg_drop_replication_slot('$SLOT')" -c "drop publication $SLOT"
    tgt -q -c 'set session_replication_role = replica' -c 'drop schema if exists pghaul cascade'
    same
}

@test "tables that cannot be followed, named before anything is made" {
    shop
    src -q -c 'create table bare (a int)' -c 'create table late (a int primary key deferrable)' \
        -c 'create table nothing (a int primary key)' -c 'alter table nothing replica identity nothing'
    run -4 follow --endpos now
    assert_output --partial 'PGH-2213: updates and deletes of these tables could not be followed: public.bare, public.late, public.nothing'
    assert_output --partial 'REPLICA IDENTITY'
    nothing_made
    # The filters decide; the same directory goes, since nothing was done.
    run -0 follow --endpos now -T bare -T late -T nothing
}

@test "sources and options that do not go" {
    shop
    run -2 follow --all-databases --slot mine
    assert_output --partial 'PGH-1005: a slot is of one database: --slot does not go with several'
    run -2 follow --snapshot 00000003-1
    assert_output --partial 'PGH-1005: --follow copies in the snapshot of its slot'
    for part in --schema-only '--section pre-data --section data' '--section data --section post-data'; do
        # shellcheck disable=SC2086
        run -2 follow $part
        assert_output --partial 'PGH-1005: --follow goes with a whole clone, or with --data-only into tables that are there'
    done
    run -2 follow --where 'account=id > 3'
    assert_output --partial '--where does not go with --follow'
    run -2 follow --columns 'account=id'
    assert_output --partial '--columns does not go with --follow'
    run -2 follow --endpos soon
    assert_output --partial 'PGH-1003: --endpos cannot be "soon": it takes LSN|now'
    run -2 follow --slot 'Slot!'
    assert_output --partial 'PGH-1003: --slot cannot be "Slot!"'
    run -2 clone --endpos now
    assert_output --partial '--endpos goes with --follow only'
    run -2 clone --slot x
    assert_output --partial '--slot goes with --follow only'
    # A role that may not; one that may, but does not own the tables; and where no triggers can be kept off.
    src -q -c "create role ${DB}_r login" -c "grant select on all tables in schema public to ${DB}_r" -c "grant select on sequence counter to ${DB}_r"
    run -4 follow --no-owner --no-acl --source "$SOURCE user=${DB}_r"
    assert_output --partial 'PGH-2212'
    assert_output --partial 'REPLICATION'
    nothing_made
    src -q -c "alter role ${DB}_r replication"
    run -4 follow --plugin pgoutput --no-owner --no-acl --source "$SOURCE user=${DB}_r"
    assert_output --partial 'PGH-2216'
    nothing_made
    tgt -q -c "create role ${DB}_t login" -c "grant create on database $DB to ${DB}_t" -c "grant all on schema public to ${DB}_t"
    run -5 follow --target "$TARGET user=${DB}_t" --no-owner --no-acl
    assert_output --partial 'PGH-3114'
    assert_output --partial 'GRANT SET ON PARAMETER session_replication_role'
    nothing_made
    run -6 follow --endpos 0/1
    assert_output --partial 'PGH-4022: the copy begins behind the end'
    nothing_made
    src -q -c "drop owned by ${DB}_r" -c "drop role ${DB}_r"
    tgt -q -c "drop owned by ${DB}_t" -c "drop role ${DB}_t"
}

@test "no superuser on either side" {
    admin_source "create role ${DB}_r login replication"
    admin_source "grant create on database $DB to ${DB}_r"
    admin_source "alter database $DB owner to ${DB}_r"
    src -q -c "grant all on schema public to ${DB}_r"
    src -q -c "set role ${DB}_r" -c 'create table a (id int primary key)' -c 'insert into a select generate_series(1, 9)' -c 'create sequence s'
    admin_target "create role ${DB}_t login"
    admin_target "alter database $DB owner to ${DB}_t"
    admin_target "grant set on parameter session_replication_role to ${DB}_t"
    run -0 follow --endpos now --no-owner --no-acl --source "$SOURCE user=${DB}_r" --target "$TARGET user=${DB}_t"
    [[ $(tgt -c 'select count(*) from a') == 9 && $(slots) == 1 ]]
    admin_source "select pg_drop_replication_slot('$SLOT')" >/dev/null
    admin_source "drop database $DB with (force)"
    admin_source "drop role ${DB}_r"
    admin_target "drop database $DB with (force)"
    admin_target "revoke set on parameter session_replication_role from ${DB}_t"
    admin_target "drop role ${DB}_t"
}

@test "a server whose WAL says too little, and a standby" {
    "$PGH_TOP/tests/server" start "$HERE/r" 'wal_level = replica'
    PGH_SOURCE="host=$HERE/r user=postgres" admin_source "create database $DB"
    run -4 follow --source "host=$HERE/r user=postgres dbname=$DB"
    assert_output --partial 'PGH-2211: wal_level is replica on the source'
    "$PGH_TOP/tests/server" standby "$HERE/b" "$HERE/r"
    wait_for 20 eval 'PGH_SOURCE="host=$HERE/b user=postgres" admin_source "select 1 from pg_database where datname = '"'$DB'"'" | grep -q 1'
    run -4 follow --source "host=$HERE/b user=postgres dbname=$DB"
    assert_output --partial 'PGH-2210: the source is a standby'
    "$PGH_TOP/tests/server" wipe "$HERE/b"
    "$PGH_TOP/tests/server" wipe "$HERE/r"
}

@test "a slot or publication that is somebody else's stays as it is" {
    shop
    src -q -o /dev/null -c "select pg_create_logical_replication_slot('$SLOT', 'pgoutput')"
    run -4 follow --endpos now
    assert_output --partial "PGH-2215: the source has a slot \"$SLOT\" already"
    [[ $(slots) == 1 && $(publications) == 0 ]]
    src -q -o /dev/null -c "select pg_drop_replication_slot('$SLOT')" -c "create publication $SLOT"
    run -4 follow --endpos now
    assert_output --partial "PGH-2215: the source has a publication \"$SLOT\" already"
    [[ $(slots) == 0 && $(publications) == 1 ]]
    run -0 follow --endpos now --slot other
    [[ $(admin_source "select count(*) from pg_replication_slots where slot_name = 'other'") == 1 ]]
}

@test "a start that was killed or failed leaves nothing that the next one does not clear away" {
    shop
    local point
    for point in publication.intended publication.made slot.made snapshot.held; do
        PGHAUL_TEST_AT=$point:kill run follow --endpos now --retry-for 0
        [[ $status != 0 ]]
        fired "$point"
        # A worker that was killed could not undo it: the run did not begin, so a new one may.
        run -0 follow --resume
        [[ $(slots) == 1 && $(publications) == 1 ]]
        src -q -o /dev/null -c "select pg_drop_replication_slot('$SLOT')" -c "drop publication $SLOT"
        same
        again
    done
    # Errors: undone by the worker itself.
    for point in publication.made slot.made snapshot.held plan.begun; do
        PGHAUL_TEST_AT=$point:error run follow --endpos now
        [[ $status != 0 ]]
        fired "$point"
        nothing_made || { echo "$point"; false; }
        again
    done
    # Killed while it undoes.
    PGHAUL_TEST_AT='slot.made:error undo.slot_dropped:kill' run follow --endpos now --retry-for 0
    [[ $(slots) == 0 && $(publications) == 1 ]]
    run -0 follow --restart --endpos now
    [[ $(slots) == 1 && $(publications) == 1 ]]
}

@test "who makes the slot dies or is cut off before there is a plan: the run begins again by itself" {
    shop
    local point
    for point in publication.intended publication.made slot.made snapshot.held plan.begun plan.made; do
        PGHAUL_TEST_AT=$point:kill run --separate-stderr -0 follow --endpos now
        fired "$point"
        # shellcheck disable=SC2154
        [[ $stderr == *'going on in a new snapshot'* && $(slots) == 1 && $(publications) == 1 ]] || { echo "$point: $stderr"; false; }
        run -0 cleanup
        same
        again
    done
    clone_to plan.made --follow --endpos now
    for point in admin_source admin_target; do
        $point "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB'" >/dev/null
    done
    go_on
    ended_with 0 'going on in a new snapshot'
    [[ $(slots) == 1 && $(publications) == 1 ]]
    run -0 cleanup
    same
    again
    # pg_dump finds the snapshot gone before its holder knows.
    background env PGHAUL_TEST_AT='dump.begun:stop plan.made:stop' "$PGHAUL" clone --dir "$RUN" --follow --endpos now
    stopped_at plan.made
    local holder=$STOPPED
    stopped_at dump.begun
    admin_source "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB'" >/dev/null
    go_on
    wait_for 20 eval '[[ ! -e /proc/$STOPPED ]]'
    STOPPED=$holder
    go_on
    ended_with 0 'going on in a new snapshot'
    run -0 cleanup
    same
}

@test "the slot waits for transactions: it says for which, gives up in time, and leaves nothing" {
    shop
    (echo "begin; insert into log values (7, 7);"; sleep 60) | psql -qX "$SOURCE application_name=slow" >/dev/null 3>&- &
    PIDS="${PIDS:-} $!"
    wait_for 10 eval '[[ $(admin_source "select count(*) from pg_locks where locktype = '"'transactionid'"'") -ge 1 ]]'
    run -4 follow --slot-timeout 4s --endpos now
    assert_output --regexp "slot \"$SLOT\" waits for the end of transactions, since 3[^:]*: backend [0-9]+ of application 'slow' in database $DB, idle in transaction"
    assert_output --regexp "PGH-2214: slot \"$SLOT\" has waited 4.* for backend [0-9]+ of application 'slow'"
    nothing_made
    # Asked to stop while it waits.
    background "$PGHAUL" clone --dir "$RUN" --follow --endpos now -v
    wait_for 20 grep -q "slot \"$SLOT\" waits for" "$BATS_TEST_TMPDIR/err"
    kill -INT "$PID"
    ended_with 3 'stopped while taking a snapshot'
    nothing_made
    # Killed while it waits: the server waits on, until the next start ends that.
    background "$PGHAUL" clone --dir "$RUN" --follow --restart -v
    wait_for 20 grep -q "slot \"$SLOT\" waits for" "$BATS_TEST_TMPDIR/err"
    kill -9 "$PID"
    wait "$PID" || true
    run -4 follow --resume --slot-timeout 1s
    assert_output --partial 'PGH-2214'
    nothing_made
    [[ $(admin_source "select count(*) from pg_stat_activity where application_name = 'pghaul slot'") == 0 ]]
    admin_source "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'slow'" >/dev/null
    # One that is prepared is named as well.
    src -q -c 'begin' -c "insert into log values (8, 8)" -c "prepare transaction 'forgotten'"
    run -4 follow --resume --slot-timeout 2s
    assert_output --partial "prepared transaction 'forgotten'"
    nothing_made
    src -q -c "rollback prepared 'forgotten'"
    run -0 follow --resume --endpos now
}

# A server that reads from a slot does not know of a truncation that began after it had begun to read, and
# before it looked at all transactions; whether that ended after this, or before, while something older went on. Leaves a
# transaction open that writes to what was changed: it began before the slot was there.
changed_while_the_slot_is_made() { # SOONER|LATER ARGUMENT...
    src -q -c 'create table seat (a int primary key)' -c 'create table emptied (a int primary key, b text)' \
        -c "insert into emptied select i, 'before' from generate_series(1, 100) i" \
        -c 'create table wider (a int primary key)' -c 'create table narrower (a int primary key, b int, c int)' \
        -c 'create type pair as (x int)' -c 'create table pairs (a int primary key, p pair)' -c 'create schema "S 1"' -c 'create table "S 1".there (a int primary key)' \
        -c "create type mood as enum ('sad')" -c 'create table moods (a int primary key, m mood)'
    local changes='truncate emptied; alter table wider add b int; alter table narrower drop b; alter type pair add attribute y int; alter schema "S 1" rename to "S 2"; alter type mood rename to mode;'
    exec 5> >(client early) 6> >(client changing) 7> >(client late) 8> >(client writing)
    echo 'begin; insert into seat values (1);' >&5
    wait_for 10 writes early
    background "$PGHAUL" clone --dir "$RUN" --follow "${@:2}"
    wait_for 20 slot_waits_for early
    if [[ $1 == sooner ]]; then
        # Before the server looks at all: something older than its end has written by then.
        echo 'begin; insert into seat values (2);' >&7
        wait_for 10 writes late
        src -q -c "begin; $changes commit"
        echo 'commit;' >&5
    else
        echo "begin; $changes" >&6
        wait_for 10 writes changing
        echo 'begin; insert into seat values (2);' >&7
        wait_for 10 writes late
        echo 'commit;' >&5
        wait_for 10 eval 'slot_waits_for changing || slot_waits_for late'
        echo 'commit;' >&6
    fi
    wait_for 10 slot_waits_for late
    echo "begin; insert into emptied values (1, 'after'); insert into wider values (1, 1); insert into narrower values (1, 1);" >&8
    echo "insert into pairs values (1, row(1, 2)); insert into \"S 2\".there values (1); insert into moods values (1, 'sad');" >&8
    wait_for 10 writes writing
    wait_for 10 eval '[[ $(src -c "select count(*) from pg_stat_activity where application_name = '"'writing'"' and query ~ '"'moods'"'") == 1 ]]'
    echo 'commit;' >&7
    wait_for 20 grep -q 'definitions changed while the slot was made.*(schema S 2, table public.emptied, table public.narrower, table public.wider, type public.mode, type public.pair)' "$BATS_TEST_TMPDIR/err"
}
client() { psql -qX "$SOURCE application_name=$1" >/dev/null 2>"$BATS_TEST_TMPDIR/$1.err" 3>&-; }
writes() { [[ $(src -c "select count(*) from pg_stat_activity where application_name = '$1' and state = 'idle in transaction' and backend_xid is not null") == 1 ]]; }
slot_waits_for() {
    [[ $(src -c "select count(*) from pg_locks l join pg_stat_activity a on a.backend_xid = l.transactionid
                  where not l.granted and l.locktype = 'transactionid' and a.application_name = '$1'
                    and l.pid in (select pid from pg_stat_activity where application_name = 'pghaul slot')") == 1 ]]
}
writing_ends() {
    echo "update emptied set b = 'then'; commit;" >&8
    exec 5>&- 6>&- 7>&- 8>&-
}
it_is_followed() {
    wait_for 30 following
    src -q -c "insert into emptied values (2, 'followed')" -c 'insert into wider values (2, 2)' -c 'update narrower set c = 3' \
        -c 'insert into pairs values (2, row(3, 4))' -c 'insert into "S 2".there values (2)' -c "insert into moods values (2, 'sad')"
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    ended_with 0 'stays? on the source'
    run ! grep 'the snapshot is gone' "$BATS_TEST_TMPDIR/err"
    [[ $(tgt -c 'select a, b from emptied order by a') == $'1|then\n2|followed' ]]
    same_contents
}

@test "definitions that change while the slot is made: what writes then is waited for, and copied" {
    changed_while_the_slot_is_made later --slot-timeout 1min
    # It waits for that, and for nothing of later.
    src -q -c 'insert into seat values (3)'
    following && false
    writing_ends
    it_is_followed
}

@test "definitions that change while a slot of test_decoding is made" {
    changed_while_the_slot_is_made sooner --plugin test_decoding
    writing_ends
    it_is_followed
}

@test "what could not be decoded is not waited for longer than for the slot; nothing is left" {
    changed_while_the_slot_is_made later --slot-timeout 4s
    ended_with 4 "PGH-2214: slot \"$SLOT\" has waited .* for backend [0-9]+ of application 'writing'"
    nothing_made
}

@test "killed when it is to wait for what could not be decoded: the slot is made anew" {
    export PGHAUL_TEST_AT=slot.undecodable:stop
    changed_while_the_slot_is_made sooner
    unset PGHAUL_TEST_AT
    stopped_at slot.undecodable
    kill -9 "$PID" "$STOPPED"
    wait "$PID" || true
    writing_ends
    background "$PGHAUL" clone --dir "$RUN" --follow --resume
    it_is_followed
}

@test "a table that cannot be published yet: it says who has it, tries again, gives up in time" {
    src -q -c 'create table a (id int primary key)' -c 'create table b (id int primary key)'
    exec 8> >(psql -qX "$SOURCE application_name=client" >/dev/null 2>"$BATS_TEST_TMPDIR/client.err" 3>&-)
    echo "begin; lock table b in share mode;" >&8
    wait_for 10 eval '[[ $(src -c "select count(*) from pg_locks where granted and mode = '"'ShareLock'"' and relation = '"'b'"'::regclass") == 1 ]]'
    run -4 follow --lock-timeout 1s
    assert_output --regexp "PGH-2251: publication \"$SLOT\": a table is locked, for .* now, by backend [0-9]+ of application 'client', which has public.b, idle in transaction"
    wait_for 10 nothing_made
    background "$PGHAUL" clone --dir "$RUN" --follow --restart
    # It has a, and waits for b: who has b wants a, and must not be the one that the server ends.
    wait_for 20 eval '[[ $(src -c "select count(*) from pg_locks where not granted and relation = '"'b'"'::regclass") == 1 ]]'
    echo "lock table a in share mode; insert into a values (1); commit;" >&8
    exec 8>&-
    wait_for 30 following
    [[ ! -s $BATS_TEST_TMPDIR/client.err && $(src -c 'select * from a') == 1 ]]
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    ended_with 0 'stay on the source'
    same_contents
}

@test "a table that comes while the run begins is named, and nothing is left" {
    shop
    clone_to snapshot.held --follow --endpos now
    go_on
    wait "$PID" || true
    [[ $(slots) == 1 ]]
    src -q -o /dev/null -c "select pg_drop_replication_slot('$SLOT')" -c "drop publication $SLOT"
    again
    clone_to publication.made --follow --endpos now
    src -q -c 'create table young (a int primary key)'
    go_on
    ended_with 4 'PGH-2217: .*tables that came after the publication was made: public.young'
    nothing_made
    run -0 follow --endpos now
}

@test "an end that is reached at once on an idle source; sequences as they are then" {
    shop
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 30 following
    # The snapshot, which would keep the source from vacuuming, is let go.
    wait_for 10 eval '[[ $(src -c "select count(*) from pg_stat_activity where application_name = '"'pghaul snapshot 1'"'") == 0 ]]'
    src -q -o /dev/null -c "select setval('counter', 4711)"
    [[ $(tgt -c 'select last_value from counter') == 1 ]]
    local begun=$SECONDS
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    ended_with 0 'applied all that committed before'
    ((SECONDS - begun < 5))
    [[ $(tgt -c 'select last_value, is_called from counter') == '4711|t' ]]
    run -6 "$PGHAUL" position set --dir "$RUN" --end 7F/0
    assert_output --partial 'PGH-4022: the run has reached its end at'
    run -0 "$PGHAUL" position --dir "$RUN"
    assert_output --regexp 'durable +[0-9A-F]+/'
    assert_output --partial '0 transactions'
    run -0 "$PGHAUL" status --dir "$RUN" --json
    assert_output --partial '"mode": "follow"'
    assert_output --partial '"last_sequences"'
    run -0 "$PGHAUL" status --dir "$RUN"
    assert_output --regexp 'slot +pghaul_'
    assert_output --regexp 'applied +[0-9A-F]+/'
}

@test "an end in WAL that an idle source has not flushed yet" {
    shop
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 30 following
    local begun=$SECONDS stop
    stop=$(src -c "select pg_logical_emit_message(false, 'p', 'not flushed')" -c 'select pg_current_wal_insert_lsn()' | tail -n 1)
    run -0 "$PGHAUL" position set --dir "$RUN" --end "$stop"
    ended_with 0 'applied all that committed before'
    ((SECONDS - begun < 5))
    # "now" is behind such WAL as well.
    again
    src -q -o /dev/null -c "select pg_drop_replication_slot('$SLOT')" -c "drop publication $SLOT"
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 30 following
    begun=$SECONDS
    src -q -o /dev/null -c "select pg_logical_emit_message(false, 'p', 'not flushed')"
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    kill -USR1 "$PID"
    ended_with 0 'applied all that committed before'
    ((SECONDS - begun < 5))
    grep -q 'applying changes: received [0-9A-F]*/[0-9A-F]*, applied .* behind, 0 transactions' "$BATS_TEST_TMPDIR/err"
}

@test "a run that does not follow has no position" {
    run -0 clone
    run -6 "$PGHAUL" position --dir "$RUN"
    assert_output --partial 'PGH-4020'
    run -0 "$PGHAUL" status --dir "$RUN" --json
    assert_output --partial '"mode": "offline"'
}

@test "changes are received while rows are copied" {
    shop
    clone_to copy.moving --follow --endpos now
    src -q -c "update account set amount = amount + 1 where id < 10"
    src -q -c "insert into log values (1, 1)"
    # The end was now: it is before these. Told anew, it is behind them.
    run -0 "$PGHAUL" position set --dir "$RUN" --end "$(src -c 'select pg_current_wal_insert_lsn()')"
    wait_for 20 eval '[[ $(spooled) -ge 2 ]]'
    go_on
    ended_with 0 'stay on the source'
}

# counted CLIENT: appends 1, 2, 3 and so on, each in a transaction.
counted() {
    local n
    for ((n = 1; n <= 200000; n++)); do
        if ((n % 3)); then echo "insert into counted values ($1, $n);"; else echo "begin; savepoint a; insert into counted values ($1, $n); commit;"; fi
    done | psql -qX "$SOURCE application_name=counting" >/dev/null 2>&1 3>&-
}

@test "the copy ends where the stream begins, to the transaction" {
    src -q -c 'create table counted (client int, n int, primary key (client, n))' -c 'create table big as select i as id, md5(i::text) from generate_series(1, 20000) i' -c 'alter table big add primary key (id)'
    local client clients=''
    for client in 1 2 3; do counted $client & clients="$clients $!"; done
    wait_for 20 eval '[[ $(src -c "select count(*) from counted") -gt 1000 ]]'
    # All is copied, nothing applied.
    clone_to firing.noted --follow --copy-format text
    tgt -c 'select client, n from counted order by 1, 2' | tr '|' ' ' >"$BATS_TEST_TMPDIR/both"
    [[ -s $BATS_TEST_TMPDIR/both ]]
    wait_for 20 eval '[[ $(src -c "select count(*) from counted") -gt $(($(wc -l <"$BATS_TEST_TMPDIR/both") + 500)) ]]'
    admin_source "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'counting'" >/dev/null
    wait $clients || true
    local stop
    stop=$(src -c 'select pg_current_wal_insert_lsn()')
    run -0 "$PGHAUL" position set --dir "$RUN" --end "$stop"
    wait_for 20 eval '[[ $(position durable) == "$stop" ]]'
    # An insert is I, oid, N, number of columns, and for each t, length, digits.
    "$PGHAUL" stream show --dir "$RUN" | awk '$1 == "change" && substr($3, 1, 2) == "49" {
        n = ""; for (i = 40; i <= length($3); i += 2) n = n substr($3, i, 1); print substr($3, 28, 1), n }' >>"$BATS_TEST_TMPDIR/both"
    src -c 'select client, n from counted' | tr '|' ' ' | sort >"$BATS_TEST_TMPDIR/source"
    sort "$BATS_TEST_TMPDIR/both" | cmp - "$BATS_TEST_TMPDIR/source"
    go_on
    ended_with 0 'stay on the source'
}

@test "stopped while it follows, and gone on with" {
    shop
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 30 following
    src -q -c "insert into log values (1, 1)"
    kill -INT "$PID"
    ended_with 3 'stopped while applying changes'
    nothing_left
    src -q -c "insert into log values (1, 2)"
    run -6 "$PGHAUL" position set --dir "$RUN" --end now
    assert_output --partial 'PGH-4021: nothing runs in'
    run -6 "$PGHAUL" position set --dir "$RUN" --end 0/1
    assert_output --partial 'PGH-4022: the target has everything up to'
    run -2 "$PGHAUL" position set --dir "$RUN" --end then
    assert_output --partial 'PGH-1003: --end cannot be "then"'
    run -2 "$PGHAUL" position set --dir "$RUN"
    assert_output --partial 'PGH-1004: --end is missing'
    run -2 "$PGHAUL" position reset --dir "$RUN"
    assert_output --partial 'pghaul position knows set, not "reset"'
    run -2 "$PGHAUL" position --end now --dir "$RUN"
    assert_output --partial '--end goes with pghaul position set'
    run -2 follow --resume --not-consistent
    assert_output --partial '--not-consistent does not go with --follow'
    run -0 "$PGHAUL" position set --dir "$RUN" --end "$(src -c 'select pg_current_wal_insert_lsn()')"
    run -0 follow --resume
    assert_output --partial 'applied all that committed before'
    [[ $(spooled) -ge 2 ]]
    nothing_left
}

@test "killed halves are replaced, and a killed run goes on" {
    shop
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 30 following
    local role pid
    for role in receive apply; do
        pid=$(catalog "select pid from process where role = '$role' and ended_us is null order by id desc limit 1")
        kill -9 "$pid"
        wait_for 20 eval '[[ $(catalog "select count(*) from process where role = '"'$role'"' and ended_us is null and pid <> '"$pid"'") == 1 ]]'
    done
    src -q -c "insert into log values (1, 1)"
    wait_for 20 eval '[[ $(spooled) -ge 1 ]]'
    kill -9 "$PID"
    wait "$PID" || true
    wait_for 20 nothing_left
    src -q -c "insert into log values (1, 2)"
    run -0 follow --resume --endpos now
    [[ $(spooled) -ge 2 ]]
}

@test "a source that is restarted while the run follows it" {
    shop
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 30 following
    src -q -c "insert into log values (1, 1)"
    wait_for 20 eval '[[ $(spooled) -ge 1 ]]'
    "$PGH_TOP/tests/server" stop "$HERE/s"
    wait_for 20 grep -q 'connecting again' "$BATS_TEST_TMPDIR/err"
    "$PGH_TOP/tests/server" start "$HERE/s"
    src -q -c "insert into log values (1, 2)" -c "select nextval('counter')" >/dev/null
    wait_for 30 eval '[[ $(spooled) -ge 2 ]]'
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    ended_with 0 'applied all that committed before'
    [[ $(tgt -c 'select is_called from counter') == t ]]
}

@test "killed at the very end: the resume ends it, whatever end it is given" {
    shop
    PGHAUL_TEST_AT=supervisor.phase:kill:7 run clone --follow --endpos now
    [[ $status == 137 && $(catalog 'select phase from run') == 7 ]]
    run -0 follow --resume --endpos now
    assert_output --partial 'the run has reached its end already'
    [[ $(slots) == 1 ]]
}

@test "a run begun anew after one that followed" {
    shop
    PGHAUL_TEST_AT=supervisor.phase:kill:3 run follow --endpos now
    run -0 follow --resume
    # One that does not follow leaves it, and says so.
    run -0 clone --restart --drop-if-exists
    assert_output --partial "a run before this one has left slot \"$SLOT\""
    tgt -q -c "drop publication $SLOT"
    # Begun anew, it drops what the one before has left on the source.
    run -0 follow --restart --drop-if-exists --endpos now
    [[ $(slots) == 1 && $(publications) == 1 ]]
    src -q -o /dev/null -c "select pg_drop_replication_slot('$SLOT')" -c "drop publication $SLOT"
    same
}

@test "what fires on changes as well is off meanwhile, and then as it was" {
    shop
    src -q <<'SQL'
create function f() returns trigger language plpgsql as 'begin return new; end';
create trigger a_always before insert on account for each row execute function f();
alter table account enable always trigger a_always;
create trigger b_replica before insert on account for each row execute function f();
alter table account enable replica trigger b_replica;
create trigger c_usual before insert on account for each row execute function f();
create trigger d_off before insert on account for each row execute function f();
alter table account disable trigger d_off;
create rule "R" as on update to log do also nothing;
alter table log enable always rule "R";
SQL
    firing() { tgt -c "select string_agg(tgname::text || tgenabled::text, ' ' order by tgname) from pg_trigger where not tgisinternal" -c "select ev_enabled from pg_rewrite where rulename = 'R'" | xargs; }
    export PGHAUL_TEST_AT='firing.noted:kill'
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 30 eval '[[ $(firing) == "a_alwaysD b_replicaD c_usualO d_offD D" ]]'
    grep -q 'off while changes are applied.*trigger a_always of public.account, trigger b_replica of public.account, rule R of public.log' "$BATS_TEST_TMPDIR/err"
    kill -9 "$PID"
    wait "$PID" || true
    # Each time another one takes over.
    PGHAUL_TEST_AT='firing.off:kill firing.on:kill' run -0 follow --resume --endpos now
    fired firing.off
    fired firing.on
    [[ $(firing) == 'a_alwaysA b_replicaR c_usualO d_offD A' ]]
    [[ $(catalog 'select count(*) from switched_off') == 0 ]]
}

# Changes of all kinds, from one client, as long as it is let.
busy() { # CLIENT
    local n
    for ((n = 1; n <= 100000; n++)); do
        cat <<SQL
begin; update account set amount = amount - $n where id = $1 * 10; update account set amount = amount + $n where id = $1 * 10 + 1;
insert into log (client, n) values ($1, $n); commit;
begin; update account set note = repeat(md5('$n'), 100) where id = $1 * 10 + 2; savepoint a; delete from log where client = $1; rollback to a;
insert into part values ($1 * 1000000 + $n, 1 + $n % 2, 'v$n'); commit;
update whole set b = b || '!' where a = $1; select nextval('counter');
delete from part where id = $1 * 1000000 + $n - 3;
update log set n = -n where client = $1 and n = $n - 5;
SQL
        ((n % 50 != 0)) || echo "begin; truncate part; insert into part values ($1 * 1000000 + $n, 2, 'after'); commit;"
    done | psql -qXAt "$SOURCE" >/dev/null 2>&1 3>&-
}

writers() {
    local client
    WRITERS=''
    for client in 1 2 3; do busy $client & WRITERS="$WRITERS $!"; done
    PIDS="${PIDS:-} $WRITERS"
}
stop_writers() {
    local pid
    for pid in $WRITERS; do pkill -P "$pid" psql 2>/dev/null || true; kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; done
    admin_source "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB' and application_name = 'psql' and pid <> pg_backend_pid()" >/dev/null
}

# The target must be like the source but for what is ours.
all_the_same() {
    src -q -o /dev/null -c "select pg_drop_replication_slot('$SLOT')" -c "drop publication $SLOT"
    tgt -q -c 'drop schema if exists pghaul cascade'
    same
}

@test "a clone while three clients write: the same at the end" {
    shop
    writers
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 60 following
    wait_for 20 eval '[[ $(position transactions) -gt 300 && $(catalog "select truncates from position") -gt 0 ]]'
    stop_writers
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    ended_with 0 'stay on the source'
    all_the_same
}

@test "a clone while three clients write, stopped and killed now and then: the same at the end" {
    shop
    writers
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 60 following
    local round pid seed=${PGHAUL_TEST_SEED:-$RANDOM}
    echo "seed $seed"
    RANDOM=$seed
    for ((round = 0; round < 6; round++)); do
        read -rt "0.$((RANDOM % 900 + 50))" <> <(:) || true
        case $((round % 3)) in
        0) kill -9 "$PID" ;;
        1) kill -TERM "$PID" ;; # a background process ignores INT until it has set itself up
        2)
            for pid in $(catalog "select pid from process where role in ('receive', 'apply') and ended_us is null"); do kill -9 "$pid" 2>/dev/null || true; done
            continue
            ;;
        esac
        wait "$PID" || true
        background "$PGHAUL" clone --dir "$RUN" --follow --resume
    done
    stop_writers
    wait_for 60 following
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    ended_with 0 'stay on the source'
    all_the_same
}

@test "killed where the halves change hands: nothing is lost, nothing doubled" {
    shop
    writers
    local point
    for point in firing.noted firing.off receive.before_sync receive.after_sync spool.half_written; do
        PGHAUL_TEST_AT=$point:kill background "$PGHAUL" clone --dir "$RUN" --follow ${RESUME:-}
        wait_for 60 following
        wait_for 20 fired "$point"
        kill -9 "$PID"
        wait "$PID" || true
        RESUME=--resume
    done
    stop_writers
    run -0 follow --resume --endpos now
    all_the_same
}
