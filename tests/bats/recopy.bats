load lib.bash
load followed.bash

# A run that follows, and whose snapshot goes while rows are being copied: what is not finished is copied
# in a new one, and of the stream each table gets what its own copy does not have.

teardown() {
    end_clients
    src -q -c "rollback prepared '$DB'" 2>/dev/null || true
    tidy_up
}

# Accounts in four tables, whose sum stays; foreign keys between them in both directions; a table that is
# split; partitions; a materialized view over several of them.
bank() {
    src -q <<'SQL'
create table owner (id int primary key, name text not null);
insert into owner select i, 'o' || i from generate_series(1, 300) i;
create table a (id int primary key, owner int not null references owner, amount int not null);
insert into a select i, 1 + i % 300, 1000 from generate_series(1, 400) i;
create table b (id int primary key, owner int not null references owner, amount int not null);
insert into b select i, 1 + i % 300, 1000 from generate_series(1, 400) i;
create table big (id int primary key, owner int not null references owner, amount int not null, fill text);
alter table big alter fill set storage plain;
insert into big select i, 1 + i % 300, 1000, repeat(md5(i::text), 20) from generate_series(1, 6000) i;
create table part (id int, k int, owner int references owner, amount int not null, primary key (id, k)) partition by list (k);
create table part_0 partition of part for values in (0);
create table part_1 partition of part for values in (1);
insert into part select i, i % 2, 1 + i % 300, 1000 from generate_series(1, 200) i;
create table entry (client int, n int, a int references a, note text, primary key (client, n));
create table scrap (id int primary key, entry text);
create table more_scrap (id int primary key, entry text);
insert into scrap select i, 's' from generate_series(1, 100) i;
insert into more_scrap select i, 'm' from generate_series(1, 100) i;
create table whole (a int, b text);
alter table whole replica identity full;
insert into whole select i % 10, 'w' from generate_series(1, 100) i;
create materialized view total as
    select 'a' as what, sum(amount) from a union all select 'b', sum(amount) from b
    union all select 'big', sum(amount) from big union all select 'part', sum(amount) from part;
create sequence counter;
SQL
}

# One client: transfers over all tables, appends, deletes, subtransactions, keys that change, TRUNCATE.
client() { # NUMBER
    local n x
    for ((n = 1; n <= 100000; n++)); do
        x=$((n * 7 % 90 + $1 * 100 - 95))
        cat <<SQL
begin; update a set amount = amount - $n where id = $x; update big set amount = amount + $n where id = $x * 15;
insert into entry values ($1, $n, $x, 'n'); commit;
begin; update b set amount = amount - $n where id = $x; savepoint s; update a set amount = amount + 1 where id = $x; rollback to s;
savepoint t; update part set amount = amount + $n where id = $1 * 50 - 40; release t; select nextval('counter'); commit;
begin; update big set amount = amount - 3 where id = $x * 15 + 1; savepoint s; update b set amount = amount + 3 where id = $x; release s; commit;
delete from entry where client = $1 and n = $n - 6;
update part set k = 1 - k where id = $1 * 50 - 41; update whole set b = b || '!' where a = $1;
insert into owner values ($1 * 1000000 + $n, 'late'); update a set owner = $1 * 1000000 + $n where id = $x;
insert into scrap values ($1 * 1000000 + $n, 'x') on conflict do nothing; insert into more_scrap values ($1 * 1000000 + $n, 'x') on conflict do nothing;
SQL
        ((n % 40 != 0 || ${TRUNCATES:-0} == 0)) || echo "begin; truncate scrap, more_scrap; insert into scrap values ($1 * 1000000, 'after') on conflict do nothing; commit;"
    done | psql -qXAt "$SOURCE application_name=client" >/dev/null 2>&1 3>&-
}
clients() {
    local number
    CLIENTS=''
    for number in 1 2 3; do
        client $number &
        CLIENTS="$CLIENTS $!"
    done
    PIDS="${PIDS:-} $CLIENTS"
}
end_clients() {
    admin_source "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB' and application_name = 'client'" >/dev/null
    local pid
    for pid in ${CLIENTS:-}; do wait "$pid" 2>/dev/null || true; done
    CLIENTS=''
}

