load lib.bash
load poolers.bash

# Who connects, and how.

setup() {
    for side in source target; do
        "admin_$side" 'create role pgh_login login noinherit'
        "admin_$side" 'create role pgh_part'
        "admin_$side" 'create role pgh_stranger'
        "admin_$side" 'grant pgh_part to pgh_login'
    done
}

eval "usual_$(declare -f teardown)"
teardown() {
    stop_pooler source
    stop_pooler target
    usual_teardown
    for side in source target; do
        for role in pgh_login pgh_part pgh_stranger; do "admin_$side" "drop role if exists $role"; done
    done
}

# Each side's database belongs to pgh_part, whom pgh_login may become but does not inherit from.
role_pair() {
    pair "$@"
    admin_source "alter database $DB owner to pgh_part"
    admin_target "alter database $DB owner to pgh_part"
    export PGHAUL_SOURCE=${SOURCE/user=postgres/user=pgh_login} PGHAUL_TARGET=${TARGET/user=postgres/user=pgh_login}
}

simple_source() {
    psql -qX -v ON_ERROR_STOP=1 "$PGHAUL_SOURCE" <<'SQL' >/dev/null
set role pgh_part;
create schema app;
create table app.t (id int generated always as identity primary key, name text not null);
insert into app.t (name) select 'n' || i from generate_series(1, 5000) i;
create index on app.t (name);
create table app.c (id serial primary key, t int references app.t);
insert into app.c (t) select i from generate_series(1, 500) i;
create view app.v as select * from app.t;
create materialized view app.m as select count(*) from app.t;
create function app.f() returns int language sql as 'select 1';
select lo_from_bytea(12345, 'hello');
SQL
}

@test "--role and --source-role: what is read and created is that role's" {
    role_pair
    simple_source
    run -4 clone --role pgh_part
    assert_output --partial 'PGH-2101: reading the source'\''s catalogs: role "pgh_login" may not read tables: app.c, app.t'
    run -5 clone --source-role pgh_part
    assert_output --partial 'PGH-3104: reading the source'\''s catalogs: role "pgh_login" may not create schemas'
    run -0 clone -q --role pgh_part --source-role pgh_part --no-owner
    same
    [[ $(tgt -c "select distinct relowner::regrole from pg_class where relnamespace = 'app'::regnamespace") == pgh_part ]]
    [[ $(tgt -c "select lomowner::regrole from pg_largeobject_metadata") == pgh_part ]]
    no_helper_schema
    # With owners, which pgh_part may set; nothing is left to the user that connects.
    again
    admin_target "alter database $DB owner to pgh_part"
    tgt -c 'grant create on schema public to pgh_part'
    run -0 clone -q --role pgh_part --source-role pgh_part
    tgt -c 'revoke create on schema public from pgh_part'
    same
    [[ $(tgt -c "select count(*) from pg_shdepend where refobjid = 'pgh_login'::regrole and dbid = (select oid from pg_database where datname = '$DB')") == 0 ]]
    run -0 "$PGHAUL" ping --role pgh_part --source-role pgh_part
    [[ $(grep -c 'as user "pgh_part"' <<<"$output") == 2 ]]
    run -0 "$PGHAUL" list tables --role pgh_part --source-role pgh_part
    assert_output --partial 'app.t'
}

@test "a role that is not there, or that one may not become, is refused before anything is done" {
    role_pair
    for option in --role --source-role; do
        case $option in
        --role) status=5 id=PGH-3130 side=target ;;
        *) status=4 id=PGH-2130 side=source ;;
        esac
        run -$status clone $option pgh_nobody
        assert_output --partial "$id: user \"pgh_login\" cannot become role \"pgh_nobody\" on the $side: "
        assert_output --partial 'role "pgh_nobody" does not exist'
        assert_output --partial 'hint: Name a role that exists'
        run -$status clone $option pgh_stranger
        assert_output --partial "$id: user \"pgh_login\" cannot become role \"pgh_stranger\" on the $side: "
        assert_output --partial 'permission denied to set role'
        run -$status "$PGHAUL" ping $option pgh_stranger
        assert_output --partial "$id: "
        run -$status "$PGHAUL" list tables $option pgh_stranger
        assert_output --partial "$id: "
        run -2 clone $option "$(printf 'x%.0s' {1..64})"
        assert_output --partial 'PGH-1003: '
    done
    run -4 "$PGHAUL" snapshot --dir "$RUN" --source-role pgh_stranger
    assert_output --partial 'PGH-2130: '
}

