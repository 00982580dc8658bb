load lib.bash

# pghaul dump schema and pghaul restore schema: the schema in files that people edit in between.

dump() { "$PGHAUL" dump schema --dir "$RUN" -q "$@"; }
restore() { "$PGHAUL" restore "$1" --dir "$RUN" -q "${@:2}"; }
pre() { printf '%s' "$RUN/schema/pre-data.sql"; }
post() { printf '%s' "$RUN/schema/post-data.sql"; }

# edit FILE SED-SCRIPT: which must change something.
edit() {
    cp "$1" "$BATS_TEST_TMPDIR/before"
    sed -i "$2" "$1"
    ! cmp -s "$1" "$BATS_TEST_TMPDIR/before"
}

# A schema of two tables that is quick to restore.
small() {
    pair template0
    src -c 'create schema app; create type app.mood as enum ($$good$$, $$bad$$);
            create table app.people (id int generated always as identity primary key, name text, mood app.mood);
            create table app.notes (person int not null references app.people, n text);
            create index on app.notes (person);
            create function app.loud() returns trigger language plpgsql as $f$begin return new; end$f$;
            create trigger loud before insert on app.notes for each row execute function app.loud();
            create materialized view app.counted as select count(*) as n from app.people;
            comment on table app.people is $$; COMMIT;$$;
            insert into app.people (name) select $$p$$ || i from generate_series(1, 100) i;
            insert into app.notes select i, $$n$$ from generate_series(1, 100) i;
            refresh materialized view app.counted'
}

# bats test_tags=any-servers
@test "dump schema, restore pre-data, copy data, restore post-data: the copy is the same" {
    pair objects
    run -0 "$PGHAUL" dump schema --dir "$RUN"
    assert_output --partial "is in $RUN/schema"
    [[ ! -e $RUN/dump ]]
    head -n 3 "$(pre)" | grep -q 'pre-data.sql: what rows need'
    head -n 3 "$(post)" | grep -q 'post-data.sql: what comes after the rows'
    "${PGHAUL_PG_BINDIR:+$PGHAUL_PG_BINDIR/}pg_restore" --list "$RUN/schema/schema.dump" >/dev/null
    run -0 "$PGHAUL" restore schema --dir "$RUN" --section pre-data
    [[ $(tgt -c "select count(*) from pg_constraint where contype in ('p', 'u', 'x', 'f') and connamespace::regnamespace::text !~ '^pg_'") == 0 ]]
    no_helper_schema
    run -0 "$PGHAUL" copy data --dir "$RUN" -q
    run -0 "$PGHAUL" restore schema --dir "$RUN" --section post-data
    same
    no_helper_schema
    nothing_left
    no_invalid_index
    run -0 "$PGHAUL" status --dir "$RUN/restore/post-data"
    assert_output --partial 'post-data.sql'
    assert_output --partial 'restoring the schema from a file'
}

# bats test_tags=any-servers
@test "restored without edits and sections, it is the schema" {
    pair objects
    dump
    restore schema
    same_schema
    no_helper_schema
}

# bats test_tags=any-servers
@test "edits arrive: a wider type, another column, another index, settings and lines of one's own" {
    small
    dump
    edit "$(pre)" 's/^    id integer NOT NULL,$/    id bigint NOT NULL,\n    added text DEFAULT $$new;$$, \/* mine; *\//'
    edit "$(pre)" 's/^    person integer NOT NULL,$/    person bigint NOT NULL,/'
    printf '%s\n' '' '/* for us; alone */ set search_path to app;' 'create view wide as select id from people' >>"$(pre)"
    printf '%s\n' 'CREATE INDEX people_name ON app.people (name);' >>"$(post)"
    restore pre-data
    run -0 "$PGHAUL" copy data --dir "$RUN" -q
    restore post-data
    [[ $(tgt -c "select pg_typeof(id), added from app.wide join app.people using (id) limit 1") == 'bigint|new;' ]]
    [[ $(tgt -c "select string_agg(indexname, ' ' order by indexname) from pg_indexes where schemaname = 'app'") == 'notes_person_idx people_name people_pkey' ]]
    [[ $(tgt -c 'select n from app.counted') == 100 ]]
    [[ $(tgt -c 'select count(*) from app.notes join app.people on id = person') == 100 ]]
    # Beyond what an integer can be.
    tgt -c "insert into app.people (id, name) overriding system value values (5000000000, 'late')"
}

