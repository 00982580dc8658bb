load lib.bash

# Roles belong to the server: these tests make and remove their own, whose names begin with pghr_.
setup() { drop_all; }

drop_all() {
    local side
    for side in source target; do
        "admin_$side" "select pg_catalog.format('drop database %I with (force)', d.datname) from pg_catalog.pg_database d join pg_catalog.pg_roles r on r.oid = d.datdba where r.rolname ~ '^pghr_'" |
            while read -r statement; do "admin_$side" "$statement"; done
        # Grants by one of them must go first, and all of them at once.
        admin_"$side" "do \$\$
            declare n text; g record;
            begin
                for n in select rolname from pg_roles where rolname ~ '^pghr_' loop
                    execute format('drop owned by %I cascade', n);
                end loop;
                for g in select r.rolname as role, m.rolname as member, b.rolname as grantor
                           from pg_auth_members a join pg_roles r on r.oid = a.roleid
                           join pg_roles m on m.oid = a.member join pg_roles b on b.oid = a.grantor
                          where r.rolname ~ '^pghr_' or m.rolname ~ '^pghr_' order by a.grantor loop
                    begin
                        execute format('revoke %I from %I granted by %I cascade', g.role, g.member, g.grantor);
                    exception when others then null;
                    end;
                end loop;
                for n in select rolname from pg_roles where rolname ~ '^pghr_' loop
                    execute format('drop role %I', n);
                end loop;
            end\$\$"
    done
}

eval "usual_$(declare -f teardown)"
teardown() {
    usual_teardown
    drop_all
}

# What pg_dumpall says of our roles, grants in any order. Between versions of which only one knows
# options and grantors of memberships, without these.
roles_of() {
    "${PGHAUL_PG_BINDIR:+$PGHAUL_PG_BINDIR/}pg_dumpall" -d "$1" --roles-only "${@:2}" | grep pghr_ | grep -v '^--' |
        if strict source && strict target || ! strict source && ! strict target; then sort; else
            sed -E 's/ GRANTED BY [^;]*//; s/ WITH INHERIT (TRUE|FALSE)//; s/, INHERIT (TRUE|FALSE)//' | sort
        fi
}
strict() { [[ $("admin_$1" 'show server_version_num') -ge 160000 ]]; }
same_roles() {
    roles_of "$SOURCE" "$@" >"$BATS_TEST_TMPDIR/source.roles"
    roles_of "$TARGET" "$@" >"$BATS_TEST_TMPDIR/target.roles"
    [[ -s $BATS_TEST_TMPDIR/source.roles ]] && diff "$BATS_TEST_TMPDIR/source.roles" "$BATS_TEST_TMPDIR/target.roles"
}

every_role() {
    admin_source "set password_encryption = 'scram-sha-256'; create role pghr_all superuser createdb createrole noinherit login replication bypassrls connection limit 3 valid until '2031-05-06 07:08:09+02' password 'S3cret-of-all'"
    admin_source "create role \"pghr_We\"\"ird ü\" login password 'wei''rd pass' valid until 'infinity'"
    admin_source "set password_encryption = md5; create role pghr_md5 login password 'md5-secret'"
    admin_source 'create role pghr_group; create role pghr_sub in role pghr_group; create role pghr_leaf login noinherit in role pghr_sub'
    # By others, of whom the last one comes first by name.
    admin_source 'grant pghr_group to pghr_md5 with admin option'
    admin_source 'set role pghr_md5; grant pghr_group to pghr_all with admin option'
    admin_source 'set role pghr_all; grant pghr_group to pghr_leaf'
    admin_source 'set role pghr_all; grant pghr_group to "pghr_We""ird ü"'
    admin_source 'grant pg_monitor, pg_read_all_settings to pghr_leaf'
    admin_source "comment on role pghr_group is 'it''s a \\group
of two lines'"
    admin_source "alter role pghr_leaf set search_path = \"\$user\", public, \"Od\"\"d Name\", \"a, b\""
    admin_source "alter role pghr_leaf set work_mem = '12MB'"
    admin_source "alter role pghr_leaf set my.own = 'x ''y\\z'"
    admin_source "alter role pghr_leaf set datestyle = 'German, DMY'"
    admin_source "alter role pghr_leaf set temp_tablespaces = ''"
    admin_source "alter role pghr_leaf set role = 'pghr_sub'"
    admin_source "alter role pghr_md5 set log_min_messages = 'error'"
    admin_source "alter role pghr_md5 set session_preload_libraries = 'one', 'two three'"
}

