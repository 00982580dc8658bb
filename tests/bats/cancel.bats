load lib.bash
load followed.bash

# A run is stopped at any place, and nothing of it is left on the servers but data.

setup_file() { own_source; }

# Some of every kind of work, in tables that are not small, and a part of what was on the target before.
shop() {
    src -q <<'SQL'
create table account (id int primary key, amount int not null);
insert into account select i, 1000 from generate_series(1, 200) i;
create table "my big" (id int primary key, filler text);
insert into "my big" select i, repeat(md5(i::text), 10) from generate_series(1, 50000) i;
create index on "my big" (filler);
create table child (id int primary key, big int references "my big");
insert into child select i, i from generate_series(1, 100) i;
create table keyless (a int);
insert into keyless values (1);
create function f() returns trigger language plpgsql as 'begin return new; end';
create trigger always before insert on account for each row execute function f();
alter table account enable always trigger always;
SQL
    theirs
}
theirs() {
    tgt -q -c 'create schema theirs' -c 'create table theirs.kept as select 1 as a' -c 'create table public.kept as select 2 as a'
}
anew() {
    again
    theirs
}

cancel() { "$PGHAUL" cancel --dir "$RUN" "$@"; }

# Slot, publications, identities, sessions, helper schema, triggers: all is as if there had been no run. What
# the user has is there.
nothing_of_it() {
    [[ $(slots) == 0 && $(publications) == 0 ]] || { echo 'slot or publication is left'; return 1; }
    [[ $(src -c "select relreplident from pg_class where relname = 'keyless'") == d ]] || { echo 'the identity is another one'; return 1; }
    no_helper_schema || { echo 'schema pghaul is left'; return 1; }
    nothing_left || { echo 'sessions are left'; return 1; }
    [[ $(tgt -c "select count(*) from pg_trigger where tgname = 'always' and tgenabled <> 'A'") == 0 ]] || { echo 'a trigger is off'; return 1; }
    [[ $(tgt -c "select count(*) from pg_class where relname = 'keyless' and relreplident <> 'd'") == 0 ]] || { echo 'the identity is another one on the target'; return 1; }
    [[ $(tgt -c 'select a from theirs.kept union all select a from public.kept order by 1') == 1$'\n'2 ]] || { echo 'data is lost'; return 1; }
    [[ $(src -c "select count(*) from pg_prepared_xacts") == 0 && ! -e $RUN/spool ]]
}

cancelled() {
    [[ $(catalog 'select state from run') == cancelled ]] && nothing_of_it || return 1
    run -2 clone --resume
    assert_output --partial 'PGH-1040: the run was cancelled'
    assert_output --partial 'begin anew with --restart'
    run -0 cancel
    assert_output --partial 'was cancelled already'
    run -0 cleanup
    assert_output --partial 'was cancelled: there is nothing of it to remove'
    nothing_of_it
}

# cancelled_at POINT alive|killed [OPTIONS]: a run that has come to this place is cancelled, while it lives or
# after its supervisor was killed. Who stands there wakes when it has been told to end, or its supervisor is gone.
cancelled_at() {
    local point=$1 how=$2 supervisor canceller
    echo "cancelled at $point, supervisor $how" >&2
    clone_to "$point" "${@:3}"
    supervisor=$PID
    if [[ $how == killed ]]; then
        kill -9 "$supervisor"
        wait "$supervisor" || true
        go_on
        run -0 cancel
    else
        cp "$BATS_TEST_TMPDIR/err" "$BATS_TEST_TMPDIR/first"
        "$PGHAUL" cancel --dir "$RUN" >"$BATS_TEST_TMPDIR/cancel" 2>&1 3>&- &
        canceller=$!
        PIDS="$PIDS $canceller"
        if [[ $STOPPED != "$supervisor" ]]; then wait_for 10 grep -q 'stopping now' "$BATS_TEST_TMPDIR/err"; else wait_for 10 grep -q 'stopping the run' "$BATS_TEST_TMPDIR/cancel"; fi
        go_on
        wait "$canceller" || { cat "$BATS_TEST_TMPDIR/cancel"; return 1; }
        output=$(cat "$BATS_TEST_TMPDIR/cancel")
        assert_output --partial "stopping the run: process $supervisor"
        wait "$supervisor" && return 1
    fi
    assert_output --partial 'is cancelled: what is on the target stays there'
    cancelled || { echo "at $point, $how"; return 1; }
}
at_each() {
    local point how
    for point in "${points[@]}"; do
        for how in alive killed; do
            cancelled_at "$point" $how "$@"
            anew
        done
    done
}

