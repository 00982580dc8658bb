load lib.bash
load followed.bash

# Tables whose rows cannot be told apart: --no-identity, while the application writes to them.

shop() {
    src -q <<'SQL'
create table account (id int primary key, amount int not null);
insert into account select i, 1000 from generate_series(1, 100) i;
create table bare (a int, b text);
insert into bare select i, 'b' || i from generate_series(1, 100) i;
create table "Late one" (a int primary key deferrable, b text);
insert into "Late one" select i, 'l' from generate_series(1, 100) i;
create table nothing (a int primary key, b text);
alter table nothing replica identity nothing;
insert into nothing select i, 'n' from generate_series(1, 100) i;
create table part (id int, k int) partition by list (k);
create table part_1 partition of part (primary key (id)) for values in (1);
create table part_2 partition of part for values in (2);
insert into part select i, 1 + i % 2 from generate_series(1, 100) i;
SQL
}

# The application must never fail because of us.
writes() { # NUMBER
    src -q <<SQL
insert into account values (1000 + $1, 1); update account set amount = amount - 1 where id = $1; delete from account where id = 50 + $1;
insert into bare values (1000 + $1, 'new'), (7, 'twin'), (7, 'twin'); update bare set b = b || '!' where a = $1; delete from bare where a = 50 + $1;
insert into "Late one" values (1000 + $1, 'new'); update "Late one" set a = a + 2000 where a = $1; delete from "Late one" where a = 50 + $1;
insert into nothing values (1000 + $1, 'new'); update nothing set b = b || '!' where a = $1; delete from nothing where a = 50 + $1;
insert into part values (1000 + $1, 1), (2000 + $1, 2); update part set id = id + 5000 where id in ($1, 10 + $1); delete from part where id in (50 + $1, 60 + $1);
SQL
}

identities() { # SERVER
    "$1" -c "select string_agg(relname::text || relreplident::text, ' ' order by relname) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
}
given='Late oned accountd bared nothingn part_1d part_2d'
full='Late onef accountd baref nothingf part_1d part_2f'
published() { src -c "select string_agg(tablename, ' ' order by tablename) from pg_publication_tables where pubname = '$1'"; }
rows() { "$1" -c "select count(*), md5(string_agg(t::text, ',' order by t::text)) from $2 t"; }
same_rows() { [[ $(rows src "$1") == "$(rows tgt "$1")" ]]; }
started() { # OPTIONS
    background "$PGHAUL" clone --dir "$RUN" --follow "$@"
    wait_for 30 eval '[[ $(slots) == 1 ]]'
    writes 1
    wait_for 30 following
    writes 2
}

@test "stop: named, and nothing is changed" {
    shop
    run -4 follow --endpos now
    assert_output --partial 'PGH-2213: updates and deletes of these tables could not be followed: public."Late one", public.bare, public.nothing, public.part_2'
    assert_output --partial 'or see --no-identity'
    nothing_made
    [[ $(identities src) == "$given" ]]
    run -2 follow --no-identity some
    assert_output --partial 'PGH-1003'
    run -2 clone --no-identity full
    assert_output --partial 'PGH-1005: --no-identity goes with --follow only'
}

@test "full: all changes follow, and cleanup puts back what the tables had" {
    shop
    started --no-identity full
    grep -q 'warning.*tables of the source get REPLICA IDENTITY FULL until pghaul cleanup: public."Late one", public.bare, public.nothing, public.part_2' "$BATS_TEST_TMPDIR/err"
    [[ $(identities src) == "$full" ]]
    end_now
    run -0 --separate-stderr cleanup --dry-run
    assert_output --partial 'source: REPLICA IDENTITY FULL of public."Late one": ALTER TABLE ONLY "public"."Late one" REPLICA IDENTITY DEFAULT;'
    assert_output --partial 'target: REPLICA IDENTITY FULL of public.nothing: ALTER TABLE ONLY "public"."nothing" REPLICA IDENTITY NOTHING;'
    [[ $(identities src) == "$full" ]]
    # One that somebody has given a key meanwhile stays as it is, one that is gone is gone.
    src -q -c 'alter table bare add column id serial primary key' -c 'alter table bare replica identity using index bare_pkey' -c 'drop table part_2'
    run -0 cleanup
    assert_output --partial 'source: REPLICA IDENTITY FULL of public.bare: not there'
    [[ $(identities src) == 'Late oned accountd barei nothingn part_1d' ]]
    [[ $(identities tgt) == "$given" ]]
    [[ $(catalog 'select count(*) from identity_changed') == 0 ]]
    nothing_made
    src -q -c 'update "Late one" set b = null' -c 'delete from nothing' -c 'update bare set b = null'
}