# A target on which pghr_admin owns the database and is no superuser.
ordinary_target() {
    admin_target "create role pghr_admin login createrole ${1:-}"
    admin_target "alter database $DB owner to pghr_admin"
    export PGHAUL_TARGET=${TARGET/user=postgres/user=pghr_admin}
}

# bats test_tags=any-servers
@test "roles are as pg_dumpall shows them: attributes, passwords, settings, memberships, comments" {
    pair template0
    every_role
    src -c 'create table t (a int)' -c 'alter table t owner to pghr_group' -c 'create schema s authorization "pghr_We""ird ü"' \
        -c 'grant select on t to pghr_leaf' -c 'create policy p on t for select to pghr_md5 using (true)' -c 'insert into t values (1)'
    run -5 clone
    assert_output --partial 'PGH-3102'
    assert_output --partial 'Let --roles create them'
    run -0 clone --roles
    assert_output --regexp 'created [0-9]+ roles'
    same_roles
    same
    [[ $(admin_target "select shobj_description(oid, 'pg_authid') from pg_roles where rolname = 'pghr_group'") == "$(admin_source "select shobj_description(oid, 'pg_authid') from pg_roles where rolname = 'pghr_group'")" ]]
    [[ $(catalog "select count(*) from work where kind = 'roles' and state = 'done'") == 1 ]]
    # Nothing is left to do for another one, though other files' tests make roles at the same time.
    again
    run -0 clone --roles
    [[ $(catalog "select count(*) from obj_role where rolname like 'pghr^_%' escape '^'") == 0 ]]
    refute_output --partial 'pghr_'
    same
}

# bats test_tags=any-servers
@test "options of memberships, where both servers know them" {
    pair template0
    strict source || skip 'the source knows none'
    admin_source 'create role pghr_g; create role pghr_a; create role pghr_b noinherit; create role pghr_c; create role pghr_d'
    admin_source 'grant pghr_g to pghr_a with admin true, inherit false, set false; grant pghr_g to pghr_b with inherit true, set false'
    admin_source 'grant pghr_g to pghr_c with admin true, inherit true, set true; set role pghr_c; grant pghr_g to pghr_d with set false'
    admin_source 'grant pghr_g to pghr_c with inherit false granted by pghr_a; grant pghr_g to pghr_d with inherit false granted by pghr_a'
    run -0 clone --roles
    if strict target; then
        refute_output --partial 'left out'
        same_roles
        return
    fi
    assert_output --partial 'the membership of role "pghr_a" in "pghr_g" is left out: it allows neither INHERIT nor SET'
    assert_output --partial 'the INHERIT and SET options of the membership of role "pghr_b" in "pghr_g" are lost'
    refute_output --partial 'membership of role "pghr_c"'
    [[ $(admin_target "select string_agg(m.rolname || a.admin_option, ',' order by m.rolname) from pg_auth_members a join pg_roles m on m.oid = a.member where m.rolname ~ '^pghr_'") == pghr_bfalse,pghr_ctrue,pghr_dfalse ]]
}

# bats test_tags=any-servers
@test "a server's own role that the other one lacks" {
    pair template0
    admin_source 'create role pghr_a login in role pg_monitor'
    [[ -n $(admin_source "select 1 from pg_roles where rolname = 'pg_maintain'") ]] || skip 'the source has no newer ones'
    admin_source 'grant pg_maintain to pghr_a'
    run -0 clone --roles
    [[ -n $(admin_target "select 1 from pg_roles where rolname = 'pg_maintain'") ]] ||
        assert_output --partial 'the membership of role "pghr_a" in "pg_maintain" is left out: the target has no such role'
    [[ $(admin_target "select pg_has_role('pghr_a', 'pg_monitor', 'MEMBER')") == t ]]
}

