load lib.bash

# The servers' own hash is taken where both answer alike, else MD5: both find the same, and neither takes for equal
# what is not.

compare() { "$PGHAUL" compare data "$@"; }

# Values that are easily taken for each other, the same on both sides.
values_pair() {
    pair template0 "${1:-}" "${2:-}"
    local side
    for side in src tgt; do
        $side <<'SQL'
create extension citext;
create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create domain code as char(4);
create table v (id int primary key, f4 float4, f8 float8, n numeric, t text, x text, ci citext, b text collate blind, c char(5), d code,
    bp bpchar, j jsonb, s json, by bytea, i interval, ts timestamptz, a int[], r int4range, m money, p point, bits bit varying, u uuid, h inet, i8 int8);
insert into v (id, f4, f8, n, t, x, ci, b, c, d, bp, j, s, by, i, ts, a, r, m, p, bits, u, h, i8)
select g, 0, 0, 1.0, '', 'a', 'Word', 'Word', 'ab', 'ab', 'ab', '{"n": 1.0}', '{"n": 1}', '\x00ff', '1 day', '2026-01-01 00:00+00', '{1,NULL}', '[1,5)', 3,
       '(0,1)', '101', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.1', 1
  from generate_series(1, 50) g;
insert into v (id) values (51);
insert into v (id, f4, f8, n) values (52, 'NaN', 'NaN', 'NaN'), (53, 'Infinity', '-Infinity', 'Infinity');
SQL
    done
}

# told_apart ARGUMENTS: each of these changes of one value is found, and undone again.
told_apart() {
    local change
    for change in "f4 = '-0'" "f8 = '-0'" "f8 = 'NaN'" 'n = 1.00' 'n = 1' 't = null' "t = ' '" "x = 'A'" "ci = 'word'" "b = 'word'" "c = 'ab c'" \
        "d = 'b'" "j = '{\"n\": 1.00}'" "s = '{\"n\":1}'" "by = '\\x01ff'" "by = '\\x00ff00'" "i = '24:00:00'" "ts = '2026-01-01 00:00:00.000001+00'" \
        "a = '{NULL,1}'" "a = '{1}'" "a = null" "r = '[1,5]'" "m = 3.01" "p = '(-0,1)'" "bits = '1010'" "h = '10.0.0.1/24'" 'i8 = 4294967296' 'i8 = -4294967298' "x = '', t = 'a'"; do
        tgt -c "update v set $change where id = 7"
        run -12 compare "$@"
        assert_output --partial 'table public.v differs: rows: 53 on the source, 53 on the target, 1 changed' || { echo "after: $change"; return 1; }
        tgt -c 'delete from v where id = 7' -c "insert into v select 7, $(tgt -c "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute where attrelid = 'v'::regclass and attnum > 1") from v where id = 8"
    done
    run -0 compare "$@"
    # Blanks at the end of char(n) and of bpchar are none, whatever its length is; another number of the same
    # value is not one.
    tgt -c 'alter table v alter c type char(9)' -c 'alter table v alter d type char(7)' -c "update v set bp = 'ab   ' where id <= 50"
    run -0 compare "$@"
    tgt -c 'alter table v alter c type char(5)' -c 'alter table v alter d type code'
    # Rows that are there more often, or have changed places.
    tgt -c 'create table w (a int, b text)'
    src -c 'create table w (a int, b text)' -c "insert into w values (1, 'x'), (2, 'y')"
    tgt -c "insert into w values (1, 'y'), (2, 'x')"
    run -12 compare -t w "$@"
    tgt -c 'truncate w' -c "insert into w values (2, 'y'), (1, 'x')"
    run -0 compare -t w "$@"
    tgt -c "insert into w values (2, 'y'), (2, 'y')"
    run -12 compare -t w "$@"
    src -c 'drop table w'
    tgt -c 'drop table w'
}

which_hash() { # what the log of a compare says
    run -0 "$PGHAUL" compare data --log-level debug "$@"
    grep -o 'rows are hashed by .*' <<<"$output"
}

@test "the servers' own hash tells all values apart" {
    values_pair
    [[ $(which_hash) == 'rows are hashed by hash_array_extended' ]]
    told_apart
}

@test "the same between two encodings and locales" {
    values_pair "encoding UTF8" "template template0 encoding LATIN1 lc_collate 'C' lc_ctype 'C'"
    [[ $(which_hash) == 'rows are hashed by hash_array_extended' ]]
    for side in src tgt; do PGCLIENTENCODING=UTF8 $side -c "update v set t = 'äöü', c = 'é', ci = 'É' where id > 40"; done
    told_apart
}

@test "a server that answers otherwise, or not at all, is asked for MD5" {
    values_pair
    tgt -c 'create role pgh_compare login' -c 'grant usage on schema public to pgh_compare' -c 'grant select on v to pgh_compare' \
        -c 'alter default privileges grant select on tables to pgh_compare'
    local as="${TARGET/user=postgres/user=pgh_compare}"
    tgt -c 'revoke execute on function hash_array_extended(anyarray, int8) from public'
    [[ $(which_hash --target "$as" -t v) == 'rows are hashed by md5' ]]
    told_apart --target "$as"
    tgt -c 'drop owned by pgh_compare' -c 'drop role pgh_compare'
    # Another function of that name.
    tgt -c 'grant execute on function hash_array_extended(anyarray, int8) to public' -c 'set allow_system_table_mods = on' \
        -c "update pg_proc set proname = 'was_hash_array_extended' where proname = 'hash_array_extended'" \
        -c "create function pg_catalog.hash_array_extended(anyarray, int8) returns int8 language sql immutable as 'select array_length(\$1, 1) + \$2'"
    [[ $(which_hash) == 'rows are hashed by md5' ]]
}
