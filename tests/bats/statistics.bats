load lib.bash

# --statistics carry: the planner on the target knows what the source's knew.

need_18() {
    [[ $(admin_target 'show server_version_num') -ge 180000 ]] || skip 'needs a target of version 18 or later'
}

# Autovacuum keeps away on both sides. Statistics that are old, so that ANALYZE on the target would find others; tables with bloat.
make_source() {
    src <<'SQL' >/dev/null
create schema app;
create type app.mood as enum ('sad', 'ok', 'happy');
create table app.plain (id int primary key, k int, t text, m app.mood, a int[], v tsvector, "Odd ""name'" text);
insert into app.plain select i, case when i % 10 = 0 then i else i % 7 end, md5((i % 500)::text),
    (array['sad', 'ok', 'happy'])[1 + i % 3]::app.mood, array[i % 5, i % 11], to_tsvector('simple', 'w' || i % 20), E'a\\b''' || i % 4
  from generate_series(1, 20000) i;
create index on app.plain (lower(t));
create index renamed on app.plain ((k + 1), upper(t)) where k > 3;
create table app.bloated (id int primary key, filler text);
insert into app.bloated select i, repeat('x', 500) from generate_series(1, 20000) i;
create table app.larger (id int primary key, filler text, n int);
insert into app.larger select i, md5(i::text) || repeat('y', 900), i % 50 from generate_series(1, 30000) i;
create table app.parent (id int, x int);
create table app.heir () inherits (app.parent);
insert into app.parent select i, i % 3 from generate_series(1, 1000) i;
insert into app.heir select i, i % 9 from generate_series(1, 3000) i;
create table app.parted (id int, at date, primary key (id, at)) partition by range (at);
create table app.parted_1 partition of app.parted for values from ('2020-01-01') to ('2021-01-01');
create table app.parted_2 partition of app.parted for values from ('2021-01-01') to ('2022-01-01');
insert into app.parted select i, date '2020-01-01' + i % 700 from generate_series(1, 5000) i;
create table app.parted_unknown (id int) partition by hash (id);
create table app.parted_unknown_1 partition of app.parted_unknown for values with (modulus 1, remainder 0);
insert into app.parted_unknown select 1;
create materialized view app.seen as select n as k, id % 100 as x, count(*) from app.larger group by 1, 2;
create index on app.seen (k);
create table app.empty (a int);
create table app.correlated (a int, b int);
insert into app.correlated select i % 10, i % 10 from generate_series(1, 1000) i;
create statistics app.together on a, b from app.correlated;
create table app.unknown as select generate_series(1, 100) as a;
create table app.spans (during int4range);
insert into app.spans select int4range(i, i + i % 50) from generate_series(1, 1000) i;
create table app.tiny (a int check (a > 0), b timestamptz, c numeric, d float8, e bool, f regtype);
insert into app.tiny select i, timestamptz '2020-02-02 12:00+3' + i * interval '1.5 s', i / 7.0, i / 7.0, i % 2 = 0, 'app.mood'::regtype from generate_series(1, 300) i;
do $$ declare r record; begin for r in select oid::regclass as t from pg_class where relnamespace = 'app'::regnamespace and relkind in ('r', 'm')
    loop execute format('alter table %s set (autovacuum_enabled = off)', r.t); end loop; end $$;
delete from app.bloated where id % 4 <> 0;
vacuum app.bloated;
analyze app.plain, app.bloated, app.larger, app.parent, app.heir, app.parted, app.seen, app.empty, app.correlated, app.spans, app.tiny, app.parted_unknown_1;
insert into app.plain select i + 100000, 5, 'new', 'sad', '{99}', '', 'later' from generate_series(1, 5000) i;
insert into app.tiny select 1000 + i from generate_series(1, 300) i;
SQL
}

# What is in pg_stats, but for the tables that were analyzed.
known() {
    psql -qXAt -v ON_ERROR_STOP=1 "$1" <<SQL
set timezone = 'UTC'; set search_path = '';
select schemaname, tablename, attname, inherited, null_frac, avg_width, n_distinct, most_common_vals, most_common_freqs,
       histogram_bounds, correlation, most_common_elems, most_common_elem_freqs, elem_count_histogram
  from pg_catalog.pg_stats where schemaname = 'app' and tablename <> all ('{correlated,unknown,parted_unknown,${2:-none}}')
 order by schemaname, tablename, attname, inherited;
SQL
}

