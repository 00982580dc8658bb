-- Every type that a column may have, each in tables of its own, and a procedure that changes them in every
-- way. What is not the same on every server in binary form is in the schema "as text".
\set ON_ERROR_STOP on
set client_min_messages = warning;

create schema "My ""types""";
create schema plain;
create schema "as text";
set search_path = "My ""types""";
create extension hstore;
create extension citext;
create extension ltree;
create extension seg;
create extension cube;
create extension isn;
create extension intarray;

create type mood as enum ('sad', 'ok', 'it''s "fine", \ so');
create domain positive as int check (value > 0);
create domain odd as positive check (value % 2 = 1);
create domain words as text[] check (cardinality(value) < 100000);
create domain moods as mood[];
create type pair as (a int, "b, ""c" text);
create type was_wider as (gone int, a numeric, gone2 text, m mood);
alter type was_wider drop attribute gone, drop attribute gone2;
create type nest as (j json, p pair, ps pair[], w words, o odd, x xml, f was_wider, r regclass);
create domain small_pair as pair check ((value).a < 1000);
create domain pairs as pair[];
create type floats as range (subtype = float8, subtype_diff = float8mi);
create type pairs_between as range (subtype = pair);
create domain some_floats as floats;
create table "a relation; of course" (a int primary key);
create function "a function"(int, pair) returns int language sql as 'select 1';
create function "of a kind"(text) returns int language sql as 'select 1';
create operator ### (leftarg = int, rightarg = pair, function = "a function");
create collation "a collation" (locale = 'C');
create text search configuration "a config" (copy = simple);
create text search dictionary "a dict" (template = simple);