follow() { clone --follow --split-larger-than 1MB --table-jobs 2 "$@"; }
tables_of() { catalog "select group_concat(relname, ' ') from (select relname from v_tables where snapshot $1 order by relname)"; }
snapshots() { catalog 'select count(distinct snapshot) from v_tables'; }
sums() { "$1" -c 'select (select sum(amount) from a) + (select sum(amount) from b) + (select sum(amount) from big) + (select sum(amount) from part)'; }

all_the_same() {
    # A transfer is in all tables or in none.
    [[ $(sums tgt) == 7000000 ]]
    # When it was refreshed, they were of one moment already.
    [[ $(tgt -c 'select sum(sum) from total') == 7000000 ]]
    src -q -o /dev/null -c "select pg_drop_replication_slot('$SLOT')" -c "drop publication $SLOT" -c 'refresh materialized view total'
    tgt -q -c 'refresh materialized view total' -c 'drop schema if exists pghaul cascade'
    same
}


# All parts of some tables are done, and not all tables: in the catalog, or by what the target says.
some_are_finished() {
    FINISHED=$(catalog "select group_concat(oid) from (select t.oid from obj_table t where t.has_data
        and not exists (select 1 from work w where w.object = t.oid and w.kind in ('small', 'table', 'part', 'empty') and w.state <> 'done'))")
    [[ -n $FINISHED ]] && (($(catalog "select count(*) from obj_table where has_data and oid not in ($FINISHED)") > 0))
    CLAIMS=$(claims)
}
# They were not claimed again, and are in the snapshot that they were copied in.
claims() { catalog "select group_concat(id || ':' || epoch || ':' || snapshot) from (select * from work where object in ($FINISHED) and kind in ('small', 'table', 'part', 'empty') order by id)"; }
finished_stay() { [[ $(claims) == "$CLAIMS" ]]; }

ours_on_the_source() { admin_source "select count(*) from pg_stat_activity where datname = '$DB' and application_name like 'pghaul%' ${1:-}"; }
# Kills all of a run when a process of it comes to a point.
again_at() {
    keep_fired
    rm -rf "$PGHAUL_TEST_DIR"
    mkdir -p "$PGHAUL_TEST_DIR"
    clone_to "$1" --follow "${@:2}"
}
killed_at() { # POINT[:NTH] OPTIONS
    again_at "$@"
    kill -9 "$PID"
    wait "$PID" || true
    go_on
    wait_for 15 none_of_ours
}
none_of_ours() { [[ $(ours_on_the_source) == 0 ]]; }

# Starts a run that copies all but these tables, and waits for locks on as many as it has workers: what is
# finished then is sure.
copied_but() { # TABLE, TABLE, … WORKERS
    clone_to script.before_commit --follow --split-larger-than 1MB --table-jobs 2
    blocked_at "$@"
}
# The same for one that is resumed in a new snapshot.
resumed_but() {
    again_at renew.settled --resume
    blocked_at "$@"
}
blocked_at() {
    exec 8> >(psql -qX "$SOURCE application_name=client" >/dev/null 2>&1 3>&-)
    echo "begin; lock table $1; select 'locked';" >&8
    wait_for 10 eval '[[ $(src -c "select count(*) from pg_stat_activity where datname = current_database() and state = '"'idle in transaction'"' and query like '"'%locked%'"'") == 1 ]]'
    go_on
    wait_for 30 eval '[[ $(ours_on_the_source "and wait_event_type = '"'Lock'"'") == '"$2"' ]]'
    (($2 > 1)) || wait_for 30 catalog_says "select count(*) from work where kind in ('small', 'table', 'part') and state <> 'done'" 1
    some_are_finished
}
unlock() {
    echo 'commit;' >&8
    exec 8>&-
}
killed() {
    kill -9 "$PID"
    wait "$PID" || true
    unlock
    wait_for 15 none_of_ours
}

