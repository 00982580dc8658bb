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
create domain wide as int8;
create type mood as enum ('sad', 'ok');
create table v (id int primary key, f4 float4, f8 float8, n numeric, t text, x text, ci citext, b text collate blind, c char(5), d code,
    bp bpchar, j jsonb, s json, by bytea, i interval, ts timestamptz, a int[], r int4range, m money, p point, bits bit varying, u uuid, h inet, i8 int8,
    y bool, q "char", nm name, o oid, i2 int2, i4 int4, dt date, tm time, tz timetz, lo timestamp, ma macaddr, m8 macaddr8, xi xid, x8 xid8, wal pg_lsn,
    fb bit(3), nn numeric(9,3), em mood, xm xml, big wide);
insert into v (id, f4, f8, n, t, x, ci, b, c, d, bp, j, s, by, i, ts, a, r, m, p, bits, u, h, i8,
    y, q, nm, o, i2, i4, dt, tm, tz, lo, ma, m8, xi, x8, wal, fb, nn, em, xm, big)
select g, 0, 0, 1.0, '', 'a', 'Word', 'Word', 'ab', 'ab', 'ab', '{"n": 1.0}', '{"n": 1}', '\x00ff', '1 day', '2026-01-01 00:00+00', '{1,NULL}', '[1,5)', 3,
       '(0,1)', '101', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.1', 1, true, 'a', 'word', 1, 1, 1, '2026-01-01', '00:00', '00:00+00', '2026-01-01 00:00',
       '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '7', '7', '0/7', '101', 1, 'sad', '<a>&lt;</a>', 1
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
        "a = '{NULL,1}'" "a = '{1}'" "a = null" "r = '[1,5]'" "m = 3.01" "p = '(-0,1)'" "bits = '1010'" "h = '10.0.0.1/24'" 'i8 = 4294967296' 'i8 = -4294967298' "x = '', t = 'a'" \
        'y = false' 'y = null' "q = '\\200'" "nm = 'Word'" "nm = 'word '" 'o = 4294967295' 'i2 = -2' 'i4 = -2' 'i4 = 0' "dt = 'infinity'" "tm = '24:00'" \
        "tz = '01:00+01'" "lo = '2026-01-01 00:00:00.000001'" "ma = '08:00:2b:01:02:04'" "m8 = '08:00:2b:01:02:03:04:06'" "xi = '8'" "x8 = '4294967303'" \
        "wal = '1/7'" "fb = '100'" 'nn = 1.001' "em = 'ok'" "xm = '<a>&gt;</a>'" 'big = 4294967296' 'i2 = 2, i4 = 0' 'o = null, i4 = null'; do
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
    # Rows that are there more often, or have changed places, whatever the source's key is.
    local key
    for key in '' 'primary key (a)' 'primary key (b)' 'primary key (a, b)'; do
        tgt -c 'create table w (a int, b text)'
        src -c "create table w (a int, b text${key:+, $key})" -c "insert into w values (1, 'x'), (2, 'y'), (0, 'z'), (-3, '')"
        local rows
        for rows in "(1, 'y'), (2, 'x'), (0, 'z'), (-3, '')" "(2, 'y'), (2, 'y'), (0, 'z'), (-3, '')" "(2, 'y'), (1, 'x'), (0, 'z'), (null, '')" \
            "(2, 'y'), (1, 'x'), (0, 'z'), (-3, ''), (null, 'x')" "(1, 'z'), (2, 'y'), (0, ''), (-3, 'x')" "(2, 'y'), (1, 'x'), (-3, '')" \
            "(2, 'y'), (1, 'x'), (0, 'z'), (-3, ''), (-3, '')" "(2, 'y'), (1, 'x'), (0, 'z'), (3, '')"; do
            tgt -c 'truncate w' -c "insert into w values $rows"
            run -12 compare -t w "$@" || { echo "key: $key, rows: $rows"; return 1; }
        done
        tgt -c 'truncate w' -c "insert into w values (0, 'z'), (2, 'y'), (-3, ''), (1, 'x')"
        run -0 compare -t w "$@"
        src -c 'drop table w'
        tgt -c 'drop table w'
    done
}

which_hash() { # what the log of a compare says
    run -0 "$PGHAUL" compare data --log-level debug "$@"
    grep -o 'rows are hashed by .*' <<<"$output"
}

@test "the servers' own hash tells all values apart" {
    values_pair
    [[ $(which_hash) == 'rows are hashed by hash_record_extended' ]]
    told_apart
}

@test "the same between two encodings and locales" {
    values_pair "encoding UTF8" "template template0 encoding LATIN1 lc_collate 'C' lc_ctype 'C'"
    # Text is in the encoding of each database when it is hashed as it is.
    [[ $(which_hash) == 'rows are hashed by hash_array_extended' ]]
    for side in src tgt; do PGCLIENTENCODING=UTF8 $side -c "update v set t = 'äöü', c = 'é', ci = 'É' where id > 40"; done
    told_apart
}

@test "a server that answers otherwise, or not at all, is asked for MD5" {
    values_pair
    tgt -c 'create role pgh_hashes login' -c 'grant usage on schema public to pgh_hashes' -c 'grant select on v to pgh_hashes' \
        -c 'alter default privileges grant select on tables to pgh_hashes'
    local as="${TARGET/user=postgres/user=pgh_hashes}"
    tgt -c 'revoke execute on function hash_record_extended(record, int8) from public'
    [[ $(which_hash --target "$as" -t v) == 'rows are hashed by hash_array_extended' ]]
    tgt -c 'revoke execute on function hash_array_extended(anyarray, int8) from public'
    [[ $(which_hash --target "$as" -t v) == 'rows are hashed by md5' ]]
    told_apart --target "$as"
    tgt -c 'drop owned by pgh_hashes' -c 'drop role pgh_hashes'
    # Other functions of these names.
    tgt -c 'grant execute on function hash_array_extended(anyarray, int8) to public' -c 'grant execute on function hash_record_extended(record, int8) to public' \
        -c 'set allow_system_table_mods = on' \
        -c "update pg_proc set proname = 'was_hash_record_extended' where proname = 'hash_record_extended'" \
        -c "create function pg_catalog.hash_record_extended(record, int8) returns int8 language plpgsql immutable as 'begin return \$2 + length(\$1::text); end'" \
        -c "update pg_proc set proname = 'was_hash_array_extended' where proname = 'hash_array_extended'" \
        -c "create function pg_catalog.hash_array_extended(anyarray, int8) returns int8 language sql immutable as 'select array_length(\$1, 1) + \$2'"
    [[ $(which_hash) == 'rows are hashed by md5' ]]
}
