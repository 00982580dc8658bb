load lib.bash
load followed.bash

# A run is paused and goes on, its settings are changed meanwhile, and what it reads has a limit.

setup_file() {
    export ADDRESS=127.77.$((RANDOM % 250 + 1)).3
    export HERE=$PGH_ROOT/pause
    mkdir -p "$HERE/s"
    chmod 755 "$HERE"
    openssl req -new -x509 -days 2 -nodes -subj /CN=localhost -newkey rsa:2048 -keyout "$HERE/s/server.key" -out "$HERE/s/server.crt" 2>/dev/null
    chmod 600 "$HERE/s/server.key"
    [[ $(id -u) != 0 ]] || chown postgres: "$HERE/s/server.key" "$HERE/s/server.crt"
    own_source "listen_addresses = '$ADDRESS'" 'ssl = on' "ssl_key_file = '$HERE/s/server.key'" "ssl_cert_file = '$HERE/s/server.crt'"
    echo 'host all all 127.0.0.0/8 trust' >>"$HERE/s/data/pg_hba.conf"
    psql -qXAt "host=$HERE/s user=postgres dbname=postgres" -c 'select pg_reload_conf()' >/dev/null
}

# tables COUNT ROWS: of about ROWS * 330 bytes each.
tables() {
    local i
    for ((i = 1; i <= $1; i++)); do
        echo "create table \"t $i\" (id int primary key, filler text); insert into \"t $i\" select i, repeat(md5(i::text), 10) from generate_series(1, $2) i;"
    done | src
}
# What the target has been given of the COPYs that go on.
given() { tgt -c "select coalesce(sum(bytes_processed), 0) from pg_stat_progress_copy where datname = '$DB'"; }
copiers() { admin_source "select count(*) from pg_stat_activity where application_name like 'pghaul copy %' and datname = '$DB'"; }
backends() { admin_source "select string_agg(pid::text, ' ' order by pid) from pg_stat_activity where application_name ~ 'pghaul (copy|snapshot) ' and datname = '$DB'"; }
copying() { catalog_says "select count(*) from work where kind in ('table', 'part', 'small') and state = 'running' and moved > 0" "$1"; }
pause() { "$PGHAUL" pause --dir "$RUN"; }
resume() { "$PGHAUL" resume --dir "$RUN"; }
set_to() { "$PGHAUL" set --dir "$RUN" "$@"; }
status() { "$PGHAUL" status --dir "$RUN" --json | jq -r ".$1"; }
# Bytes a second, in percent of LIMIT, while tables or large objects were copied.
percent_of() {
    catalog "select 100 * sum(moved) / ((max(ended_us) - min(started_us)) / 1e6) / $1 from work where kind in ('table', 'part', 'small', 'blobs')" | cut -d. -f1
}
holds_limit() { # LIMIT
    local percent
    percent=$(percent_of "$1")
    echo "$percent % of the limit"
    ((percent <= 103 && percent >= 85))
}

@test "the limit holds for all workers together, from socket to socket and over TLS" {
    tables 4 20000
    local source
    for source in "$SOURCE" "host=$ADDRESS user=postgres dbname=$DB sslmode=require"; do
        run -0 clone --source "$source" --max-rate 5MB --table-jobs 4 --index-jobs 1 --statistics none
        holds_limit 5242880
        # They took turns: each was copied most of the time.
        [[ $(catalog "select count(*) from work a where a.kind = 'small' and a.ended_us - a.started_us > 3000000") == 4 ]]
        same
        again
    done
    # Without one it is over at once.
    run -0 clone --table-jobs 4 --index-jobs 1 --statistics none
    (($(percent_of 5242880) > 200))
}

@test "the limit holds for large objects" {
    src -c "select lo_from_bytea(0, decode(repeat(md5(i::text), 40000), 'hex')) from generate_series(1, 24) i" >/dev/null
    run -0 clone --max-rate 5MB --table-jobs 2
    # They are written to the target when they have been read, which is in the time, too.
    (($(percent_of 5242880) <= 103 && $(percent_of 5242880) >= 50))
    same
}

