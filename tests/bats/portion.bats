load lib.bash

rows() {
    src -c 'create schema shop; create schema tools;
            create function tools.is_even(i int) returns bool language sql immutable as $$select i % 2 = 0$$;
            create table shop.orders (id int primary key, "Made On" date not null default current_date, secret text, note text default $$none$$, twice int generated always as (id * 2) stored);
            insert into shop.orders select i, date $$2020-01-01$$ + i, $$s$$ || i, $$n$$ || i from generate_series(1, 1000) i;
            create table shop.events (id int, k int) partition by list (k);
            create table shop.events_1 partition of shop.events for values in (1);
            create table shop.events_2 partition of shop.events for values in (2);
            insert into shop.events select i, 1 + i % 2 from generate_series(1, 100) i;
            create table shop.other (id int); insert into shop.other select generate_series(1, 10)'
}

@test "--where: the rows that meet a condition; partitions with their table; parts" {
    pair template0
    rows
    run -0 "$PGHAUL" clone --dir "$RUN" -q --where 'shop.orders="Made On" >= $$2021-01-01$$ and tools.is_even(id) -- even ones' \
        --where 'shop.events=id <= 10'
    [[ $(tgt -c 'select count(*), min(id) from shop.orders') == "$(src -c 'select count(*), min(id) from shop.orders where "Made On" >= $$2021-01-01$$ and id % 2 = 0')" ]]
    [[ $(tgt -c 'select count(*), count(distinct k) from shop.events') == '10|2' ]]
    [[ $(tgt -c 'select count(*) from shop.other') == 10 ]]
    same_schema
    # Every part has the condition.
    src -c 'create table shop.big as select i as id, repeat($$x$$, 300) as x from generate_series(1, 20000) i'
    run -0 "$PGHAUL" clone --dir "$RUN.2" -q -t shop.big --where 'shop.big=id % 10 = 0 or id = 1' --split-larger-than 1MB
    [[ $(tgt -c 'select count(*), sum(id) from shop.big') == "$(src -c 'select count(*), sum(id) from shop.big where id % 10 = 0 or id = 1')" ]]
    [[ $(sqlite3 "$RUN.2/catalog.db" "select count(*) > 4 from work where kind = 'part'") == 1 ]]
}

@test "--columns: the others get their defaults; with --where, and shown by list" {
    pair template0
    rows
    run -0 "$PGHAUL" clone --dir "$RUN" -q --columns 'shop.ord*=ID, "Made On"' --where 'shop.orders=id < 11'
    [[ $(tgt -c 'select count(*), count(secret), min(note), sum(twice) from shop.orders') == '10|0|none|110' ]]
    [[ $(tgt -c 'select max("Made On") from shop.orders') == 2020-01-11 ]]
    run -0 "$PGHAUL" list tables --where 'shop.orders=id < 11'
}

@test "shares of a table, one after another, and one of them again" {
    pair template0
    rows
    run -0 "$PGHAUL" copy schema --dir "$RUN.1" -q
    run -0 "$PGHAUL" copy data -t shop.orders --where 'shop.orders=id <= 500' --dir "$RUN.2" -q
    run -0 "$PGHAUL" copy data -t shop.orders --where 'shop.orders=id > 500' --dir "$RUN.3" -q
    [[ $(tgt -c 'select count(*), count(distinct id) from shop.orders') == '1000|1000' ]]
    run -5 "$PGHAUL" copy data -t shop.orders --where 'shop.orders=id > 900' --dir "$RUN.4" -q
    assert_output --partial 'PGH-3113'
    src -c 'update shop.orders set note = $$changed$$ where id > 900'
    run -0 "$PGHAUL" copy data -t shop.orders --where 'shop.orders=id > 900' --truncate --dir "$RUN.5" -q
    run -0 "$PGHAUL" copy data -t shop.events -t shop.other --dir "$RUN.6" -q
    same
}

@test "--where and --columns that cannot be" {
    pair template0
    rows
    src -c 'create extension if not exists citext'
    wrong() {
        run -2 "$PGHAUL" clone --dir "$RUN" "$1" "$2"
        assert_output --partial "$3"
    }
    wrong --where 'shop.orders' '--where "shop.orders": it takes TABLE=CONDITION'
    wrong --where 'shop.orders=id >' 'syntax error'
    wrong --where 'shop.orders=nothing = 1' 'column "nothing" does not exist'
    wrong --where 'shop.orders=is_even(id)' 'the search path is empty'
    wrong --where 'shop.nothing=true' 'PGH-1008'
    wrong --where '"shop.orders=true' 'it takes TABLE=CONDITION'
    wrong --columns 'shop.orders=' 'it takes TABLE=COLUMN'
    wrong --columns 'shop.orders=id,nothing' 'table shop.orders has no such column, or the server computes it'
    wrong --columns 'shop.orders=twice' 'or the server computes it'
    wrong --columns 'shop.orders=id,id' 'it names a column twice'
    wrong --columns 'shop.orders=id secret' 'a comma is missing'
    run -2 "$PGHAUL" clone --dir "$RUN" --where 'shop.orders=id > 1' --where 'shop.*=true'
    assert_output --partial 'has a condition already'
    run -0 "$PGHAUL" clone --dir "$RUN" -q --where 'shop.nothing=true' --no-strict-names
    same
}

