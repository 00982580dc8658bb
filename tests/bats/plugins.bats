load lib.bash
load followed.bash

# Slots of plugins that write text: what is received from them is what pgoutput sends of the same
# transactions to a slot that was made at the same place, and is asked by SQL.

setup_file() { own_source 'wal_sender_timeout = 2s'; }

setup() {
    setup_halves
    RECEIVE=("$PGHAUL" stream receive --source "$SOURCE" --dir "$RUN" --slot "$DB" --segment-size 10kB)
    tables | src -q
}

# slots PLUGIN: one to receive from, and pgoutput's.
slots() {
    src -q -o /dev/null -c "select pg_create_logical_replication_slot('$DB', '$1')" \
        -c "select pg_create_logical_replication_slot('${DB}_ref', 'pgoutput')"
}

receive() { "${RECEIVE[@]}" "$@"; }
show() { "$PGHAUL" stream show --dir "$RUN"; }

tables() {
    cat <<'SQL'
create schema "Sch:e.m""a";
create type "Sch:e.m""a"."mo od[]" as enum ('sad', 'it''s "happy"]:');
create type pair as (a int, b text);
create domain name_of as text check (value <> 'nobody');
create domain name_of_name as name_of;
create domain flag as bool;
create table account (id int primary key, amount int, note text);
insert into account select i, 1000 from generate_series(1, 100) i;
create table log (client int, n int, primary key (client, n));
create table whole (a int, b text);
alter table whole replica identity full;
create table "Sch:e.m""a"."T a:b[l].""e" ("i d" int, "c:[]"" " text, "old-key" text, "new-tuple:" varchar(9)[], primary key ("i d", "c:[]"" "));
create table "table" ("null" int primary key, "unchanged-toast-datum" text);
create table "new
line" ("a
b" int primary key, c text);
create table index_ (a int, b int not null, c int not null);
create unique index index_key on index_ (c, b) include (a);
alter table index_ replica identity using index index_key;
create table late (id int primary key deferrable, b text);
alter table late replica identity full;
create table types (
    id bigint primary key, yes boolean, s smallint, o oid, t text, v varchar(20), c char(5), "q" "char", n name, bin bytea, b3 bit(3), vb varbit(9),
    d date, tm time, tz timetz, ts timestamp, tsz timestamptz, iv interval, u uuid, i inet, m macaddr, j json, jb jsonb, x xml, money money, p point,
    r int4range, e "Sch:e.m""a"."mo od[]", ea "Sch:e.m""a"."mo od[]"[], dom name_of, domdom name_of_name, fl flag, co pair, ar int[][], ta text[], ts2 tsvector,
    gen text generated always as (upper(t)) stored, ident int generated always as identity, big text, last int default 7);
create table floats (id int primary key, r real, d double precision, n numeric, n2 numeric(20, 3), na numeric[]);
create table alone (id int primary key);
create table nothing ();
alter table nothing replica identity full;
create publication pub for all tables;
SQL
}

# All that can be told; wal2json has no word for infinity.
floats() {
    cat <<'SQL'
insert into floats values (1, 1.1, 0.1, 1234567890.123456789012345678901234567890, 3, '{NaN,1.50}'), (2, 'NaN', '-infinity', 'NaN', null, '{}'),
    (3, 1e-30, 1.7976931348623157e308, 'infinity', -0.001, null), (4, '-0', 5e-324, 1e-500, 99999999999999999.999, '{{1},{2}}');
update floats set n = n + 1, d = -d where id = 1;
SQL
}

