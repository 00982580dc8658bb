load lib.bash
load followed.bash

# What a run that followed leaves, and how it is removed; and following on after the end.

shop() {
    src -q <<'SQL'
create table account (id int primary key, amount int not null);
insert into account select i, 1000 from generate_series(1, 200) i;
create sequence counter;
SQL
}

# Nothing of the run is anywhere, and the target is like the source.
all_clean() {
    nothing_made && no_helper_schema && [[ ! -e $RUN/spool ]] && same
}

@test "cleanup shows what it would remove, removes it, and may be called again" {
    shop
    run -0 follow --endpos now
    assert_output --partial "slot \"$SLOT\" and publication \"$SLOT\" stay on the source, and the slot keeps its WAL: pghaul cleanup --dir $RUN removes them"
    run -0 --separate-stderr cleanup --dry-run
    uuid=$(catalog 'select uuid from run')
    [[ $output == "source: slot \"$SLOT\": SELECT pg_drop_replication_slot('$SLOT');
source: publication \"$SLOT\": DROP PUBLICATION \"$SLOT\";
target: row of pghaul.progress: DELETE FROM pghaul.progress WHERE run = '$uuid';
directory: received changes: $RUN/spool" ]]
    [[ $(slots) == 1 && $(publications) == 1 && $(tgt -c 'select count(*) from pghaul.progress') == 1 ]]
    run -0 cleanup
    assert_output --partial "source: slot \"$SLOT\": removed"
    assert_output --partial 'is cleaned up'
    all_clean
    run -0 cleanup
    assert_output --partial 'target: row of pghaul.progress: not there'
    assert_output --partial 'directory: received changes: not there'
    # A new run may begin in the same directory.
    run -0 follow --restart --drop-if-exists --endpos now
    run -0 cleanup
    all_clean
}

@test "what somebody has removed already is said; somebody else's slot stays" {
    shop
    run -0 follow --endpos now
    src -q -o /dev/null -c "select pg_drop_replication_slot('$SLOT')" -c "drop publication $SLOT" -c "select pg_create_logical_replication_slot('$SLOT', 'test_decoding')"
    tgt -q -c 'drop schema pghaul cascade'
    run -0 cleanup
    assert_output --partial "slot \"$SLOT\" is of plugin test_decoding, not pgoutput: it is not the run's, and stays"
    assert_output --partial "source: publication \"$SLOT\": not there"
    assert_output --partial 'target: row of pghaul.progress: not there'
    [[ $(slots) == 1 ]]
}

@test "killed between any two steps, cleanup goes on; such a run cannot be followed" {
    shop
    local point
    for point in cleanup.noted cleanup.slot_dropped cleanup.publication_dropped cleanup.switched_on cleanup.target_done cleanup.spool_wiped; do
        run -0 follow --endpos now
        PGHAUL_TEST_AT=$point:kill run cleanup
        [[ $status == 137 ]]
        fired "$point"
        run -2 "$PGHAUL" follow --dir "$RUN"
        assert_output --partial 'PGH-1030: the run was cleaned up'
        run -0 cleanup
        all_clean
        again
    done
}

@test "a run that has not reached its end keeps its slot, unless it is given up" {
    shop
    src -q -c "create function f() returns trigger language plpgsql as 'begin return new; end'" \
        -c 'create trigger always before insert on account for each row execute function f()' -c 'alter table account enable always trigger always'
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 30 following
    wait_for 20 eval '[[ $(tgt -c "select tgenabled from pg_trigger where not tgisinternal") == D ]]'
    # Somebody works there.
    run -6 cleanup
    assert_output --partial 'PGH-4001'
    caught_up
    kill -9 "$PID"
    wait "$PID" || true
    run -2 cleanup
    assert_output --partial 'PGH-1031: run "'
    assert_output --partial 'pghaul cleanup --force'
    [[ $(slots) == 1 ]]
    run -0 --separate-stderr cleanup --force --dry-run
    assert_output --partial 'target: triggers and rules that are off: ALTER TABLE ONLY "public"."account" ENABLE ALWAYS TRIGGER "always";'
    run -0 cleanup --force
    [[ $(tgt -c "select tgenabled from pg_trigger where not tgisinternal") == A ]]
    run -2 follow --resume
    assert_output --partial 'PGH-1030: the run was cleaned up'
    assert_output --partial 'begin anew with --restart'
    run -2 "$PGHAUL" position set --dir "$RUN" --end 7F/0
    assert_output --partial 'PGH-1030'
    nothing_made
}

@test "who holds the slot is named" {
    shop
    run -0 follow --endpos now
    pg_recvlogical -d "$SOURCE application_name=other" --slot "$SLOT" --start -f /dev/null -o proto_version=1 -o "publication_names=$SLOT" 3>&- &
    PIDS="${PIDS:-} $!"
    wait_for 10 eval '[[ $(admin_source "select active from pg_replication_slots where slot_name = '"'$SLOT'"'") == t ]]'
    run -0 cleanup --dry-run
    assert_output --regexp "warning.*slot \"$SLOT\" is in use by backend"
    assert_output --partial "SELECT pg_drop_replication_slot('$SLOT')"
    run -4 cleanup
    assert_output --regexp "PGH-2250: slot \"$SLOT\" is in use by backend [0-9]+ of application 'other' and role 'postgres'"
    [[ $(publications) == 1 ]]
    kill "${PIDS##* }"
    # Nothing was done: what had streamed instead of it has moved the slot, but the run itself could go on.
    [[ $(catalog "select count(*) from setting where name = 'cleanup'") == 0 ]]
    run -0 cleanup
    all_clean
}

@test "other servers, servers that cannot be reached, runs that do not follow" {
    shop
    run -0 follow --endpos now
    admin_source "create database ${DB}_other"
    run -6 cleanup --source "$PGH_SOURCE dbname=${DB}_other"
    assert_output --partial 'PGH-4007: this source is not the one that the run began with'
    assert_output --partial "by hand, on the source: SELECT pg_drop_replication_slot('$SLOT'); DROP PUBLICATION \"$SLOT\"; on the target: DELETE FROM pghaul.progress"
    run -6 cleanup --target "$PGH_SOURCE dbname=${DB}_other"
    assert_output --partial 'PGH-4007: this target is not the one that the run began with'
    run -4 cleanup --source "host=$BATS_TEST_TMPDIR dbname=x"
    assert_output --partial "by hand, on the source: SELECT pg_drop_replication_slot('$SLOT')"
    admin_source "drop database ${DB}_other"
    [[ $(slots) == 1 ]]
    run -0 cleanup
    run -0 clone --restart --drop-if-exists
    run -6 cleanup
    assert_output --partial 'PGH-4020'
    run -6 "$PGHAUL" cleanup --dir "$BATS_TEST_TMPDIR/nothing"
    assert_output --partial 'PGH-4003'
}

@test "what runs that were given up have left goes as well" {
    shop
    run -0 follow --endpos now
    run -0 clone --restart --drop-if-exists
    assert_output --partial "a run before this one has left slot \"$SLOT\" and publication \"$SLOT\" on its source: pghaul cleanup --dir $RUN removes them"
    run -0 cleanup
    tgt -q -c "drop publication if exists $SLOT"
    all_clean
}

@test "following on after the end, again and again; then no more" {
    shop
    run -0 follow --endpos now
    run -2 "$PGHAUL" follow --dir "$RUN" --endpos soon
    assert_output --partial 'PGH-1003: --endpos cannot be "soon"'
    src -q -o /dev/null -c 'insert into account values (1001, 1), (1002, 1)' -c 'update account set amount = 7 where id = 3' -c "select setval('counter', 50)"
    # Its end was reached: nothing to resume.
    run -0 "$PGHAUL" follow --dir "$RUN" --resume
    assert_output --partial 'has reached its end already'
    [[ $(tgt -c 'select count(*) from account') == 200 ]]
    run -6 "$PGHAUL" follow --dir "$RUN" --endpos 0/1
    assert_output --partial 'PGH-4022: the target has everything up to'
    run -0 "$PGHAUL" follow --dir "$RUN" --endpos now
    assert_output --partial "slot \"$SLOT\" and publication \"$SLOT\" stay on the source"
    [[ $(catalog 'select state, resumes from run') == 'done|1' ]]
    [[ $(tgt -c 'select count(*), sum(amount) from account' -c 'select last_value from counter') == "202|199009"$'\n50' ]]
    # Without an end it goes on until it is told one; event triggers of the target are there now.
    tgt -q -c "create function f() returns trigger language plpgsql as 'begin return new; end'" -c 'create trigger always before insert on account for each row execute function f()' \
        -c 'alter table account enable always trigger always' \
        -c "create function no() returns event_trigger language plpgsql as 'begin raise ''no''; end'" -c 'create event trigger no on ddl_command_start execute function no()'
    background "$PGHAUL" follow --dir "$RUN"
    wait_for 30 following
    src -q -o /dev/null -c 'delete from account where id > 1000'
    caught_up
    [[ $(tgt -c 'select count(*) from account' -c 'select tgenabled from pg_trigger where not tgisinternal') == 200$'\n'D ]]
    end_now
    [[ $(tgt -c 'select tgenabled from pg_trigger where not tgisinternal') == A ]]
    tgt -q -c 'drop event trigger no' -c 'drop function no cascade' -c 'drop function f cascade'
    run -0 cleanup
    all_clean
    run -2 "$PGHAUL" follow --dir "$RUN"
    assert_output --partial 'PGH-1030'
}

@test "a follow that is killed or stopped goes on" {
    shop
    run -0 follow --endpos now
    PGHAUL_TEST_AT=follow.opened:kill run "$PGHAUL" follow --dir "$RUN"
    fired follow.opened
    background "$PGHAUL" follow --dir "$RUN"
    wait_for 30 following
    src -q -c 'insert into account values (1001, 1)'
    caught_up
    kill -9 "$PID"
    wait "$PID" || true
    src -q -c 'insert into account values (1002, 1)'
    background "$PGHAUL" follow --dir "$RUN" --resume
    wait_for 30 following
    caught_up
    kill -INT "$PID"
    ended_with 3 'stopped while applying changes'
    src -q -c 'insert into account values (1003, 1)'
    run -0 "$PGHAUL" follow --dir "$RUN" --resume --endpos now
    run -0 cleanup
    all_clean
}

@test "what cannot be followed: no copy, no slot, another source" {
    shop
    run -6 "$PGHAUL" follow --dir "$RUN"
    assert_output --partial 'PGH-4003: there is no run in'
    [[ ! -e $RUN ]]
    run -0 clone
    run -6 "$PGHAUL" follow --dir "$RUN"
    assert_output --partial 'PGH-4020'
    again
    PGHAUL_TEST_AT=supervisor.phase:kill:2 run follow --endpos now
    run -2 "$PGHAUL" follow --dir "$RUN" --resume
    assert_output --partial 'PGH-1032: run "'
    assert_output --partial 'pghaul clone --follow --resume'
    run -0 follow --restart --drop-if-exists --endpos now
    src -q -o /dev/null -c "select pg_drop_replication_slot('$SLOT')"
    run -4 "$PGHAUL" follow --dir "$RUN" --endpos now
    # Who looks first says it: receiving, or the guard.
    assert_output --regexp "the source has no slot \"$SLOT\"|slot \"$SLOT\" is lost: somebody has dropped it"
}