@test "offline, before there are tables" {
    shop
    points=(worker.ready snapshot.held plan.begun plan.made dump.made supervisor.phase:2)
    at_each
}

@test "offline, while rows are copied and indexes are made, and at the end" {
    shop
    points=(copy.moving copy.before_commit index.begun index.built foreign_keys.added final.before_commit)
    at_each
}

@test "online, before the copy" {
    shop
    points=(publication.intended publication.made slot.made plan.begun plan.made)
    at_each --follow --no-identity full
}

@test "online, in the copy" {
    shop
    points=(copy.moving copy.after_commit firing.off)
    at_each --follow --no-identity full
}

@test "online, while changes are applied: alive, killed, and paused" {
    shop
    local how
    for how in alive killed paused; do
        background "$PGHAUL" clone --dir "$RUN" --follow --no-identity full
        wait_for 30 following
        wait_for 20 eval '[[ $(tgt -c "select tgenabled from pg_trigger where tgname = '"'always'"'") == D ]]'
        src -c 'update account set amount = 7 where id = 1'
        caught_up
        [[ $(slots) == 1 && $(publications) == 1 && $(src -c "select relreplident from pg_class where relname = 'keyless'") == f ]]
        [[ $how != paused ]] || run -0 "$PGHAUL" pause --dir "$RUN"
        if [[ $how == killed ]]; then
            kill -9 "$PID"
            wait "$PID" || true
        fi
        run -0 cancel
        assert_output --partial "slot \"$SLOT\": removed"
        assert_output --partial 'REPLICA IDENTITY FULL of public.keyless: removed'
        assert_output --partial 'triggers and rules that are off: removed'
        assert_output --regexp 'changes that committed on the source after [0-9A-F/]+ are not on the target'
        refute_output --partial 'not complete'
        cancelled
        [[ $(tgt -c 'select amount from account where id = 1') == 7 ]]
        same_contents_but_theirs
        run -2 "$PGHAUL" follow --dir "$RUN"
        assert_output --partial 'PGH-1040'
        run -2 "$PGHAUL" position set --dir "$RUN" --end 7F/0
        assert_output --partial 'PGH-1040'
        run -2 "$PGHAUL" pause --dir "$RUN"
        assert_output --partial 'PGH-1040'
        run -2 "$PGHAUL" set --dir "$RUN" table-jobs=2
        assert_output --partial 'PGH-1040'
        anew
    done
}
same_contents_but_theirs() {
    tgt -q -c 'drop schema theirs cascade' -c 'drop table public.kept'
    same_contents
    theirs
}

@test "what is not complete is named; what is stays" {
    shop
    background "$PGHAUL" clone --dir "$RUN" --max-rate 64kB --table-jobs 2 --index-jobs 1
    wait_for 30 catalog_says "select count(*) from work where kind = 'small' and state = 'done'" 3
    wait_for 30 catalog_says "select count(*) from work where kind = 'table' and state = 'running' and moved > 0" 1
    run -0 cancel
    assert_output --partial 'tables that are not complete on the target: public."my big"'
    assert_output --regexp 'indexes, keys and constraints that are not made on the target: [1-9]'
    cancelled
    [[ $(tgt -c 'select count(*) from account') == 200 && $(tgt -c 'select count(*) from "my big"') == 0 ]]
    [[ $("$PGHAUL" status --dir "$RUN" --json | jq -r '.state') == cancelled ]]
    "$PGHAUL" status --dir "$RUN" --json | "$PGH_TOP/tests/validate" "$PGH_TOP/docs/status.schema.json"
    run -6 clone
    assert_output --partial 'which was cancelled'
    assert_output --partial 'Begin again with --restart, or give another --dir.'
    tgt -q -c 'drop table child, account, keyless, "my big"' -c 'drop function f'
    run -0 clone --restart -q
    same_contents_but_theirs
    run -2 cancel
    assert_output --partial 'PGH-1041: run'
    [[ $(catalog 'select state from run') == done ]]
}

