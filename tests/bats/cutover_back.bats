load lib.bash
load followed.bash
load cutover.bash
load back.bash

# cutover --reverse: there, writes on the new side, cutover --back, writes on the old side.

going_back() { [[ -f $BACK/catalog.db && $(back "select phase || (select count(*) from process where role = 'cutover' and ended_us is null) from run" 2>/dev/null) == 61 ]]; }
target_is_clean() { [[ $(admin_target "select count(*) from pg_replication_slots where database = '$DB'")$(tgt -c 'select count(*) from pg_publication') == 00 ]]; }

@test "there and back again: equal both times, sequences ahead on both, each side writes when it is its turn" {
    shop
    followed
    src -q -o /dev/null -c 'insert into log select 1, i from generate_series(1, 100) i' -c "select setval('counter', 500)"
    run -0 cutover --reverse --on-cutover "psql -qX '$TARGET' -c 'insert into log values (0, 1)'"
    assert_output --regexp 'way-back +[0-9]+ ms'
    assert_output --partial 'handed over at'
    [[ $(tgt -c "select count(*) || ' ' || nextval('counter') from log") == '101 501' ]]
    # The old source is read-only, and gets what is written to the new one.
    run -1 src -c 'insert into log values (9, 9)'
    assert_output --partial 'read-only transaction'
    tgt -q -o /dev/null -c 'insert into log select 2, i from generate_series(1, 50) i' -c 'update account set amount = amount + 1 where id <= 10' \
        -c 'delete from account where id > 90' -c "select nextval('counter') from generate_series(1, 9)"
    wait_for 30 going_back
    wait_for 20 eval '[[ $(src -c "select count(*) from log") == 151 ]]'
    wait_for 20 eval '[[ $(src -c "select last_value from counter") == 510 ]]'
    run -0 "$PGHAUL" compare data --dir "$RUN"
    [[ $(slots) == 0 ]]
    # Rehearsed, then gone.
    run -0 cutover --back --rehearse
    assert_output --partial 'takes writes again'
    tgt -q -c 'insert into log values (3, 1)'
    run -0 cutover --back --on-cutover "psql -qX '$SOURCE' -v ON_ERROR_STOP=1 -c 'insert into log values (0, 2)'"
    assert_output --partial 'handed over at'
    ended_with 0 'going back from here on'
    # Nobody connects to the new one any more; the old one is what it was, and ahead.
    run -2 tgt -c 'select 1'
    [[ $(src -c "select count(*) || ' ' || nextval('counter') from log") == '153 511' ]]
    src -q -c 'insert into log values (4, 1)'
    [[ $(admin_source "select count(*) from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase where datname = '$DB'") == 0 ]]
    [[ $(src -c 'select sum(amount) from account') == 90010 ]]
    src -q -c 'delete from log where client = 4 or (client, n) = (0, 2)'
    run -0 cleanup
    run -0 "$PGHAUL" compare data -T counter
    target_is_clean
    nothing_made
}

@test "a cutover with a way back that is given up, or rehearsed, leaves nothing of it" {
    shop
    followed
    run -2 cutover --reverse --leave-open
    assert_output --partial 'PGH-1005'
    run -2 cutover --back
    assert_output --partial 'there is no way back'
    run -0 cutover --reverse --rehearse
    assert_output --regexp 'way-back'
    target_is_clean
    run -14 cutover --reverse --before-freeze false
    target_is_clean
    [[ ! -e $BACK ]]
    # What cannot be followed back is said before the source is frozen.
    tgt -q -c 'alter table log add more int'
    run -14 cutover --reverse
    assert_output --partial 'column "more" of table public.log'
    [[ $(catalog "select count(*) from cutover_step where step = 'freeze'") == 1 ]]
    tgt -q -c 'alter table log drop more'
    target_is_clean
    src -q -c 'insert into log values (1, 1)'
    end_now
}

@test "all are killed with a way back prepared, and after the hand-over: it is taken back, or gone" {
    shop
    background env PGHAUL_TEST_AT='cutover.before_hand_over:stop' "$PGHAUL" clone --follow --dir "$RUN"
    wait_for 30 following
    "$PGHAUL" cutover --dir "$RUN" --reverse >/dev/null 2>&1 3>&- &
    PIDS="$PIDS $!"
    stopped_at cutover.before_hand_over
    kill_all
    fresh_points
    background env PGHAUL_TEST_AT='cutover.handed_over:stop' "$PGHAUL" clone --follow --dir "$RUN" --resume
    wait_for 20 target_is_clean
    wait_for 30 catalog_says "select phase || (select count(*) from process where role = 'cutover' and ended_us is null) from run" 61
    src -q -c 'insert into log values (1, 1)'
    "$PGHAUL" cutover --dir "$RUN" --reverse >/dev/null 2>&1 3>&- &
    PIDS="$PIDS $!"
    stopped_at cutover.handed_over
    kill_all
    background "$PGHAUL" clone --follow --dir "$RUN" --resume
    wait_for 30 going_back
    run -1 src -c 'insert into log values (2, 1)'
    tgt -q -c 'insert into log values (2, 2)'
    run -0 cutover --back
    ended_with 0 'handed over'
    [[ $(src -c 'select count(*) from log') == 2 ]]
}