@test "paused in the middle of a copy: nothing moves, nothing is lost, and it goes on" {
    tables 3 20000
    src -c "alter database $DB set statement_timeout = '1s'" -c "alter database $DB set idle_in_transaction_session_timeout = '1s'"
    background "$PGHAUL" clone --dir "$RUN" --max-rate 3MB --table-jobs 2 --index-jobs 1
    wait_for 30 copying 2
    before=$(backends)
    run -0 pause
    assert_output --partial 'is paused'
    # What was read already is written yet.
    read -rt 0.5 <> <(:) || true
    at=$(given)
    ((at > 0))
    read -rt 2.5 <> <(:) || true
    [[ $(given) == "$at" ]]
    [[ $(backends) == "$before" ]]
    copying 2
    [[ $(status state) == running && $(status substate) == paused && $(status paused) == true && $(status paused_since) == 20*Z && $(status waits_for) == null ]]
    run -0 "$PGHAUL" status --dir "$RUN"
    assert_output --partial 'paused, until pghaul resume'
    kill -USR1 "$PID"
    wait_for 10 grep -q 'paused: copying data' "$BATS_TEST_TMPDIR/err"
    # Again is no harm, and changes nothing.
    since=$(status paused_since)
    run -0 pause
    [[ $(status paused_since) == "$since" ]]
    run -0 set_to max-rate=0
    run -0 resume
    assert_output --partial 'goes on'
    ended_with 0 'the run goes on'
    same
    [[ $(status paused) == false && $(status paused_since) == null ]]
}

@test "over TLS, too" {
    tables 1 20000
    background "$PGHAUL" clone --dir "$RUN" --source "host=$ADDRESS user=postgres dbname=$DB sslmode=require" --max-rate 3MB
    wait_for 30 copying 1
    run -0 pause
    read -rt 0.5 <> <(:) || true
    at=$(given)
    ((at > 0))
    read -rt 1.5 <> <(:) || true
    [[ $(given) == "$at" ]]
    run -0 set_to max-rate=0
    run -0 resume
    ended_with 0 ''
    same
}

@test "what is built when it is paused comes to its end, and nothing else begins" {
    tables 1 60000
    src <<'SQL'
create function slow(a int) returns int immutable language plpgsql as 'begin perform pg_sleep(0.04) where a <= 50; return a; end';
create index one on "t 1" (slow(id));
create index two on "t 1" (slow(id), id);
SQL
    background "$PGHAUL" clone --dir "$RUN" --index-jobs 1
    wait_for 30 catalog_says "select count(*) from work where kind = 'index' and state = 'running' and (name like '%one%' or name like '%two%')" 1
    run -0 pause
    wait_for 20 catalog_says "select count(*) from work where kind = 'index' and state = 'running'" 0
    [[ $(catalog "select count(*) from work where kind = 'index' and state = 'ready'") -ge 1 ]]
    read -rt 1.5 <> <(:) || true
    [[ $(catalog "select count(*) from work where state = 'running'") == 0 ]]
    run -0 resume
    ended_with 0 ''
    same
}

@test "a paused run that is stopped or killed is paused when it is resumed" {
    tables 2 20000
    background "$PGHAUL" snapshot --dir "$RUN"
    holder=$PID
    wait_for 10 catalog_says 'select count(*) from snapshot where ended_us is null' 1
    background "$PGHAUL" clone --dir "$RUN" --max-rate 2MB --table-jobs 2
    wait_for 30 copying 2
    run -0 pause
    # Once is enough: what is in hand would not end.
    kill -TERM "$PID"
    ended_with 3 'stopping now'
    # It says nothing of what does not run.
    [[ $(status state) == stopped && $(status paused) == true && $(status substate) == null ]]
    run -6 pause
    assert_output --partial 'PGH-4060: run'
    background "$PGHAUL" clone --dir "$RUN" --resume
    wait_for 20 grep -q 'the run is paused, until pghaul resume' "$BATS_TEST_TMPDIR/err"
    wait_for 20 catalog_says 'select phase from run' 3
    read -rt 1 <> <(:) || true
    [[ $(catalog "select count(*) from work where state = 'running'") == 0 ]]
    kill -9 "$PID"
    wait "$PID" || true
    wait_for 10 eval '[[ $(status state) == crashed ]]'
    run -0 resume
    assert_output --partial 'is not paused any more: pghaul clone --resume goes on with it'
    run -6 resume
    assert_output --partial 'It is not paused: pghaul clone --resume goes on with it.'
    run -0 clone --resume --max-rate 0
    same
    kill -TERM "$holder"
}

@test "a worker that dies is replaced by one that is paused as well" {
    tables 2 20000
    background "$PGHAUL" clone --dir "$RUN" --max-rate 2MB --table-jobs 2
    wait_for 30 copying 2
    run -0 pause
    kill -9 "$(catalog "select pid from process where role = 'copy' and number = 2 and ended_us is null")"
    wait_for 20 catalog_says "select count(*) from work where kind = 'small' and state = 'ready'" 1
    read -rt 1 <> <(:) || true
    [[ $(catalog "select count(*) from work where kind = 'small' and state = 'ready'") == 1 ]]
    run -0 set_to max-rate=0
    run -0 resume
    ended_with 0 'it will be replaced'
    same
}

