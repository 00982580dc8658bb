load lib.bash

# refused STATUS ID WORDS…: the clone fails so, says all of the words, and gives a way on.
refused() {
    local status=$1 id=$2
    shift 2
    [[ $output == *"pghaul: error: PGH-$id:"* ]] || { echo "expected PGH-$id: $output"; return 1; }
    local word
    for word; do assert_output --partial "$word"; done
    assert_output --partial 'pghaul: hint: '
}

@test "an unreachable host" {
    pair template0
    run -4 clone --source "host=$BATS_TEST_TMPDIR user=postgres dbname=$DB"
    refused 4 2001 "cannot connect to the source" "No such file or directory"
    run -5 clone --target "host=127.0.0.1 port=1 user=postgres dbname=$DB"
    refused 5 3001 "cannot connect to the target" "Connection refused"
}

@test "a database that is missing" {
    pair template0
    run -4 clone --source "${SOURCE/dbname=$DB/dbname=missing}"
    refused 4 2001 'database "missing" does not exist'
    run -5 clone --target "${TARGET/dbname=$DB/dbname=missing}"
    refused 5 3001 'database "missing" does not exist'
}

@test "source and target missing" {
    unset PGHAUL_SOURCE PGHAUL_TARGET
    run -2 "$PGHAUL" clone
    assert_output --partial 'PGH-1004: --source is missing'
    assert_output --partial 'PGHAUL_SOURCE'
    run -2 "$PGHAUL" clone --source dbname=x
    assert_output --partial '--target is missing'
}

@test "source and target are the same database" {
    pair work
    run -2 clone --target "$SOURCE"
    refused 2 1007 'are the same database'
    # The same by another way.
    run -2 clone --target "host=$PGH_SOURCE_DIR/. user=postgres dbname=$DB"
    refused 2 1007 'are the same database'
    no_helper_schema
}

@test "a target that is not empty, and the way on" {
    pair work
    tgt -c 'create table big (mine int)' -c 'create view tiny as select 1' -c 'create table other (a int)' \
        -c 'insert into other values (1)'
    run -5 clone
    refused 5 3101 'already has 2 relations' public.big public.tiny drop-if-exists
    refute_output --partial other
    no_helper_schema
    # The run changed nothing, so nothing must be said about it.
    run -0 clone --drop-if-exists
    [[ $(tgt -c 'select count(*) from other') == 1 ]]
    tgt -c 'drop table other'
    same
}

@test "--drop-if-exists over an earlier copy, twice" {
    pair objects
    run -0 clone
    tgt -c 'insert into app.nothing default values' -c 'drop event trigger no_drops'
    run -0 clone --restart --drop-if-exists
    same
    no_helper_schema
}

@test "large objects of the same oids on the target" {
    pair work
    tgt -c "select lo_create(770002)" >/dev/null
    run -5 clone
    refused 5 3101 'large objects' 770002
    run -0 clone --drop-if-exists
    same
}

@test "a table that we may not read" {
    pair work
    src -c 'create role t_app login' -c 'grant usage on schema public to t_app' \
        -c 'grant select on all tables in schema public to t_app' -c 'revoke select on plain, child from t_app' || true
    run -4 clone --source "${SOURCE/user=postgres/user=t_app}"
    refused 4 2101 'role "t_app" may not read tables: public.child, public.plain' 'GRANT SELECT'
    src -c 'grant select on all tables in schema public to t_app'
    run -4 clone --source "${SOURCE/user=postgres/user=t_app}"
    refused 4 2107 'may not read sequences: public.counter'
    src -c 'drop owned by t_app' -c 'drop role t_app'
}

@test "row-level security that would hide rows" {
    pair work
    src -c 'create role t_rls login' -c 'alter table plain enable row level security' \
        -c 'grant select on all tables in schema public to t_rls' -c 'grant select on all sequences in schema public to t_rls'
    run -4 clone --source "${SOURCE/user=postgres/user=t_rls}"
    refused 4 2102 'does not see all rows because of row-level security in: public.plain' BYPASSRLS
    src -c 'drop owned by t_rls' -c 'drop role t_rls'
}

@test "not the right to create in the target" {
    pair work
    admin_target "create role t_small login"
    run -5 clone --target "${TARGET/user=postgres/user=t_small}"
    refused 5 3104 'role "t_small" may not create schemas' 'GRANT CREATE ON DATABASE'
    admin_target "drop role t_small"
}

