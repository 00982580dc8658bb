load lib.bash
load followed.bash

live() { "$PGHAUL" compare data --live --dir "$RUN" "$@"; }

# A run that follows, and a writer of many small transactions.
followed() {
    src <<'SQL'
create table busy (id int primary key, n int not null, t text);
insert into busy select i, 0, 'x' from generate_series(1, 2000) i;
create table log (id bigserial primary key, id2 int, at timestamptz default clock_timestamp());
create table calm (id int primary key, v text);
insert into calm select i, 'v' from generate_series(1, 1000) i;
create unlogged table not_followed (a int);
create sequence numbers;
SQL
    background follow "$@"
    FOLLOW=$PID
    wait_for 30 following
}

writer() {
    cat >"$BATS_TEST_TMPDIR/write.sql" <<'SQL'
\set i random(1, 2000)
\set j random(1, 2000)
begin;
update busy set n = n + 1, t = repeat('y', :i % 50) where id = :i;
insert into log (id2) values (:j);
end;
SQL
    background "$(pg_bin)/pgbench" -n -c 4 -j 2 -T "$1" -R "${2:-1000}" -f "$BATS_TEST_TMPDIR/write.sql" "$SOURCE"
    WRITER=$PID
}

held_ms() { sed -n 's/.*apply was held for \([0-9]*\) ms.*/\1/p' <<<"$output"; }

@test "compare data --live: exact while the source is written to and the target follows" {
    followed
    writer 12
    for _ in 1 2 3 4; do
        run -0 live
        assert_output --partial 'data: 3 equal'
        (($(held_ms) < 1000))
    done
    # Behind replication's back.
    tgt -c "update calm set v = 'w' where id = 17"
    run -12 live
    assert_output --partial 'table public.calm differs: rows: 1,000 on the source, 1,000 on the target, 1 changed'
    assert_output --partial '  changed: (17)'
    wait "$WRITER"
    src -c 'insert into not_followed values (1)' -c "select nextval('numbers')"
    tgt -c "update calm set v = 'v' where id = 17"
    run -0 live
    kill -0 "$FOLLOW"
    PID=$FOLLOW
    end_now
    run -13 live
    assert_output --partial 'PGH-8010: the run in'
}

@test "compare data --live: a long transaction keeps nobody waiting" {
    followed
    background psql -qX "$SOURCE" -c "begin; update calm set v = 'z' where id = 5; update busy set n = -1 where id = 7; select pg_sleep(60)"
    wait_for 10 eval '[[ $(src -c "select count(*) from pg_stat_activity where wait_event = '"'PgSleep'"'") == 1 ]]'
    writer 3 200
    run -0 live
    (($(held_ms) < 1000))
    wait "$WRITER"
    run -0 live
}

@test "compare data --live: who dies while apply is held does not keep it" {
    followed
    background env PGHAUL_TEST_AT=live.held:kill "$PGHAUL" compare data --live --dir "$RUN"
    ended 137
    src -c "update calm set v = 'later'"
    wait_for 15 eval '[[ $(tgt -c "select count(*) from calm where v = '"'later'"'") == 1000 ]]'
}

@test "compare data --live: only with a run that applies" {
    run -2 "$PGHAUL" compare data --live
    assert_output --partial 'PGH-1004: --live needs the run: --dir or --name is missing'
    run -2 "$PGHAUL" compare schema --live --dir "$RUN"
    assert_output --partial 'PGH-1005: --live goes with pghaul compare data'
    run -2 live --repair
    assert_output --partial 'PGH-1005: --repair does not go with --live'
    run -0 clone
    run -6 live
    assert_output --partial 'PGH-4020'
}