@test "killed anywhere, cancel goes on" {
    shop
    local point points=(cancel.stopped cancel.noted cancel.sessions_ended cleanup.noted cleanup.slot_dropped cleanup.publication_dropped
        cleanup.identity_restored cleanup.switched_on cleanup.target_done cleanup.spool_wiped cancel.removed)
    for point in "${points[@]}"; do
        background "$PGHAUL" clone --dir "$RUN" --follow --no-identity full
        wait_for 30 following
        wait_for 20 eval '[[ $(tgt -c "select tgenabled from pg_trigger where tgname = '"'always'"'") == D ]]'
        PGHAUL_TEST_AT=$point:kill run cancel
        [[ $status == 137 ]]
        fired "$point"
        ended_with 3 'stopping now'
        # Before it was noted, the run is only stopped.
        if [[ $point == cancel.stopped ]]; then
            [[ $(catalog "select count(*) from setting where name = 'cancel'") == 0 ]]
        else
            run -2 clone --follow --resume
            assert_output --partial 'PGH-1040'
            run -2 cleanup --force
            assert_output --partial 'PGH-1040'
            assert_output --partial 'pghaul cancel goes on with it'
        fi
        run -0 cancel
        cancelled || { echo "$point"; return 1; }
        anew
    done
}

@test "a supervisor that does not answer is killed; another process of the number in its lock is not" {
    shop
    sleep 1000 3>&- &
    innocent=$!
    PIDS="${PIDS:-} $innocent"
    background "$PGHAUL" clone --dir "$RUN" --follow --no-identity full
    wait_for 30 following
    supervisor=$PID
    kill -STOP "$supervisor"
    echo "$innocent" >"$RUN/lock"
    run -0 cancel
    assert_output --partial "waiting for the workers of process $innocent, which is gone"
    assert_output --partial 'the run does not stop: killing its processes'
    cancelled
    kill -0 "$innocent"
    wait "$supervisor" || status=$?
    [[ $status == 137 ]]
}

@test "two that cancel at once: the second one is told" {
    shop
    background "$PGHAUL" clone --dir "$RUN" --follow --no-identity full
    wait_for 30 following
    RUNNING=$PID
    background env PGHAUL_TEST_AT=cancel.noted:stop "$PGHAUL" cancel --dir "$RUN"
    stopped_at cancel.noted
    run -6 cancel
    assert_output --partial 'PGH-4001'
    go_on
    ended_with 0 'is cancelled'
    cancelled
    wait "$RUNNING" || [[ $? == 3 ]]
}

@test "servers that cannot be reached: the run is stopped, and can go on or be cancelled" {
    shop
    background "$PGHAUL" clone --dir "$RUN" --follow --no-identity full
    wait_for 30 following
    run -4 cancel --source "host=$BATS_TEST_TMPDIR dbname=x"
    assert_output --partial 'is stopped, but not cancelled'
    assert_output --partial "by hand, on the source: SELECT pg_drop_replication_slot('$SLOT')"
    ended_with 3 'stopping now'
    [[ $(slots) == 1 ]]
    run -6 cancel --target "$PGH_SOURCE dbname=postgres"
    assert_output --partial 'PGH-4007: this target is not the one'
    background "$PGHAUL" clone --dir "$RUN" --follow --resume
    wait_for 30 eval "catalog_says 'select state, phase from run' 'running|6'"
    caught_up
    run -0 cancel
    cancelled
    run -6 "$PGHAUL" cancel --dir "$BATS_TEST_TMPDIR/none"
    assert_output --partial 'PGH-4003'
}

@test "what runs that were given up have left goes as well; who holds a snapshot is named" {
    shop
    clone_to copy.after_commit
    kill -9 "$PID"
    wait "$PID" || true
    go_on
    background "$PGHAUL" snapshot --dir "$RUN"
    holder=$PID
    wait_for 10 catalog_says 'select count(*) from snapshot where ended_us is null' 1
    [[ $(tgt -c 'select count(*) from pghaul.done') -ge 1 ]]
    clone_to plan.begun --restart --drop-if-exists
    kill -9 "$PID"
    wait "$PID" || true
    go_on
    run -0 cancel
    assert_output --partial "process $holder (pghaul snapshot) still holds snapshot"
    kill -TERM "$holder"
    wait_for 10 nothing_left
    cancelled
}