-- `portable`: the same in binary form everywhere. ~ is the schema above.
create table kinds (number int generated always as identity primary key, kind text unique, portable bool, vals text[]);
insert into kinds (portable, kind, vals) values
    (true, 'bool', array['t', 'f']),
    (true, 'int2', array['0', '-32768', '32767']),
    (true, 'int4', array['0', '-2147483648', '2147483647']),
    (true, 'int8', array['0', '-9223372036854775808', '9223372036854775807']),
    (true, 'numeric', array['NaN', 'Infinity', '-Infinity', '1.0', '1.000', '0', '-0.00', '1e-1000', '-123456789.987654321', '1e130000',
        repeat('98765', 2000) || '.' || repeat('00001', 3000)]),
    (true, 'numeric(30,10)', array['NaN', '1', '-12345678901234567890.0123456789']),
    (true, 'float4', array['NaN', 'Infinity', '-Infinity', '-0', '0', '1.17549435e-38', '3.4028235e38', '0.1', '1e-45', '16777217']),
    (true, 'float8', array['NaN', 'Infinity', '-Infinity', '-0', '0', '2.2250738585072014e-308', '1.7976931348623157e308', '0.1', '5e-324',
        '0.30000000000000004']),
    (true, 'money', array['0', '-1.05', '92233720368547758.07', '-92233720368547758.08']),
    (true, 'text', array['', ' ', 'NULL', 'it''s', 'back\slash', '\\', '\N', '\.', '"', '{"a",NULL}', '(,)', E'two\nlines\r\n\t', E'\x01\x7f',
        'ünïcödé 日本語 😀', repeat('né', 500000)]),
    (true, 'varchar', array['', 'x', repeat('y', 5000)]),
    (true, 'varchar(7)', array['', 'é''s   ', '1234567']),
    (true, 'bpchar', array['', 'x  ', repeat('y', 5000)]),
    (true, 'char(7)', array['', 'a', '  é', '1234567']),
    (true, '"char"', array['', 'a', '\', '"', '''', ' ', E'\x01']),
    (true, 'name', array['', 'x', 'A "name"', repeat('n', 63), repeat('é', 31)]),
    (true, 'bytea', array['\x', '\x00', '\x00ff275c0a', '\x5c5c', '\x' || repeat('00c3ff5c', 262144)]),
    (true, 'date', array['infinity', '-infinity', '4714-11-24 BC', '5874897-12-31', '2024-02-29', '0001-01-01', '2000-01-01']),
    (true, 'time', array['00:00', '24:00', '12:34:56.789012', '23:59:59.999999']),
    (true, 'time(2)', array['00:00', '12:34:56.789', '24:00']),
    (true, 'timetz', array['00:00+00', '24:00-15:59', '12:34:56.789012+05:45', '23:59:59.999999+15:59:59']),
    (true, 'timetz(0)', array['00:00+00', '12:34:56.7-05', '24:00+02']),
    (true, 'timestamp', array['infinity', '-infinity', '4713-01-01 00:00 BC', '294276-12-31 23:59:59.999999', '2000-01-01 00:00:00.000001']),
    (true, 'timestamp(0)', array['infinity', '2000-01-01', '1999-12-31 23:59:59.5']),
    (true, 'timestamptz', array['infinity', '-infinity', '4713-01-01 00:00+00 BC', '294276-12-31 23:59:59.999999+00', '2024-03-31 02:30:00+01',
        '1900-01-01 00:00:00.1+00']),
    (true, 'timestamptz(3)', array['infinity', '2024-10-27 02:30:00.1239+02', '0001-01-01 00:00+00 BC']),
    (true, 'interval', array['0', '1 mon -1 day 00:00:01', '-1 year -2 mons +3 days -04:05:06.789', '178000000 years', '-178000000 years',
        '00:00:00.000001', '1 day 24:00', '2147483647 days -2147483648 months']),
    (true, 'interval year to month', array['0', '-3 years 2 months', '178000000 years']),
    (true, 'interval(2)', array['1 day 00:00:01.239', '0', '-00:00:00.01']),
    (true, 'uuid', array['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff']),
    (true, 'inet', array['192.168.1.1', '192.168.1.1/24', '::1', 'fe80::1/10', '0.0.0.0/0', '::ffff:1.2.3.4/96']),
    (true, 'cidr', array['10.0.0.0/8', '192.168.1.1/32', '2001:db8::/32', '::/0']),
    (true, 'macaddr', array['08:00:2b:01:02:03', 'ff:ff:ff:ff:ff:ff']),
    (true, 'macaddr8', array['08:00:2b:01:02:03:04:05', '00:00:00:00:00:00:00:00']),
    (true, 'bit(5)', array['00000', '10101']),
    (true, 'bit', array['0', '1']),
    (true, 'varbit', array['', '1', repeat('0', 70) || '1', repeat('110', 30000)]),
    (true, 'varbit(9)', array['', '101010101']),
    (true, 'json', array['null', '{"b":1, "a" : 2,"b":3}', '[]', '" \u00e9\\ "', '{ }', ' 1.0', '["' || repeat('x', 9000) || '"]']),
    (true, 'jsonb', array['null', '{"b":1, "a" : 2,"b":3}', '[]', '1.00', '{"":null}', '[1e3, true, "it''s"]', '["' || repeat('é', 400000) || '"]']),
    (true, 'jsonpath', array['$', '$.a[*] ? (@.b > 1 && @ like_regex "^x\"")', 'strict $."x y"']),
    (true, 'tsvector', array['', 'a:1A b:2,3C ''it''''s'':4', '''back\\slash'' ''a b''', 'z y:16383A a:1,2,3,4,5B']),
    (false, 'tsquery', array['', 'a & !b | c:*A', '''it''''s'' <2> x', '(a | b) & (c <-> !d)', 'q & w & e | r']),
    (true, 'point', array['(0,-0)', '(1.5,-2.25)', '(NaN,Infinity)', '(1e-300,0.1)']),
    (true, 'line', array['{1,-1,0}', '{0.1,2,3}']),
    (true, 'lseg', array['[(0,0),(1,1)]', '[(0.1,-0),(Infinity,NaN)]']),
    (true, 'box', array['(1,1),(0,0)', '(0.1,2),(-3,4)']),
    (true, 'path', array['((0,0),(1,1),(2,0))', '[(0,0),(1,1)]', '(' || repeat('(0.1,0.2),', 400) || '(1,1))']),
    (true, 'polygon', array['((0,0),(1,1),(2,0))', '((0.1,0.2))', '(' || repeat('(0.1,0.2),', 400) || '(1,1))']),
    (true, 'circle', array['<(0,0),1>', '<(1.5,-2),0.1>', '<(0,0),Infinity>']),
    (true, 'int4range', array['empty', '[1,5)', '(,)', '[3,)', '(-5,-1]']),
    (true, 'int8range', array['empty', '[1,9223372036854775807)', '(,)']),
    (true, 'numrange', array['empty', '[1.0,1.00]', '(,NaN]', '(0.1,Infinity)', '[1e-400,1e300)']),
    (true, 'daterange', array['[2000-01-01,2000-02-01]', '(-infinity,infinity)', 'empty', '(,2000-01-01)']),
    (true, 'tsrange', array['["2000-01-01 00:00:00",infinity)', '(,)', 'empty']),
    (true, 'tstzrange', array['["2000-01-01 00:00:00+00",infinity)', '(,"2020-02-02 02:02:02.000002+05")', 'empty']),
    (true, 'int4multirange', array['{}', '{[1,3),[5,9),(20,)}', '{(,)}']),
    (true, 'int8multirange', array['{}', '{[1,3),[5,9),(20,)}']),
    (true, 'nummultirange', array['{}', '{[1.0,1.00],(2,NaN]}', '{(,)}']),
    (true, 'datemultirange', array['{[2000-01-01,2000-01-03),[2001-01-01,infinity)}', '{}']),
    (true, 'tsmultirange', array['{}', '{["2000-01-01","2001-01-01"),[infinity,]}']),
    (true, 'tstzmultirange', array['{}', '{["2000-01-01 00:00+00","2001-01-01 00:00+05")}']),
    (true, 'oid', array['0', '4294967295']),
    (true, 'xid', array['0', '4294967295']),
    (true, 'cid', array['0', '4294967295']),
    (true, 'xid8', array['3', '18446744073709551615']),
    (true, 'tid', array['(0,1)', '(4294967295,65535)']),
    (false, 'int2vector', array['', '1', '-32768 32767']),
    (false, 'oidvector', array['', '1 4294967295']),
    (true, 'pg_lsn', array['0/0', 'FFFFFFFF/FFFFFFFF', '16/B374D848']),
    (true, 'txid_snapshot', array['10:20:10,14,15', '5:5:']),
    (true, 'pg_snapshot', array['10:20:10,14,15', '5:5:']),
    (true, '~.mood', array['sad', 'ok', 'it''s "fine", \ so']),
    (true, '~.positive', array['1', '2147483647']),
    (true, '~.odd', array['1', '2147483647']),
    (true, '~.words', array['{}', '{a,NULL}', '[5:6]={"b c",","}', '{{a},{"\"\\"}}']),
    (false, 'refcursor', array['', 'a ''cursor''']),
    (false, 'xml', array['', 'text only', '<a b="c">d</a>', '<a/><b/>', E'<x>''&amp;&#233;é\n</x>', '<?xml version="1.0" standalone="yes"?><a/>',
        '<!DOCTYPE a><a/>', '<a>' || repeat('é', 9000) || '</a>']),
    (false, 'aclitem', array['postgres=r/postgres', '=UC/postgres']),
    (false, 'regclass', array['-', 'pg_class', '~."a relation; of course"', '123456789']),
    (false, 'regtype', array['-', 'int4', 'timestamp with time zone', 'text[]', '~.pair', '~.words[]']),
    (false, 'regproc', array['-', 'now', '~."of a kind"']),
    (false, 'regprocedure', array['-', 'max(int4)', '~."a function"(int, ~.pair)']),
    (false, 'regoper', array['0', '~.###', '||/']),
    (false, 'regoperator', array['0', '+(int4,int8)', '~.###(int, ~.pair)', '-(NONE,int4)']),
    (false, 'regrole', array['-', 'postgres', 'pg_monitor']),
    (false, 'regnamespace', array['-', 'pg_catalog', '~']),
    (false, 'regcollation', array['-', '"C"', '~."a collation"']),
    (false, 'regconfig', array['-', 'english', '~."a config"']),
    (false, 'regdictionary', array['-', 'simple', '~."a dict"']),
    (false, '~.moods', array['{}', '{sad,NULL}', '[0:0]={ok}']),
    (false, '~.pair', array['(,)', '(1,"x, ""y"" \\")', '(,"")']),
    (false, '~.was_wider', array['(,)', '(1.50,sad)', '(NaN,"it''s ""fine"", \\ so")']),
    (false, '~.nest', array['(null,,,,,,,)', '("{""a"": [1, 2]}","(1,)","{""(,\\""a b\\"")"",NULL}","{a,NULL}",3,<a/>,"(1.0,)",pg_class)']),
    (false, '~.small_pair', array['(1,x)', '(,)']),
    (false, '~.pairs', array['{}', '{NULL,"(1,\"a,b\")"}', '{{"(,)"},{"(1,)"}}']),
    (false, '~.floats', array['empty', '[0.1,NaN)', '(-Infinity,)']),
    (false, '~.floats_multirange', array['{}', '{[0.1,0.2),[1,)}']),
    (false, '~.some_floats', array['empty', '[0.1,0.2]']),
    (false, '~.pairs_between', array['empty', '["(1,a)","(2,)")']),
    (false, '~.hstore', array['', '"a"=>"1", "b"=>NULL', '"it''s"=>"\"q\" \\ =>"']),
    (false, '~.citext', array['abc', 'ABCD', 'ä', '']),
    (false, '~.ltree', array['', 'Top.Science.x_1', 'a']),
    (false, '~.lquery', array['*', 'Top.*{1,2}.!a|b@*']),
    (false, '~.ltxtquery', array['a & !b', 'x* | y@']),
    (false, '~.seg', array['1.50 .. 2', '~0.1', '<5.00']),
    (false, '~.cube', array['(1,2),(3,4)', '(0.1)', '()']),
    (false, '~.isbn13', array['978-0-11-000533-1']),
    (false, '~.query_int', array['1&2|!3']),
    (false, '~.kinds', array['(1,k,t,"{a,NULL}")', '(,,,)']);
update kinds set kind = replace(kind, '~', '"My ""types"""') where kind like '~%';
update kinds set vals = array(select replace(v, '~.', '"My ""types""".') from unnest(vals) with ordinality u (v, i) order by i) where kind like 'reg%';
update kinds set vals = array_replace(vals, '~', '"My ""types"""') where kind = 'regnamespace';

-- Arrays of them all: empty, with NULLs, with other lower bounds, of several dimensions, long ones.
set search_path = '';
create function "My ""types""".array_of(kind text, vals text[]) returns text[] language plpgsql as $$
declare
    low text := vals[1]; high text := vals[least(2, cardinality(vals))]; made text[];
begin
    execute format('select array[''{}'', array[%2$L, null, %3$L]::%1$s[]::text, ''[-1:1]='' || array[%3$L, null, %2$L]::%1$s[]::text,
                           array[[%2$L, null], [%3$L, %2$L]]::%1$s[]::text, array_fill(%3$L::%1$s, ''{300}'')::text,
                           array_fill(null::%1$s, ''{2}'')::text]', kind, low, high) into made;
    return made;
end $$;
insert into "My ""types""".kinds (kind, portable, vals)
select kind || '[]', portable and kind !~ '"My', "My ""types""".array_of(kind, vals) from "My ""types""".kinds order by number;

-- The tables of a kind: with a key, with none, and with the type as the key, where it has an order.
create function "My ""types""".list(kind text, vals text[]) returns text language sql as $$
    select '(values ' || string_agg(format('(%s, %L::%s)', i, v, kind), ', ') || ') as x (i, v)'
      from unnest(vals) with ordinality as u (v, i)
$$;
create procedure "My ""types""".make() language plpgsql as $$
declare
    k record; t text; small text;
begin
    for k in select *, case when portable then 'plain' else 'as text' end as s, "My ""types""".list(kind, vals) as list
               from "My ""types""".kinds order by number loop
        t := format('%I.%I', k.s, k.kind);
        execute format('create table %s (id int primary key, v %s, n int)', t, k.kind);
        begin
            execute format('alter table %s alter v set storage external', t);
        exception when feature_not_supported then null;
        end;
        execute format('insert into %s select i, v, 0 from %s', t, k.list);
        execute format('insert into %s values (100, null, 0), (101, null, 0)', t);
        t := format('%I.%I', k.s, k.kind || ' full');
        execute format('create table %s (v %s, n int)', t, k.kind);
        execute format('alter table %s replica identity full', t);
        execute format('insert into %s select v, j from %s, generate_series(0, 2) j', t, k.list);
        execute format('insert into %s values (null, 1), (null, 1)', t);
        t := format('%I.%I', k.s, k.kind || ' key');
        begin
            execute format('create table %s (v %s primary key, n int)', t, k.kind);
            small := "My ""types""".list(k.kind, array(select v from unnest(k.vals) v where length(v) < 1000));
            execute format('insert into %s select v, i from %s where i < %s on conflict do nothing', t, small, greatest(cardinality(k.vals), 3));
        exception when undefined_object or undefined_function then null;
        end;
    end loop;
end $$;
call "My ""types""".make();

-- Changes of all of them: `whole` in one transaction for each kind; `step` is another one each time.
create procedure "My ""types""".change(whole bool, step int) language plpgsql as $$
declare
    k record; t text; f text; y text; small text[]; statement text; from_id int := step * 100000;
begin
    for k in select *, case when portable then 'plain' else 'as text' end as s, "My ""types""".list(kind, vals) as list, cardinality(vals) as count
               from "My ""types""".kinds order by number loop
        t := format('%I.%I', k.s, k.kind);
        f := format('%I.%I', k.s, k.kind || ' full');
        y := format('%I.%I', k.s, k.kind || ' key');
        small := array(select v from unnest(k.vals) v where length(v) < 1000);
        foreach statement in array array[
            format('insert into %s select %s + i, v, i from %s', t, from_id, k.list),
            format('insert into %s values (%s, null, 7), (%s, null, 8)', t, from_id + 100, from_id + 101),
            -- What is large is left alone, then it is not.
            format('update %s set n = n + 1', t),
            format('update %s t set v = x.v from %s where x.i = 1 + (t.id + %s) %% %s and t.id %% 100000 < 100', t, k.list, step, k.count),
            format('update %s set v = null where id %% 100000 = 1', t),
            format('update %s t set v = x.v from %s where x.i = %s and t.v is null and id %% 3 > 0', t, k.list, k.count),
            format('update %s set id = id + 500 where id %% 100000 between 2 and 3', t),
            format('update %s t set id = id + 500, v = x.v from %s where x.i = 1 and id %% 100000 = 4', t, k.list),
            format('delete from %s where id %% 100000 in (501, 502, 5, 100)', t),
            format('insert into %s select v, 9 from %s', f, k.list),
            format('update %s set n = n + 1 where ctid in (select min(ctid) from %1$s group by v::text, n)', f),
            format('update %s t set v = x.v from %s where x.i = %s and t.n = %s', f, k.list, 1 + step % k.count, 1 + step % 4),
            format('update %s set v = null where ctid = (select max(ctid) from %1$s)', f),
            format('update %s t set v = x.v from %s where x.i = 1 and t.v is null', f, k.list),
            format('delete from %s where ctid in (select min(ctid) from %1$s group by v::text)', f),
            format('insert into %s values (null, null), (null, null)', f),
            format('insert into %s select x.v, %s + i from %s on conflict do nothing', y, from_id, "My ""types""".list(k.kind, small)),
            format('update %s set n = n + 1', y),
            format('delete from %s where n = (select min(n) from %1$s)', y),
            format('update %s t set v = x.v from %s where x.i = 1 and t.n = (select max(n) from %1$s) and not exists (select from %1$s z where z.v::text = x.v::text)',
                   y, "My ""types""".list(k.kind, small)),
            format('delete from %s where n = (select max(n) from %1$s)', y),
            -- Enough to come by COPY.
            format('insert into %s select %s + g.i, x.v, g.i from generate_series(1, 520) g (i), %s where x.i = 1 + g.i %% %s',
                   t, from_id + 1000, "My ""types""".list(k.kind, small), cardinality(small))] loop
            begin
                execute statement;
            exception when undefined_table then
                if to_regclass(y) is not null then raise; end if;
            end;
            if not whole then commit; end if;
        end loop;
        commit;
    end loop;
end $$;