@test "a superuser that becomes an ordinary role is one no more" {
    pair
    admin_target "alter database $DB owner to pgh_part"
    src -c 'create table t (a int)' -c 'create function et() returns event_trigger language plpgsql as $$ begin end $$' -c 'create event trigger pgh_et on ddl_command_end execute function et()'
    run -5 clone --role pgh_part --no-owner
    assert_output --partial 'role "pgh_part", no superuser on the target, may not create there: event trigger pgh_et'
    run -5 clone --role pgh_part --skip-forbidden
    assert_output --partial 'PGH-3111'
    run -0 clone -q --role pgh_part --no-owner --skip-forbidden
    [[ $(tgt -c "select relowner::regrole from pg_class where relname = 't'") == pgh_part ]]
}

@test "grants of another grantor, between which a script is somebody else, leave the role as it was" {
    pair
    admin_source "alter database $DB owner to pgh_part"
    admin_target "alter database $DB owner to pgh_part"
    src -c 'set role pgh_part' -c 'create schema app' -c 'create table app.t (a int)' -c 'create table app.u (a int)' \
        -c 'grant usage on schema app to pgh_stranger, pgh_login' \
        -c 'grant select on app.t to pgh_stranger with grant option' \
        -c 'set role pgh_stranger' -c 'grant select on app.t to pgh_login' -c 'set role pgh_part' \
        -c 'create trigger tr before update on app.u for each row execute function suppress_redundant_updates_trigger()'
    tgt -c 'grant create on schema public to pgh_part'
    run -0 clone -q --role pgh_part
    tgt -c 'revoke create on schema public from pgh_part'
    same
    no_helper_schema
    grep -q 'RESET SESSION AUTHORIZATION' "$RUN/schema/post.sql"
}

@test "with a role, a killed run's backends are still ended, and it is resumed" {
    role_pair
    simple_source
    for point in copy.before_commit script.before_commit final.before_commit; do
        again
        admin_target "alter database $DB owner to pgh_part"
        clone_to $point -q --role pgh_part --source-role pgh_part --no-owner --split-larger-than 1MB
        kill -9 "$PID"
        wait "$PID" || true
        go_on
        run -6 clone --resume --role pgh_stranger
        assert_output --partial 'PGH-4007: the run was started with --role pgh_part'
        run clone --resume -q --not-consistent
        [[ $status == 0 ]]
        same
        no_helper_schema
        nothing_left
    done
    # The replacement of a worker ends what the dead one has left.
    again
    admin_target "alter database $DB owner to pgh_part"
    PGHAUL_TEST_AT='script.before_commit:kill' run -0 clone -q --role pgh_part --source-role pgh_part --no-owner
    same
}

@test "a role that is set by ALTER ROLE counts in the same way" {
    role_pair
    simple_source
    admin_source "alter role pgh_login in database $DB set role = pgh_part"
    admin_target "alter role pgh_login in database $DB set role = pgh_part"
    PGHAUL_TEST_AT='script.before_commit:kill' run -0 clone -q --no-owner --skip-db-properties
    same
    [[ $(catalog "select count(*) from process where target_start = '' or source_start = ''") == 0 ]]
}

# What was refused has left no setting of ours in a pool that others use.
nothing_set() {
    local i
    for i in 1 2 3 4; do
        [[ $(psql -qXAt "$POOLED" -c 'show search_path') == '"$user", public' ]] || return 1
        [[ $(psql -qXAt "$POOLED" -c 'show row_security') == on ]] || return 1
    done
}

@test "a pooler in session mode is as good as the server" {
    pair work
    pooler source session 'max_client_conn = 100' 'default_pool_size = 30'
    local source=$POOLED
    pooler target session 'max_client_conn = 100' 'default_pool_size = 30'
    export PGHAUL_SOURCE=$source PGHAUL_TARGET=$POOLED
    run -0 clone -q --split-larger-than 1MB
    same
    no_helper_schema
    run -0 "$PGHAUL" ping
    run -0 "$PGHAUL" list tables
    # A dead worker's backend is ended, or belongs to another session already.
    again
    PGHAUL_TEST_AT='index.begun:kill copy.moving:kill script.before_commit:kill' run -0 clone -q --split-larger-than 1MB
    same
    again
    clone_to copy.moving -q --split-larger-than 1MB
    kill -9 "$PID"
    wait "$PID" || true
    go_on
    run -0 clone -q --resume --not-consistent
    same
    stop_pooler source
    stop_pooler target
}

