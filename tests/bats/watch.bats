load lib.bash
load followed.bash

# Following, looked after: the form of values, room on the disk, the slot, tables that come, timelines,
# and a source that does not answer.

setup_file() {
    own_source 'max_slot_wal_keep_size = 200MB' 'wal_sender_timeout = 2s' 'min_wal_size = 32MB' 'max_wal_size = 64MB' 'autovacuum = off'
}

# These three take the place of the shell that they are called in: of `run`, or of one in the background.
follow() { exec "$PGHAUL" clone --dir "$RUN" --follow "$@"; }
end_now() { wait_for 30 eval '"$PGHAUL" position set --end now --dir "$RUN" 2>/dev/null'; }
slot() { admin_source "select $1 from pg_replication_slots where slot_name = '${2:-$SLOT}'"; }
status() { "$PGHAUL" status --dir "$RUN" --json | jq -r "$1"; }
make_slot() { src -q -o /dev/null -c "create publication pub for all tables" -c "select pg_create_logical_replication_slot('$SLOT', 'pgoutput')"; }
receive() { exec "$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN" --slot "$SLOT" --publication pub "$@"; }
apply() { exec "$PGHAUL" stream apply --target "$TARGET" --dir "$RUN" "$@"; }
# Megabytes that are not easily compressed, in rows of 2 kB.
grow() { src -q -c "insert into large select i, (select string_agg(md5(random()::text || i || j), '') from generate_series(1, 64) j) from generate_series($1, $1 + 512 * $2 - 1) i"; }

types() {
    cat <<'SQL'
create type mood as enum ('sad', 'ok', 'happy');
create domain positive as int check (value > 0);
create table typed (
    id int primary key, c_int2 smallint, c_int8 bigint, c_numeric numeric, c_numeric_p numeric(30, 10), c_real real, c_double double precision,
    c_bool bool, c_bytea bytea, c_char char(7), c_varchar varchar(40), c_text text, c_name name, c_qchar "char", c_date date, c_time time,
    c_timetz timetz, c_timestamp timestamp, c_timestamptz timestamptz, c_interval interval, c_uuid uuid, c_json json, c_jsonb jsonb,
    c_ints int[], c_texts text[], c_dates date[], c_inet inet, c_macaddr macaddr, c_bit bit(5), c_varbit varbit, c_point point, c_box box,
    c_tsvector tsvector, c_int4range int4range, c_tstzrange tstzrange, c_mood mood, c_positive positive, c_money money, c_oid oid,
    c_pg_lsn pg_lsn, c_jsonpath jsonpath, twice int generated always as (id * 2) stored);
create table typed_full (like typed including generated);
alter table typed_full replica identity full;
SQL
}