# same_statistics [TABLES]: but for these.
same_statistics() {
    known "$SOURCE" "${1:-}" >"$BATS_TEST_TMPDIR/source.known" && known "$TARGET" "${1:-}" >"$BATS_TEST_TMPDIR/target.known" &&
        [[ $(wc -l <"$BATS_TEST_TMPDIR/source.known") -gt 12 ]] && diff "$BATS_TEST_TMPDIR/source.known" "$BATS_TEST_TMPDIR/target.known"
}

# How many rows the planner expects.
expected() {
    local query
    for query in 'plain' 'plain where k = 5' 'plain where k between 100 and 300' "plain where lower(t) = 'x'" \
        "plain where m = 'ok' and t > 'a'" 'plain where a @> array[3]' 'plain where k + 1 = 4 and k > 3' 'bloated' 'bloated where id < 1000' \
        'larger where n = 3' 'parent' 'parent where x = 4' 'only app.parent' "parted where at > '2021-06-01'" 'parted_1' 'seen' 'seen where k < 3' \
        'tiny where c > 20' "plain p join app.larger l on l.n = p.k"; do
        [[ $query == only* ]] || query="app.$query"
        echo "$query: $(psql -qXAt "$1" -c "explain select 1 from $query" | sed -n '1s/.* rows=\([0-9]*\) .*/\1/p')"
    done
}

@test "a target before version 18: refused before anything is written" {
    [[ $(admin_target 'show server_version_num') -lt 180000 ]] || skip 'the target can take statistics'
    pair work
    for command in "clone --dir $RUN" plan; do
        # shellcheck disable=SC2086
        run -5 "$PGHAUL" $command --statistics carry
        assert_output --partial 'error: PGH-3125:'
        assert_output --partial '--statistics carry needs a target of version 18 or later, and this one is '
        assert_output --partial 'hint: Use --statistics analyze or none'
    done
    PGHAUL_TARGET='' run -2 "$PGHAUL" plan --statistics carried
    assert_output --partial 'PGH-1003'
    [[ $(tgt -c 'select count(*) from pg_class where oid >= 16384') == 0 ]]
    no_helper_schema
    run -0 clone -q
    same
    unset PGHAUL_TARGET
    if [[ $(src -c 'show server_version_num') -lt 180000 ]]; then
        run -5 "$PGHAUL" plan --statistics carry
        assert_output --partial 'and what is planned for without --target is '
    fi
}

# bats test_tags=any-servers
@test "carried: the same statistics, the same estimates; what cannot be carried is analyzed and named" {
    need_18
    pair template0
    make_source
    ranges=
    [[ $(src -c 'show server_version_num') -ge 170000 ]] || ranges=spans
    run -0 --separate-stderr "$PGHAUL" plan --statistics carry --sql --json
    jq -e '[.items[] | select(.name == "app.tiny") | .sql.target[]] | last | test("pg_restore_attribute_stats")' <<<"$output"
    run -0 clone --statistics carry --split-larger-than 10MB
    same_contents
    same_statistics "$ranges"
    [[ $(wc -l <"$BATS_TEST_TMPDIR/target.known") -gt 30 ]]
    diff <(expected "$SOURCE") <(expected "$TARGET")
    [[ $(expected "$TARGET" | grep -c ': [1-9]') -ge 19 ]]
    # What was analyzed on the target is what the log names, and what is empty.
    analyzed="correlated empty parted_unknown ${ranges:+spans }unknown"
    wait_for 10 is_analyzed "$analyzed"
    for table in ${analyzed/empty/}; do
        assert_output --partial "statistics of table app.$table are not carried but made by ANALYZE: "
    done
    [[ $(grep -c 'are not carried' <<<"$output") == $(($(wc -w <<<"$analyzed") - 1)) ]]
    [[ $(tgt -c 'select count(*) from pg_stats_ext') == 1 ]]
    [[ $(tgt -c "select relpages = pg_relation_size(oid) / 8192 from pg_class where relname = 'bloated'") == t ]]
}
is_analyzed() { [[ $(tgt -c "select string_agg(relname, ' ' order by relname) from pg_stat_user_tables where analyze_count > 0") == "$1" ]]; }

# bats test_tags=any-servers
@test "carried by a part: inherited statistics only where all comes along" {
    need_18
    pair template0
    make_source
    run -0 clone --statistics carry -T app.heir --exclude-table-data app.parted_2 -T app.spans
    assert_output --partial 'statistics of table app.parent are not carried but made by ANALYZE: not all that inherits from it comes along'
    assert_output --partial 'statistics of table app.parted are not carried but made by ANALYZE: not all that inherits from it comes along'
    [[ $(tgt -c "select string_agg(distinct inherited::text, ' ') from pg_stats where tablename = 'parent'") == false ]]
    [[ $(tgt -c "select count(*) from pg_stats where tablename = 'parted_2'") == 0 ]]
    same_statistics parent,heir,parted,parted_2,spans
    tgt -c "explain select from app.parted" >/dev/null
}