@test "an edited pre-data, and the rest by a clone's own section" {
    small
    dump
    edit "$(pre)" 's/^    id integer NOT NULL,$/    id bigint NOT NULL,/; s/^    person integer NOT NULL,$/    person bigint NOT NULL,/'
    restore pre-data
    run -0 "$PGHAUL" copy data --dir "$RUN" -q
    run -0 "$PGHAUL" clone --section post-data --dir "$RUN.post" -q
    [[ $(tgt -c "select string_agg(conname || contype::text, ' ' order by conname) from pg_constraint where connamespace = 'app'::regnamespace") == 'notes_person_fkeyf people_pkeyp' ]]
    [[ $(tgt -c 'select pg_typeof(id), n from app.people, app.counted limit 1') == 'bigint|100' ]]
    no_helper_schema
}

@test "dump takes filters, sections and what is not wanted" {
    small
    src -c 'create table app.other (id int primary key); create schema spare; create table spare.t (id int);
            grant select on app.people to public; create index on app.other (id)'
    dump -n app -T app.other --no-owner --no-acl --no-comments --exclude-index 'app.notes_person_idx'
    run ! grep -E 'OWNER TO|GRANT|COMMENT ON|other|spare' "$(pre)"
    # The heading's own words are none of theirs.
    run ! grep -E '^CREATE INDEX|^[^-].*other' "$(post)"
    restore schema
    [[ $(tgt -c "select count(*) from pg_class where relnamespace = 'app'::regnamespace and relkind = 'r'") == 2 ]]
    rm -rf "$RUN"
    "$PGHAUL" dump post-data --dir "$RUN" -q
    [[ ! -e $(pre) ]]
    grep -q 'CREATE TRIGGER loud' "$(post)"
    # The other file does not belong to it.
    dump --section pre-data
    [[ -e $(pre) ]]
    # A view that needs what is left out is left out as well, and said.
    rm -rf "$RUN"
    run -0 "$PGHAUL" dump schema --dir "$RUN" -T app.people
    assert_output --partial 'materialized view "app"."counted" is left out'
    run ! grep 'counted' "$(pre)"
    again
    src -c 'drop trigger loud on app.notes'
    dump -t app.notes
    restore schema
    [[ $(tgt -c 'select count(*) from app.notes') == 0 ]]
}

@test "dump in the snapshot that pghaul snapshot holds, or that is given" {
    small
    background "$PGHAUL" snapshot --dir "$RUN"
    wait_for 10 catalog_says 'select count(*) from snapshot where ended_us is null' 1
    src -c 'create table app.late (id int)'
    dump
    run ! grep late "$(pre)"
    id=$(catalog 'select id from snapshot')
    "$PGHAUL" dump schema --dir "$RUN.given" --snapshot "$id" -q
    run ! grep late "$RUN.given/schema/pre-data.sql"
    restore pre-data
    run -0 "$PGHAUL" copy data --dir "$RUN" -q
    restore post-data
    [[ $(tgt -c 'select n from app.counted') == 100 ]]
    run -4 "$PGHAUL" dump schema --dir "$RUN.gone" --snapshot 00000003-0000001B-1 -q
    assert_output --partial 'PGH-2106'
}

@test "what is there already is not replaced unasked" {
    small
    dump
    edit "$(post)" '$ a -- mine'
    run -2 "$PGHAUL" dump schema --dir "$RUN"
    assert_output --partial "PGH-1021: \"$RUN/schema\" has pre-data.sql in it already"
    run -2 "$PGHAUL" dump post-data --dir "$RUN"
    assert_output --partial 'has post-data.sql in it already'
    grep -q 'mine' "$(post)"
    # A run of another kind leaves the files alone, and is left alone.
    restore pre-data
    run -0 "$PGHAUL" copy data --dir "$RUN" -q
    run -0 "$PGHAUL" copy data --dir "$RUN" -q --restart --truncate
    grep -q 'mine' "$(post)"
    catalog_says 'select state from run' 'done'
    dump --restart
    run ! grep 'mine' "$(post)"
    catalog_says 'select state from run' 'done'
}