@test "apply waits between two transactions, while changes are received" {
    src -c 'create table account (id int primary key, amount int)' -c 'insert into account select i, 0 from generate_series(1, 100) i'
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 30 following
    src -c 'update account set amount = 1'
    caught_up
    run -0 pause
    src -c 'begin; update account set amount = 2; update account set amount = 3; commit'
    end=$(src -c 'select pg_current_wal_insert_lsn()')
    wait_for 20 eval '[[ $(src -c "select pg_lsn '"'\$(position durable)'"' >= '"'$end'"'") == t ]]'
    read -rt 1 <> <(:) || true
    [[ $(tgt -c 'select distinct amount from account') == 1 ]]
    [[ $(status substate) == paused && $(position lag_bytes) -gt 0 ]]
    run -13 "$PGHAUL" compare data --live --dir "$RUN"
    assert_output --partial "PGH-8010: the run in \"$RUN\" is paused"
    assert_output --partial 'pghaul resume'
    # The end is not reached as long as it is paused, either.
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    read -rt 1 <> <(:) || true
    kill -0 "$PID"
    run -0 resume
    ended_with 0 'applied all that committed before'
    [[ $(tgt -c 'select distinct amount from account') == 3 ]]
    same_contents
}

@test "a comparison that waits for apply is told when the run is paused" {
    src -c 'create table account (id int primary key, amount int)' -c 'insert into account select i, 0 from generate_series(1, 100) i'
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 30 following
    FOLLOW=$PID
    background env PGHAUL_TEST_AT=live.held:stop "$PGHAUL" compare data --live --dir "$RUN"
    stopped_at live.held
    run -0 pause
    go_on
    ended_with 13 'PGH-8010: the run in .* is paused'
    run -0 resume
    run -0 "$PGHAUL" compare data --live --dir "$RUN"
    PID=$FOLLOW
    end_now
}

@test "set shows, refuses, and lasts" {
    tables 2 20000
    run -6 set_to
    assert_output --partial 'PGH-4003'
    background "$PGHAUL" clone --dir "$RUN" --max-rate 1MB --table-jobs 2
    wait_for 30 copying 2
    run -0 set_to
    assert_line --regexp '^table-jobs +2$'
    assert_line --regexp '^max-rate +1MB$'
    assert_line --regexp '^spool-limit +auto$'
    run -0 set_to --json
    [[ $(jq -r '.["max-rate"]' <<<"$output") == 1MB ]]
    run -2 set_to --json table-jobs=3
    assert_output --partial 'PGH-1005: --json goes with pghaul set alone'
    run -2 set_to table-jobs
    assert_output --partial 'PGH-1003: pghaul set takes NAME=VALUE, such as table-jobs=8, not "table-jobs"'
    run -2 set_to =8
    assert_output --partial 'PGH-1003'
    run -2 set_to table-jobs=129
    assert_output --partial 'PGH-1003: --table-jobs cannot be "129": it takes a whole number from 1 to 128'
    run -2 set_to max-rate=1kB
    assert_output --partial 'PGH-1003: --max-rate cannot be "1kB": it takes 0 or a size of at least 64 kB'
    run -2 set_to tabel-jobs=3
    assert_output --partial 'PGH-1002: there is no setting "tabel-jobs"'
    assert_output --partial 'What can be changed while a run goes on: table-jobs, index-jobs, max-rate, spool-limit, spool-reserve.'
    run -2 set_to retry-for=3s
    assert_output --partial 'PGH-1042: retry-for cannot be changed while the run goes on'
    assert_output --partial 'Stop the run, then go on with --resume --retry-for 3s.'
    run -2 set_to copy-format=text
    assert_output --partial 'PGH-1042: copy-format cannot be changed'
    run -2 set_to table-jobs=3 table-jobs=4
    assert_output --partial 'PGH-1003: table-jobs is given twice'
    # All or nothing.
    run -2 set_to max-rate=2MB table-jobs=0
    [[ $(set_to) == *'max-rate         1MB'* ]]
    run -0 set_to max-rate=2MB index-jobs=1
    assert_output --partial 'max-rate is 2MB now (it was 1MB)'
    assert_output --partial 'index-jobs is 1 now (it was 4)'
    kill -TERM "$PID"
    kill -INT "$PID"
    wait "$PID" || true
    run -6 set_to table-jobs=3
    assert_output --partial 'PGH-4060: run'
    assert_output --partial '--resume, which takes other settings as well'
    background "$PGHAUL" clone --dir "$RUN" --resume --not-consistent
    wait_for 30 copying 2
    [[ $(set_to) == *'index-jobs       1'*'max-rate         2MB'* ]]
    run -0 set_to max-rate=0
    ended_with 0 ''
    same
}