# Of one client: all kinds of changes, names and types.
work() { # CLIENT LAST [FIRST]
    local n
    for ((n = ${3:-1}; n <= $2; n++)); do
        cat <<SQL
begin; update account set amount = amount - $n where id = $1 * 10; update account set amount = amount + $n where id = $1 * 10 + 1;
insert into log values ($1, $n); commit;
begin; insert into log values ($1, -$n); savepoint a; insert into log values ($1, -$n - 1000); rollback to a; insert into alone values ($1 * 1000 + $n); savepoint b;
update account set id = -id, note = 'x' where id = $1 * 10; update account set id = -id where id = - $1 * 10; release b; commit;
begin; update log set n = n + 100000 where client = $1; rollback;
insert into whole select nullif($1, i), nullif(repeat('w', i % 4), '') from generate_series(1, 20) i; update whole set b = b || '!' where a = $1; delete from whole where a = $1 and length(b) > 2;
insert into types (id, t, yes, big) values ($1 * 1000 + $n, 'it''s \\ "q" ' || chr(10) || chr(9) || chr(1) || ' ü€😀', $n % 2 = 0, (select string_agg(md5((i + $n)::text), '') from generate_series(1, 200) i));
update types set yes = not yes where id = $1 * 1000 + $n;
update types set id = -id, last = null where id = $1 * 1000 + $n;
delete from types where id = - ($1 * 1000 + $n - 5);
SQL
        ((n % 7 != 0)) || echo "truncate whole, alone restart identity cascade; truncate index_; copy log from stdin;
$1	$((n + 50000))
$1	$((n + 60000))
\\."
        ((n % 5 != 0)) || echo "begin; select pg_logical_emit_message(true, 'pre, sz: 3 content:', 'it''s \"a\", sz: 1 content:b'); insert into log values ($1, $n + 90000); commit;
select pg_logical_emit_message(true, '', ''); select pg_logical_emit_message(false, 'alone', E'\\\\001 \\n');"
    done
}

