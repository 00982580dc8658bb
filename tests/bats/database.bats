load lib.bash

properties_of() { "$(pg_bin)/pg_dump" --create --schema-only -d "$1" | grep DATABASE | grep -v '^\(--\|CREATE DATABASE\|ALTER DATABASE .* OWNER TO\)'; }
same_properties() {
    properties_of "$SOURCE" >"$BATS_TEST_TMPDIR/source.properties"
    properties_of "$TARGET" >"$BATS_TEST_TMPDIR/target.properties"
    diff "$BATS_TEST_TMPDIR/source.properties" "$BATS_TEST_TMPDIR/target.properties"
}

# A database with everything of its own. Its roles are on both servers.
properties() {
    local side
    for side in source target; do "admin_$side" 'create role pghd_reader; create role pghd_app login'; done
    ROLES='pghd_reader pghd_app'
    admin_source "alter database $DB set search_path = \"\$user\", app, public, \"Od\"\"d, Name\""
    admin_source "alter database $DB set work_mem = '7MB'"
    admin_source "alter database $DB set my.setting = 'it''s'"
    admin_source "alter database $DB set default_transaction_read_only = on"
    admin_source "alter role pghd_reader in database $DB set statement_timeout = '3s'"
    admin_source "alter database $DB connection limit 77"
    admin_source "comment on database $DB is 'of
two ''lines'''"
    admin_source "revoke all on database $DB from public"
    admin_source "grant connect, temporary on database $DB to pghd_reader; grant connect on database $DB to pghd_app with grant option"
}

eval "usual_$(declare -f teardown)"
teardown() {
    usual_teardown
    local role side
    for role in ${ROLES:-}; do
        for side in source target; do admin_$side "drop role if exists $role"; done
    done
}

# bats test_tags=any-servers
@test "settings, connection limit, comment and privileges of the database" {
    pair objects
    properties
    run -0 clone -q
    same_properties
    [[ $(wc -l <"$BATS_TEST_TMPDIR/target.properties") -ge 10 ]]
    same
}

@test "not for a part of the database, nor when they are not wanted" {
    pair template0
    src -c 'create table t (id int)'
    properties
    properties_of "$TARGET" >"$BATS_TEST_TMPDIR/before" || true
    run -0 clone -q -t t
    properties_of "$TARGET" | diff "$BATS_TEST_TMPDIR/before" - 
    again
    run -0 clone -q --skip-db-properties
    properties_of "$TARGET" | diff "$BATS_TEST_TMPDIR/before" -
    again
    run -0 clone -q --no-comments --no-acl
    [[ $(properties_of "$TARGET" | grep -cE '^(COMMENT|GRANT|REVOKE)') == 0 ]]
    [[ $(properties_of "$TARGET" | grep -cE '^ALTER') == 6 ]]
}

@test "one who does not own the database, and what only a superuser may set" {
    pair template0
    properties
    admin_target "create role pghd_mover login createdb"
    ROLES+=' pghd_mover'
    admin_target "grant create on database $DB to pghd_mover"
    PGHAUL_TARGET=$(on "$PGH_TARGET" "$DB" | sed 's/user=postgres/user=pghd_mover/')
    run -5 clone
    assert_output --partial 'PGH-3116'
    assert_output --partial "role \"pghd_mover\" does not own database \"$DB\" on the target"
    run -0 clone -q --skip-db-properties --no-owner
    again
    admin_target "alter database $DB owner to pghd_mover"
    run -5 clone --no-owner
    assert_output --partial 'PGH-3110'
    assert_output --partial 'role "pghd_mover" may not set on the target: setting my.setting in the database, setting statement_timeout of role "pghd_reader" in the database'
    admin_source "alter role pghd_reader in database $DB reset all"
    admin_source "alter database $DB reset my.setting"
    admin_source "alter database $DB set log_statement = 'all'"
    run -5 clone --no-owner
    assert_output --partial 'may not set on the target: setting log_statement in the database'
    run -0 clone --no-owner --skip-forbidden
    assert_output --partial 'setting log_statement in the database is left out: we may not set it on the target'
    [[ $(properties_of "$TARGET" | grep -c 'work_mem') == 1 && $(properties_of "$TARGET" | grep -c log_statement) == 0 ]]
    tgt -c 'reset all; reassign owned by pghd_mover to postgres; drop owned by pghd_mover' || true
    admin_target "alter database $DB owner to postgres"
}

@test "a role that settings of the database name and the target lacks; a value it does not accept" {
    pair template0
    properties
    admin_target 'drop role pghd_reader'
    run -5 clone
    assert_output --partial 'PGH-3102'
    assert_output --partial 'pghd_reader (named by the database'
    admin_target 'create role pghd_reader'
    # Nobody looks at this value before the language is loaded.
    admin_source "alter database $DB set plpgsql.extra_warnings = 'nonsense'"
    run -0 clone
    assert_output --partial 'setting plpgsql.extra_warnings in the database is left out: invalid value'
    admin_source "alter database $DB reset plpgsql.extra_warnings"
    same_properties
}

@test "killed before and after the database gets its properties" {
    pair template0
    src -c 'create table t as select generate_series(1, 10) as i'
    properties
    local point
    for point in final.before_commit final.after_commit; do
        [[ $point == final.before_commit ]] || again
        clone_to $point
        kill -9 "$PID" "$STOPPED"
        wait "$PID" || true
        run -0 clone -q --resume
        same_properties
        same
        no_helper_schema
    done
}