@test "a pooler in transaction or statement mode is refused, whatever its pool looks like, and nothing is set" {
    pair work
    local side status id word order idle mode
    for side in source target; do
        case $side in
        source) status=4 id=PGH-2131 ;;
        target) status=5 id=PGH-3132 ;;
        esac
        for mode in transaction statement; do
            for order in 0 1; do
                for idle in 0 1 4; do
                    pooler $side $mode "server_round_robin = $order" 'max_client_conn = 100'
                    [[ $mode == statement ]] || pool_of $idle
                    local pooled=$POOLED
                    run -$status env "PGHAUL_${side^^}=$pooled" "$PGHAUL" clone --dir "$RUN"
                    assert_output --regexp "$id: .*the $side is behind a pooler that gives each (transaction|statement) to another session"
                    assert_output --partial 'hint: Connect to the server itself, or through a pool in session mode (pool_mode = session).'
                    nothing_set
                done
            done
        done
        run -$status env "PGHAUL_${side^^}=$pooled" "$PGHAUL" ping
        assert_output --partial "$id: "
        run -$status env "PGHAUL_${side^^}=$pooled" "$PGHAUL" list tables
        assert_output --partial "$id: "
        stop_pooler $side
    done
    no_helper_schema
}

@test "a startup parameter that a pooler does not take is named, with what to do" {
    pair work
    pooler source session
    run -4 env PGHAUL_SOURCE="$POOLED options='-c geqo=off'" "$PGHAUL" clone --dir "$RUN"
    assert_output --partial 'PGH-2001: cannot connect to the source'
    assert_output --partial 'unsupported startup parameter'
    assert_output --partial 'hint: The pooler does not take it: leave it out of the connection string'
    pooler source session 'ignore_startup_parameters = options'
    run -0 env PGHAUL_SOURCE="$POOLED options='-c geqo=off'" "$PGHAUL" clone --dir "$RUN" -q
    same
    stop_pooler source
}

@test "whatever a role's settings are on both sides, the copy is the same" {
    pair objects
    local settings=(
        "extra_float_digits = -15" "datestyle = 'SQL, DMY'" "intervalstyle = 'sql_standard'" "timezone = 'Asia/Kathmandu'"
        "bytea_output = 'escape'" "search_path = 'app', 'nowhere'" "default_transaction_read_only = on"
        "default_transaction_isolation = 'serializable'" "default_transaction_deferrable = on" "statement_timeout = '250ms'"
        "lock_timeout = '1ms'" "idle_in_transaction_session_timeout = '5ms'" "idle_session_timeout = '250ms'" "xmloption = 'document'"
        "client_encoding = 'LATIN1'" "quote_all_identifiers = on" "session_replication_role = 'replica'" "row_security = on"
        "lc_monetary = 'C.UTF-8'" "lc_numeric = 'C.UTF-8'" "client_min_messages = 'debug5'" "check_function_bodies = on"
        "standard_conforming_strings = off" "backslash_quote = on" "escape_string_warning = on" "array_nulls = off"
        "transform_null_equals = on" "synchronize_seqscans = on" "temp_tablespaces = 'nowhere'" "work_mem = '64kB'" "temp_buffers = '800kB'"
        "maintenance_work_mem = '1MB'" "jit = on" "force_parallel_mode = 'regress'" "synchronous_commit = off"
        "exit_on_error = on" "default_toast_compression = 'pglz'" "gin_fuzzy_search_limit = 1" "plan_cache_mode = 'force_generic_plan'"
        "application_name = 'mine'" "default_statistics_target = 1" "enable_seqscan = off" "plpgsql.extra_errors = 'all'" "vacuum_cost_delay = '1ms'"
    )
    local side setting sql=''
    for setting in "${settings[@]}"; do sql+="alter role postgres in database $DB set $setting;"; done
    for side in admin_source admin_target; do $side "$sql" 2>/dev/null; done
    [[ $(admin_target "select array_length(setconfig, 1) from pg_db_role_setting where setdatabase = (select oid from pg_database where datname = '$DB')") == "${#settings[@]}" ]]
    for format in text binary; do
        run -0 clone --copy-format $format --split-larger-than 1MB
        # Seen with ordinary settings, then again with the hostile ones.
        for side in admin_source admin_target; do $side "alter role postgres in database $DB reset all"; done
        same
        [[ $format == text ]] || break
        again
        for side in admin_source admin_target; do $side "$sql" 2>/dev/null; done
    done
}
