load lib.bash

# Several databases of one server, and databases that are made. With servers of their own, since
# --all-databases means those of the other tests as well.

setup_file() {
    export HERE=$PGH_ROOT/several
    mkdir -p "$HERE"
    chmod 755 "$HERE"
    "$PGH_TOP/tests/server" start "$HERE/s" 'allow_in_place_tablespaces = on' 'max_connections = 60'
    "$PGH_TOP/tests/server" start "$HERE/t" 'allow_in_place_tablespaces = on' 'max_connections = 60'
}

teardown_file() {
    "$PGH_TOP/tests/server" wipe "$HERE/s"
    "$PGH_TOP/tests/server" wipe "$HERE/t"
}

setup() {
    PGH_SOURCE="host=$HERE/s user=postgres" PGH_TARGET="host=$HERE/t user=postgres"
    export PGHAUL_SOURCE=$PGH_SOURCE PGHAUL_TARGET=$PGH_TARGET PGHAUL_TEST_DIR=$BATS_TEST_TMPDIR/failpoints
    RUN=$BATS_TEST_TMPDIR/run
    mkdir -p "$PGHAUL_TEST_DIR"
    three
}

teardown() {
    local side db
    export PGOPTIONS='-c client_min_messages=warning'
    for db in ${PIDS:-}; do kill -9 "$db" 2>/dev/null || true; done
    keep_fired
    for side in source target; do
        "admin_$side" "select datname from pg_database where datname not in ('postgres', 'template0', 'template1')" |
            while read -r db; do "admin_$side" "drop database \"${db//\"/\"\"}\" with (force)"; done
        "admin_$side" 'drop table if exists t'
        "admin_$side" 'drop role if exists pgs_app; drop role if exists pgs_maker; drop role if exists pgs_plain'
        "admin_$side" 'drop tablespace if exists pgs_slow'
    done
    unset PGOPTIONS
    if [[ -n ${BATS_ERROR_STATUS:-} ]]; then tail -n 30 "$RUN/log/pghaul.log" "$RUN"/*/*/log/pghaul.log; fi
    true
}

in_source() { psql -qXAt -v ON_ERROR_STOP=1 "$PGH_SOURCE dbname='$1'" "${@:2}"; }
in_target() { psql -qXAt -v ON_ERROR_STOP=1 "$PGH_TARGET dbname='$1'" "${@:2}"; }

# Two that hold something and one that is odd.
three() {
    admin_source 'create role pgs_app'
    admin_source 'create database shop owner pgs_app'
    admin_source 'create database crm'
    admin_source "create database \"we/ird, \"\"Näme\" encoding 'LATIN1' locale 'C' template template0"
    admin_source "alter database shop set work_mem = '5MB'"
    admin_source "comment on database shop is 'a shop'"
    in_source shop -c 'create table t (a int primary key, x text)' \
        -c "insert into t select i, md5(i::text) from generate_series(1, 30000) i" -c 'alter table t owner to pgs_app'
    in_source crm -c 'create table c as select i from generate_series(1, 500) i' -c 'create sequence s' -c "select setval('s', 7)"
    in_source 'we/ird, "Näme' -c "create table w as select 'ä'::text collate \"C\" as x"
}

several() { "$PGHAUL" clone --dir "$RUN" "$@"; }

equal() {
    SOURCE="$PGH_SOURCE dbname='$1'" TARGET="$PGH_TARGET dbname='$1'"
    same
    [[ $(in_target "$1" -c "select count(*) from pg_namespace where nspname = 'pghaul'") == 0 ]]
}
all_equal() { equal shop && equal crm && equal 'we/ird, "Näme'; }
member_state() { sqlite3 -cmd '.timeout 5000' "$RUN/catalog.db" "select state from member where name = '$1'"; }
member_is() { [[ $(member_state "$1" 2>/dev/null) == "$2" ]]; }
how_made='select datname, pg_encoding_to_char(encoding), datcollate, datctype, datdba::regrole, datconnlimit from pg_database order by 1'

