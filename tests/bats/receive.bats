load lib.bash
load followed.bash

# Changes from a slot into the spool: all of them, whole, in their order, whatever is killed. What
# must be there is what a second slot, which nobody reads until the end, gives.

setup_file() { own_source 'wal_sender_timeout = 2s'; }

setup() {
    setup_halves
    RECEIVE=("$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN" --slot "$DB" --publication pub --segment-size 10kB)
    src -q <<'SQL'
create table account (id int primary key, amount int, note text);
insert into account select i, 1000 from generate_series(1, 100) i;
create table log (client int, n int, primary key (client, n));
create table whole (a int, b text);
alter table whole replica identity full;
create type mood as enum ('sad', 'happy');
create table typed (id int primary key, m mood, big text);
create publication pub for table account, log, whole, typed;
SQL
    src -q -o /dev/null -c "select pg_create_logical_replication_slot('$DB', 'pgoutput')" \
        -c "select pg_create_logical_replication_slot('${DB}_ref', 'pgoutput')"
}

receive() { "${RECEIVE[@]}" "$@"; }
show() { "$PGHAUL" stream show --dir "$RUN"; }

# Changes of all kinds, from one client: transfers, appends, savepoints that are rolled back, COPY,
# swapped keys, TRUNCATE, values that are stored apart.
work() { # CLIENT LAST [FIRST]
    local n
    for ((n = ${3:-1}; n <= $2; n++)); do
        cat <<SQL
begin; update account set amount = amount - $n where id = $1 * 10; update account set amount = amount + $n where id = $1 * 10 + 1;
insert into log values ($1, $n); commit;
begin; insert into typed values ($1 * 1000 + $n, 'sad', repeat(md5('$n'), 200)); savepoint a; insert into log values ($1, -$n);
rollback to a; update typed set m = 'happy' where id = $1 * 1000 + $n; commit;
begin; update log set n = n + 100000 where client = $1; rollback;
insert into whole select $1, repeat('w', i) from generate_series(1, 20) i; update whole set b = b || '!' where a = $1; delete from whole where a = $1 and length(b) > 15;
delete from typed where id = $1 * 1000 + $n - 5;
SQL
        ((n % 7 != 0)) || echo "truncate whole; copy log from stdin;
$1	$((n + 50000))
$1	$((n + 60000))
\\."
    done
}

# Whole transactions of the spool: what a reconnection cut off is void, what came twice counts once.
committed() {
    show | awk '$1 == "connection" { n = 0; open = 0 }
        $1 != "change" { next }
        { tag = substr($3, 1, 2) }
        tag == "52" || tag == "59" { next }
        tag == "42" { n = 0; open = 1; commit = substr($3, 3, 16) }
        open { line[n++] = $3 }
        tag == "43" && open { if (commit > last) for (i = 0; i < n; i++) print line[i]; if (commit > last) last = commit; open = 0 }'
}

reference() {
    src -c "select encode(data, 'hex') from pg_logical_slot_peek_binary_changes('${DB}_ref', null, null, 'proto_version', '1', 'publication_names', 'pub')
        where get_byte(data, 0) not in (82, 89)"
}

same_changes() {
    reference >"$BATS_TEST_TMPDIR/reference"
    committed >"$BATS_TEST_TMPDIR/committed"
    [[ -s $BATS_TEST_TMPDIR/reference ]] && cmp "$BATS_TEST_TMPDIR/reference" "$BATS_TEST_TMPDIR/committed"
}

@test "everything that committed is in the spool, byte for byte" {
    local client
    for client in 1 2 3; do work $client 40 | src & done
    wait
    run -0 receive --endpos now
    same_changes
    [[ $(ls "$RUN/spool" | wc -l) -gt 3 ]]
    # Each file of the spool says by itself what its rows are.
    local first
    first=$(show | awk '$1 == "change" && substr($3, 1, 2) == "52"' | wc -l)
    [[ $first -ge $(($(ls "$RUN/spool" | wc -l) - 1)) ]]
    # The server was told, so the slot has nothing left; and nothing came twice.
    [[ $(src -c "select count(*) from pg_logical_slot_peek_binary_changes('$DB', null, null, 'proto_version', '1', 'publication_names', 'pub')") == 0 ]]
    work 1 43 41 | src
    run -0 receive --endpos now
    same_changes
}