# bats test_tags=any-servers
@test "without --roles none is created" {
    pair template0
    admin_source 'create role pghr_x'
    run -0 clone
    [[ $(admin_target "select count(*) from pg_roles where rolname ~ '^pghr_'") == 0 ]]
    [[ $(catalog 'select count(*) from obj_role') == 0 ]]
}

# bats test_tags=any-servers
@test "a role that is there stays as it is, and what differs is said by its name" {
    pair template0
    admin_source "create role pghr_group; create role pghr_new; create role \"pghr_Old one\" login createdb connection limit 5 password 'secret-one' in role pghr_group"
    admin_source 'create role pghr_same login in role pghr_new'
    admin_source "alter role \"pghr_Old one\" set work_mem = '1MB'; alter role \"pghr_Old one\" set my.own = '1'; alter role pghr_same set work_mem = '1MB'"
    admin_source 'grant pghr_new to "pghr_Old one" with admin option; grant pghr_new to pghr_group'
    admin_target "create role \"pghr_Old one\" nologin createrole valid until '2030-01-01 00:00:00+00'; create role pghr_group"
    admin_target "create role pghr_same login; alter role pghr_same set work_mem = '1MB'"
    admin_target "alter role \"pghr_Old one\" set work_mem = '2MB'; alter role \"pghr_Old one\" set random_page_cost = 2"
    before=$(roles_of "$TARGET")
    run -0 clone --roles
    assert_output --partial 'role "pghr_Old one" is on the target already and is left as it is; it has CREATEROLE, lacks CREATEDB, lacks LOGIN, has CONNECTION LIMIT -1, has VALID UNTIL 2030-01-01 00:00:00+00, has another setting work_mem, lacks setting my.own, has setting random_page_cost, is no member of "pghr_group", is no member of "pghr_new"'
    assert_output --partial 'role "pghr_group" is on the target already and is left as it is; it is no member of "pghr_new"'
    assert_output --partial 'role "pghr_same" is on the target already and is left as it is; it is no member of "pghr_new"'
    diff <(printf '%s\n' "$before") <(roles_of "$TARGET" | grep -v pghr_new)
    [[ $(admin_target "select count(*) from pg_roles where rolname = 'pghr_new'") == 1 ]]
    [[ $(catalog "select count(*) from event where level = 'warning' and text like 'role \"pghr^_%is left as it is%' escape '^'") == 3 ]]
}

log_everything() { admin_target "alter database $DB set log_statement = 'all'; alter database $DB set log_min_duration_statement = 0"; }
@test "passwords are in no file of ours, no log, and no log of the target that logs everything" {
    pair template0
    admin_source "create role pghr_secret login password 'Very-secret-1'"
    hash=$(admin_source "select rolpassword from pg_authid where rolname = 'pghr_secret'")
    log_everything
    run -0 clone --roles --log-level debug
    refute_output --partial "${hash:0:30}"
    [[ $(admin_target "select rolpassword from pg_authid where rolname = 'pghr_secret'") == "$hash" ]]
    run -1 grep -rlF "${hash:0:30}" "$RUN"
    run -1 grep -F "${hash:0:30}" "$PGH_TARGET_DIR/log"
    grep -q 'CREATE ROLE "pghr_secret"' "$PGH_TARGET_DIR/log"
    # By one who may not turn the log off.
    admin_target 'drop role pghr_secret'
    again
    log_everything
    ordinary_target
    run -0 clone --roles --no-owner
    [[ $(admin_target "select rolpassword from pg_authid where rolname = 'pghr_secret'") == "$hash" ]]
    run -1 grep -F "${hash:0:30}" "$PGH_TARGET_DIR/log"
    grep -q 'pghr_admin@.*DO \$pghaul\$' "$PGH_TARGET_DIR/log"
}

