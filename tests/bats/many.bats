load lib.bash

# Many tables are created by several workers: each table with what needs only it, then what needs
# several of them.

many() {
    src -q >/dev/null <<'SQL'
create schema a;
create schema b;
create type a.mood as enum ('sad', 'happy');
create domain b.positive as int check (value > 0);
create function a.next_of(i int) returns int language sql immutable return i + 1;
do $$ begin
    for i in 1..260 loop
        execute format('create table a.t%s (id serial primary key, m a.mood, v text default ''x'')', i);
        execute format('create table b.t%s (id int generated always as identity, p b.positive, n int generated always as (a.next_of(1)) stored)', i);
        execute format('insert into a.t%s (m) select ''sad'' from generate_series(1, 3)', i);
        execute format('insert into b.t%s (p) values (%s)', i, i);
    end loop;
end $$;
create table parent (id int, at date, primary key (id, at)) partition by range (at);
do $$ begin
    for i in 1..40 loop
        execute format('create table parent_%s partition of parent for values from (date ''2020-01-01'' + %s) to (date ''2020-01-02'' + %s)', i, i, i);
    end loop;
end $$;
-- A partition that needs one table more than its parent, so that it is attached later.
create table other_parent (id int, v int, primary key (id)) partition by range (id);
create table other_parent_1 partition of other_parent for values from (0) to (10);
create table other_parent_2 (id int not null default nextval('a.t10_id_seq'), v int, constraint own_key primary key (id));
create index own_index on other_parent_2 (v);
alter table other_parent attach partition other_parent_2 for values from (10) to (20);
create index on other_parent (v);
insert into parent select 1, date '2020-01-01' + i from generate_series(1, 40) i;
create table under_two () inherits (a.t1, b.t1);
create table below (more int) inherits (under_two);
insert into below (m, p, more) values ('happy', 2, 3);
create table of_row (id int, whole a.t2);
insert into of_row values (1, row(1, 'sad', 'y'));
create view of_one as select id, v from a.t3;
create view of_two as select x.id, y.p from a.t4 x join b.t4 y using (id);
create view above as select count(*) from of_two, of_one;
create function rows_of() returns setof a.t5 language sql begin atomic select * from a.t5; end;
create function of_both(x a.t6, y b.t6) returns int language sql begin atomic select x.id + y.id; end;
create table calls (id int default of_both(null, null), other int);
create materialized view stored as select * from of_two;
create sequence apart;
alter table calls alter other set default nextval('apart');
create sequence b.owned owned by b.t7.p;
create statistics st (dependencies) on id, v from a.t8;
alter table a.t9 owner to pg_database_owner;
comment on table a.t9 is 'nine';
SQL
}

@test "many tables, created side by side, with all that hangs on them" {
    pair
    many
    run -0 clone
    same
    [[ $output == *'creating tables, side by side '*' 4 '* && $output == *'creating what needs several tables'* ]]
    local script
    for script in 1 2 3 4; do
        [[ $(grep -c '^CREATE TABLE' "$RUN/schema/tables-$script.sql") -gt 100 ]]
    done
    # Together in the order of the archive: a table's own sequence and default, a tree of partitions.
    [[ $(grep -lE 'CREATE TABLE public.parent|public.parent ATTACH PARTITION' "$RUN"/schema/*.sql | wc -l) == 1 ]]
    grep -q 'CREATE TABLE public.under_two' "$RUN/schema/views.sql"
    grep -q 'CREATE VIEW public.above' "$RUN/schema/views.sql"
    [[ $(grep -c 'CREATE TABLE' "$RUN/schema/pre.sql") == 0 ]]
}

@test "many tables: killed while they are created, and resumed" {
    local point
    pair
    many
    for point in script.before_commit:kill:3 script.after_commit:kill:4 schema.created:kill script.before_commit:error:5; do
        PGHAUL_TEST_AT=$point run clone
        [[ $status == 0 ]] || run -0 clone --resume --not-consistent
        same
        again
    done
    # All of it at once.
    clone_to script.before_commit:4
    kill -9 "$PID"
    wait "$PID" || true
    go_on
    run -0 clone --resume --not-consistent
    same
}

@test "many tables: one that cannot be created is named, and a resume creates what is missing" {
    pair
    many
    tgt -c 'create function forbid() returns event_trigger language plpgsql as $$ begin
        if exists (select from pg_event_trigger_ddl_commands() where object_identity = '"'b.t200'"') then raise exception '"'not here'"'; end if; end $$' \
        -c "create event trigger forbid on ddl_command_end when tag in ('CREATE TABLE') execute function forbid()"
    run -5 clone
    [[ $output == *PGH-3105*'tables-'*'.sql, line '*': t200; Type: TABLE; Schema: b; '*'not here'* ]]
    tgt -c 'drop event trigger forbid' -c 'drop function forbid'
    run -0 clone --resume --not-consistent
    same
}

@test "many tables: with a filter, or one index job, all come as well" {
    pair
    many
    run -0 clone -T 'parent*' --index-jobs 1
    [[ $(tgt -c "select count(*) from pg_class where relkind = 'r' and relnamespace in ('a'::regnamespace, 'b'::regnamespace)") == 520 ]]
    [[ ! -e $RUN/schema/views.sql ]]
    again
    run -0 clone --index-jobs 1
    same
    [[ $(ls "$RUN"/schema/tables-*.sql) == "$RUN/schema/tables-1.sql" ]]
    again
    run -0 "$PGHAUL" plan --source "$SOURCE" --target "$TARGET"
    [[ $(grep -cE '^ +[0-9]+ +schema +tables' <<<"$output") == 4 ]]
    run -0 "$PGHAUL" plan --source "$SOURCE" --target "$TARGET" --index-jobs 50
    [[ $(grep -cE '^ +[0-9]+ +schema +tables' <<<"$output") == 5 ]]
}

# Somebody else has every share of the builders' budget, until HOLDER is killed.
hold_builders() {
    mkdir -p -m 700 "$RUN"
    perl -MFcntl -e 'open my $file, "+>", $ARGV[0] or die; $| = 1;
        my $lock = pack "s s x4 q q i x4", F_WRLCK, 0, 129, 128, 0; fcntl $file, F_SETLK, $lock or die; print "held\n"; sleep 600' \
        "$RUN/budget" >"$BATS_TEST_TMPDIR/holder" 3>&- &
    HOLDER=$!
    PIDS="${PIDS:-} $HOLDER"
    wait_for 10 grep -qs held "$BATS_TEST_TMPDIR/holder"
}

tables_are_there() {
    [[ $(sqlite3 "$RUN/databases/$1/catalog.db" "select count(*) from work where kind = 'tables' and state = 'done'" 2>/dev/null) == 2 ]]
}

@test "many tables of two databases: whoever waits for a share of the budget creates them alone" {
    pair
    many
    local other=${DB}_b
    admin_source "create database $other template $DB"
    for db in "$DB" "$other"; do admin_target "drop database if exists $db"; done
    hold_builders
    background "$PGHAUL" clone --dir "$RUN" --source "$(on "$PGH_SOURCE" postgres)" --target "$(on "$PGH_TARGET" postgres)" \
        --database "$DB,$other" --create --index-jobs 2 --table-jobs 2 --database-jobs 2
    wait_for 60 tables_are_there "$DB"
    wait_for 60 tables_are_there "$other"
    kill "$HOLDER"
    ended_with 0 ''
    same
    admin_source "drop database $other"
    admin_target "drop database $other"
}