odd() {
    cat <<'SQL'
insert into types (id, yes, s, o, t, v, c, "q", n, bin, b3, vb, d, tm, tz, ts, tsz, iv, u, i, m, j, jb, x, money, p, r, e, ea, dom, domdom, fl, co, ar, ta, ts2)
values (-1, true, -32768, 4294967295, '', '''', 'a', '"', 'n''ame', '\x00ff27', B'101', B'', '0044-03-15 BC', '24:00', '12:30:00.000001-15:59', 'infinity', '2026-01-01 00:00:00.12+02',
    '-1 year 2 days -03:04:05.6', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '::1/64', '08:00:2b:01:02:03', '{"a":  "b\"c"}', '{"a": null}', '<a b="c">d</a>', '-12.34', '(1,-2)',
    '[1,5)', 'it''s "happy"]:', '{sad,"it''s \"happy\"]:",null}', 'somebody', 'else', false, '(1,"a ""b"", c")', '{{1,null},{3,4}}', '{null,"NULL","",a''b}', 'a:1 ''b c'':2');
insert into types (id) values (-2);
update types set last = 8 where id < 0;
delete from types where id = -2;
insert into "Sch:e.m""a"."T a:b[l].""e" values (1, 'a'' b[text]:''c'' "', ' new-tuple: x[integer]:1', '{"a b","c[]:"}'), (2, '', null, null);
update "Sch:e.m""a"."T a:b[l].""e" set "old-key" = 'null';
update "Sch:e.m""a"."T a:b[l].""e" set "c:[]"" " = "c:[]"" " || '''' where "i d" = 1;
delete from "Sch:e.m""a"."T a:b[l].""e";
insert into "table" values (1, 'unchanged-toast-datum'), (2, 'null'), (3, null);
delete from "table";
insert into "new
line" values (1, 'x
y');
update "new
line" set "a
b" = 2;
delete from "new
line";
insert into index_ values (null, 2, 3), (4, 5, 6);
update index_ set a = 7 where b = 2;
update index_ set c = 9 where b = 5;
delete from index_;
insert into late values (1, 'a'), (2, null);
update late set b = b || 'b';
update late set id = 3 - id;
delete from late;
insert into nothing default values;
truncate alone, "Sch:e.m""a"."T a:b[l].""e", "table";
SQL
}

# Whole transactions of the spool, and what stands outside of them. What a reconnection cut off is
# void, what came twice counts once (messages tell their own LSN), and so does a description that is repeated. Where a commit record
# begins is told by wal2json only (EXACT), which does not tell the options of TRUNCATE.
spooled() {
    show | awk -v exact="${EXACT:-}" '
        $1 == "connection" { n = 0; open = 0 }
        $1 != "change" { next }
        { tag = substr($3, 1, 2); line = $3 }
        tag == "42" { n = 0; open = 1; commit = substr($3, 3, 16) }
        !exact && tag == "42" { line = tag "-" substr($3, 19) }
        !exact && tag == "43" { line = tag "-" substr($3, 21) }
        exact && tag == "54" { line = tag "-" substr($3, 3, 8) "-" substr($3, 13) }
        open { lines[n++] = line }
        !open && !(line in alone) { alone[line]; print line }
        tag == "43" && open { if (commit > last) for (i = 0; i < n; i++) print lines[i]; if (commit > last) last = commit; open = 0 }' | once
}

# A description counts when it differs from the one before.
once() {
    awk '{ tag = substr($1, 1, 2) } tag == "59" || tag == "52" { key = substr($1, 1, 10); if (known[key] == $1) next; known[key] = $1 } { print }'
}

reference() {
    PGOPTIONS='-c timezone=UTC -c intervalstyle=postgres -c datestyle=iso -c lc_monetary=C' src -c "select encode(data, 'hex')
        from pg_logical_slot_peek_binary_changes('${DB}_ref', null, null, 'proto_version', '1', 'publication_names', 'pub', 'messages', 'true')" |
        awk -v exact="${EXACT:-}" '{ tag = substr($1, 1, 2) } !exact && tag == "42" { $1 = tag "-" substr($1, 19) }
            !exact && tag == "43" { $1 = tag "-" substr($1, 21) }
            exact && tag == "54" { $1 = tag "-" substr($1, 3, 8) "-" substr($1, 13) } { print }' | once
}

same_changes() {
    reference >"$BATS_TEST_TMPDIR/reference"
    spooled >"$BATS_TEST_TMPDIR/spooled"
    [[ -s $BATS_TEST_TMPDIR/reference ]] && cmp "$BATS_TEST_TMPDIR/reference" "$BATS_TEST_TMPDIR/spooled" ||
        { diff "$BATS_TEST_TMPDIR/reference" "$BATS_TEST_TMPDIR/spooled" | cut -c 1-300 | head -n 10; false; }
}

@test "test_decoding: the same changes as pgoutput, byte for byte" {
    local client
    slots test_decoding
    odd | src -q
    floats | src -q
    for client in 1 2 3; do work $client 15 | src -q -o /dev/null & done
    wait
    run -0 receive --endpos now
    same_changes
    [[ $(grep -c ^43 "$BATS_TEST_TMPDIR/spooled") -gt 100 ]]
    work 1 20 16 | src -q -o /dev/null
    run -0 receive --endpos now
    same_changes
}

@test "test_decoding: killed at each point, and gone on with: nothing is lost, nothing doubled" {
    local point done=0
    slots test_decoding
    for point in spool.half_written:kill:3 receive.before_sync:kill receive.after_sync:kill spool.segment_made:kill:2; do
        work 1 $((done + 20)) $((done + 1)) | src -q -o /dev/null
        PGHAUL_TEST_AT=$point run receive --endpos now
        [[ $status == 137 ]] || { echo "$point: $status $output"; false; }
        work 2 $((done + 2)) $((done + 1)) | src -q -o /dev/null
        done=$((done + 20))
    done
    run -0 receive --endpos now
    same_changes
}

@test "test_decoding: killed at random, with connections that are lost, while three clients write" {
    local round client clients='' seed=${PGHAUL_TEST_SEED:-$RANDOM}
    echo "seed $seed"
    RANDOM=$seed
    slots test_decoding
    for client in 1 2 3; do work $client 100 | psql -qX "$SOURCE" >/dev/null 2>&1 & clients="$clients $!"; done
    for ((round = 0; round < 6; round++)); do
        background "${RECEIVE[@]}"
        read -rt "0.$((RANDOM % 900 + 50))" <> <(:) || true
        if ((round % 2 == 0)); then
            # The walsender, or the connection that asks the catalogs.
            admin_source "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pghaul receive$([[ $round == 2 ]] || echo ' catalogs')'" >/dev/null
            read -rt 0.5 <> <(:) || true
        fi
        kill -9 "$PID" 2>/dev/null || true
        wait "$PID" || true
    done
    wait $clients
    run -0 receive --endpos now
    same_changes
}

@test "test_decoding: told to stop while changes come, it stops, and goes on later" {
    local round
    slots test_decoding
    for ((round = 0; round < 3; round++)); do
        background "${RECEIVE[@]}"
        for _ in {1..4000}; do echo "update account set amount = amount + 1 where id = 1;"; done | psql -qX "$SOURCE" &
        wait_for 10 eval '[[ $(admin_source "select active from pg_replication_slots where slot_name = '"'$DB'"'") == t ]]'
        read -rt 0.3 <> <(:) || true
        kill -INT "$PID"
        ended_with 0 'received all that committed'
        wait
    done
    run -0 receive --endpos now
    same_changes
}

@test "a transaction that is too large for memory waits for its commit on disk" {
    slots test_decoding
    src -q -c "begin" -c "insert into log select 1, i from generate_series(1, 60000) i" -c "update account set note = repeat('x', 3000000 + id) where id < 4" \
        -c "insert into alone select i from generate_series(1, 100) i" -c "commit" -c "insert into alone values (-1)"
    PGHAUL_TEST_AT=receive.transaction_stored:kill:2 run receive --endpos now
    [[ $status == 137 ]]
    [[ ! -e $RUN/spool/transaction.tmp ]]
    run -0 receive --endpos now
    same_changes
    [[ $(ls "$RUN/spool" | grep -vc 'seg$') == 0 ]]
    # Nothing of one of which nothing is wanted, and of others only what is.
    src -q -c "drop publication pub" -c "create schema pghaul" -c "create table pghaul.done (a text)" -c "insert into pghaul.done values ('a'), ('b')" -c "delete from pghaul.done"
    src -q -c "begin" -c "insert into pghaul.done values ('c')" -c "insert into alone values (-2)" -c "truncate pghaul.done" -c "truncate alone, pghaul.done" -c "commit"
    src -q -c "begin" -c "insert into log select 2, i from generate_series(1, 60000) i" -c "rollback" -c "create materialized view seen as select 1 as a" -c "refresh materialized view seen"
    run -0 receive --endpos now
    spooled >"$BATS_TEST_TMPDIR/more"
    cmp -n "$(stat -c %s "$BATS_TEST_TMPDIR/spooled")" "$BATS_TEST_TMPDIR/spooled" "$BATS_TEST_TMPDIR/more"
    [[ $(tail -n +$(($(wc -l <"$BATS_TEST_TMPDIR/spooled") + 1)) "$BATS_TEST_TMPDIR/more" | cut -c 1-2 | xargs) == '42 49 54 43' ]]
}

@test "a disk that is full while a large transaction comes: it waits, and nothing is lost" {
    limited() { ulimit -S -f 3000; exec "${RECEIVE[@]}" --segment-size 1MB --endpos "$1"; }
    slots test_decoding
    run -0 receive --endpos now
    src -q -c "insert into log select 1, i from generate_series(1, 150000) i"
    background limited "$(src -c 'select pg_current_wal_insert_lsn()')"
    wait_for 20 grep -q "waiting for room" "$BATS_TEST_TMPDIR/err" || { ls -la "$RUN/spool"; false; }
    # Longer than the server waits for a client that says nothing.
    read -rt 3 <> <(:) || true
    prlimit --pid "$PID" --fsize=unlimited:unlimited
    ended_with 0 'there is room again'
    run ! grep -q 'connecting again' "$BATS_TEST_TMPDIR/err"
    same_changes
}

@test "tables that are altered while their changes are received" {
    local n
    slots test_decoding
    alter() {
        cat <<'SQL'
insert into late values (1, 'a');
alter table late add c int default 5, add column d text;
update late set d = 'd';
alter table late drop column b;
insert into late values (2, 6, 'e');
alter table late alter c type bigint;
delete from late where id = 1;
alter table late rename c to "c d";
update late set "c d" = 9;
drop table "table";
create table "table" (a text primary key, n numeric);
insert into "table" values ('x', 1.50);
alter type "Sch:e.m""a"."mo od[]" add value 'new';
insert into types (id, e) values (77, 'new');
begin; alter table account add z int; insert into account values (777, 1, 'n', 3); alter table account drop note; update account set z = 4 where id = 777; commit;
insert into account values (778, 1, 4);
SQL
    }
    # Each of them received before the next one comes.
    background "${RECEIVE[@]}"
    alter >"$BATS_TEST_TMPDIR/alter.sql"
    while read -r -u 4 line; do
        src -q -c "$line"
        n=$(src -c 'select pg_current_wal_insert_lsn()')
        wait_for 10 eval "[[ \$(admin_source \"select confirmed_flush_lsn >= '$n' from pg_replication_slots where slot_name = '$DB'\") == t ]]"
    done 4< <(sed 's/^begin; \(.*\) commit;$/\1/' "$BATS_TEST_TMPDIR/alter.sql")
    kill -INT "$PID"
    ended_with 0 'received all that committed'
    same_changes
}

@test "tables that were altered before their changes are received: rows are as they were then" {
    slots test_decoding
    src -q <<'SQL'
insert into late values (1, 'a');
alter table late add c int default 5, add column d varchar(7);
update late set d = 'd';
alter table late alter c type bigint;
insert into late values (2, 'b', 7, 'x');
delete from late where id = 1;
insert into account values (777, 5, 'n');
update account set amount = 6 where id = 777;
alter table account drop note, add more text;
update account set id = 778, more = 'm' where id = 777;
delete from account where id = 778;
SQL
    run -0 receive --endpos now
    # What columns are called and of what types they are fits at each change; typmods are of now.
    same_changes
    # A DELETE has no whole row: its table is described as it is now.
    src -q -c 'insert into alone values (1), (2), (3)'
    run -0 receive --endpos now
    src -q -c 'delete from alone where id < 3' -c 'alter table alone alter id type bigint, add more text'
    run -0 receive --endpos now
    [[ $(spooled | grep -c "^44.*74000000013[12]6e$") == 2 ]]
}

@test "nothing of a table is left out silently: what is not understood stops, and says of which" {
    local end
    src -q -c 'drop publication pub' -c 'create table keyless (a int)' -c 'create table gone (a int primary key)' \
        -c 'create table changed (a int primary key, b int not null unique)' -c 'insert into changed values (1, 1), (2, 2)' \
        -c 'alter table index_ replica identity nothing' -c 'insert into index_ values (1, 2, 3)'
    slots test_decoding
    src -q -c 'insert into keyless values (1), (2)' -c 'delete from keyless where a = 1'
    run -4 receive --endpos now
    assert_output --partial 'PGH-2231: table public.keyless: a row was deleted, and nothing tells which'
    # What came before it is there.
    again() {
        admin_source "select pg_drop_replication_slot(slot_name) from pg_replication_slots" >/dev/null
        rm -rf "$RUN"
        slots test_decoding
    }
    again
    src -q -c 'update keyless set a = 3'
    run -4 receive --endpos now
    assert_output --partial 'PGH-2231: table public.keyless: a row was updated, and nothing tells which'
    again
    src -q -c 'update index_ set a = 7'
    run -4 receive --endpos now
    assert_output --partial 'PGH-2231: table public.index_: a row was updated'
    again
    src -q -c 'insert into gone values (1)' -c 'drop table gone'
    run -4 receive --endpos now
    assert_output --partial 'PGH-2230: table public.gone: there are changes of it to receive, but it is not there any more'
    again
    src -q -c 'update changed set b = 3 where a = 1' -c 'update changed set a = 4 where a = 2' -c 'alter table changed drop constraint changed_pkey' \
        -c 'alter table changed replica identity using index changed_b_key'
    run -4 receive --endpos now
    assert_output --partial 'PGH-2230: table public.changed: a change of it does not fit what the catalogs say'
    again
    # While it runs.
    src -q -c 'alter table changed add primary key (a)' -c 'alter table changed replica identity default'
    run -0 receive --endpos now
    background "${RECEIVE[@]}"
    end=$(src -c 'update changed set b = 8 where b = 3' -c 'select pg_current_wal_insert_lsn()')
    wait_for 10 eval "[[ \$(admin_source \"select confirmed_flush_lsn >= '$end' from pg_replication_slots where slot_name = '$DB'\") == t ]]"
    src -q -c 'alter table changed replica identity using index changed_b_key' -c 'update changed set a = 9 where b = 8'
    ended_with 4 'PGH-2232: table public.changed: what tells its rows apart is another since it was first met'
    # Started again, it takes what is there, and says what it cannot know.
    again
    src -q -c 'update changed set a = 10 where b = 8' -c 'alter table changed drop constraint changed_pkey' -c 'alter table changed add primary key (a)' \
        -c 'alter table changed replica identity default'
    run -0 receive --endpos now
    assert_output --partial 'table public.changed: an index that can tell its rows apart is newer than changes that are received now'
}

@test "test_decoding: an end position at any byte: what committed before it comes, the rest comes later" {
    local end at
    slots test_decoding
    src -q -c 'insert into alone values (1)'
    end=$(src -c 'begin' -c 'insert into alone values (2)' -c "select pg_current_wal_insert_lsn() - '0/0'" -c 'commit' -c "select pg_current_wal_insert_lsn() - '0/0'" | tail -n 1)
    src -q -c 'insert into alone values (3)'
    # Inside the commit record of the second one, wherever it begins; at its end; behind it.
    for at in $((end - 60)) $((end - 40)) $((end - 8)) $((end - 1)); do
        run -0 receive --endpos "$(src -c "select '0/0'::pg_lsn + $at")"
        [[ $(show | awk '$1 == "change" && substr($3, 1, 2) == "43"' | wc -l) == 1 ]]
    done
    run -0 receive --endpos "$(src -c "select '0/0'::pg_lsn + $end")"
    [[ $(show | awk '$1 == "change" && substr($3, 1, 2) == "43"' | wc -l) == 2 ]]
    run -0 receive --endpos "$(src -c "select '0/0'::pg_lsn + $end + 1")"
    run -0 receive --endpos now
    same_changes
}

# wal2json needs no memory of ours to know where a commit is, but says less of other things.
slots_of_wal2json() {
    src -q -o /dev/null -c "select pg_create_logical_replication_slot('$DB', 'wal2json')" 2>/dev/null || skip 'wal2json is not installed, or not allowed'
    src -q -o /dev/null -c "select pg_create_logical_replication_slot('${DB}_ref', 'pgoutput')"
}

@test "wal2json: the same changes as pgoutput, byte for byte" {
    local client EXACT=yes
    slots_of_wal2json
    odd | src -q
    for client in 1 2 3; do work $client 15 | src -q -o /dev/null & done
    wait
    run -0 receive --endpos now
    same_changes
    [[ $(grep -c ^43 "$BATS_TEST_TMPDIR/spooled") -gt 100 ]]
    PGHAUL_TEST_AT=spool.half_written:kill run receive --endpos now
    work 1 20 16 | src -q -o /dev/null
    run -0 receive --endpos now
    same_changes
    # TRUNCATE of several tables, and one after the other.
    src -q -c 'truncate account, log, whole' -c 'truncate alone' -c 'begin' -c 'truncate log' -c 'truncate whole' -c 'insert into alone values (1)' -c 'commit'
    run -0 receive --endpos now
    same_changes
    # An altered table.
    src -q -c 'alter table alone add more text' -c "insert into alone values (2, 'x')" -c 'alter table alone drop more, alter id type bigint' -c 'insert into alone values (3)'
    run -0 receive --endpos now
    same_changes
}

@test "wal2json: tables of which it leaves something out are refused" {
    slots_of_wal2json
    floats | src -q
    EXACT=yes
    run receive --endpos now
    # From version 2.6 on it tells numbers as strings.
    if [[ $status == 0 ]]; then same_changes; else
        [[ $status == 4 ]]
        assert_output --partial 'PGH-2233: table public.floats: it has columns of floating point or numeric, and the plugin is too old'
        ! grep -q 'connecting again' <<<"$output"
    fi
    admin_source "select pg_drop_replication_slot(slot_name) from pg_replication_slots" >/dev/null
    rm -rf "$RUN"
    slots_of_wal2json
    src -q -c 'create table keyless (a int)' -c 'insert into keyless values (1)'
    run -4 receive --endpos now
    assert_output --partial 'PGH-2233: table public.keyless: it has no replica identity, so the plugin leaves out updates and deletes'
}

# to_the_target STATEMENTS: from the slot through the spool to a database that was like this one, all
# types and names; with stops between, in which the source goes on. A table without columns is not
# found there.
to_the_target() {
    local client round end
    for round in 0 1 2; do
        for client in 1 2 3; do work $client $((round * 8 + 8)) $((round * 8 + 1)) | psql -qX -o /dev/null "$SOURCE" & done
        wait
        ((round != 1)) || "$1" | sed '/into nothing/d' | src -q
        end=$(src -c 'select pg_current_wal_insert_lsn()')
        run -0 receive --endpos "$end"
        run -0 "$PGHAUL" stream apply --dir "$RUN" --target "$TARGET" --endpos "$end"
        run -0 alike rows "$SOURCE" "$TARGET" "$BATS_TEST_TMPDIR"
    done
    [[ $(tgt -c 'select count(*) from types') -gt 10 && $(tgt -c 'select count(*) from log') -gt 50 ]]
}
# Sequences do not come with changes.
rows() { contents "$1" | grep -v '|[tf]$'; }
all_types() {
    odd
    floats
}

@test "test_decoding: from the slot to a target" {
    admin_source "create database ${DB}_t template $DB"
    slots test_decoding
    to_the_target all_types
    [[ $(tgt -c "select count(*) from floats where n = 'NaN' or n = 'infinity'") == 2 ]]
}

@test "wal2json: from the slot to a target" {
    admin_source "create database ${DB}_t template $DB"
    slots_of_wal2json
    to_the_target odd
}

# The whole run: what a publication would have said is said by us.

# follow_begins: databases and what runs clone --follow.
follow_begins() {
    admin_source "create database ${DB}_t"
    src -q -c 'drop publication pub' -c 'drop table nothing' -c 'create table part (id int, k int, v text, primary key (id, k)) partition by list (k)' \
        -c 'create table part_1 partition of part for values in (1)' -c 'create table left_out (a int)' -c 'insert into left_out values (1)'
    FOLLOW=("$PGHAUL" clone --follow --source "$SOURCE" --target "$TARGET" --dir "$RUN" -T left_out)
}
following() { catalog_says 'select phase from run' 6; }
position() { "$PGHAUL" position --dir "$RUN" --json | jq -r ".$1"; }
plugin_of_slot() { admin_source "select plugin from pg_replication_slots where slot_name like 'pghaul%'"; }

# like_the_source: with nothing of ours on either side.
like_the_source() {
    admin_source "select pg_drop_replication_slot(slot_name) from pg_replication_slots" >/dev/null
    tgt -q -c 'drop schema if exists pghaul cascade'
    src -q -c 'drop table left_out'
    same
}

# clients_write FIRST [FILTER]: three, until no_client_writes.
clients_write() {
    local client
    CLIENTS=''
    for client in 1 2 3; do
        work $client $(($1 + 50000)) "$1" | "${@:2}" | psql -qX "$SOURCE" >/dev/null 2>&1 3>&- &
        CLIENTS="$CLIENTS $!"
    done
    PIDS="$PIDS $CLIENTS"
}
no_client_writes() {
    admin_source "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$DB' and application_name = 'psql'" >/dev/null
    wait $CLIENTS || true
}

# follow_through PLUGIN: three clients write, the run is killed and stopped now and then.
follow_through() {
    local round
    # What was truncated after the snapshot cannot be copied in it.
    clients_write 1 sed -u '/^truncate/,/^\\\.$/d'
    wait_for 20 eval '[[ $(src -c "select count(*) from log") -gt 10 ]]'
    background "${FOLLOW[@]}" --plugin "$1"
    wait_for 60 following
    no_client_writes
    clients_write 100001 cat
    for ((round = 0; round < 4; round++)); do
        read -rt "0.$((RANDOM % 900 + 50))" <> <(:) || true
        # Nobody wants these.
        src -q -c 'insert into left_out values (2)' -c 'create table staging (a int)' -c 'insert into staging values (1)' -c 'update staging set a = 2' -c 'drop table staging' \
            -c "insert into part select i, 1, 'v' from generate_series($round * 10, $round * 10 + 9) i" -c "update part set v = 'w' where id % 2 = 0"
        if ((round % 2)); then kill -TERM "$PID"; else kill -9 "$PID"; fi
        wait "$PID" || true
        background "${FOLLOW[@]}" --resume
    done
    wait_for 30 eval '[[ $(position transactions) -gt 50 ]]'
    no_client_writes
    [[ $(plugin_of_slot) == "$1" && $(position plugin) == "$1" && $(position publication) == null ]]
    [[ $(src -c 'select count(*) from pg_publication') == 0 ]]
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    ended_with 0 "slot \"pghaul_$DB\" stays on the source, and the slot keeps its WAL: pghaul cleanup --dir $RUN removes it"
    grep -q "following from .* on: slot \"pghaul_$DB\", plugin \"$1\"" "$RUN/log/pghaul.log"
    like_the_source
}

@test "test_decoding: a clone while three clients write, killed and gone on with: the same at the end" {
    follow_begins
    follow_through test_decoding
}

@test "wal2json: a clone while three clients write, killed and gone on with: the same at the end" {
    slots_of_wal2json
    admin_source "select pg_drop_replication_slot(slot_name) from pg_replication_slots" >/dev/null
    follow_begins
    # An older one cannot tell NaN: found out before anything is copied.
    if ! src -q -o /dev/null -c "select pg_create_logical_replication_slot('$DB', 'wal2json')" \
        -c "select from pg_logical_slot_peek_changes('$DB', null, 1, 'numeric-data-types-as-string', '1')" 2>/dev/null; then
        run -4 "${FOLLOW[@]}" --plugin wal2json
        assert_output --partial "PGH-2233: the source's wal2json is too old for its option numeric-data-types-as-string"
        assert_output --partial 'columns of floating point or numeric: public.floats'
        [[ -z $(plugin_of_slot) ]]
        src -q -c 'alter table floats drop r, drop d, drop n, drop n2'
    fi
    admin_source "select pg_drop_replication_slot(slot_name) from pg_replication_slots" >/dev/null
    follow_through wal2json
}

@test "where no publication can be made, test_decoding is used, and why is said" {
    follow_begins
    src -q -c "create role ${DB}_r login replication" -c "grant pg_read_all_data to ${DB}_r"
    run -4 "${FOLLOW[@]}" --plugin pgoutput --no-owner --no-acl --source "$SOURCE user=${DB}_r"
    assert_output --partial 'PGH-2216: making publication "pghaul_'
    [[ -z $(plugin_of_slot) ]]
    background "${FOLLOW[@]}" --no-owner --no-acl --source "$SOURCE user=${DB}_r"
    wait_for 60 following
    grep -q "making publication \"pghaul_$DB\": permission denied for database $DB: changes are read by plugin test_decoding instead" "$BATS_TEST_TMPDIR/err"
    catalog "select text from event" | grep -q 'changes are read by plugin test_decoding instead'
    work 1 8 | src -q -o /dev/null
    "$PGHAUL" status --dir "$RUN" | grep -q '^plugin *test_decoding'
    kill -9 "$PID"
    wait "$PID" || true
    work 1 10 9 | src -q -o /dev/null
    # Somebody else's publication has nothing to do with it.
    src -q -c "create publication pghaul_$DB for all tables"
    run -6 "${FOLLOW[@]}" --resume --plugin pgoutput
    assert_output --partial 'PGH-4007: the run was started with --plugin auto'
    run -0 "${FOLLOW[@]}" --resume --endpos now
    # It can: pgoutput it is.
    run -0 rows "$TARGET"
    alike rows_of_both "$SOURCE" "$TARGET" "$BATS_TEST_TMPDIR"
    run -0 "${FOLLOW[@]}" --restart --drop-if-exists --slot other --endpos now
    [[ $(position plugin) == pgoutput && $(position publication) == other && $(plugin_of_slot) == '' ]]
    [[ $(src -c "select string_agg(pubname, ' ' order by pubname) from pg_publication") == "other pghaul_$DB" ]]
    [[ $(admin_source 'select plugin from pg_replication_slots') == pgoutput ]]
}
rows_of_both() { rows "$1" | grep -v left_out; }

@test "options and servers that do not go with a plugin" {
    follow_begins
    run -2 "$PGHAUL" clone --source "$SOURCE" --target "$TARGET" --dir "$RUN" --plugin test_decoding
    assert_output --partial 'PGH-1005: --plugin goes with --follow only'
    run -2 "${FOLLOW[@]}" --plugin decoderbufs
    assert_output --partial 'PGH-1003: --plugin cannot be "decoderbufs"'
    src -q -c "alter database $DB set dynamic_library_path = '/nowhere'"
    run -4 "${FOLLOW[@]}" --plugin test_decoding
    assert_output --partial "PGH-2234: making slot \"pghaul_$DB\": could not access file \"test_decoding\""
    [[ -z $(plugin_of_slot) ]]
}

@test "test_decoding: tables that come and go, and one that is another now" {
    follow_begins
    background "${FOLLOW[@]}" --plugin test_decoding
    wait_for 60 following
    # A new partition of a table that is followed is one of those.
    src -q -c 'create table staging (a int primary key)' -c 'insert into staging values (1)' -c 'drop table staging' -c 'insert into part values (1, 1)'
    wait_for 20 eval '[[ $(tgt -c "select count(*) from part") == 1 ]]'
    src -q -c 'create table part_2 partition of part for values in (2)' -c 'insert into part values (2, 2)'
    ended_with 5 'PGH-3203: table public.part_2 is not on the target'
    tgt -q -c 'create table part_2 partition of part for values in (2)'
    background "${FOLLOW[@]}" --resume --on-ddl warn
    wait_for 20 eval '[[ $(tgt -c "select count(*) from part") == 2 ]]'
    # One that becomes one later.
    src -q -c 'create table part_3 (like part including all)' -c 'insert into part_3 values (3, 3)' -c 'insert into part values (4, 2)'
    wait_for 20 eval '[[ $(tgt -c "select count(*) from part") == 3 ]]'
    src -q -c 'alter table part attach partition part_3 for values in (3)' -c 'insert into part values (5, 3)'
    ended_with 4 'PGH-2230: table public.part_3: it has become one of those that are followed'
    grep -q 'begin anew with --restart' "$BATS_TEST_TMPDIR/err"
    # One of the same name.
    src -q -c 'drop table alone' -c 'create table alone (id int primary key)' -c 'insert into alone values (7)'
    run -4 "${FOLLOW[@]}" --resume
    assert_output --partial 'PGH-2230: table public.alone is another one than when the run began'
}