@test "one transaction that was open over the new snapshot: neither lost nor doubled" {
    bank
    copied_but 'b, part_1' 2
    killed
    # Committed before the new snapshot: in the copies that are made in it, in the stream for the others.
    src -q -c 'begin' -c 'update a set amount = amount - 5 where id = 1' -c 'update b set amount = amount + 5 where id = 1' \
        -c 'update big set amount = amount - 7 where id = 1' -c 'update part set amount = amount + 7 where id = 1' -c 'commit'
    src -q -c "insert into entry values (9, 9, 1, 'before')"
    # Open while it is taken, by itself and with subtransactions; what committed later has larger ids.
    exec 7> >(psql -qX "$SOURCE application_name=client" >/dev/null 2>&1 3>&-)
    cat >&7 <<'SQL'
begin; update a set amount = amount - 50 where id = 2; savepoint s; update b set amount = amount + 20 where id = 2; release s;
savepoint t; update big set amount = amount + 30 where id = 2; savepoint u; insert into entry values (9, 10, 1, 'open'); delete from whole where a = 3;
SQL
    src -q -c 'begin' -c 'update a set amount = amount - 11 where id = 3' -c 'update big set amount = amount + 11 where id = 3' -c "insert into scrap values (1000, 'prepared')" -c "prepare transaction '$DB'"
    wait_for 10 eval '[[ $(src -c "select count(*) from pg_stat_activity where application_name = '"'client'"' and state = '"'idle in transaction'"'") == 1 ]]'
    src -q -c 'update a set amount = amount + 1 where id = 4' -c 'update b set amount = amount - 1 where id = 4'
    clone_to renew.taken --follow --resume
    # Ends after the snapshot was taken, and before the place in WAL that is noted with it: only the ids tell.
    echo 'update part set amount = amount where id = 2; commit;' >&7
    exec 7>&-
    src -q -c "commit prepared '$DB'"
    src -q -c 'update b set amount = amount + 2 where id = 5' -c 'update a set amount = amount - 2 where id = 5'
    go_on
    wait_for 60 following
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    ended_with 0 'unfinished tables are copied in a new one'
    [[ $(snapshots) == 2 ]]
    finished_stay
    all_the_same
}

# Where rows, keys and the new snapshot change hands; each run is killed once more on the way.
@test "killed while three clients write, wherever it is, then resumed" {
    bank
    local point
    for point in copy.begun:2 copy.before_commit:2 copy.before_commit:4 copy.after_commit:3 empty.after_commit index.begun; do
        clients
        killed_at "$point" --split-larger-than 1MB
        # What happens between the snapshots.
        src -q -c 'truncate scrap, more_scrap' -c "insert into scrap values (5, 'again')"
        background "$PGHAUL" clone --dir "$RUN" --follow --resume
        wait_for 60 following
        end_clients
        run -0 "$PGHAUL" position set --dir "$RUN" --end now
        ended_with 0 'stay on the source' || { echo "$point"; false; }
        all_the_same || { echo "$point"; false; }
        again
    done
}

@test "killed around the new snapshot and the changes up to it: several snapshots in a row" {
    bank
    clients
    copied_but 'b, part_1' 2
    killed
    local point
    for point in renew.taken renew.settled copy.before_commit settle.begun settle.applied foreign_keys.begun; do
        killed_at "$point" --resume || { echo "$point"; false; }
    done
    background "$PGHAUL" clone --dir "$RUN" --follow --resume
    wait_for 60 following
    (($(snapshots) >= 2))
    end_clients
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    ended_with 0 'stay on the source'
    all_the_same
}

@test "a table for each snapshot: what is finished is not copied again" {
    bank
    clients
    copied_but 'b, part_1' 2
    killed
    resumed_but part_1 1
    killed
    finished_stay
    background "$PGHAUL" clone --dir "$RUN" --follow --resume
    wait_for 60 following
    finished_stay
    [[ $(snapshots) == 3 && $(catalog "select group_concat(relname) from v_tables where snapshot = (select max(snapshot) from v_tables)") == part_1 ]]
    end_clients
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    ended_with 0 'stay on the source'
    all_the_same
}