@test "roles and tablespaces that the target lacks" {
    pair work
    mkdir -p "$PGH_ROOT/space"
    [[ $(id -u) != 0 ]] || chown postgres: "$PGH_ROOT/space"
    admin_source "create role t_only_here"
    src -c 'alter table tiny owner to t_only_here'
    run -5 clone
    refused 5 3102 'roles missing on the target: t_only_here' --no-owner
    run -0 clone --no-owner --no-acl
    same_contents
    again
    src -c 'reassign owned by t_only_here to postgres' -c 'drop role t_only_here'
    admin_source "create tablespace t_space location '$PGH_ROOT/space'"
    src -c 'create table spaced (a int primary key using index tablespace t_space) tablespace t_space'
    run -5 clone
    refused 5 3103 'tablespaces missing on the target: t_space' --no-tablespaces
    run -0 clone --no-tablespaces
    same_contents
    src -c 'drop table spaced'
    admin_source 'drop tablespace t_space'
}

@test "pg_dump missing, or older than the source" {
    pair work
    run -7 clone --pg-bindir "$BATS_TEST_TMPDIR"
    refused 7 5001 "no pg_dump and pg_restore in $BATS_TEST_TMPDIR"
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    cp /bin/true "$BATS_TEST_TMPDIR/bin/pg_restore"
    # A program that says it is version 9.6; not a script, which is taken for a wrapper.
    printf 'int puts(const char *); int main(void) { puts("pg_dump (PostgreSQL) 9.6.24"); return 0; }' |
        gcc -x c -o "$BATS_TEST_TMPDIR/bin/pg_dump" -
    run -7 clone --pg-bindir "$BATS_TEST_TMPDIR/bin"
    refused 7 5002 'the newest pg_dump found has version 9, the server that it is to read has 15'
    run -7 "$PGHAUL" compare schema --pg-bindir "$BATS_TEST_TMPDIR/bin"
    refused 7 5002 'the newest pg_dump found has version 9, the server that it is to read has 15'
    assert_output --partial "Install the client programs of the newer server's major version"
    # Rows can be compared without it. What differs counts for more than what is not verified.
    run -12 "$PGHAUL" compare --pg-bindir "$BATS_TEST_TMPDIR/bin"
    assert_line 'schema is not verified: the newest pg_dump found has version 9, the server that it is to read has 15'
    assert_line --partial 'data: 0 equal'
    run -0 clone
    run -13 "$PGHAUL" compare --pg-bindir "$BATS_TEST_TMPDIR/bin"
    assert_line --regexp '^data: [0-9]+ equal$'
    assert_output --partial 'PGH-8002: the definitions could not be compared'
}

@test "pg_dump that fails" {
    pair work
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    cp /bin/true "$BATS_TEST_TMPDIR/bin/pg_restore"
    printf 'int puts(const char *); int main(int n, char **v) { if (n > 3) { *(volatile int *)0 = 1; } puts("pg_dump (PostgreSQL) 15.0"); return 0; }' |
        gcc -x c -o "$BATS_TEST_TMPDIR/bin/pg_dump" -
    run -7 clone --pg-bindir "$BATS_TEST_TMPDIR/bin"
    refused 7 5003 'dumping the schema: pg_dump was killed by signal 11'
}

@test "a table that is locked for long" {
    pair work
    background psql -qX "$SOURCE" -c 'begin; lock table plain' -c 'select pg_sleep(60)'
    wait_for 10 locked_exclusively
    run -4 clone --lock-timeout 300ms
    refused 4 2105 'table public.plain is locked by backend' 'lock-timeout'
    run -4 "$PGHAUL" list tables --lock-timeout 200ms
    refused 4 2105 'table public.plain is locked by backend'
}
locked_exclusively() { [[ $(src -c "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted and relation = 'plain'::regclass") == 1 ]]; }

@test "data that does not fit the target's encoding" {
    pair template0 "encoding SQL_ASCII lc_collate 'C' lc_ctype 'C'"
    src -c 'create table t (a text)' -c "set client_encoding = sql_ascii; insert into t values ('good'), (E'bad \\xff')"
    run -4 clone
    refused 4 2005 'invalid byte sequence for encoding "UTF8"' 'line 2'
    # In the text format a server would take them, did they come as SQL_ASCII.
    tgt -c 'drop schema if exists pghaul cascade' -c 'drop table if exists t'
    rm -rf "$RUN"
    run -4 clone --copy-format text
    refused 4 2005 'invalid byte sequence for encoding "UTF8"' 'line 2'
}

