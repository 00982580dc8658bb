load lib.bash

# Change data capture, proved: random transactions, applied by pghaul and by a slow and obvious apply;
# see tests/oracle/run. `make check-long` does the same with many more.

setup_file() {
    export HERE=$PGH_ROOT/oracle
    mkdir -p "$HERE"
    chmod 755 "$HERE"
    "$PGH_TOP/tests/server" start "$HERE/s" 'max_prepared_transactions = 20' 'logical_decoding_work_mem = 64kB' \
        'deadlock_timeout = 50ms' 'max_replication_slots = 20' 'max_wal_senders = 20' &
    "$PGH_TOP/tests/server" start "$HERE/t"
    wait $!
}

teardown_file() {
    "$PGH_TOP/tests/server" wipe "$HERE/s"
    "$PGH_TOP/tests/server" wipe "$HERE/t"
}

# What there is to look at after a failure stays in /tmp/oracle.*, as it says then.
oracle() {
    "$PGH_TOP/tests/oracle/run" --source "host=$HERE/s user=postgres" --target "host=$HERE/t user=postgres" "$@"
}

@test "the generator: the same seed gives the same transactions, another one others" {
    local seed
    for seed in 1 1 2; do
        mkdir -p "$BATS_TEST_TMPDIR/$seed"
        [[ ! -e $BATS_TEST_TMPDIR/$seed/client-1.sql ]] || mv "$BATS_TEST_TMPDIR/$seed" "$BATS_TEST_TMPDIR/first"
        mkdir -p "$BATS_TEST_TMPDIR/$seed"
        "$PGH_TOP/tests/oracle/generate" --seed "$seed" --transactions 60 --clients 2 "$BATS_TEST_TMPDIR/$seed"
    done
    diff -r "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/1"
    run -1 cmp -s "$BATS_TEST_TMPDIR/1/client-1.sql" "$BATS_TEST_TMPDIR/2/client-1.sql"
}

@test "the oracle notices: a row that is not there, and one row too many" {
    local change target="host=$HERE/t user=postgres dbname=postgres"
    psql -qX "$target" -c 'create table seen (id int primary key, v text)' -c "insert into seen values (1, 'a')"
    printf 'public.seen\tf\tf\tid\tf\tf\tt\npublic.seen\tf\tf\tv\tf\tf\tf\n' >"$BATS_TEST_TMPDIR/columns"
    for change in "DELETE: id[integer]:2" "UPDATE: id[integer]:2 v[text]:'x'" "INSERT: id[integer]:1 v[text]:'x'"; do
        printf '0/1\tBEGIN 5\n0/1\ttable public.seen: %s\n0/1\tCOMMIT 5\n' "$change" |
            "$PGH_TOP/tests/oracle/apply" "$BATS_TEST_TMPDIR/columns" "$BATS_TEST_TMPDIR/statistics" >"$BATS_TEST_TMPDIR/sql"
        run -3 psql -qXAt "$target" -f "$BATS_TEST_TMPDIR/sql"
        refute_output --partial applied
    done
    # And what it does not understand.
    for change in 'public.seen: MERGE: id[integer]:1' "public.seen: INSERT: id[integer]:1 v[text]:'x" 'public.other: INSERT: id[integer]:1'; do
        printf '0/1\tBEGIN 5\n0/1\ttable %s\n0/1\tCOMMIT 5\n' "$change" >"$BATS_TEST_TMPDIR/changes"
        run "$PGH_TOP/tests/oracle/apply" "$BATS_TEST_TMPDIR/columns" "$BATS_TEST_TMPDIR/statistics" <"$BATS_TEST_TMPDIR/changes"
        [[ $status != 0 ]]
        assert_output --partial 'line 2 of the changes'
    done
    [[ $(psql -qXAt "$target" -c 'select v from seen') == a ]]
    psql -qX "$target" -c 'drop table seen'
}

@test "random transactions: source, oracle and pghaul's target are equal" {
    oracle --seed 1 --rounds 2 --transactions 90 --clients 3
}

@test "random transactions of a random seed" {
    oracle --transactions 90 --clients 3
}

@test "receive and apply killed at random times: source, oracle and pghaul's target are equal" {
    oracle --seed 3 --transactions 90 --clients 3 --kill
}

@test "received from a slot of test_decoding, killed at random times: source, oracle and pghaul's target are equal" {
    oracle --seed 8 --transactions 60 --clients 3 --kill --plugin test_decoding
}