# Rows with values, with NULLs, with edges; updates of all of it, of keys, deletes.
change_typed() {
    cat <<'SQL'
insert into typed values (1, -32768, 9223372036854775807, 'NaN', 12345.0000000001, 'infinity', 1e-300, true, '\x00ff5c27', 'ab', 'v,"\', e'line\n\t\\"', 'n', 'q',
    '4713-01-01 BC', '23:59:59.999999', '12:00+05:30', 'infinity', '2020-02-29 12:00:00.000001+14', '1 year -2 days 3.5 seconds', gen_random_uuid(),
    '{"a": [1, null]}', '{"b": "é"}', '{1,null,3}', array['a"b', null, '', '\'], '{}', '::1/64', '08:00:2b:01:02:03', B'10101', B'1', '(1,2)', '((0,0),(1,1))',
    'a:1 b:2A', '[1,5)', '(,2020-01-01)', 'happy', 5, 12.34, 4294967295, '16/B374D848', '$.a[*]');
insert into typed (id) values (2);
insert into typed select i, i, i, i / 7.0, i, i, i, i % 2 = 0, decode(md5(i::text), 'hex'), i, i, repeat('x', i * 20) from generate_series(3, 700) i;
insert into typed_full (id, c_text, c_json, c_point, c_numeric) select i % 5, 't', '{"x": 1}', '(1,2)', 1.0 from generate_series(1, 40) i;
update typed set c_mood = 'ok', c_ints = '{{1,2},{3,4}}' where id < 20;
update typed set id = -id where id % 9 = 0;
update typed_full set c_text = 'changed' where id = 3;
delete from typed_full where id = 4;
delete from typed where id % 11 = 0;
begin; savepoint a; insert into typed (id, c_mood) values (9000, 'sad'); rollback to a; insert into typed (id, c_mood) values (9001, 'sad'); commit;
update typed set c_text = null where id = 9001;
SQL
}

@test "values in text and in binary: the same rows arrive" {
    types | src -q
    types | tgt -q
    admin_target "create database ${DB}_text template $DB"
    make_slot
    src -q -o /dev/null -c "select pg_create_logical_replication_slot('${SLOT}_text', 'pgoutput')"
    change_typed | src -q
    run -0 receive --binary --endpos now
    run -0 "$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN.text" --slot "${SLOT}_text" --publication pub --endpos now
    # A text of the values is in one spool and not in the other.
    "$PGHAUL" stream show --dir "$RUN.text" | grep -q "$(printf '4713-01-01 BC' | xxd -p)"
    run -1 grep -q "$(printf '4713-01-01 BC' | xxd -p)" <("$PGHAUL" stream show --dir "$RUN")
    run -0 apply --endpos now --source "$SOURCE"
    run -0 "$PGHAUL" stream apply --target "$(on "$PGH_TARGET" "${DB}_text")" --dir "$RUN.text" --endpos now --source "$SOURCE"
    same_contents
    TARGET=$(on "$PGH_TARGET" "${DB}_text") same_contents
}

@test "binary only where it can be, and the same for a whole run" {
    types | src -q
    src -q -c 'create table moods (id int primary key, m mood[])'
    make_slot
    run -4 receive --binary --endpos now
    assert_output --partial 'PGH-2262: tables with types that servers do not agree on: public.moods'
    src -q -c 'drop table moods'
    run -0 receive --binary --endpos now
    run -6 receive --endpos now
    assert_output --regexp "PGH-4007: the run receives from another slot, publication or source: $SLOT pub [^ ]+ binary"
}

@test "a run that follows chooses the form by its tables, once" {
    types | src -q
    background follow
    wait_for 30 following
    [[ $(status .position.format) == binary ]]
    kill -INT "$PID"
    ended_with 3 stopped
    change_typed | src -q
    catalog "update obj_table set format = 'text'"
    background follow --resume
    end_now
    ended_with 0 'applied all'
    [[ $(status .position.format) == binary ]]
    same_contents
}

@test "text where a type of one table does not go, and where the user says so" {
    types | src -q
    src -q -c 'create table moods (id int primary key, m mood[])' -c "insert into moods values (1, '{sad}')"
    background follow
    wait_for 30 following
    change_typed | src -q
    src -q -c "update moods set m = '{sad,happy}'"
    end_now
    ended_with 0 'applied all'
    [[ $(status .position.format) == text ]]
    same_contents
}

@test "--on-ddl warn does not take the bytes of one type for another" {
    src -q -c 'create table t (id int primary key, v int8)'
    tgt -q -c 'create table t (id int primary key, v timestamp)'
    make_slot
    src -q -c 'insert into t values (1, 5)'
    run -0 receive --binary --endpos now
    run -5 apply --on-ddl warn --endpos now --source "$SOURCE"
    assert_output --partial 'column "v" has another type on the target, and its values come in binary form'
}

@test "a spool at its limit: nothing more is received until changes are applied; nothing is lost" {
    src -q -c 'create table large (id int primary key, v text)'
    tgt -q -c 'create table large (id int primary key, v text)'
    make_slot
    local i
    for i in {0..19}; do grow $((i * 1000)) 1; done
    background receive --spool-limit 5MB --endpos "$(src -c 'select pg_current_wal_insert_lsn()')"
    wait_for 30 grep -q 'the spool has .* and its limit is 5.* MB: nothing more is received until there is room, and the source keeps its WAL from' "$BATS_TEST_TMPDIR/err"
    # Longer than the server would wait for a client that says nothing.
    read -rt 3 <> <(:) || true
    [[ $(slot active) == t && $(du -sb "$RUN/spool" | cut -f 1) -lt 7000000 ]]
    apply 2>"$BATS_TEST_TMPDIR/apply" & PIDS="$PIDS $!"
    ended_with 0 'there is room again: receiving goes on'
    run ! grep -q 'connecting again' "$BATS_TEST_TMPDIR/err"
    wait_for 30 eval '[[ $(tgt -c "select count(*) from large") == 10240 ]]'
    same_contents
}

@test "a transaction that is larger than the spool may be is received all the same" {
    src -q -c 'create table large (id int primary key, v text)'
    tgt -q -c 'create table large (id int primary key, v text)'
    make_slot
    grow 1 12
    grow 100000 1
    background receive --spool-limit 2MB --segment-size 256kB --endpos "$(src -c 'select pg_current_wal_insert_lsn()')"
    wait_for 30 grep -q 'its limit is 2.* MB: a single transaction is larger; it is received all the same' "$BATS_TEST_TMPDIR/err"
    apply 2>"$BATS_TEST_TMPDIR/apply" & PIDS="$PIDS $!"
    ended_with 0 'received all that committed before'
    wait_for 30 eval '[[ $(tgt -c "select count(*) from large") == 6656 ]]'
    same_contents
}

@test "a disk that would be full: the reserve stays free" {
    src -q -c 'create table large (id int primary key, v text)'
    make_slot
    mkdir -p "$RUN"
    local free
    free=$(df -B1 --output=avail "$RUN" | tail -n 1)
    ((free > 12 << 30)) || skip 'the disk is too full to say what fills it'
    background receive --spool-reserve $((free / 1000000 - 6000))MB
    wait_for 30 eval '[[ $(slot active) == t ]]'
    fallocate -l 12GB "$BATS_TEST_TMPDIR/filler"
    wait_for 10 grep -q 'the disk of the work directory has .* left, and .* are to stay free: nothing more is received' "$BATS_TEST_TMPDIR/err"
    rm "$BATS_TEST_TMPDIR/filler"
    grow 1 1
    kill -INT "$PID"
    ended_with 0 'received all that committed before'
}

@test "a slot in danger is told of in time, one that is lost ends the run by name" {
    src -q -c 'create table large (id int primary key, v text)'
    background follow --spool-reserve 1000TB
    wait_for 30 following
    wait_for 20 eval '[[ $(status .position.slot_state) == reserved && $(status .position.slot_at) != null ]]'
    "$PGHAUL" status --dir "$RUN" | grep -qE '^wal +.* for the slot, reserved'
    src -q -o /dev/null -c "select pg_logical_emit_message(false, 'x', repeat('x', 1000000)) from generate_series(1, 170)" -c 'checkpoint'
    wait_for 30 grep -qE 'may be lost soon: the source keeps .* for it, and .* more until max_slot_wal_keep_size is reached' "$BATS_TEST_TMPDIR/err"
    src -q -o /dev/null -c "select pg_logical_emit_message(false, 'x', repeat('x', 1000000)) from generate_series(1, 200)" -c 'checkpoint' -c 'checkpoint'
    ended_with 4 "PGH-2260: slot \"$SLOT\" is lost"
    "$PGHAUL" status --dir "$RUN" | grep -q 'may be lost soon'
    run -4 follow --resume
    assert_output --partial 'PGH-2260'
}

@test "a table that comes while the run follows: --on-ddl stop ends it, warn tells of it" {
    src -q -c 'create table t (id int primary key)' -c 'create schema aside' -c 'create table part (id int primary key) partition by range (id)'
    src -q -c 'create table empty_zero (id int)'
    background follow --exclude-schema aside --exclude-table-data 'empty_*'
    wait_for 30 following
    src -q -c 'create table aside.apart (id int)' -c 'create unlogged table quick (id int)' -c 'create table empty_one (id int)'
    psql -qX "$SOURCE" -c 'create temp table temporary (id int)' -c 'select pg_sleep(7)' >/dev/null
    kill -0 "$PID"
    src -q -c 'create table "new one" (id int primary key)' -c 'insert into "new one" values (1)' -c 'insert into t values (1)'
    ended_with 4 'PGH-2261: tables came to the source after the run began, and are not followed: public."new one"'
    background follow --exclude-schema aside --exclude-table-data 'empty_*' --resume --on-ddl warn
    wait_for 30 grep -q 'are not followed: public."new one"' "$BATS_TEST_TMPDIR/err"
    end_now
    ended_with 0 'applied all'
    [[ $(tgt -c 'select count(*) from t') == 1 ]]
    [[ $(status '[.events[] | select(.text | test("not followed"))] | length') -ge 1 ]]
}

@test "the slot moves on while only another database writes" {
    local before confirmed
    src -q -c 'create table t (id int primary key)'
    admin_source "create database ${DB}_other"
    make_slot
    background receive
    wait_for 30 eval '[[ $(slot active) == t ]]'
    before=$(slot restart_lsn) confirmed=$(slot confirmed_flush_lsn)
    other() { psql -qX "$(on "$PGH_SOURCE" "${DB}_other")" -c 'create table if not exists o (a text)' -c "insert into o select repeat('x', 1000) from generate_series(1, 1000)" -c checkpoint; }
    moved() { other; [[ $(admin_source "select restart_lsn > '$before' and confirmed_flush_lsn > '$confirmed' from pg_replication_slots where slot_name = '$SLOT'") == t ]]; }
    wait_for 30 moved
    kill -INT "$PID"
    ended_with 0 'received all'
}

@test "whatever wal_sender_timeout the source has" {
    local timeout
    src -q -c 'create table t (id int primary key)'
    make_slot
    for timeout in 50ms 0; do
        admin_source "alter system set wal_sender_timeout = '$timeout'" && admin_source 'select pg_reload_conf()' >/dev/null
        background receive
        wait_for 30 eval '[[ $(slot active) == t ]]'
        kill -STOP "$PID"
        read -rt 1 <> <(:) || true
        kill -CONT "$PID"
        src -q -c "insert into t select count(*) from t"
        wait_for 20 eval '[[ $("$PGHAUL" stream show --dir "$RUN" | grep -c "^change [^ ]* 43") == $(src -c "select count(*) from t") ]]'
        kill -INT "$PID"
        ended_with 0 'received all'
        run ! grep -q 'connecting again' "$BATS_TEST_TMPDIR/err"
    done
    admin_source "alter system reset wal_sender_timeout" && admin_source 'select pg_reload_conf()' >/dev/null
}

@test "a source on a new timeline: followed where it has all that was received, else refused" {
    src -q -c 'create table t (id int primary key)'
    make_slot
    src -q -c 'insert into t values (1)'
    run -0 receive --endpos now
    [[ $(catalog "select value from setting where name = 'stream-timeline'") -ge 1 ]]
    # Promoted, as a standby would be.
    "$PGH_TOP/tests/server" stop "$HERE/s"
    touch "$HERE/s/data/standby.signal"
    chmod 644 "$HERE/s/data/standby.signal"
    "$PGH_TOP/tests/server" start "$HERE/s"
    [[ $(admin_source 'select pg_promote()') == t ]]
    src -q -c 'insert into t values (2)'
    run -0 receive --endpos now
    assert_output --partial 'which goes on where timeline 1 ended'
    # What was received behind the switch came from the timeline that was left.
    src -q -c 'insert into t values (3)'
    catalog "update setting set value = '1' where name = 'stream-timeline'"
    run -4 receive --endpos now
    assert_output --partial 'PGH-2263: the source is on timeline 2, which left timeline 1 at'
    catalog "update setting set value = '7' where name = 'stream-timeline'"
    run -4 receive --endpos now
    assert_output --partial 'which does not come from timeline 7'
}

@test "a server that takes the connection and never answers can be interrupted, and has a timeout" {
    local begun
    python3 -c 'import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(50)
print(s.getsockname()[1], flush=True)
time.sleep(100)' >"$BATS_TEST_TMPDIR/port" 3>&- &
    PIDS="${PIDS:-} $!"
    wait_for 10 test -s "$BATS_TEST_TMPDIR/port"
    local port
    port=$(<"$BATS_TEST_TMPDIR/port")
    make_slot
    background "$PGHAUL" stream receive --source "host=127.0.0.1 port=$port dbname=x user=postgres" --dir "$RUN" --slot "$SLOT" --publication pub
    wait_for 10 test -e "$RUN/stream.lock"
    read -rt 0.5 <> <(:) || true
    kill -0 "$PID"
    begun=$SECONDS
    kill -INT "$PID"
    ended_with 3 'connecting to the source .*: stopped on request'
    ((SECONDS - begun < 5))
    # A whole run, whose workers connect.
    background "$PGHAUL" clone --dir "$RUN.clone" --source "host=127.0.0.1 port=$port dbname=x user=postgres"
    read -rt 2 <> <(:) || true
    begun=$SECONDS
    kill -INT "$PID"
    read -rt 0.2 <> <(:) || true
    kill -INT "$PID" || true
    ended_with 3 stopped
    ((SECONDS - begun < 8))
    # As libpq has it: the next host is tried after the time.
    run -0 receive --endpos now --source "host=127.0.0.1,$HERE/s port=$port,5432 connect_timeout=2 dbname=$DB user=postgres"
    run -4 "$PGHAUL" ping --source "host=127.0.0.1 port=$port connect_timeout=2 user=postgres"
    assert_output --partial 'timeout expired'
}
