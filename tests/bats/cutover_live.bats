load lib.bash
load followed.bash
load poolers.bash

# Handing over under an application that goes on all the time, through a pooler that the commands pause and
# point to the target: nothing is lost, nothing comes twice, nobody gets an error.

setup_file() { own_source 'wal_sender_timeout = 10s' 'max_connections = 60'; }
teardown() {
    stop_pooler source
    tidy_up
}

pgbench() { "$(pg_bin)/pgbench" "$@"; }

# The bank: sums stay. The list: each client appends its numbers in order. And pgbench's own.
application() {
    pgbench -iq -s 1 "$SOURCE" 2>/dev/null
    src -q <<'SQL'
alter table pgbench_history add id bigserial primary key;
create table account (id int primary key, amount int not null check (amount > -1000000));
insert into account select i, 1000 from generate_series(1, 200) i;
create table list (client int, n int, primary key (client, n));
do $$ begin for i in 1..1000 loop execute format('create sequence s%s', i); perform nextval(format('s%s', i)); end loop; end $$;
SQL
    cat >"$BATS_TEST_TMPDIR/bank.sql" <<'SQL'
\set a random(1, 200)
\set b random(1, 200)
\set lo least(:a, :b)
\set hi greatest(:a, :b)
begin;
update account set amount = amount - 7 where id = :lo;
update account set amount = amount + 7 where id = :hi;
commit;
SQL
    cat >"$BATS_TEST_TMPDIR/list.sql" <<'SQL'
\set n :n + 1
insert into list values (:client_id, :n);
SQL
}

# What the clients say they have done, and how long the longest of them waited.
done_by() { sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$BATS_TEST_TMPDIR/pgbench.$1"; }
longest_ms() { cat "$BATS_TEST_TMPDIR/log.$1".* | awk '$3 > most { most = $3 } END { printf "%d", most / 1000 }'; }
applications_begin() {
    local name
    cd "$BATS_TEST_TMPDIR"
    for name in bank list tpcb; do
        local script=(-f "$name.sql")
        [[ $name != tpcb ]] || script=(-b tpcb-like)
        pgbench -n -c 3 -R 300 -T "$1" -D n=0 "${script[@]}" -l --log-prefix="log.$name" "$POOLED" >"pgbench.$name" 2>&1 3>&- &
        PIDS="$PIDS $!"
        APPLICATIONS="$APPLICATIONS $!"
    done
}
invariants_hold() { # SERVER
    [[ $("$1" -c 'select sum(amount) from account') == 200000 ]] &&
        [[ $("$1" -c 'select count(*) from (select client from list group by client having max(n) <> count(*) or min(n) <> 1) x') == 0 ]] &&
        [[ $("$1" -c 'select count(*) from list') == "$(done_by list)" ]] &&
        [[ $("$1" -c 'select count(*) from pgbench_history') == "$(done_by tpcb)" ]] &&
        [[ $("$1" -c 'select sum(delta) = (select sum(abalance) from pgbench_accounts) and sum(delta) = (select sum(bbalance) from pgbench_branches) from pgbench_history') == t ]]
}

@test "cutover under load, through pgbouncer: no transaction is lost or doubled, no client sees an error" {
    PGH_SOURCE_DIR=$HERE/s
    APPLICATIONS=''
    application
    pooler source transaction 'default_pool_size = 20' 'admin_users = postgres'
    local admin="${POOLED/dbname=$DB/dbname=pgbouncer}" ini=$BATS_TEST_TMPDIR/pooler-source/pgbouncer.ini app status=0
    applications_begin 25
    background "$PGHAUL" clone --follow --dir "$RUN"
    wait_for 60 following
    wait_for 20 eval '[[ $(tgt -c "select count(*) > 500 from list") == t ]]'
    cat >"$BATS_TEST_TMPDIR/repoint" <<SH
set -e
sed -i 's|host=[^ ]*|host=$PGH_TARGET_DIR|' '$ini'
psql -qX '$admin' -c reload -c resume
SH
    run -0 --separate-stderr "$PGHAUL" cutover --dir "$RUN" --before-freeze "psql -qX '$admin' -c pause" --on-cutover "sh $BATS_TEST_TMPDIR/repoint"
    assert_output --partial 'handed over'
    echo "# $(grep -o 'the target was ready.*' <<<"$output"); longest pause of a client: $(for app in bank list tpcb; do longest_ms $app; echo -n ' ms '; done)" >&3
    ended_with 0 'handed over'
    for app in $APPLICATIONS; do wait "$app" || status=$?; done
    [[ $status == 0 ]]
    # They have gone on upon the target.
    [[ $(tgt -c 'select count(*) from list') -gt $(admin_source "alter database $DB allow_connections true"; src -c 'select count(*) from list') ]]
    invariants_hold tgt
    [[ $(tgt -c "select nextval('s1000')") == 2 ]]
}

@test "cutover under load, directly: clients are cut off, come again, and nothing is lost or doubled" {
    application
    local n i
    # Clients that note what was answered, and after a break look what they have.
    cat >"$BATS_TEST_TMPDIR/client" <<'SH'
n=0
while [ ! -e "$STOP" ]; do
    at=$(cat "$WHERE")
    last=$(psql -qXAt "$at" -c "select coalesce(max(n), 0) from list where client = $1" 2>/dev/null) || continue
    n=$((last + 1))
    while psql -qXAt -v ON_ERROR_STOP=1 "$at" -c "insert into list values ($1, $n)" 2>/dev/null; do
        echo "$n" >>"$ACKED.$1"
        n=$((n + 1))
        [ ! -e "$STOP" ] || exit 0
    done
done
SH
    export STOP=$BATS_TEST_TMPDIR/stop WHERE=$BATS_TEST_TMPDIR/where ACKED=$BATS_TEST_TMPDIR/acked
    echo "$SOURCE" >"$WHERE"
    for i in 1 2 3; do
        sh "$BATS_TEST_TMPDIR/client" "$i" 3>&- &
        PIDS="$PIDS $!"
    done
    background "$PGHAUL" clone --follow --dir "$RUN"
    wait_for 60 following
    wait_for 20 eval '[[ $(tgt -c "select count(distinct client) from list") == 3 ]]'
    run -0 "$PGHAUL" cutover --dir "$RUN" --on-cutover "echo '$TARGET' >$WHERE.new && mv $WHERE.new $WHERE"
    ended_with 0 'handed over'
    n=$(tgt -c 'select count(*) from list')
    wait_for 20 eval '[[ $(tgt -c "select count(*) > '"$n"' + 20 from list") == t ]]'
    touch "$STOP"
    for i in 1 2 3; do
        wait_for 20 eval '! pgrep -f "$BATS_TEST_TMPDIR/client '"$i"'" >/dev/null'
        # What was answered is there, in order, once; the last one's answer may have been lost.
        n=$(tail -n 1 "$ACKED.$i")
        [[ $(tgt -c "select max(n) - $n between 0 and 1 and count(*) = max(n) from list where client = $i") == t ]]
    done
}