@test "the snapshot goes inside a run: it goes on in a new one by itself" {
    bank
    clients
    copied_but 'b, part_1' 2
    # Its session, its process.
    admin_source "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB' and application_name = 'pghaul snapshot 1'" >/dev/null
    wait_for 30 eval '[[ $(catalog "select resumes from run") == 1 ]]'
    wait_for 30 eval '[[ $(ours_on_the_source "and wait_event_type = '"'Lock'"'") -ge 1 ]]'
    kill -9 "$(catalog "select pid from process where role = 'snapshot' and ended_us is null order by id desc limit 1")"
    wait_for 30 eval '[[ $(catalog "select resumes from run") == 2 ]]'
    unlock
    wait_for 60 following
    finished_stay
    end_clients
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    ended_with 0 'going on in a new snapshot'
    all_the_same
}

@test "the source is restarted while rows are copied: the run goes on by itself" {
    bank
    copied_but 'b, part_1' 2
    "$PGH_TOP/tests/server" stop "$HERE/s"
    exec 8>&-
    wait_for 20 grep -q 'going on in a new snapshot' "$BATS_TEST_TMPDIR/err"
    "$PGH_TOP/tests/server" start "$HERE/s"
    clients
    wait_for 60 following
    finished_stay
    end_clients
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    ended_with 0 'unfinished tables are copied in a new one'
    all_the_same
}

@test "stopped while it goes on in a new snapshot; and given no time for it" {
    bank
    copied_but 'b, part_1' 2
    admin_source "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB' and application_name = 'pghaul snapshot 1'" >/dev/null
    wait_for 30 eval '[[ $(catalog "select resumes from run") == 1 ]]'
    wait_for 30 eval '[[ $(ours_on_the_source "and wait_event_type = '"'Lock'"'") -ge 1 ]]'
    kill -INT "$PID"
    wait_for 10 grep -q 'ask again to stop at once' "$BATS_TEST_TMPDIR/err"
    kill -INT "$PID"
    ended_with 3 'stopped while'
    wait_for 15 none_of_ours
    background env PGHAUL_RETRY_FOR=0 "$PGHAUL" clone --dir "$RUN" --follow --resume --retry-for 0
    wait_for 30 eval '[[ $(ours_on_the_source "and wait_event_type = '"'Lock'"'") -ge 1 ]]'
    admin_source "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB' and application_name = 'pghaul snapshot 1'" >/dev/null
    ended_with 4 'PGH-2'
    unlock
    run -0 clone --follow --resume --endpos now --retry-for 1min
    all_the_same
}

@test "a table that is truncated before it is copied is copied in a new snapshot" {
    bank
    clients
    copied_but 'scrap, more_scrap' 2
    echo 'truncate scrap, more_scrap;' >&8
    unlock
    wait_for 60 following
    finished_stay
    end_clients
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    ended_with 0 'was rewritten after the snapshot .*; going on in a new snapshot'
    all_the_same
}

@test "an end before the new snapshot cannot be kept; one that was to be now is later" {
    bank
    killed_at copy.before_commit
    run -0 "$PGHAUL" position set --dir "$RUN" --end "$(src -c 'select pg_current_wal_insert_lsn()')"
    src -q -c "insert into entry values (1, 1, 1, 'later')"
    run -6 clone --follow --resume
    assert_output --regexp 'PGH-4022: the end is [0-9A-F/]+, and tables that are copied in a later snapshot are of one moment with all others only from [0-9A-F/]+ on'
    assert_output --partial 'a later --endpos'
    run -0 clone --follow --resume --endpos now
    all_the_same
    again
    clone_to copy.before_commit --follow --endpos now
    wait_for 20 eval '[[ $(catalog "select stop_now from position") == 1 ]]'
    kill -9 "$PID"
    wait "$PID" || true
    go_on
    wait_for 15 none_of_ours
    src -q -c "insert into entry values (1, 2, 1, 'later')"
    run -0 clone --follow --resume
    assert_output --partial 'is put off until the tables are copied'
    all_the_same
}