@test "full: the same rows at the end" {
    shop
    started --no-identity full
    end_now
    run -0 cleanup
    same
}

@test "insert-only: inserts and TRUNCATE follow by a second publication" {
    shop
    started --no-identity insert-only
    grep -q 'warning.*tables are copied, but their updates and deletes do not follow: public."Late one", public.bare, public.nothing, public.part_2' "$BATS_TEST_TMPDIR/err"
    [[ $(published "$SLOT") == 'account part_1' && $(published "${SLOT}_inserts") == 'Late one bare nothing part_2' ]]
    [[ $(src -c "select pubinsert, pubupdate, pubdelete, pubtruncate from pg_publication where pubname = '${SLOT}_inserts'") == 't|f|f|t' ]]
    [[ $(position insert_publication) == "${SLOT}_inserts" ]]
    caught_up
    [[ $(tgt -c 'select count(*) from bare where a > 1000' -c "select count(*) from bare where b like '%!'" -c 'select count(*) from part_2 where id > 2000 and id < 5000') == $'2\n0\n2' ]]
    src -q -c 'truncate nothing' -c "insert into nothing values (1, 'only')"
    end_now
    same_rows account
    same_rows part_1
    same_rows nothing
    [[ $(tgt -c "select count(*) from pg_publication") == 0 ]]
    run -0 cleanup
    assert_output --partial "source: publication \"${SLOT}_inserts\": removed"
    nothing_made
    [[ $(identities src) == "$given" ]]
}

@test "exclude: copied once" {
    shop
    run -0 follow --no-identity exclude --endpos now
    assert_output --partial 'tables are copied, but their changes do not follow: public."Late one", public.bare, public.nothing, public.part_2'
    [[ $(published "$SLOT") == 'account part_1' ]]
    same_rows bare
    writes 1
    src -q -c 'truncate bare'
    run -0 "$PGHAUL" follow --dir "$RUN" --endpos now
    same_rows account
    same_rows part_1
    [[ $(tgt -c 'select count(*) from bare') == 100 ]]
    run -0 cleanup
    nothing_made
}

@test "full: a start that fails, is stopped or killed puts everything back" {
    shop
    local point
    for point in identity.noted identity.changed:error:2 publication.made slot.made plan.begun; do
        [[ $point == *:* ]] || point=$point:error
        PGHAUL_TEST_AT=$point run follow --no-identity full --endpos now
        [[ $status != 0 ]]
        fired "${point%%:*}"
        nothing_made
        [[ $(identities src) == "$given" && $(catalog 'select count(*) from identity_changed') == 0 ]]
        again
    done
    # Killed: the next start does, also one of a run that has been given up.
    for point in identity.noted identity.changed:kill:2 publication.made; do
        [[ $point == *:* ]] || point=$point:kill
        PGHAUL_TEST_AT=$point run follow --no-identity full --endpos now --retry-for 0
        [[ $status != 0 ]]
        fired "${point%%:*}"
        run -4 follow --restart --endpos now
        assert_output --partial 'PGH-2213'
        [[ $(identities src) == "$given" && $(catalog 'select count(*) from identity_changed') == 0 ]]
        nothing_made
        again
    done
    # Killed while it puts back.
    PGHAUL_TEST_AT='slot.made:error identity.restored:kill:2' run follow --no-identity full --endpos now --retry-for 0
    fired identity.restored
    [[ $(identities src) != "$given" ]]
    run -0 follow --resume
    [[ $(identities src) == "$full" ]]
    PGHAUL_TEST_AT=cleanup.identity_restored:kill:2 run cleanup
    fired cleanup.identity_restored
    run -0 cleanup
    [[ $(identities src) == "$given" && $(identities tgt) == "$given" ]]
    nothing_made
    same
}