@test "an end position: what committed before it comes, what committed at it or later does not" {
    local end
    work 1 5 | src
    end=$(src -c 'select pg_current_wal_insert_lsn()')
    work 2 5 | src
    run -0 receive --endpos "$end"
    [[ $(committed | grep -c ^43) -gt 10 ]]
    committed >"$BATS_TEST_TMPDIR/before"
    reference >"$BATS_TEST_TMPDIR/reference"
    cmp -n "$(stat -c %s "$BATS_TEST_TMPDIR/before")" "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/reference"
    [[ $(grep -c ^43 "$BATS_TEST_TMPDIR/before") == $(src -c "select count(*) from pg_logical_slot_peek_binary_changes('${DB}_ref', null, null,
        'proto_version', '1', 'publication_names', 'pub') where get_byte(data, 0) = 67 and lsn <= '$end'") ]]
    # Inside a transaction: it ends behind the one before.
    end=$(src -c 'begin' -c "insert into log values (9, 1)" -c "select pg_current_wal_insert_lsn()" -c "insert into log values (9, 2)" -c 'commit' | head -n 1)
    run -0 receive --endpos "$end"
    [[ $(committed | grep -c ^43) == $(src -c "select count(*) from pg_logical_slot_peek_binary_changes('${DB}_ref', null, null,
        'proto_version', '1', 'publication_names', 'pub') where get_byte(data, 0) = 67 and lsn <= '$end'") ]]
    run -0 receive --endpos now
    same_changes
}

@test "killed at each point, and gone on with: nothing is lost, nothing doubled" {
    local point done=0
    for point in spool.half_written:kill:3 receive.before_sync:kill receive.after_sync:kill spool.segment_made:kill:2; do
        work 1 $((done + 40)) $((done + 1)) | src
        PGHAUL_TEST_AT=$point run receive --endpos now
        [[ $status == 137 ]] || { echo "$point: $status $output"; false; }
        work 2 $((done + 2)) $((done + 1)) | src
        done=$((done + 40))
    done
    run -0 receive --endpos now
    same_changes
}

@test "killed at random, with a server that is restarted, while three clients write" {
    local round client clients='' seed=${PGHAUL_TEST_SEED:-$RANDOM}
    echo "seed $seed"
    RANDOM=$seed
    for client in 1 2 3; do work $client 200 | psql -qX "$SOURCE" >/dev/null 2>&1 & clients="$clients $!"; done
    for ((round = 0; round < 8; round++)); do
        background "${RECEIVE[@]}"
        read -rt "0.$((RANDOM % 900 + 50))" <> <(:) || true
        if ((round == 4)); then
            # The walsender alone: the connection is made again.
            admin_source "select pg_terminate_backend(active_pid) from pg_replication_slots where active" >/dev/null
            read -rt 0.5 <> <(:) || true
        fi
        kill -9 "$PID" 2>/dev/null || true
        wait "$PID" || true
    done
    wait $clients
    run -0 receive --endpos now
    same_changes
}

@test "a server that is restarted: the connection is made again" {
    background "${RECEIVE[@]}" --retry-for 30s
    work 1 10 | src
    wait_for 20 eval '[[ $(committed 2>/dev/null | grep -c ^43) -ge 20 ]]'
    "$PGH_TOP/tests/server" stop "$HERE/s"
    "$PGH_TOP/tests/server" start "$HERE/s"
    work 2 10 | src
    wait_for 30 eval 'reference >"$BATS_TEST_TMPDIR/r"; committed >"$BATS_TEST_TMPDIR/c"; cmp -s "$BATS_TEST_TMPDIR/r" "$BATS_TEST_TMPDIR/c"'
    kill -INT "$PID"
    ended_with 0 'received all that committed before'
    grep -q 'connecting again' "$BATS_TEST_TMPDIR/err"
}

@test "a disk that is full: it waits, the server stays connected, and nothing is lost" {
    limited() { ulimit -S -f 64; exec "${RECEIVE[@]}" --segment-size 64MB --endpos "$1"; }
    run -0 receive --segment-size 64MB --endpos now
    work 1 40 | src
    src -c "insert into typed select i, 'sad', md5(i::text) || md5((i + 1)::text) from generate_series(100000, 110000) i"
    background limited "$(src -c 'select pg_current_wal_insert_lsn()')"
    wait_for 20 grep -q "waiting for room" "$BATS_TEST_TMPDIR/err" || { ls -la "$RUN/spool"; false; }
    # Longer than the server waits for a client that says nothing.
    read -rt 3 <> <(:) || true
    prlimit --pid "$PID" --fsize=unlimited:unlimited
    ended_with 0 'there is room again'
    run ! grep -q 'connecting again' "$BATS_TEST_TMPDIR/err"
    same_changes
}

@test "one at a time, and only what a slot and publication can do" {
    background "${RECEIVE[@]}"
    wait_for 20 eval '[[ $(admin_source "select active from pg_replication_slots where slot_name = '"'$DB'"'") == t ]]'
    run -6 receive
    assert_output --partial 'PGH-4001'
    kill -INT "$PID"
    wait "$PID" || true
    run -4 "$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN" --slot nowhere --publication pub
    assert_output --partial 'PGH-2201: the source has no slot "nowhere"'
    src -q -o /dev/null -c "select pg_create_logical_replication_slot('${DB}_td', 'test_decoding')" -c "select pg_create_physical_replication_slot('${DB}_ph')"
    run -2 "$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN" --slot "${DB}_td" --publication pub
    assert_output --partial 'PGH-1003: --publication says nothing to a slot of plugin test_decoding'
    run -4 "$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN" --slot "${DB}_ph" --publication pub
    assert_output --partial 'is not one of plugin pgoutput, test_decoding or wal2json'
    run -4 "$PGHAUL" stream receive --source "$PGH_SOURCE dbname=postgres" --dir "$RUN" --slot "$DB" --publication pub
    assert_output --partial "is of database \"$DB\""
    run -2 receive --endpos soon
    assert_output --partial 'PGH-1003: --endpos cannot be "soon": it takes LSN|now'
    # Both have names that need not be given.
    run -6 "$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN" --slot "$DB"
    assert_output --partial "the run receives from another slot, publication or source: $DB pub "
    run -4 "$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN.new" --name 'My Run'
    assert_output --partial 'the source has no slot "pghaul_my_run"'
    run -2 "$PGHAUL" stream sideways
    assert_output --partial 'pghaul stream knows receive, apply and show'
    work 1 1 | src
    run -4 "$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN.new" --slot "$DB" --publication nothing --endpos now
    assert_output --partial 'the source has no publication "nothing"'
    # Another slot, or publication, than those that the run began with.
    src -q -o /dev/null -c "select pg_create_logical_replication_slot('${DB}_2p', 'pgoutput', false, true)" -c 'create publication pub2'
    run -4 "$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN" --slot "${DB}_2p" --publication pub
    assert_output --partial 'was made for two-phase commits'
    run -0 receive --endpos now
    run -6 "$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN" --slot "$DB" --publication pub2
    assert_output --partial 'PGH-4007: the run receives from another slot, publication or source'
    run -6 "$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN" --slot "${DB}_ref" --publication pub
    assert_output --partial 'PGH-4007'
    # A spool that lost what the server has forgotten at our word.
    run -0 receive --endpos now
    truncate -s -50 "$(ls "$RUN"/spool/*.seg | tail -n 1)"
    run -6 receive --endpos now
    assert_output --partial 'PGH-4010'
    rm -r "$RUN/spool"
    run -6 receive --endpos now
    assert_output --partial 'PGH-4012'
}

@test "a first start that fails does no harm" {
    PGHAUL_TEST_AT=spool.segment_made:kill run receive --endpos now
    [[ $status == 137 ]]
    work 1 3 | src
    run -0 receive --endpos now
    same_changes
    # Killed before the first file has its header.
    rm -r "$RUN"
    admin_source "select pg_drop_replication_slot('$DB'), pg_drop_replication_slot('${DB}_ref')" >/dev/null
    src -q -o /dev/null -c "select pg_create_logical_replication_slot('$DB', 'pgoutput')" -c "select pg_create_logical_replication_slot('${DB}_ref', 'pgoutput')"
    PGHAUL_TEST_AT=spool.segment_made:kill run receive --endpos now
    truncate -s 20 "$RUN"/spool/*.seg
    work 2 3 | src
    run -0 receive --endpos now
    same_changes
}

@test "a slot that was made anew while the connection was lost is refused" {
    background "${RECEIVE[@]}"
    work 1 3 | src
    wait_for 20 eval '[[ $(committed 2>/dev/null | grep -c ^43) -ge 6 ]]'
    kill -STOP "$PID"
    admin_source "select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = '$DB'" >/dev/null
    wait_for 20 eval '[[ $(admin_source "select count(*) from pg_replication_slots where active") == 0 ]]'
    admin_source "select pg_drop_replication_slot('$DB')" >/dev/null
    work 1 5 4 | src
    src -q -o /dev/null -c "select pg_create_logical_replication_slot('$DB', 'pgoutput')"
    kill -CONT "$PID"
    ended_with 4 'PGH-2201: slot .* begins at .*, the spool ends at .*: what is between is gone'
}

@test "each file of the spool describes relations as they are from there on" {
    local n
    for ((n = 0; n < 500; n++)); do echo "alter table whole add column_with_a_long_name_$n int; insert into whole (a) values ($n);"; done | src -q
    # All at once: then a file often begins with the largest messages, the descriptions.
    run -0 "$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN" --slot "$DB" --publication pub --segment-size 1kB --endpos now
    same_changes
    [[ $(ls "$RUN/spool" | wc -l) -gt 10 ]]
    # After each description of the table, the next row has as many values as it has columns.
    show | awk '$1 == "change" { tag = substr($3, 1, 2); oid = substr($3, 3, 8) }
        $1 == "change" && tag == "52" { n = index($3, "77686f6c6500"); if (n) columns[oid] = substr($3, n + 14, 4) }
        $1 == "change" && tag == "49" && (oid in columns) { rows++; if (substr($3, 13, 4) != columns[oid]) bad++ }
        END { exit !(rows == 500 && bad == 0) }'
}

@test "the end of an idle source at the border of a WAL page is reached at once" {
    local lsn tries
    # Written to the last byte of a page, the next position is told as behind the header of the next.
    for ((tries = 0; tries < 40; tries++)); do
        src -q -o /dev/null <<'SQL'
select pg_logical_emit_message(true, 'p', repeat('x', greatest(0, (8192 - (pg_current_wal_insert_lsn() - '0/0')::bigint % 8192)::int - 200)))
SQL
        lsn=$(src -c "select (pg_current_wal_insert_lsn() - '0/0')::bigint % 8192")
        [[ $lsn != 24 ]] || break
    done
    local begun=$SECONDS
    run -0 receive --endpos now
    ((SECONDS - begun < 10))
}