@test "a work directory that cannot be written" {
    pair work
    echo 'not a directory' >"$BATS_TEST_TMPDIR/file"
    run -6 clone --dir "$BATS_TEST_TMPDIR/file/run"
    refused 6 4004 'cannot create directory'
    # A full disk: a file system of 1 MB.
    [[ $(id -u) == 0 ]] || skip "needs root to mount a small file system"
    mkdir "$BATS_TEST_TMPDIR/small"
    mount -t tmpfs -o size=200k none "$BATS_TEST_TMPDIR/small" || skip "cannot mount"
    run "$PGHAUL" clone --dir "$BATS_TEST_TMPDIR/small/run"
    umount "$BATS_TEST_TMPDIR/small"
    [[ $status == 6 || $status == 7 ]]
    assert_output --regexp 'PGH-(4004|4006|5003)'
    assert_output --partial 'pghaul: hint: '
}

@test "a read-only work directory" {
    pair work
    [[ $(id -u) == 0 ]] || skip "needs root to mount"
    mkdir "$BATS_TEST_TMPDIR/ro"
    mount -t tmpfs -o ro none "$BATS_TEST_TMPDIR/ro" || skip "cannot mount"
    run "$PGHAUL" clone --dir "$BATS_TEST_TMPDIR/ro/run"
    umount "$BATS_TEST_TMPDIR/ro"
    [[ $status == 6 ]]
    refused 6 4004 'Read-only file system'
}

@test "a work directory of somebody else" {
    pair work
    [[ $(id -u) == 0 ]] || skip "needs root to be somebody else"
    run -0 clone
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" 2>/dev/null || true
    run -6 setpriv --reuid=nobody --regid=nogroup --clear-groups "$PGHAUL" status --dir "$RUN"
    assert_output --partial 'PGH-4004: cannot look at the catalog'
    assert_output --partial 'Permission denied'
}

@test "a directory with a run in it is neither reused nor wiped" {
    pair work
    run -0 clone
    before=$(catalog 'select uuid from run')
    run -6 clone
    refused 6 4002 'which is done' --resume --restart
    [[ $(catalog 'select uuid from run') == "$before" ]]
    run -0 clone --resume
    assert_output --partial 'is done already'
    run -6 "$PGHAUL" clone --dir "$BATS_TEST_TMPDIR/empty" --resume
    refused 6 4003 'no run to resume'
    [[ ! -e $BATS_TEST_TMPDIR/empty ]]
}

@test "a file that is no catalog" {
    pair work
    mkdir -p "$RUN"
    sqlite3 "$RUN/catalog.db" 'create table theirs (a); pragma user_version = 7'
    run -6 clone
    refused 6 4005 'is not a catalog of pghaul'
    run -6 "$PGHAUL" status --dir "$RUN"
    refused 6 4005 'is not a catalog of pghaul'
}

@test "a target that is a standby or read-only by its role" {
    pair work
    tgt -c "alter role postgres in database $DB set default_transaction_read_only = on"
    run -0 clone
    same
    tgt -c 'set default_transaction_read_only = off' -c "alter role postgres in database $DB reset all"
}

@test "a schema statement that fails is named, and the run goes on after it is mended" {
    pair work
    src -c 'create domain d as int' -c 'create table uses (x d)' -c 'insert into uses values (1)'
    tgt -c 'create type d as (a int)'
    run -5 clone
    refused 5 3105 'd; Type: DOMAIN' 'already exists'
    tgt -c 'drop type d'
    run -0 clone --resume
    same
}

@test "--drop-if-exists drops nothing that was not named" {
    pair work
    tgt -c 'create table big (id int primary key)' -c 'create table a (id int primary key)' \
        -c 'create view theirs as select * from big' -c 'create sequence counter' -c 'create function nothing() returns int language sql as $$select 1$$'
    run -5 clone --drop-if-exists
    refused 5 3101 'in the way' 'view public.theirs depends on table public.big'
    tgt -c 'drop view theirs'
    run -0 clone --resume
    [[ $(tgt -c 'select count(*) from a') == 0 ]]
    tgt -c 'drop table a'
    same
}