@test "all databases in one run: the roles once, each database made as it is on the source" {
    admin_source 'create database closed allow_connections false'
    admin_source 'create table t (a int)'
    run -0 several --all-databases --create --roles
    all_equal
    equal postgres
    [[ $output == *'created 1 role'* && $output == *Database*shop*30,000*Total* ]]
    # A superuser need not be a member of the owner to come.
    [[ $(admin_target "select count(*) from pg_auth_members where roleid = 'pgs_app'::regrole") == 0 ]]
    admin_source 'alter database closed allow_connections true'
    admin_source 'drop database closed'
    [[ $(admin_source "$how_made") == "$(admin_target "$how_made")" ]]
    [[ $(admin_target "select setconfig from pg_db_role_setting s join pg_database d on d.oid = setdatabase where datname = 'shop'") == '{work_mem=5MB}' ]]
    [[ $(admin_target "select shobj_description(oid, 'pg_database') from pg_database where datname = 'shop'") == 'a shop' ]]
    run -0 "$PGHAUL" status --dir "$RUN"
    [[ $output == *'state     done'* && $output == *shop*done* && $output == *'we/ird, "Näme'* ]]
    run -0 --separate-stderr "$PGHAUL" status --json --dir "$RUN"
    [[ $(jq -r '.members | length' <<<"$output") == 5 ]]
    [[ $(jq -r '[.members[] | select(.state == "done" and .run.state == "done" and .run.fault == null)] | length' <<<"$output") == 5 ]]
    [[ $(jq -r '.members[0] | .name, .roles' <<<"$output") == $'roles\ntrue' ]]
    [[ $(jq -r '[.members[0].run.steps[].rows] | add' <<<"$output") == 1 ]]
    # One of them alone.
    run -0 "$PGHAUL" status --dir "$RUN/databases/we%2Fird, \"Näme"
    [[ $output == *'run       we/ird, "Näme'* ]]
    # One whose catalog is just being made is one that waits.
    sqlite3 "$RUN/catalog.db" "update member set state = 'waiting' where name = 'crm'"
    sqlite3 "$RUN/databases/crm/catalog.db" 'delete from run'
    run -0 "$PGHAUL" status --dir "$RUN"
    : >"$RUN/databases/crm/catalog.db"
    run -0 --separate-stderr "$PGHAUL" status --json --dir "$RUN"
    [[ $(jq -r '[.members[] | select(.run == null)] | .[].name' <<<"$output") == crm ]]
    run -0 several --all-databases --resume
    [[ $output == *'is done already'* ]]
    run -6 several --all-databases
    [[ $output == *'has run "databases" in it'*'is done'* ]]
}

@test "only some databases; existing ones are used" {
    admin_target 'create role pgs_app'
    admin_target 'create database crm'
    run -0 several --database 'crm,we/ird\, "Näme' --create
    equal crm
    equal 'we/ird, "Näme'
    [[ $(admin_target "select count(*) from pg_database where datname = 'shop'") == 0 ]]
    rm -rf "$RUN"
    admin_target 'drop database crm'
    run -0 several --database shop --database crm,crm --exclude-database 'we*,SH?P' --create
    equal crm
    [[ $(admin_target "select count(*) from pg_database where datname = 'shop'") == 0 ]]
}