@test "--where takes one condition, whatever is in it" {
    pair template0
    rows
    wrong() {
        run -2 "$PGHAUL" clone --dir "$RUN" --where "$1"
        assert_output --partial "$2"
    }
    # It would be a condition on one part of the table and not on the others.
    wrong 'shop.orders=id = 1) or (id = 2' 'syntax error'
    wrong 'shop.orders=true) offset (5' 'syntax error'
    wrong 'shop.orders=true]) = 1 and (array[true' 'syntax error'
    wrong 'shop.orders=true); commit; create table public.harm (); --' 'syntax error'
    wrong $'shop.orders=true\n); commit; create table public.harm (); --' 'syntax error'
    wrong 'shop.orders=id = 1 /*' 'unterminated'
    wrong "shop.orders=note = 'n" 'unterminated'
    wrong 'shop.orders=id = $1' 'PGH-1003'
    wrong 'shop.orders=count(*) > 1' 'aggregate functions are not allowed'
    wrong 'shop.orders=id' 'must be type boolean'
    wrong 'shop.orders=1, true' 'PGH-1003'
    [[ $(src -c "select count(*) from pg_class where relname = 'harm'") == 0 ]]
    run -0 "$PGHAUL" clone --dir "$RUN" -q --where "shop.orders=note not in ('n7', '); --', 'it''s') and exists (select from shop.other o where o.id = orders.id) -- ten"
    [[ $(tgt -c 'select count(*) from shop.orders') == 9 ]]
}

@test "names with quotes, spaces, dots, equals signs and beyond ASCII, 63 bytes long" {
    pair template0
    local schema='"it'\''s a.b=c ""x"""' long
    long=$(printf 'ü%.0s' {1..31})
    src -c "create schema $schema; create table $schema.\"$long\" (\"a=b, \"\"c\"\"\" int primary key, \"$long\" text, \"Ö.\" int);
            insert into $schema.\"$long\" select i, i, i from generate_series(1, 100) i"
    run -0 clone -q --where "$schema.\"$long\"=\"a=b, \"\"c\"\"\" > 90" --columns "$schema.\"$long\"=\"Ö.\", \"a=b, \"\"c\"\"\""
    [[ $(tgt -c "select count(*), count(\"$long\"), sum(\"Ö.\") from $schema.\"$long\"") == '10|0|955' ]]
    run -0 "$PGHAUL" copy data --dir "$RUN.2" --truncate --where "$schema.\"$long\"=\"a=b, \"\"c\"\"\" > 80" -q
    [[ $(tgt -c "select count(*), count(\"$long\"), sum(\"Ö.\") from $schema.\"$long\"") == '20|20|1810' ]]
}

@test "--where breaks a key: the rows are all there, and --resume goes on after the user has mended them" {
    pair template0
    src -c 'create table c (id int primary key); create table o (id int primary key, c int references c);
            create table big_o (id int primary key, c int references c, x text); create sequence s;
            insert into c select generate_series(1, 100); insert into o select i, i from generate_series(1, 100) i;
            insert into big_o select i, 1 + i % 100, repeat($$y$$, 1000) from generate_series(1, 20000) i'
    run -5 clone -q --where 'c=id <= 50'
    assert_output --partial 'PGH-3003: adding foreign keys, public.'
    assert_output --partial 'o_c_fkey"'
    # The snapshot is gone, but all is copied.
    [[ $(tgt -c 'select (select count(*) from o), (select count(*) from big_o)') == '100|20000' ]]
    run -5 clone --resume -q
    assert_output --partial 'PGH-3003: adding foreign keys, public.'
    tgt -c 'delete from o where c > 50; delete from big_o where c > 50'
    run -0 clone --resume -q
    [[ $(tgt -c "select count(*) from pg_constraint where contype = 'f' and convalidated") == 2 ]]
    [[ $(tgt -c 'select (select count(*) from o), (select count(*) from big_o)') == '50|10000' ]]
    no_helper_schema
    # Into tables that exist: first PGH-3115, then the same.
    src -c 'delete from o where c <= 50'
    run -5 "$PGHAUL" copy data -t o --where 'o=c > 40' --truncate --dir "$RUN.2" -q
    assert_output --partial 'PGH-3115'
    tgt -c 'delete from o where c > 50'
    run -0 "$PGHAUL" copy data --resume --dir "$RUN.2" -q
    [[ $(tgt -c 'select count(*), max(c) from o') == '40|40' ]]
}