@test "more workers begin at once, too many end after the item in hand" {
    tables 12 6000
    background "$PGHAUL" clone --dir "$RUN" --max-rate 2MB --table-jobs 1 --index-jobs 1
    wait_for 30 copying 1
    [[ $(copiers) == 1 ]]
    run -0 set_to table-jobs=4
    wait_for 10 eval '[[ $(copiers) == 4 ]]'
    wait_for 10 copying 4
    hand=$(catalog "select group_concat(id, ',') from work where kind = 'small' and state = 'running'")
    run -0 set_to table-jobs=2
    [[ $(copiers) == 4 ]]
    run -0 set_to max-rate=8MB
    wait_for 20 eval '[[ $(copiers) == 2 ]]'
    # Those that were in hand were not given up, and there was more to do.
    [[ $(catalog "select count(*) from work where id in ($hand) and attempts <> 1") == 0 ]]
    [[ $(catalog "select count(*) > 0 from work where kind = 'small' and state <> 'done'") == 1 ]]
    run -0 set_to max-rate=0
    ended_with 0 ''
    same
}

@test "a supervisor that dies while it takes a change has not lost it" {
    tables 2 20000
    background env PGHAUL_TEST_AT=steering.taken:kill "$PGHAUL" clone --dir "$RUN" --max-rate 1MB --table-jobs 2
    wait_for 30 copying 2
    run set_to max-rate=64MB
    fired steering.taken
    wait "$PID" || true
    run -0 clone --resume --not-consistent
    [[ $(set_to) == *'max-rate         64MB'* ]]
    same
}

@test "the limit of the spool" {
    src -c 'create table log (id serial primary key, x text)'
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 30 following
    run -0 pause
    src -c "insert into log (x) select md5(random()::text) from generate_series(1, 30000)"
    run -0 set_to spool-limit=1MB
    src -c "insert into log (x) select md5(random()::text) from generate_series(1, 100)"
    wait_for 30 grep -q 'nothing more is received until there is room' "$BATS_TEST_TMPDIR/err"
    run -0 set_to spool-limit=auto
    wait_for 30 grep -q 'there is room again: receiving goes on' "$BATS_TEST_TMPDIR/err"
    run -0 resume
    end_now
    same_contents
}

@test "several databases: all are paused and set together, those that come later, too" {
    local name
    for name in a 'b x'; do
        admin_source "create database \"${DB}_$name\" template $DB"
        admin_target "create database \"${DB}_$name\""
        DBNAME=${DB}_$name
        psql -qX "$PGH_SOURCE dbname='$DBNAME'" -c "create table t as select i as id, repeat(md5(i::text), 10) as filler from generate_series(1, 20000) i"
    done
    background "$PGHAUL" clone --dir "$RUN" --database "${DB}_a,${DB}_b x" --database-jobs 1 --max-rate 1MB --table-jobs 2
    wait_for 30 eval '[[ -n $(compgen -G "$RUN/databases/*/catalog.db") ]]'
    wait_for 30 eval '[[ $(sqlite3 "$(compgen -G "$RUN/databases/*/catalog.db")" "select count(*) from work where kind = '"'small'"' and moved > 0" 2>/dev/null) == 1 ]]'
    run -0 pause
    [[ $(sqlite3 "$(compgen -G "$RUN/databases/*/catalog.db")" 'select paused, version = taken from steering') == '1|1' ]]
    run -0 set_to table-jobs=1 max-rate=3MB
    run -0 resume
    wait_for 60 eval '[[ $(compgen -G "$RUN/databases/*/catalog.db" | wc -l) == 2 ]]'
    ended_with 0 'done with database'
    for name in "$RUN"/databases/*/catalog.db; do
        [[ $(sqlite3 "$name" "select group_concat(value, ' ') from (select value from setting where name in ('max-rate', 'table-jobs') order by name)") == '3MB 1' ]]
        [[ $(sqlite3 "$name" 'select coalesce(max(paused), 0) from steering') == 0 ]]
    done
    run -6 pause
    assert_output --partial 'PGH-4060'
    admin_target "drop database \"${DB}_b x\""
    admin_source "drop database \"${DB}_b x\""
}