# bats test_tags=any-servers
@test "carried by roles that are no superusers" {
    need_18
    pair template0
    make_source
    admin_source 'drop role if exists pgh_carrier'
    admin_target 'drop role if exists pgh_carrier'
    admin_source 'create role pgh_carrier login'
    admin_target "create role pgh_carrier login in role pgh_owner"
    src -c "do \$\$ declare r record; begin for r in select c.oid::regclass as t, relkind from pg_class c where relnamespace = 'app'::regnamespace and relkind in ('r', 'p', 'm') and relname <> 'plain'
        loop execute format('alter table %s owner to pgh_owner', r.t); end loop; end \$\$" \
        -c 'grant usage on schema app to pgh_carrier' -c 'grant select on all tables in schema app to pgh_carrier'
    admin_target "grant create on database $DB to pgh_carrier"
    tgt -c 'grant create on schema public to pgh_owner' -c 'grant create on schema public to pgh_carrier'
    as() { if [[ $1 == *://* ]]; then echo "${1/postgres@/pgh_carrier@}"; else echo "${1/user=postgres/user=pgh_carrier}"; fi; }
    run -0 clone --statistics carry --no-owner --no-acl --no-comments --source "$(as "$SOURCE")" --target "$(as "$TARGET")"
    assert_output --partial 'statistics of table app.plain are not carried but made by ANALYZE: the role that reads may not see those of its indexes'
    same_statistics plain,plain_lower_idx,renamed,spans
    again
    admin_target "grant create on database $DB to pgh_carrier"
    tgt -c 'grant create on schema public to pgh_owner' -c 'grant create on schema public to pgh_carrier'
    src -c 'alter table app.plain owner to pgh_owner' -c 'alter schema app owner to pgh_owner' -c 'alter type app.mood owner to pgh_owner' -c 'alter statistics app.together owner to pgh_owner'
    run -0 clone --statistics carry --no-acl --no-comments --target "$(as "$TARGET")"
    same_statistics spans
    admin_source "drop database $DB with (force)"
    admin_target "drop database $DB with (force)"
    DB=
    admin_source 'drop role pgh_carrier'
    admin_target 'drop role pgh_carrier'
}

# bats test_tags=any-servers
@test "killed while it carries, and resumed: the same" {
    need_18
    pair template0
    make_source
    ranges=
    [[ $(src -c 'show server_version_num') -ge 170000 ]] || ranges=spans
    for point in copy.before_commit:3 copy.after_commit:2 analyze.begun; do
        name=${point%%:*}
        background "$PGHAUL" snapshot --dir "$RUN" -q
        holder=$PID
        wait_for 10 test -s "$BATS_TEST_TMPDIR/out"
        clone_to "$point" --statistics carry --split-larger-than 10MB -q
        kill -9 "$PID"
        go_on
        wait "$PID" || true
        run -6 clone --resume --statistics none
        assert_output --partial 'PGH-4007'
        run -0 clone --resume
        same_contents
        same_statistics "$ranges"
        diff <(expected "$SOURCE") <(expected "$TARGET")
        kill -INT "$holder"
        wait "$holder"
        fired "$name"
        again
    done
}

# bats test_tags=any-servers
@test "what the target does not take is analyzed, with a warning" {
    need_18
    pair template0
    make_source
    clone_to plan.made --statistics carry
    catalog "update obj_statistic set call = replace(call, '''c''::pg_catalog.text', '''nope''::pg_catalog.text') where call like '%tiny%'
        and call like '%attname'', ''c''%'"
    catalog "update obj_statistic set call = replace(call, 'histogram_bounds'', ''{', 'histogram_bounds'', ''{x,') where call like '%larger%attname'', ''id''%'"
    go_on
    ended_with 0 'statistics of table app.tiny are not carried but made by ANALYZE: .*nope'
    grep -q 'statistics of table app.larger are not carried but made by ANALYZE: the target did not take them' "$RUN/log/pghaul.log"
    same_contents
    [[ $(tgt -c "select count(*) from pg_stats where tablename = 'tiny'") == 6 ]]
    [[ $(tgt -c "select count(*) from pg_stats where tablename = 'larger'") == 3 ]]
    [[ $(catalog "select count(*) from event where level = 'warning' and text like '%app.tiny%'") == 1 ]]
}