@test "restore twice is refused; again on another target by --restart" {
    small
    dump
    restore pre-data
    run -6 "$PGHAUL" restore schema --dir "$RUN"
    assert_output --partial 'PGH-4002'
    assert_output --partial 'has run "pre-data" in it'
    assert_output --partial 'which is done'
    run -0 "$PGHAUL" restore pre-data --dir "$RUN" --resume
    assert_output --partial 'is done already'
    run -5 "$PGHAUL" restore schema --dir "$RUN" --restart
    assert_output --partial 'PGH-3105'
    assert_output --regexp 'pre-data.sql, line [0-9]+: mood; Type: TYPE; Schema: app; .* already exists'
    admin_target "drop database $DB with (force)"
    admin_target "create database $DB"
    restore schema --restart
    same_schema
    # Another target than that of the run.
    echo 'oops;' >>"$(post)"
    run -5 "$PGHAUL" restore post-data --dir "$RUN" --restart
    run -6 env PGHAUL_TARGET="$(on "$PGH_TARGET" postgres)" "$PGHAUL" restore post-data --dir "$RUN" --resume
    assert_output --partial 'PGH-4007: this target is not the one that the run began with'
}

@test "files that are missing, and directories that hold something else" {
    small
    run -2 "$PGHAUL" restore schema --dir "$RUN"
    assert_output --partial "PGH-1020: cannot read \"$RUN/schema/pre-data.sql\": No such file or directory"
    run -0 "$PGHAUL" clone --dir "$RUN" -q
    run -2 "$PGHAUL" restore post-data --dir "$RUN"
    assert_output --partial 'PGH-1020: the directory has a run of another command in it: cannot read'
    # One of both: nothing is begun.
    again
    dump
    rm "$(post)"
    run -2 "$PGHAUL" restore schema --dir "$RUN"
    assert_output --partial 'post-data.sql": No such file'
    [[ ! -e $RUN/restore ]]
    run -6 "$PGHAUL" restore pre-data --dir "$RUN" --resume
    assert_output --partial "PGH-4003: there is no restore to resume in \"$RUN\""
    # A clone does not go on with a restore.
    echo 'oops;' >>"$(pre)"
    run -5 "$PGHAUL" restore pre-data --dir "$RUN"
    run -6 "$PGHAUL" clone --dir "$RUN/restore/pre-data" --resume
    assert_output --partial "PGH-4007: the run restores \"$(pre)\": it goes on by pghaul restore schema --resume"
    run -6 "$PGHAUL" clone --dir "$RUN/restore/pre-data"
    assert_output --partial 'PGH-4002'
}

@test "options of dump and restore that mean nothing" {
    pair template0
    run -2 "$PGHAUL" dump everything --dir "$RUN"
    assert_output --partial 'PGH-1003: pghaul dump cannot dump "everything": it takes schema, pre-data or post-data'
    run -2 "$PGHAUL" restore data --dir "$RUN"
    assert_output --partial 'PGH-1003: pghaul restore cannot restore "data"'
    run -2 "$PGHAUL" dump schema --section data --dir "$RUN"
    assert_output --partial 'PGH-1003: a schema has no section data'
    run -2 "$PGHAUL" restore pre-data --section post-data --dir "$RUN"
    assert_output --partial 'PGH-1005: --section goes with pghaul restore schema only'
    run -2 "$PGHAUL" restore schema --dir "$RUN" --resume --restart
    assert_output --partial 'PGH-1005'
    run -2 "$PGHAUL" restore schema
    assert_output --partial 'PGH-1004: which schema is restored?'
    run -2 "$PGHAUL" restore
    assert_output --partial 'PGH-1004'
    run -2 env -u PGHAUL_SOURCE "$PGHAUL" dump schema --dir "$RUN"
    assert_output --partial 'PGH-1004: --source is missing'
    run -2 "$PGHAUL" dump schema --dir "$RUN" --snapshot "$(printf '0%.0s' {1..80})"
    assert_output --partial 'PGH-1003: --snapshot is too long'
    run -2 "$PGHAUL" dump schema --dir "$RUN" -t nothing
    assert_output --partial 'PGH-1008'
}