@test "a role that is no superuser" {
    src -q -c 'create table t (id int primary key)' -c "insert into t select generate_series(1, 100)"
    admin_source "create role ${DB}_r login replication"
    admin_target "create role ${DB}_r login"
    src -q -c "alter table t owner to ${DB}_r" -c "grant create on database $DB to ${DB}_r"
    admin_target "alter database $DB owner to ${DB}_r"
    admin_target "grant set on parameter session_replication_role to ${DB}_r"
    export PGHAUL_SOURCE="host=$HERE/s user=${DB}_r dbname=$DB" PGHAUL_TARGET="${PGH_TARGET/user=postgres/user=${DB}_r} dbname=$DB"
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 30 following
    kill -9 "$PID"
    wait "$PID" || true
    run -0 cancel
    nothing_made
    no_helper_schema
    wait_for 10 nothing_left
    src -q -c "drop owned by ${DB}_r cascade"
    admin_source "drop role ${DB}_r"
    admin_target "drop database $DB"
    admin_target "drop owned by ${DB}_r"
    admin_target "drop role ${DB}_r"
    admin_target "create database $DB"
}

@test "several databases: alive, killed, and cancel itself killed" {
    local name how
    src -q -c "create table t as select i as id, repeat(md5(i::text), 10) as filler from generate_series(1, 20000) i"
    for name in a 'b x'; do
        admin_source "create database \"${DB}_$name\" template $DB"
        admin_target "create database \"${DB}_$name\""
    done
    for how in alive killed; do
        background "$PGHAUL" clone --dir "$RUN" --source "$PGH_SOURCE dbname=postgres" --target "$PGH_TARGET dbname=postgres" \
            --database "$DB,${DB}_a,${DB}_b x" --database-jobs 2 --max-rate 1MB
        wait_for 30 eval '[[ $(admin_target "select count(distinct datname) from pg_stat_activity where application_name like '"'pghaul copy%'"' and query ~ '"'COPY'"'") == 2 ]]'
        if [[ $how == killed ]]; then
            kill -9 "$PID"
            wait "$PID" || true
            PGHAUL_TEST_AT=cancel.members_done:kill run "$PGHAUL" cancel --dir "$RUN" --source "$PGH_SOURCE dbname=postgres" --target "$PGH_TARGET dbname=postgres"
            [[ $status == 137 ]]
            run -2 "$PGHAUL" clone --dir "$RUN" --resume
            assert_output --partial 'PGH-1040'
        fi
        run -0 "$PGHAUL" cancel --dir "$RUN" --source "$PGH_SOURCE dbname=postgres" --target "$PGH_TARGET dbname=postgres"
        assert_output --partial 'of 3 databases is cancelled'
        [[ $how == killed ]] || ended_with 3 'stopping'
        [[ $(admin_source "select count(*) from pg_stat_activity where application_name like 'pghaul%'") == 0 ]]
        [[ $(admin_target "select count(*) from pg_stat_activity where application_name like 'pghaul%' and datname like '$DB%'") == 0 ]]
        for name in "$DB" "${DB}_a" "${DB}_b x"; do
            [[ $(psql -qXAt "$PGH_TARGET dbname='$name'" -c "select count(*) from pg_namespace where nspname = 'pghaul'") == 0 ]]
        done
        [[ $(catalog "select state from run union all select distinct state from member where state <> 'waiting'") == cancelled$'\n'cancelled ]]
        "$PGHAUL" status --dir "$RUN" --json | "$PGH_TOP/tests/validate" "$PGH_TOP/docs/status.schema.json"
        run -2 "$PGHAUL" clone --dir "$RUN" --resume --source "$PGH_SOURCE dbname=postgres" --target "$PGH_TARGET dbname=postgres"
        assert_output --partial 'PGH-1040'
        run -0 "$PGHAUL" cancel --dir "$RUN"
        assert_output --partial 'was cancelled already'
        for name in "$DB" "${DB}_a" "${DB}_b x"; do psql -qX "$PGH_TARGET dbname='$name'" -c 'drop table if exists t'; done
        keep_fired
        rm -rf "$RUN"
    done
    admin_target "drop database \"${DB}_b x\""
    admin_source "drop database \"${DB}_b x\""
}