@test "full: a role that does not own the tables" {
    shop
    src -q -c "create role ${DB}_r login replication" -c "grant create on database $DB to ${DB}_r" -c "alter table account owner to ${DB}_r" \
        -c "grant select on all tables in schema public to ${DB}_r"
    run -4 follow --no-identity full --endpos now --no-owner --no-acl --source "$SOURCE user=${DB}_r"
    assert_output --partial 'PGH-2216: '
    assert_output --partial 'must be owner of table'
    nothing_made
    [[ $(identities src) == "$given" ]]
    src -q -c "reassign owned by ${DB}_r to postgres" -c "drop owned by ${DB}_r" -c "drop role ${DB}_r"
}

@test "full: a table that is locked is named with who locks it" {
    shop
    (echo "begin; select from bare;"; sleep 60) | psql -qX "$SOURCE application_name=reader" >/dev/null 3>&- &
    PIDS="${PIDS:-} $!"
    wait_for 10 eval '[[ $(src -c "select count(*) from pg_locks where relation = '"'bare'"'::regclass") == 1 ]]'
    run -4 follow --no-identity full --endpos now --lock-timeout 3s
    assert_output --regexp "PGH-2251: table public.bare is locked, for [0-9].*, by backend [0-9]+ of application 'reader', idle in transaction"
    assert_output --partial 'trying again'
    nothing_made
    [[ $(identities src) == "$given" ]]
    # Nobody waits for long because of us.
    background "$PGHAUL" clone --dir "$RUN" --follow --restart --no-identity full --endpos now
    wait_for 20 grep -q 'trying again' "$BATS_TEST_TMPDIR/err"
    PGOPTIONS='-c statement_timeout=3s' src -q -o /dev/null -c 'insert into bare values (1, 1)'
    admin_source "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'reader'" >/dev/null
    ended_with 0 'stay on the source'
    run -0 cleanup
    same
}

@test "a slot that fails over, where the source has such" {
    shop
    run -2 clone --failover-slot
    assert_output --partial 'PGH-1005: --failover-slot goes with --follow only'
    if [[ $(admin_source 'show server_version_num') -lt 170000 ]]; then
        run -4 follow --failover-slot --no-identity exclude --endpos now
        assert_output --regexp 'PGH-2252: the source is (PostgreSQL )?1'
        nothing_made
        skip 'the source has none'
    fi
    run -0 follow --failover-slot --no-identity exclude --endpos now
    [[ $(admin_source "select failover from pg_replication_slots where slot_name = '$SLOT'") == t ]]
    writes 1
    run -0 "$PGHAUL" follow --dir "$RUN" --endpos now
    same_rows account
}

@test "deferrable keys are not checked while changes are applied: named then, and looked at in the end" {
    src -q <<'SQL'
create table two (id int primary key, code int, name text, unique (code, name) deferrable initially deferred);
insert into two select i, i, 'n' from generate_series(1, 100) i;
create table other (id int primary key, a int unique deferrable);
insert into two values (101, null, 'n'), (102, null, 'n');
SQL
    background "$PGHAUL" clone --dir "$RUN" --follow
    wait_for 30 following
    wait_for 20 grep -q 'warning.*deferrable keys are not checked.*: other_a_key of public.other, two_code_name_key of public.two' "$BATS_TEST_TMPDIR/err"
    # Somebody writes to the target what the source then has as well.
    tgt -q -c "insert into two values (500, 200, 'x')"
    src -q -c 'begin' -c 'update two set code = code + 1 where code is not null' -c "insert into two values (200, 200, 'x')" -c 'commit'
    caught_up
    [[ $(tgt -c 'select count(*) from two where code = 200') == 2 ]]
    run -0 "$PGHAUL" position set --dir "$RUN" --end now
    ended_with 5 'PGH-3210: key two_code_name_key of public.two: the target has 2 rows with \(200, x\)'
    run -5 follow --resume
    assert_output --partial 'PGH-3210'
    tgt -q -c 'delete from two where id = 500'
    PGHAUL_TEST_AT=deferred.checked:kill run -0 follow --resume
    fired deferred.checked
    run -0 cleanup
    same
}