@test "--drop-if-exists with keys that go round in a circle" {
    pair work
    tgt -c 'create table big (id int primary key, c int)' -c 'create table child (id int primary key, b int references big)' \
        -c 'alter table big add foreign key (c) references child'
    run -0 clone --drop-if-exists
    same
}

@test "a table that somebody holds on the target: the copy ends with its name, and does not hang" {
    pair work
    clone_to copy.begun --lock-timeout 1s --retry-for 2s --split-larger-than 1MB --table-jobs 2 -q
    run=$PID
    table=$(catalog "select name from work where state = 'running' and kind in ('part', 'table', 'small') order by started_us limit 1")
    background psql -qX "$TARGET" -c "begin; lock table ${table% part *}; select pg_sleep(60)"
    wait_for 10 held_by_psql
    go_on
    wait "$run" && status=0 || status=$?
    [[ $status == 5 ]]
    grep -q 'lock timeout' "$RUN/log/pghaul.log"
    tgt -c "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'psql' and pid <> pg_backend_pid() and datname = '$DB'"
}
held_by_psql() { [[ $(tgt -c "select count(*) > 0 from pg_locks l join pg_stat_activity a using (pid) where a.application_name = 'psql' and l.mode = 'AccessExclusiveLock' and l.granted and a.pid <> pg_backend_pid()") == t ]]; }

@test "a schema pghaul of the user's own" {
    pair work
    src -c 'create schema pghaul' -c 'create table pghaul.x (a int)'
    run -4 clone
    assert_output --partial 'PGH-2110: '
    assert_output --partial 'pghaul.x'
    src -c 'drop schema pghaul cascade'
    # On the target it stays, with what is in it.
    tgt -c 'create schema pghaul' -c 'create view pghaul.x as select 1 as a'
    run -0 clone -q
    [[ $(tgt -c 'select a from pghaul.x') == 1 ]]
    same_contents
}

@test "rows of the source that break keys: all else is copied first, then the run ends, and needs no snapshot to go on" {
    pair template0
    # Above 16 MB a table's indexes are not made with its rows.
    src >/dev/null <<'SQL'
create table parent (id int primary key, x text);
create table refers (id int primary key, p int references parent, x text);
create table doubled (id int, x text);
create table last (id int primary key, p int, x text);
insert into parent select i, repeat('p', 1900) from generate_series(1, 10500) i;
insert into refers select i, i, repeat('r', 1900) from generate_series(1, 10000) i;
insert into doubled select i, repeat('d', 1900) from generate_series(1, 10000) i;
insert into last select i, i, repeat('l', 1900) from generate_series(1, 9000) i;
alter table doubled add primary key (id);
alter table last add foreign key (p) references refers;
set session_replication_role = replica;
insert into refers values (0, 77777);
-- An index that lacks a row, as a damaged one does.
update pg_index set indisready = false, indislive = false where indexrelid = 'doubled_pkey'::regclass;
insert into doubled values (1, 'again');
update pg_index set indisready = true, indislive = true where indexrelid = 'doubled_pkey'::regclass;
SQL
    clone_to copy.begun:4 --table-jobs 1 --index-jobs 2 --split-by none
    wait_for 20 grep -q 'refers_p_fkey.*trying again when all rows are copied' "$RUN/log/pghaul.log"
    wait_for 20 grep -q 'doubled_pkey.*trying again when all rows are copied' "$RUN/log/pghaul.log"
    [[ $(tgt -c 'select count(*) from last') == 0 ]]
    go_on
    ended_with 5 'PGH-3003: '
    [[ $(tgt -c 'select (select count(*) from parent), (select count(*) from refers), (select count(*) from doubled), (select count(*) from last)') == '10500|10001|10001|9000' ]]
    [[ $(catalog "select count(*) from work where state <> 'done' and kind in ('table', 'part', 'small')") == 0 ]]
    run -5 clone --resume -q
    tgt -c 'delete from refers where p = 77777' -c "delete from doubled where x = 'again'"
    run -0 clone --resume -q
    [[ $(tgt -c "select count(*) from pg_constraint where contype in ('p', 'f') and convalidated and connamespace = 'public'::regnamespace") == 6 ]]
    no_helper_schema
}