@test "an error after passwords are set shows none, and leaves no role" {
    pair template0
    admin_source "create role pghr_secret login password 'Very-secret-1'"
    hash=$(admin_source "select rolpassword from pg_authid where rolname = 'pghr_secret'")
    PGHAUL_TEST_AT=roles.before_commit:error run -1 clone --roles --log-level debug
    refute_output --partial "${hash:0:30}"
    [[ $(admin_target "select count(*) from pg_roles where rolname = 'pghr_secret'") == 0 ]]
}

@test "passwords that cannot be read" {
    pair template0
    admin_source "create role pghr_reads login; create role pghr_pass login password 'secret-one'"
    admin_source "alter database $DB owner to pghr_reads"
    PGHAUL_SOURCE=${SOURCE/user=postgres/user=pghr_reads}
    run -4 clone --roles
    assert_output --partial 'PGH-2120: '
    assert_output --partial 'role "pghr_reads" may not read the roles'\'' passwords (pg_authid) on the source'
    assert_output --partial '--no-role-passwords'
    [[ $(admin_target "select count(*) from pg_roles where rolname ~ '^pghr_'") == 0 ]]
    no_helper_schema
    run -0 clone --roles --no-role-passwords
    assert_output --partial 'role "pghr_pass" gets no password (--no-role-passwords)'
    [[ $(admin_target "select count(*) from pg_authid where rolname ~ '^pghr_' and rolpassword is null") == 2 ]]
    same_roles --no-role-passwords
    run -2 clone --no-role-passwords
    assert_output --partial 'PGH-1005: --no-role-passwords goes with --roles only'
}

@test "no superuser on the target: what may not be given is said before, or left out by its name" {
    pair template0
    every_role
    admin_source 'create role pghr_plain login createdb createrole in role pghr_group'
    ordinary_target
    tgt -c 'create schema before'
    run -5 clone --roles
    assert_output --partial 'PGH-3120: '
    assert_output --partial 'role "pghr_admin", no superuser on the target, may not give there: SUPERUSER of role "pghr_all", REPLICATION of role "pghr_all", BYPASSRLS of role "pghr_all"'
    assert_output --partial 'setting my.own of role "pghr_leaf"'
    assert_output --partial 'setting log_min_messages of role "pghr_md5", setting session_preload_libraries of role "pghr_md5"'
    assert_output --partial '--skip-forbidden'
    [[ $(admin_target "select count(*) from pg_roles where rolname = 'pghr_plain'") == 0 ]]
    no_helper_schema
    run -0 clone --roles --skip-forbidden
    assert_output --partial 'SUPERUSER of role "pghr_all" is left out: role "pghr_admin" may not give it on the target'
    assert_output --partial 'setting my.own of role "pghr_leaf" is left out'
    [[ $(admin_target "select rolsuper, rolreplication, rolbypassrls, rolcreatedb, rolcreaterole, rolconnlimit from pg_roles where rolname = 'pghr_all'") == 'f|f|f|t|t|3' ]]
    grants='s/ GRANTED BY.*//; s/NOSUPERUSER/SUPERUSER/; s/NOREPLICATION/REPLICATION/; s/NOBYPASSRLS/BYPASSRLS/'
    diff <(roles_of "$SOURCE" | grep -v 'my.own\|log_min_messages\|session_preload' | sed "$grants") \
        <(roles_of "$TARGET" | sed "$grants" | grep -v pghr_admin)
}