@test "what makes no sense, or is not there, is refused before anything is done" {
    PGHAUL_SOURCE="host=$HERE/s user=nobody_here dbname=shop" run -4 several --all-databases
    [[ $output == *'PGH-2001: cannot connect to the source postgres://nobody_here@'*'/shop: '*'role "nobody_here" does not exist'*'postgres and template1 were tried as well: '*/template1:* ]]
    run -2 several --all-databases --database shop
    [[ $output == *'PGH-1005: --all-databases and --database exclude each other'* ]]
    run -2 several --exclude-database shop
    [[ $output == *'PGH-1005: --exclude-database goes with --all-databases or --database only'* ]]
    run -2 several --all-databases --snapshot 00000003-0000001B-1
    [[ $output == *'PGH-1005: '*'--snapshot does not go with several'* ]]
    run -2 "$PGHAUL" copy roles --all-databases --dir "$RUN"
    [[ $output == *'PGH-1005: roles belong to the server'* ]]
    run -2 several --database shop,,crm
    [[ $output == *'--database'*'shop,,crm'* ]]
    run -2 several --database shop,nowhere --create
    [[ $output == *'the source has no database "nowhere"'* ]]
    run -2 several --all-databases --exclude-database 'no*where' --create
    [[ $output == *'no database on the source matches --exclude-database "no*where"'* ]]
    run -2 several --all-databases --exclude-database 'a.b' --create
    [[ $output == *'--exclude-database "a.b" is not a pattern'* ]]
    run -2 several --all-databases --exclude-database '*' --create
    [[ $output == *'no database of the source is left to copy'* ]]
    run -5 several --all-databases
    [[ $output == *'PGH-3170: the target has no database "'*'--create'* ]]
    admin_source 'create database closed allow_connections false'
    run -4 several --database closed --create
    [[ $output == *'PGH-2170: database "closed" on the source allows no connections'* ]]
    admin_source 'revoke connect on database crm from public; create role pgs_plain login'
    PGHAUL_SOURCE="host=$HERE/s user=pgs_plain dbname=postgres" run -4 several --all-databases --create
    [[ $output == *'PGH-2170: role "pgs_plain" may not connect to databases of the source: crm'*'--exclude-database'* ]]
    admin_target 'create role pgs_plain login'
    PGHAUL_TARGET="host=$HERE/t user=pgs_plain dbname=postgres" run -5 several --database crm --create
    [[ $output == *'PGH-3171: role "pgs_plain" may not create database "crm" on the target'*CREATEDB* ]]
    [[ ! -d $RUN/databases ]]
    [[ $(admin_target 'select count(*) from pg_database') == 3 ]]
}

@test "one fails, the others go on; when it is mended a resume does only that" {
    admin_target 'create role pgs_app'
    admin_target 'create database crm'
    in_target crm -c 'create table c (other int)'
    run -5 several --all-databases --create --no-comments
    [[ $output == *'PGH-3101: database "crm": '*'The others went on. Go on with --resume'* ]]
    equal 'we/ird, "Näme'
    [[ $(in_target shop -c 'select count(*) from t') == 30000 ]]
    member_is crm failed
    member_is shop done
    run -0 "$PGHAUL" status --dir "$RUN"
    [[ $output == *'state     failed'*'fault     PGH-3101: database "crm"'* ]]
    in_target crm -c 'drop table c'
    run -6 several --resume --no-owner
    [[ $output == *'PGH-4007: the run was started with --no-owner false'* ]]
    run -0 several --resume
    [[ $output == *'beginning with database "crm"'* && $output != *'beginning with database "shop"'* ]]
    equal crm
    # What was asked for holds for those that are begun late, too.
    [[ $(sqlite3 "$RUN/databases/crm/catalog.db" "select value from setting where name = 'no-comments'") == true ]]
}

@test "one that cannot even be begun does not stop the others, also one at a time" {
    admin_source "create tablespace pgs_slow location ''"
    admin_source 'create database slow tablespace pgs_slow'
    in_source slow -c "create table big as select i, repeat('x', 300) x from generate_series(1, 30000) i"
    admin_target 'create role pgs_app'
    run -5 several --database slow,shop,crm --create --database-jobs 1
    [[ $output == *'PGH-3103: database "slow": '*'pgs_slow'*'The others went on. Go on'* ]]
    equal shop
    equal crm
    admin_target "create tablespace pgs_slow location ''"
    run -0 several --resume
    equal slow
    rm -rf "$RUN"
    admin_target 'drop database slow'
    admin_target 'drop tablespace pgs_slow'
    run -5 several --database slow --create
    [[ $output == *'PGH-3103: database "slow": '* && $output != *'The others went on'* ]]
}