@test "a broken edit is named by file, line and object, and mended for --resume" {
    small
    dump
    edit "$(pre)" 's/^    name text,$/    name tekst,/'
    line=$(grep -n 'CREATE TABLE app.people' "$(pre)" | cut -d: -f1)
    run -5 "$PGHAUL" restore schema --dir "$RUN"
    assert_output --partial 'PGH-3105'
    assert_output --partial "pre-data.sql, line $line: people; Type: TABLE; Schema: app;"
    assert_output --partial 'type "tekst" does not exist'
    assert_output --partial 'Mend schema/pre-data.sql or the target, then go on with --resume'
    [[ $(tgt -c "select count(*) from pg_namespace where nspname = 'app'") == 0 ]]
    run -6 "$PGHAUL" restore schema --dir "$RUN"
    assert_output --partial 'which has failed'
    edit "$(pre)" 's/tekst/text/'
    printf '%s\n' 'CREATE INDEX broken ON app.people (nam);' >>"$(post)"
    run -5 "$PGHAUL" restore schema --dir "$RUN" --resume
    assert_output --partial 'column "nam" does not exist'
    # All before it is done, and stays.
    [[ $(tgt -c "select count(*) from pg_indexes where schemaname = 'app'") == 2 ]]
    edit "$(post)" 's/(nam)/(name)/'
    restore schema --resume
    [[ $(tgt -c "select count(*) from pg_indexes where schemaname = 'app'") == 3 ]]
    no_helper_schema
}

@test "a file that was changed where it is done already, and one that is gone" {
    small
    dump
    printf '%s\n' 'CREATE INDEX broken ON app.people (nam);' >>"$(post)"
    restore pre-data
    run -5 "$PGHAUL" restore post-data --dir "$RUN"
    cp "$(post)" "$BATS_TEST_TMPDIR/post"
    line=$(grep -n 'CREATE INDEX notes_person_idx' "$(post)" | cut -d: -f1)
    edit "$(post)" 's/INDEX notes_person_idx/INDEX notes_other/; s/(nam)/(name)/'
    run -5 "$PGHAUL" restore post-data --dir "$RUN" --resume
    assert_output --partial 'PGH-3140: '
    assert_output --regexp "post-data.sql was changed where the target has done it already: statement [0-9]+ of the [0-9]+ that are done, in line $line before the change, is another one now"
    assert_output --partial "What was done is in \"$RUN/restore/post-data/schema/post-data.sql\""
    # Statements put before it, or taken out.
    { echo 'SET work_mem = 1000;'; cat "$BATS_TEST_TMPDIR/post"; } >"$(post)"
    run -5 "$PGHAUL" restore post-data --dir "$RUN" --resume
    assert_output --partial 'PGH-3140'
    head -n 30 "$BATS_TEST_TMPDIR/post" >"$(post)"
    run -5 "$PGHAUL" restore post-data --dir "$RUN" --resume
    assert_output --partial 'PGH-3140'
    rm "$(post)"
    run -2 "$PGHAUL" restore post-data --dir "$RUN" --resume
    assert_output --partial 'PGH-1020'
    # Comments and white space may change, and all that is not done.
    sed 's/^-- Name: /\n-- mine: /; s/(nam)/(name)/' "$BATS_TEST_TMPDIR/post" >"$(post)"
    run -0 "$PGHAUL" restore post-data --dir "$RUN" --resume
    [[ $(tgt -c "select string_agg(indexname, ' ' order by indexname) from pg_indexes where schemaname = 'app'") == 'broken notes_person_idx people_pkey' ]]
    no_helper_schema
}

# unfit LINE REASON: a line at the end of pre-data.sql is refused before anything is done.
unfit() {
    rm -rf "$RUN/restore"
    { cat "$BATS_TEST_TMPDIR/pre"; printf "$1\n"; } >"$(pre)"
    run -2 "$PGHAUL" restore pre-data --dir "$RUN"
    assert_output --partial 'PGH-1022: '
    assert_output --partial "$2"
    no_helper_schema
    [[ $(tgt -c "select count(*) from pg_namespace where nspname = 'app'") == 0 ]]
}