@test "no superuser on the target: owners are created, and we are made their members" {
    pair template0
    ordinary_target
    admin_source 'create role pghr_owner; create role pghr_other login'
    src -c 'create schema s' -c 'create table s.t (a int primary key)' -c 'insert into s.t values (1)' -c 'create function s.f() returns int language sql as $$select 1$$' \
        -c 'create view s.v as select * from s.t' -c 'alter table s.t owner to pghr_owner' -c 'alter view s.v owner to pghr_owner' \
        -c 'alter function s.f owner to pghr_owner' -c 'alter schema s owner to pghr_owner' \
        -c 'alter default privileges for role pghr_owner in schema s grant select on tables to pghr_other' -c 'grant select on s.t to pghr_other'
    run -0 clone --roles
    assert_output --partial 'role "pghr_admin" becomes a member of roles that will own something: pghr_owner'
    same
    [[ $(admin_target "select string_agg(r.rolname, ',') from pg_auth_members a join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member where m.rolname = 'pghr_admin'") == pghr_owner ]]
    # In the schema public they need what they cannot be given before they are there.
    admin_target "drop database $DB with (force)"
    admin_target 'drop role pghr_owner; drop role pghr_other'
    admin_target "create database $DB owner pghr_admin"
    rm -rf "$RUN"
    src -c 'create table public.p (a int)' -c 'alter table public.p owner to pghr_owner'
    run -5 clone --roles
    assert_output --partial 'PGH-3111'
    assert_output --partial 'role "pghr_owner" on the target cannot be given what it owns: it is about to be created and may not create in the schema public'
    assert_output --partial 'GRANT CREATE ON SCHEMA public TO PUBLIC until the run is done'
    tgt -c 'grant create on schema public to public'
    run -0 clone --roles
    tgt -c 'revoke create on schema public from public'
    same
    admin_target "drop database $DB with (force)"
    admin_target 'drop role pghr_owner; drop role pghr_other'
    admin_target "create database $DB owner pghr_admin"
    rm -rf "$RUN"
    src -c 'drop table public.p' -c 'create publication pub for table s.t' -c "grant create on database $DB to pghr_owner" -c 'alter publication pub owner to pghr_owner'
    run -5 clone --roles
    assert_output --partial 'PGH-3111'
    assert_output --partial 'it is about to be created, owns a publication, and may not create in the database'
    assert_output --partial "GRANT CREATE ON DATABASE \"$DB\" TO PUBLIC until the run is done"
    tgt -c "grant create on database $DB to public"
    run -0 clone --roles
    same
    # One who does not inherit cannot use what it is a member of.
    admin_target "drop database $DB with (force)"
    admin_target 'drop role pghr_owner; drop role pghr_other; alter role pghr_admin noinherit'
    admin_target "create database $DB owner pghr_admin"
    rm -rf "$RUN"
    run -5 clone --roles
    assert_output --partial 'PGH-3111'
    assert_output --partial 'ALTER ROLE "pghr_admin" INHERIT; or use --no-owner.'
    tgt -c 'grant create on schema public to pghr_admin'
    run -0 clone --roles --no-owner --no-acl
    refute_output --partial 'becomes a member'
}

@test "one who may not create roles" {
    pair template0
    admin_source 'create role pghr_x'
    ordinary_target
    admin_target 'alter role pghr_admin nocreaterole'
    run -5 clone --roles
    assert_output --partial 'PGH-3121: '
    assert_output --partial 'role "pghr_admin" may not create roles on the target'
    assert_output --partial 'CREATEROLE'
    no_helper_schema
}

@test "killed around the creation of roles, by any filter, then resumed" {
    pair template0
    every_role
    src -c 'create table t (a int)' -c 'alter table t owner to pghr_group' -c 'insert into t values (1)'
    for point in roles.before_commit roles.after_commit; do
        PGHAUL_TEST_AT="$point:kill" run clone --roles
        fired $point
        [[ $status == 0 ]] || run -0 clone --resume
        same
        same_roles
        no_helper_schema
        [[ $(catalog "select count(*) from work where state <> 'done'") == 0 ]]
        again
        drop_target_roles
    done
    # Without any rows there is nobody to copy them.
    for point in roles.before_commit roles.after_commit; do
        PGHAUL_TEST_AT="$point:kill" run clone --roles --schema-only
        fired $point
        [[ $status == 0 ]] || run -0 clone --resume
        same_schema
        same_roles
        again
        drop_target_roles
    done
    # The supervisor, as the schema's phase begins.
    PGHAUL_TEST_AT=supervisor.phase:kill:2 run "$PGHAUL" copy schema --roles --dir "$RUN"
    [[ $status != 0 ]]
    run -0 "$PGHAUL" copy schema --resume --dir "$RUN"
    same_schema
    same_roles
}
drop_target_roles() {
    admin_target "select format('drop role %I;', rolname) from pg_roles where rolname ~ '^pghr_'" | tr '\n' ' ' >"$BATS_TEST_TMPDIR/drop.sql"
    admin_target 'drop role pghr_all, pghr_md5, pghr_leaf, pghr_sub, pghr_group, "pghr_We""ird ü"'
}