@test "filters and maps hold for each database, also after a resume" {
    local db
    for db in shop crm; do
        in_source "$db" -c 'create table extra as select 1 as a' -c 'create table "not me" as select 2 as a'
    done
    admin_target 'create role pgs_app'
    admin_target 'create database shop'
    in_target shop -c 'create table extra (other int)'
    run -5 several --database shop,crm --database-jobs 1 --create -t extra
    member_is crm done
    in_target shop -c 'drop table extra'
    run -0 several --resume
    for db in shop crm; do [[ $(in_target "$db" -c "select string_agg(relname, ',') from pg_stat_user_tables") == extra ]]; done
    rm -rf "$RUN"
    in_target crm -c 'drop table extra'
    run -2 several --database shop,crm -t 't|w' --drop-if-exists
    [[ $output == *'database "crm": '*'matches --table "t|w"'* ]]
    [[ $(in_target shop -c 'select count(*) from t') == 30000 ]]
    run -0 several --restart --database shop,crm --exclude-database crm -t 't|w' --drop-if-exists
    [[ $(in_target shop -c 'select count(*) from t') == 30000 ]]
}

@test "killed at any moment, and resumed: each database whole and once" {
    local point
    for point in copy.before_commit:kill:2 schema.created:kill script.before_commit:kill index.before_commit:kill; do
        PGHAUL_TEST_AT=$point run several --all-databases --create --roles
        [[ $status == 0 ]] || run -0 several --resume --not-consistent
        all_equal
        fresh_target
    done
    # The one above all, while two of them work.
    background env PGHAUL_TEST_AT=copy.before_commit:stop "$PGHAUL" clone --dir "$RUN" --all-databases --create --roles
    stopped_at copy.before_commit
    kill -9 "$PID"
    wait "$PID" || true
    go_on
    run -0 several --resume --not-consistent
    all_equal
    equal postgres
}
fresh_target() {
    local db
    for db in shop crm '"we/ird, ""Näme"'; do admin_target "drop database $db with (force)"; done
    admin_target 'drop role pgs_app'
    keep_fired
    rm -rf "$RUN" "$PGHAUL_TEST_DIR"
    mkdir -p "$PGHAUL_TEST_DIR"
}

@test "when the one above is killed, what it began ends at once, as in a run of its own" {
    admin_target 'create role pgs_app'
    background "$PGHAUL" clone --dir "$RUN" --database shop --create --where 't=pg_sleep(60) is not null'
    wait_for 20 asleep
    kill -9 "$PID"
    wait "$PID" || true
    wait_for 10 flock -n "$RUN/lock" true
    run ! asleep
}
asleep() { [[ $(admin_source "select count(*) from pg_stat_activity where wait_event = 'PgSleep'") != 0 ]]; }

@test "stopped while it works, then resumed" {
    background env PGHAUL_TEST_AT=copy.before_commit:stop "$PGHAUL" clone --dir "$RUN" --all-databases --create --roles
    stopped_at copy.before_commit
    kill -USR1 "$PID"
    wait_for 10 grep -q ' clone: .*shop' "$BATS_TEST_TMPDIR/err"
    kill "$PID"
    wait_for 10 grep -q stopping "$BATS_TEST_TMPDIR/err"
    go_on
    ended_with 3 'stopped: [0-9] of 5 runs are done'
    run -0 "$PGHAUL" status --dir "$RUN"
    [[ $output == *'state     stopped'* ]]
    run -0 several --resume --not-consistent
    all_equal
}

@test "stopped while a database is made: nothing else is begun, and a resume makes it" {
    background env PGHAUL_TEST_AT=database.before_make:stop:2 "$PGHAUL" clone --dir "$RUN" --all-databases --create --roles
    stopped_at database.before_make
    kill "$PID"
    go_on
    ended_with 3 'stopped: 1 of 5 runs are done'
    [[ $(sqlite3 "$RUN/catalog.db" "select count(*) from member where state in ('waiting', 'stopped')") == 4 ]]
    run -0 several --resume --not-consistent
    all_equal
    # One database alone.
    rm -rf "$RUN"
    admin_target 'drop database crm'
    background env PGHAUL_TEST_DIR="$BATS_TEST_TMPDIR" PGHAUL_TEST_AT=database.before_make:stop "$PGHAUL" clone --dir "$RUN" --create \
        --source "$PGH_SOURCE dbname=crm" --target "$PGH_TARGET dbname=crm"
    PGHAUL_TEST_DIR=$BATS_TEST_TMPDIR stopped_at database.before_make
    kill "$PID"
    go_on
    ended_with 3 ''
    [[ $(sqlite3 "$RUN/catalog.db" 'select state from run') == stopped ]]
    run -0 several --resume --source "$PGH_SOURCE dbname=crm" --target "$PGH_TARGET dbname=crm"
    equal crm
}