@test "edits that pghaul cannot restore are refused before anything is done" {
    small
    dump
    cp "$(pre)" "$BATS_TEST_TMPDIR/pre"
    line=$(($(wc -l <"$(pre)") + 1))
    unfit 'Commit;' "pre-data.sql, line $line: \"Commit;\": pghaul begins and ends the transactions itself"
    for word in BEGIN 'START  TRANSACTION' END ROLLBACK ABORT 'SAVEPOINT a' 'RELEASE a' "PREPARE TRANSACTION 'x'"; do
        unfit "$word;" 'pghaul begins and ends the transactions itself'
    done
    unfit 'COPY app.people FROM stdin;' 'rows are copied by pghaul copy data'
    for word in 'SET LOCAL work_mem = 1' 'set role pgh_x' "SET TIME ZONE 'UTC'" 'RESET ALL' 'DISCARD ALL'; do
        unfit "$word;" 'settings are only made by SET name = value'
    done
    unfit 'SET SESSION AUTHORIZATION DEFAULT;' 'it is RESET SESSION AUTHORIZATION here'
    unfit '\\i other.sql' "line $line: \"\\i other.sql\": only psql knows its commands"
    unfit 'SELECT 1;\n\\q' 'only psql knows its commands'
    unfit 'SELECT \0;' "line $line: there is a zero byte"
    rm -rf "$RUN/restore"
    echo '-- nothing' >"$(pre)"
    run -2 "$PGHAUL" restore pre-data --dir "$RUN"
    assert_output --partial 'pre-data.sql holds no statement'
    # What the server does not do in a transaction.
    { cat "$BATS_TEST_TMPDIR/pre"; echo 'CREATE INDEX CONCURRENTLY ON app.people (name);'; } >"$(pre)"
    run -5 "$PGHAUL" restore pre-data --dir "$RUN" --resume
    assert_output --partial "pre-data.sql, line $line"
    assert_output --partial 'cannot run inside a transaction block'
    # A comment or a text that is not closed does not swallow what follows.
    for open in '/* oops' "SELECT 'oops" 'SELECT $a$ oops'; do
        { cat "$BATS_TEST_TMPDIR/pre"; printf '%s;\nCREATE TABLE app.lost (id int);\n' "$open"; } >"$(pre)"
        run -5 "$PGHAUL" restore pre-data --dir "$RUN" --resume
        assert_output --partial 'unterminated'
        assert_output --partial "line $line"
    done
    cp "$BATS_TEST_TMPDIR/pre" "$(pre)"
    restore pre-data --resume
    restore post-data
    same_schema
}

@test "a setting that the target does not know: pg_dump's own are left out, others are errors" {
    small
    dump
    edit "$(pre)" 's/^SET xmloption = content;/SET xmloption = content;\nSET transaction_timeout = 0;\nSET no_such_thing = 1;/'
    run -5 "$PGHAUL" restore schema --dir "$RUN"
    assert_output --partial 'unrecognized configuration parameter "no_such_thing"'
    edit "$(pre)" "s/^SET no_such_thing = 1;/SET app.mine = 'yes';/"
    restore schema --resume
    same_schema
}

# Two runs of the engine: --resume until all is done.
restored_after() {
    local tries=0
    keep_fired
    rm -rf "$RUN/restore" "$PGHAUL_TEST_DIR"
    mkdir -p "$PGHAUL_TEST_DIR"
    admin_target "drop database $DB with (force)"
    admin_target "create database $DB"
    PGHAUL_TEST_AT=$1 timeout 60 "$PGHAUL" restore schema --dir "$RUN" -q >"$BATS_TEST_TMPDIR/out" 2>&1 && status=0 || status=$?
    fired "${1%%:*}" || { echo "$1 was not reached"; cat "$BATS_TEST_TMPDIR/out"; return 1; }
    [[ $status != 124 ]] || { echo "hangs after $1"; return 1; }
    while [[ $status != 0 ]]; do
        ((tries++ < 3)) || { echo "$1: still fails"; cat "$BATS_TEST_TMPDIR/out"; return 1; }
        # An edit below what is done, each time another one.
        echo "COMMENT ON SCHEMA app IS 'after $1, $tries';" >>"$(post)"
        timeout 60 "$PGHAUL" restore schema --dir "$RUN" --resume -q >"$BATS_TEST_TMPDIR/out" 2>&1 && status=0 || status=$?
    done
    cp "$BATS_TEST_TMPDIR/post" "$(post)"
    nothing_left && no_helper_schema && [[ $(tgt -c 'select array_agg(n) from app.log') == '{1,2,3,4}' ]] ||
        { echo "$1: not once"; tgt -c 'select * from app.log'; return 1; }
    tgt -c 'drop table app.log'
    src -c "comment on schema app is '$(tgt -c "select obj_description('app'::regnamespace)")'"
    same_schema || { echo "$1: differs"; return 1; }
}