@test "a role that comes to be on the target meanwhile is left as it is" {
    pair template0
    admin_source 'create role pghr_a login; create role pghr_b login'
    clone_to plan.made --roles
    admin_target 'create role pghr_a nologin'
    go_on
    wait "$PID"
    [[ $(admin_target "select string_agg(rolname || rolcanlogin, ',' order by rolname) from pg_roles where rolname ~ '^pghr_'") == 'pghr_afalse,pghr_btrue' ]]
}

@test "a role that somebody else is creating at the same moment" {
    pair template0
    admin_source 'create role pghr_a login; create role pghr_b login'
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    background psql -qX "$TARGET" -f "$BATS_TEST_TMPDIR/fifo"
    exec 7>"$BATS_TEST_TMPDIR/fifo"
    echo 'begin; create role pghr_a nologin;' >&7
    wait_for 10 creates_a_role
    background "$PGHAUL" clone --dir "$RUN" --roles 7>&-
    wait_for 10 waits_for_it
    echo 'commit;' >&7
    exec 7>&-
    wait "$PID"
    same
    [[ $(admin_target "select string_agg(rolname || rolcanlogin, ',' order by rolname) from pg_roles where rolname ~ '^pghr_'") == 'pghr_afalse,pghr_btrue' ]]
}
creates_a_role() { [[ $(admin_target "select count(*) from pg_stat_activity where datname = '$DB' and state = 'idle in transaction' and backend_xid is not null") == 1 ]]; }
waits_for_it() { [[ $(admin_target "select count(*) from pg_stat_activity where datname = '$DB' and application_name like 'pghaul%' and wait_event_type = 'Lock'") == 1 ]]; }

@test "what the target does not know or accept is left out, by name" {
    pair template0
    admin_source 'create role pghr_a login'
    admin_source "insert into pg_db_role_setting select 0, oid, array['no_such_setting=1', 'work_mem=12MB', 'client_min_messages=loudly'] from pg_roles where rolname = 'pghr_a'"
    admin_source "insert into pg_shseclabel select oid, 'pg_authid'::regclass, 'nobody', 'secret' from pg_roles where rolname = 'pghr_a'"
    run -0 clone --roles
    assert_output --partial 'setting no_such_setting of role "pghr_a" is left out: unrecognized configuration parameter'
    assert_output --partial 'setting client_min_messages of role "pghr_a" is left out: invalid value for parameter'
    assert_output --partial 'security label nobody of role "pghr_a" is left out: '
    [[ $(admin_target "select setconfig from pg_db_role_setting s join pg_roles r on r.oid = s.setrole where rolname = 'pghr_a'") == '{work_mem=12MB}' ]]
    admin_source "delete from pg_shseclabel where provider = 'nobody'"
}

@test "copy roles: nothing but roles; those that are there stay" {
    pair template0
    every_role
    src -c 'create table t (id int)'
    run -0 "$PGHAUL" copy roles --dir "$RUN" -q
    same_roles
    [[ $(tgt -c "select count(*) from pg_class where relname = 't'") == 0 ]]
    no_helper_schema
    run -0 "$PGHAUL" copy roles --dir "$RUN.2" -q
    same_roles
    run -2 "$PGHAUL" copy roles pghr_all --dir "$RUN.3"
    assert_output --partial 'takes no argument "pghr_all"'
}