waiting_to_make() { [[ $(admin_target "select count(*) from pg_stat_activity where query like 'CREATE DATABASE%' and wait_event_type = 'Lock'") == "$1" ]]; }

@test "a database that comes into being while the run makes it too is used" {
    local one=(--source "$PGH_SOURCE dbname=shop" --target "$PGH_TARGET dbname=shop" --create --roles)
    psql -qX "$PGH_TARGET dbname=postgres" -c 'begin; lock table pg_shdepend in share mode; select pg_sleep(600)' >/dev/null 2>&1 3>&- &
    PIDS="${PIDS:-} $!"
    wait_for 10 eval '[[ $(admin_target "select count(*) from pg_locks where relation = 1214 and mode = '"'ShareLock'"'") == 1 ]]'
    # A run that is killed while it waits.
    background "$PGHAUL" clone --dir "$RUN" "${one[@]}"
    wait_for 30 waiting_to_make 1
    kill -9 "$PID"
    wait "$PID" || true
    wait_for 60 waiting_to_make 0
    # Its session on the server would go on like this.
    psql -qX "$PGH_TARGET dbname=postgres" -c 'CREATE DATABASE shop' >/dev/null 2>&1 3>&- &
    PIDS="$PIDS $!"
    wait_for 10 waiting_to_make 1
    background "$PGHAUL" clone --dir "$RUN" "${one[@]:0:4}" --resume
    wait_for 30 waiting_to_make 2
    admin_target "select pg_terminate_backend(pid) from pg_stat_activity where query like 'begin; lock table%'"
    ended_with 0 ''
    equal shop
    [[ $(admin_target "select datdba::regrole from pg_database where datname = 'shop'") == pgs_app ]]
}

@test "all databases together have no more workers than one" {
    local db
    for db in shop crm; do
        in_source "$db" -c "create table big as select i, repeat('x', 300) x from generate_series(1, 60000) i" \
            -c 'create index on big (x, i)' -c 'create index on big (i)' -c 'create index on big (i, x)'
    done
    run -0 several --database shop,crm --create --roles --table-jobs 2 --index-jobs 1 --database-jobs 2 --split-larger-than 1MB
    equal shop
    equal crm
    for db in shop crm; do
        sqlite3 -separator ' ' "$RUN/databases/$db/catalog.db" "select role, started_us, ended_us from process where role in ('copy', 'build')"
    done >"$BATS_TEST_TMPDIR/processes"
    [[ $(grep -c . "$BATS_TEST_TMPDIR/processes") -gt 0 ]]
    [[ $(most_at_once copy) -le 2 && $(most_at_once build) -le 1 ]]
    # Each of the two had some.
    [[ $(sqlite3 "$RUN/databases/crm/catalog.db" "select count(*) > 0 from process where role = 'copy'") == 1 ]]
}
# A process may be noted before its predecessor's end is: it is counted from its middle.
most_at_once() {
    awk -v role="$1" '$1 == role { n++; from[n] = $2; to[n] = $3 }
        END { for (i = 1; i <= n; i++) { m = (from[i] + to[i]) / 2; c = 0
              for (j = 1; j <= n; j++) if (from[j] <= m && to[j] >= m) c++
              if (c > most) most = c } print most + 0 }' "$BATS_TEST_TMPDIR/processes"
}