@test "killed anywhere, restore goes on: no statement is lost or done twice" {
    small
    src -c "comment on schema app is ''"
    dump
    # What is not idempotent: a row for each of these.
    printf '%s\n' 'CREATE TABLE app.log (n int);' 'INSERT INTO app.log VALUES (1);' 'set search_path to app;' \
        'INSERT INTO log VALUES (2);' >>"$(pre)"
    printf '%s\n' 'set search_path to app;' 'INSERT INTO log VALUES (3);' 'INSERT INTO log VALUES (4);' >>"$(post)"
    cp "$(post)" "$BATS_TEST_TMPDIR/post"
    for action in kill error; do
        for point in restore.before_taken restore.after_taken script.before_commit script.after_commit \
            final.before_commit final.after_commit work.before_finish work.after_finish supervisor.phase; do
            restored_after $point:$action
        done
    done
    for nth in 2 5 9 14; do
        restored_after script.before_commit:kill:$nth
        restored_after script.after_commit:kill:$nth
    done
}

@test "the whole restore is killed, with its backend in the middle of a statement" {
    small
    dump
    printf '%s\n' 'CREATE TABLE app.log (n int);' >>"$(pre)"
    printf '%s\n' 'INSERT INTO app.log VALUES (1);' 'INSERT INTO app.log SELECT 2 FROM pg_sleep(3);' 'INSERT INTO app.log VALUES (3);' >>"$(post)"
    restore pre-data
    background "$PGHAUL" restore post-data --dir "$RUN" -q
    in_sleep() { [[ $(admin_target "select count(*) from pg_stat_activity where datname = '$DB' and query like '%pg_sleep(3)%' and state = 'active'") == 1 ]]; }
    wait_for 20 in_sleep
    kill -9 "$PID"
    run -0 "$PGHAUL" restore post-data --dir "$RUN" --resume -q
    [[ $(tgt -c 'select array_agg(n) from app.log') == '{1,2,3}' ]]
    no_helper_schema
    nothing_left
    tgt -c 'drop table app.log'
    same_schema
}

@test "stopped by a signal, and a second restore at the same time" {
    small
    dump
    background env PGHAUL_TEST_AT=script.before_commit:stop:3 "$PGHAUL" restore schema --dir "$RUN" -q
    stopped_at script.before_commit
    run -6 "$PGHAUL" restore post-data --dir "$RUN" --resume
    assert_output --partial 'PGH-4001'
    kill -TERM "$PID"
    go_on
    ended_with 3 'stopped while'
    restore schema --resume
    same_schema
    no_helper_schema
}

@test "restore as a role that may not, and on a standby's settings" {
    small
    admin_target "drop role if exists pgh_restorer"
    admin_target "create role pgh_restorer"
    dump
    run -5 "$PGHAUL" restore schema --dir "$RUN" --role pgh_restorer
    assert_output --partial 'PGH-3104'
    assert_output --partial 'GRANT CREATE ON DATABASE'
    admin_target "grant create on database $DB to pgh_restorer"
    rm -rf "$RUN"
    dump --no-owner
    restore schema --role pgh_restorer
    [[ $(tgt -c "select distinct relowner::regrole from pg_class where relnamespace = 'app'::regnamespace") == pgh_restorer ]]
    admin_target "drop database $DB with (force)"
    admin_target "drop role pgh_restorer"
    admin_target "create database $DB"
}