@test "receiving by itself, of several publications" {
    shop
    src -q -o /dev/null -c 'create publication one for table account' -c "create publication \"Two's\" for table bare with (publish = 'insert')" \
        -c "select pg_create_logical_replication_slot('$SLOT', 'pgoutput')"
    writes 1
    run -4 "$PGHAUL" stream receive --dir "$RUN" --slot "$SLOT" --publication one,three --endpos now
    assert_output --partial 'the source has no publication "three"'
    run -0 "$PGHAUL" stream receive --dir "$RUN.both" --slot "$SLOT" --publication "one,Two's" --endpos now
    # One insert into account, three into bare; of updates and deletes only those of account.
    run -0 "$PGHAUL" stream show --dir "$RUN.both"
    [[ $(grep -c '^change [^ ]* 49' <<<"$output") == 4 && $(grep -c '^change [^ ]* 55' <<<"$output") == 1 && $(grep -c '^change [^ ]* 44' <<<"$output") == 1 ]]
}

# Where there is no publication, the same tables are chosen by us.

@test "full, with a plugin that needs no publication" {
    shop
    started --plugin test_decoding --no-identity full
    [[ $(identities src) == "$full" && $(publications) == 0 && $(position plugin) == test_decoding ]]
    end_now
    run -0 cleanup
    refute_output --partial publication
    [[ $(identities src) == "$given" && $(identities tgt) == "$given" ]]
    nothing_made
    same
}

@test "exclude, with a plugin that tells of all tables" {
    shop
    started --plugin test_decoding --no-identity exclude
    src -q -c 'drop table nothing' -c 'create table nothing (a int)' -c 'insert into nothing values (1)'
    end_now
    same_rows account
    same_rows part_1
    [[ $(tgt -c 'select count(*) from bare' -c 'select count(*) from part_2' -c 'select count(*) from nothing') == $'100\n50\n100' ]]
    run -0 cleanup
    nothing_made
}

@test "insert-only needs publications" {
    shop
    local plugin
    for plugin in test_decoding wal2json; do
        run -2 follow --plugin "$plugin" --no-identity insert-only
        assert_output --partial 'PGH-1005: --no-identity insert-only needs publications: it goes with --plugin pgoutput only'
    done
    owner
    run -4 follow --no-identity insert-only --endpos now --no-owner --no-acl --source "$SOURCE user=${DB}_r"
    assert_output --partial "PGH-2216: making publication \"$SLOT\": permission denied for database"
    nothing_made
    no_owner
}

@test "full, where no publication can be made" {
    shop
    owner
    PGHAUL_TEST_AT=slot.made:error run follow --no-identity full --endpos now --no-owner --no-acl --source "$SOURCE user=${DB}_r"
    [[ $status != 0 ]]
    fired slot.made
    nothing_made
    [[ $(identities src) == "$given" ]]
    run -0 follow --restart --no-identity full --endpos now --no-owner --no-acl --source "$SOURCE user=${DB}_r"
    assert_output --partial 'changes are read by plugin test_decoding instead'
    [[ $(identities src) == "$full" && $(position plugin) == test_decoding ]]
    writes 1
    run -0 "$PGHAUL" follow --dir "$RUN" --endpos now
    local table
    for table in account bare '"Late one"' nothing part; do same_rows "$table"; done
    run -0 cleanup
    [[ $(identities src) == "$given" ]]
    no_owner
}

# One that owns the tables, but may make nothing in the database.
owner() {
    src -q -c "create role ${DB}_r login replication"
    local table
    for table in account bare '"Late one"' nothing part part_1 part_2; do src -q -c "alter table $table owner to ${DB}_r"; done
}
no_owner() { src -q -c "reassign owned by ${DB}_r to postgres" -c "drop role ${DB}_r"; }