@test "--create makes one database as the source's is: locale, tablespace, and an owner who comes with --roles" {
    admin_source "create tablespace pgs_slow location ''"
    admin_source "create database pgs_icu template template0 locale_provider icu icu_locale 'de-u-co-phonebk' locale 'C.UTF-8' owner pgs_app tablespace pgs_slow"
    in_source pgs_icu -c 'create table t as select 1 as a'
    local made="select pg_encoding_to_char(encoding), datlocprovider, daticulocale, datcollate, datdba::regrole, spcname from pg_database d join pg_tablespace s on s.oid = dattablespace where datname = 'pgs_icu'"
    PGHAUL_SOURCE+=' dbname=pgs_icu' PGHAUL_TARGET+=' dbname=pgs_icu'
    run -5 several --create
    [[ $output == *'PGH-3102: roles missing on the target: pgs_app (the owner of database "pgs_icu")'* ]]
    run -5 several --create --roles
    [[ $output == *'PGH-3103: tablespaces missing on the target: pgs_slow (that of database "pgs_icu")'* ]]
    admin_target "create tablespace pgs_slow location ''"
    run -0 several --create --roles
    equal pgs_icu
    [[ $(admin_source "$made") == "$(admin_target "$made")" ]]
    admin_target 'drop database pgs_icu'
    rm -rf "$RUN"
    run -0 several -C --no-owner --tablespace-map pgs_slow=
    [[ $(admin_target "$made") == 'UTF8|i|de-u-co-phonebk|C.UTF-8|postgres|pg_default' ]]
    # Another locale than the server has.
    admin_source "update pg_database set datcollate = 'xx_XX.utf8', datctype = 'xx_XX.utf8' where datname = 'crm'"
    rm -rf "$RUN"
    PGHAUL_SOURCE="host=$HERE/s user=postgres dbname=pgs_icu" PGHAUL_TARGET="host=$HERE/t user=postgres dbname=pgs_other" run -0 several -C --no-owner --no-tablespaces
    [[ $(admin_target "select daticulocale from pg_database where datname = 'pgs_other'") == de-u-co-phonebk ]]
}

@test "a database that the target cannot have is named; one that is there needs no --create" {
    admin_source "create database odd template template0 locale 'C.UTF-8'"
    admin_source "update pg_database set datcollate = 'xx_XX', datctype = 'xx_XX' where datname = 'odd'"
    PGHAUL_SOURCE+=' dbname=odd' PGHAUL_TARGET+=' dbname=odd'
    # Nobody could connect to it like this, so it is given back its locale behind our back.
    run several --create
    [[ $status == 4 ]]
    admin_source "update pg_database set datcollate = 'C.UTF-8', datctype = 'C.UTF-8' where datname = 'odd'"
    admin_target 'create role pgs_plain login createdb'
    PGHAUL_TARGET="host=$HERE/t user=pgs_plain dbname=odd" run -5 several --create
    [[ $output == *'PGH-3172: creating database "odd": '*'must be member of role'*'"pgs_plain" must be a member of the owner "postgres"'*--no-owner* ]]
    PGHAUL_TARGET="host=$HERE/t user=pgs_plain dbname=odd" run -0 several --create --no-owner
    rm -rf "$RUN"
    PGHAUL_TARGET="host=$HERE/t user=pgs_plain dbname=odd" run -0 several --no-owner
}

@test "several databases by roles that are no superusers, who make everything" {
    admin_source 'create role pgs_plain login; grant pgs_app to pgs_plain'
    admin_source 'grant pg_read_all_data to pgs_plain'
    admin_target 'create role pgs_maker login createdb createrole'
    PGHAUL_SOURCE="host=$HERE/s user=pgs_plain dbname=postgres" PGHAUL_TARGET="host=$HERE/t user=pgs_maker dbname=postgres" \
        run -0 several --database shop --create --roles --no-role-passwords --skip-forbidden
    [[ $(in_target shop -c 'select count(*), min(tableowner) from t, pg_tables where tablename = $$t$$') == '30000|pgs_app' ]]
    [[ $(admin_target "select datdba::regrole from pg_database where datname = 'shop'") == pgs_app ]]
}
