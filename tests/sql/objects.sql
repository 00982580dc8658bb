-- A database with every kind of object that PostgreSQL's CREATE commands know, many of them in several
-- variants, and with names and values that are easy to get wrong. For servers from version 13 on; what
-- only later ones know is left out on older ones. Roles pgh_owner and pgh_reader must exist.
\set ON_ERROR_STOP on
set client_min_messages = warning;
select current_setting('server_version_num')::int as version \gset
select :version >= 140000 as v14, :version >= 150000 as v15, :version >= 160000 as v16,
       :version >= 170000 as v17, :version >= 180000 as v18,
       case when :version >= 140000 then 'int4multirange' else 'text' end as multirange,
       case when :version >= 140000 then '-Infinity' else '-1' end as lowest_numeric,
       case when :version >= 140000 then 'compression pglz' else '' end as compression,
       case when :version >= 150000 then 'nulls not distinct' else '' end as nulls_not_distinct,
       case when :version >= 150000 then '(other)' else '' end as set_null_columns,
       case when :version >= 150000 then 'security_invoker' else 'security_barrier' end as view_option \gset

create schema app authorization pgh_owner;
create schema "Odd Names";
comment on schema app is 'the application';
grant usage on schema app to pgh_reader;
alter default privileges in schema app grant select on tables to pgh_reader;

-- Extensions, one with a configuration table of its own rows.
create extension hstore schema app;
create extension btree_gist;
create extension pg_trgm;
create extension citext;
create extension file_fdw;
create extension bloom schema app;
-- Members that were changed by hand.
revoke all on function show_trgm(text) from public;
grant execute on function show_trgm(text) to pgh_reader with grant option;

-- Types.
create type app.mood as enum ('sad', 'ok', 'it''s "fine"');
create type app.pair as (a int, b text);
create type app.floatrange as range (subtype = float8, subtype_diff = float8mi);
create domain app.posint as int check (value > 0);
create domain app.posint2 as app.posint not null default 1;
create domain app.code as varchar(10) collate "C" constraint code_form check (value ~ '^[A-Z]+$');
create type app.shell;
create function app.shell_in(cstring) returns app.shell language internal immutable strict as 'int4in';
create function app.shell_out(app.shell) returns cstring language internal immutable strict as 'int4out';
create type app.shell (input = app.shell_in, output = app.shell_out, like = int4);
create collation app.german (provider = icu, locale = 'de-u-co-phonebk', deterministic = false);
create conversion app.latin for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;

-- Functions and what is made of them.
\if :v14
create function app.double(i int) returns int language sql immutable begin atomic select i * 2; end;
\else
create function app.double(i int) returns int language sql immutable as 'select i * 2';
\endif
create function app.plus_one(i int) returns int language plpgsql immutable parallel safe
    set work_mem = '8MB' as $f$
begin
    -- a body with a line that looks like a comment of pg_restore:
    --
    -- Name: fake; Type: TABLE; Schema: app; Owner: -
    --
    return i + 1; -- ';'
end $f$;
create procedure app.nothing(inout x int) language plpgsql as $$ begin x := x; end $$;
create aggregate app.total(int) (sfunc = int4pl, stype = int, initcond = '0');
create function app.pair_eq(app.pair, app.pair) returns bool language sql immutable
    as 'select $1.a = $2.a and $1.b = $2.b';
create operator app.=== (leftarg = app.pair, rightarg = app.pair, function = app.pair_eq, commutator = operator(app.===));
create operator family app.int_family using btree;
create operator class app.int_down for type int using btree family app.int_family as
    operator 1 >, operator 2 >=, operator 3 =, operator 4 <=, operator 5 <, function 1 btint4cmp(int, int);
create cast (app.pair as text) with inout as assignment;
create access method heap2 type table handler heap_tableam_handler;
create text search dictionary app.simple_de (template = simple, stopwords = german);
create text search configuration app.de (copy = german);
alter text search configuration app.de alter mapping for asciiword with app.simple_de;
create text search parser app.parser (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end,
                                      lextypes = prsd_lextype, headline = prsd_headline);
create text search template app.template (lexize = dsimple_lexize, init = dsimple_init);
create function app.hstore_to_nothing(internal) returns internal language internal immutable as 'array_out';
create transform for app.hstore language sql (from sql with function app.hstore_to_nothing(internal));
create function app.plpgsql2_call() returns language_handler language c as '$libdir/plpgsql', 'plpgsql_call_handler';
create trusted language plpgsql2 handler app.plpgsql2_call;
create function app.in_plpgsql2() returns int language plpgsql2 as $$ begin return 2; end $$;

-- More of each kind.
create type app.multi as range (subtype = timestamptz, subtype_opclass = timestamptz_ops);
create type app."Odd, Type" as ("a; b" int, c app.pair[], d app.posint);
comment on column app.pair.a is 'a column of a type';
create domain app.pairs as app.pair[] check (cardinality(value) < 10);
create domain app.later as text;
alter domain app.later add constraint later_long check (length(value) < 100) not valid;
create function app.pair_from_text(text) returns app.pair language sql immutable as $$ select row(length($1), $1)::app.pair $$;
create cast (text as app.pair) with function app.pair_from_text(text) as assignment;
create function app.int_of_pair(app.pair) returns int language sql immutable as 'select $1.a';
create cast (app.pair as int) with function app.int_of_pair(app.pair);
create cast (app.shell as int4) without function as implicit;
create operator app.!! (rightarg = app.pair, function = app.int_of_pair);
create function app.pair_ne(app.pair, app.pair) returns bool language sql immutable as 'select $1.a <> $2.a or $1.b <> $2.b';
create operator app.<<>> (leftarg = app.pair, rightarg = app.pair, function = app.pair_ne,
    commutator = operator(app.<<>>), restrict = neqsel, join = neqjoinsel);
alter operator family app.int_family using btree add operator 1 < (int4, int8), function 1 (int4, int8) btint48cmp(int4, int8);
create operator class app.int_hash for type int using hash as operator 1 =, function 1 hashint4(int);
create function app.keep(int, int) returns int language sql immutable as 'select coalesce($1, $2)';
create aggregate app.running(int) (sfunc = int4pl, stype = int, initcond = '0', combinefunc = int4pl, parallel = safe,
    msfunc = int4pl, minvfunc = int4mi, mstype = int, minitcond = '0');
create aggregate app.middle(float8 order by anyelement) (sfunc = ordered_set_transition, stype = internal,
    finalfunc = percentile_disc_final, finalfunc_extra);
create function app.rank_of() returns bigint language internal window immutable as 'window_row_number';
create function app.every_way(a int, inout b text default 'x''y', variadic c int[] default '{1,2}', out d app.pair)
    returns record language sql stable strict security definer cost 17
    set search_path = app, pg_temp set datestyle to 'ISO, DMY' as $$ select b, row(a, b)::app.pair $$;
create function app.a_table(lim int) returns table (n int, t text) language sql rows 7 leakproof
    as 'select i, i::text from generate_series(1, lim) i';
create function app.a_set(anyelement) returns setof anyelement language plpgsql volatile parallel restricted
    as 'begin return next $1; end';
\if :v14
create procedure app.in_sql(a int, out b int) language sql begin atomic select a + 1; end;
\endif
create collation app.posix (locale = 'C');
create text search dictionary app.words (template = synonym, synonyms = synonym_sample);
create text search configuration app.from_nothing (parser = app.parser);
alter text search configuration app.from_nothing add mapping for word, asciiword with app.words, app.simple_de;
create access method brin2 type index handler brinhandler;
create operator class app.brin2_int default for type int using brin2 as
    operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >,
    function 1 brin_minmax_opcinfo(internal), function 2 brin_minmax_add_value(internal, internal, internal, internal),
    function 3 brin_minmax_consistent(internal, internal, internal), function 4 brin_minmax_union(internal, internal, internal);

-- Tables.
create sequence app.bare increment by -3 minvalue -100 maxvalue 100 start 7 cycle;
select nextval('app.bare'), nextval('app.bare');
create sequence app.untouched start 42;
create sequence app.small as smallint increment 100 maxvalue 30000 cache 20 owned by none;
select nextval('app.small'), nextval('app.small');
\if :v15
create unlogged sequence app.forgetful;
select nextval('app.forgetful');
\endif
create sequence app.called;
select setval('app.called', 99, false);

create table app.every_type (
    id int generated always as identity primary key,
    b bool, i2 int2, i4 int4, i8 int8, n numeric, n2 numeric(20, 5), r real, d double precision,
    m money, t text, vc varchar(10), c char(5), ch "char", nm name, by bytea,
    ts timestamp, tz timestamptz, da date, ti time, tt timetz, iv interval,
    ip inet, ci cidr, ma macaddr, ma8 macaddr8, bi bit(5), vb bit varying(7), u uuid, x xml, j json, jb jsonb,
    jp jsonpath, pt point, ln line, ls lseg, bx box, pa path, po polygon, cr circle,
    tv tsvector, tq tsquery, ar int[], ar2 text[][], mo app.mood, moa app.mood[], pr app.pair, pra app.pair[],
    ir int4range, nr numrange, tr tstzrange, im :multirange, fr app.floatrange,
    dp app.posint2, co app.code, hs app.hstore, cx citext, sh app.shell,
    oi oid, rc regclass, rp regprocedure, xi xid8, pl pg_lsn, sn pg_snapshot,
    g int generated always as (i4 + 1) stored
);
insert into app.every_type (b, i2, i4, i8, n, n2, r, d, m, t, vc, c, ch, nm, by, ts, tz, da, ti, tt, iv, ip, ci,
    ma, ma8, bi, vb, u, x, j, jb, jp, pt, ln, ls, bx, pa, po, cr, tv, tq, ar, ar2, mo, moa, pr, pra, ir, nr, tr, im, fr,
    dp, co, hs, cx, sh, oi, rc, rp, xi, pl, sn)
values
    (true, 1, 2, 3, 'NaN', 1.5, 'Infinity', '-0', 1234.56, E'a\tb\nc\\d', 'äöü', 'x', 'y', 'name', '\x00ff01',
     'infinity', '-infinity', '0044-03-15 BC', '24:00', '23:59:59.999999+14', '-1 year 2 mons -3 days 04:05:06.7',
     '::1', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '10101', '1', gen_random_uuid(),
     '<a>b</a>', '{"a" :  1}', '{"b": [1, null, "x"]}', '$.a[*] ? (@ > 1)', '(1,2)', '{1,2,3}', '[(0,0),(1,1)]',
     '((0,0),(1,1))', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(1,1),2>', 'a:1A b:2', 'a & !b',
     '[0:1]={5,6}', '{{a,NULL},{"","}"}}', 'it''s "fine"', '{sad,ok}', '(1,"x,y")', '{"(1,a)","(2,)"}',
     '[1,5)', '(,5.5]', '["2020-01-01 00:00+00",)', '{[1,2),[5,9)}', '[1.5,2.5]', 5, 'ABC', 'k=>v, n=>NULL', 'MixedCase',
     '77', 4294967295, 'app.every_type', 'app.double(int)', '18446744073709551615', '16/B374D848', '10:20:10,14,15'),
    (null, null, null, null, :'lowest_numeric', null, 'NaN', '-Infinity', null, '', '', '', '', '', '', 'epoch', 'epoch',
     'infinity', '00:00', '00:00+00', '0', '0.0.0.0/0', null, null, null, null, null, null, null, 'null', 'null',
     null, null, null, null, null, null, null, null, '', '', '{}', '{}', null, '{}', null, '{}', 'empty', 'empty',
     'empty', '{}', 'empty', 1, null, '', '', null, 0, null, null, null, null, null);
insert into app.every_type (t, i4) select repeat(chr(32 + n % 90), n), n from generate_series(1, 3000) n;
insert into app.every_type (by, jb, n) values
    (decode(repeat('00ff7f80', 300000), 'hex'), jsonb_build_object('k', repeat('v', 500000)), 10::numeric ^ 1000);
alter table app.every_type owner to pgh_owner;
grant select, insert (t) on app.every_type to pgh_reader with grant option;

create table app.more_types (a app."Odd, Type", b app.pairs, c app.later, d app.multi, e tstzrange[], f interval year to month,
    g timestamptz(0)[], h numeric(5, 2)[], i bit(3)[], j "char"[], k aclitem[], l name[], m regtype, n regnamespace, o oidvector,
    p int2vector, q tid, r cid, s xid, t timetz(3), u money[]);
alter table app.more_types drop column h;
insert into app.more_types values (row(1, array[row(2, 'z')::app.pair], 3), array[row(1, null)::app.pair], 'l',
    '["4713-01-01 00:00:00+00 BC",infinity)', '{"[2020-01-01 00:00+00,2021-01-01 00:00+00)",empty}', '-3 years 2 months',
    '{-infinity,"0044-03-15 12:00:00+00 BC"}', '{101,010}', '{a,"\""}', '{pgh_reader=r/pgh_owner}', '{x}', 'app.pair', 'app',
    '1 2', '3 4', '(5,6)', '7', '8', '23:59:59.999-15:59:59', '{-$1.50}');
create table app.oldest (d date, ts timestamp, tz timestamptz, iv interval);
insert into app.oldest values ('4713-01-01 BC', '4713-01-01 00:00:00 BC', '4713-01-01 00:00:00+00 BC', '-178000000 years'),
    ('5874897-12-31', '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', '178000000 years 11 months 3 days 4:05:06.7');
\if :v14
create table app.multiranges (a app.multi_multirange, b int8multirange[]);
insert into app.multiranges values ('{["2020-01-01 00:00+00","2021-01-01 00:00+00"),["2022-01-01 00:00+00",)}', '{"{[1,2),[5,6)}","{}"}');
\endif
create table app.toasted (a text, b int) with (toast.autovacuum_enabled = off, toast.autovacuum_vacuum_threshold = 99,
    autovacuum_analyze_scale_factor = 0.03, parallel_workers = 3, user_catalog_table = on);
insert into app.toasted select string_agg(md5(i::text), ''), 1 from generate_series(1, 4000) i;
create table app.defaults (id int default nextval('app.called'), at timestamptz default now(), a int[] default array[1, 2],
    j jsonb default '{"k": "it''s"}', t text collate "C" default 'x' || 'y', check (id > 0 or t <> 'a''b'), check (t is not null) no inherit);
insert into app.defaults (j) values (default), ('null');
create table app.nothing ();
insert into app.nothing default values;
insert into app.nothing default values;
create table app.only_generated (x int generated always as (1) stored);
insert into app.only_generated default values;
create table app.dropped (a int, b int, c text, d int);
insert into app.dropped select n, n, 'c' || n, n from generate_series(1, 100) n;
alter table app.dropped drop column b;
alter table app.dropped add column e int default 7;
insert into app.dropped values (0, 'last', 0, 0);
create unlogged table app.unlogged (a int primary key) with (fillfactor = 70, autovacuum_enabled = off);
insert into app.unlogged select generate_series(1, 500);
create table app.typed of app.pair (a with options primary key, b default 'none');
insert into app.typed values (1, 'one');
create table app.other_am (a int) using heap2;
insert into app.other_am select generate_series(1, 50);
create table app.copied (like app.dropped including all);
create table app.as_select as select n, md5(n::text) from generate_series(1, 1000) n;
create table app.storage (a text :compression, b text, c text) with (toast_tuple_target = 512);
alter table app.storage alter column a set storage external, alter column b set storage main,
    alter column c set statistics 500, alter column a set (n_distinct = -0.5);
insert into app.storage select repeat('abc', 2000), repeat('d', 3000), 'e' from generate_series(1, 50);

-- Inheritance and partitions, also with another column order and dropped columns.
create table app.parent (id int, label text);
create table app.child (extra int) inherits (app.parent);
create table app.grandchild () inherits (app.child);
insert into app.parent select n, 'parent' from generate_series(1, 10) n;
insert into app.child select n, 'child', n from generate_series(11, 20) n;
insert into app.grandchild select n, 'grandchild', n from generate_series(21, 30) n;

create table app.sales (region text, id int, at date not null, amount numeric, primary key (id, at, region))
    partition by range (at);
create table app.sales_2023 partition of app.sales for values from ('2023-01-01') to ('2024-01-01');
create table app.sales_2024 (junk int, amount numeric, at date not null, id int not null, region text not null);
alter table app.sales_2024 drop column junk;
alter table app.sales attach partition app.sales_2024 for values from ('2024-01-01') to ('2025-01-01');
create table app.sales_rest partition of app.sales default partition by list (region);
create table app.sales_rest_eu partition of app.sales_rest for values in ('eu', 'uk');
create table app.sales_rest_any partition of app.sales_rest default;
create index sales_amount on app.sales (amount) include (id);
create unique index sales_hash on app.sales (at, id, region, amount);
insert into app.sales select (array['eu', 'us', 'uk'])[1 + n % 3], n, date '2023-01-01' + n % 1100, n * 1.5
  from generate_series(1, 3000) n;
create table app.hashed (k int, v text, primary key (k)) partition by hash (k);
create table app.hashed_0 partition of app.hashed for values with (modulus 2, remainder 0) with (fillfactor = 80);
create table app.hashed_1 partition of app.hashed for values with (modulus 2, remainder 1);
insert into app.hashed select n, 'v' || n from generate_series(1, 1000) n;

create table app.bounds (a int, b text collate "C", c date) partition by range (a, (lower(b)) collate "POSIX" text_pattern_ops);
create table app.bounds_1 partition of app.bounds for values from (minvalue, minvalue) to (10, 'm');
create table app.bounds_2 partition of app.bounds (c default '2020-01-01', constraint own_check check (a >= 10))
    for values from (10, 'm') to (maxvalue, maxvalue) with (fillfactor = 50);
insert into app.bounds select n, chr(97 + n % 26), null from generate_series(1, 20) n where (n, chr(97 + n % 26)) < (10, 'm');
insert into app.bounds_2 (a, b) select n, 'n' || n from generate_series(11, 30) n;
alter table app.bounds_2 add constraint own_key primary key (a), add constraint own_reference foreign key (a) references app.bounds_2;
create table app.half_logged (a int) partition by list (a);
create unlogged table app.unlogged_1 partition of app.half_logged for values in (1, null);
create table app.logged_1 partition of app.half_logged default;
insert into app.half_logged values (1), (null), (2);
create table app.only_names (label text, name name not null default 'n', constraint named check (name <> ''));
create table app.two_parents () inherits (app.parent, app.only_names);
create function app.noted() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger on_all after insert or update on app.sales for each row execute function app.noted();
alter table app.sales_2023 disable trigger on_all;

-- Indexes and constraints.
create table app.indexed (id int, a text, b int, c int, during tsrange, tags text[], p point, j jsonb, body tsvector,
    constraint indexed_pkey primary key (id) include (a) deferrable initially deferred,
    constraint indexed_b unique :nulls_not_distinct (b) with (fillfactor = 60),
    constraint indexed_no_overlap exclude using gist (c with =, during with &&) where (c > 0) deferrable,
    constraint indexed_c check (c < 1000000) no inherit);
insert into app.indexed
select n, 'a' || n, n, n, tsrange(timestamp '2020-01-01' + n * interval '1 day', timestamp '2020-01-02' + n * interval '1 day'),
       array['t' || n % 7, 'u'], point(n, n), jsonb_build_object('n', n), to_tsvector('simple', 'word' || n)
  from generate_series(1, 2000) n;
create index indexed_expression on app.indexed (lower(a), (b + 1) desc nulls last) where b > 10;
alter index app.indexed_expression alter column 1 set statistics 300;
create index indexed_gin on app.indexed using gin (tags, j jsonb_path_ops) with (fastupdate = off);
create index indexed_gist on app.indexed using gist (p);
create index indexed_spgist on app.indexed using spgist (p);
create index indexed_brin on app.indexed using brin (id) with (pages_per_range = 8);
create index indexed_hash on app.indexed using hash (a);
create index indexed_trgm on app.indexed using gist (a gist_trgm_ops (siglen = 32));
create index indexed_down on app.indexed (c app.int_down);
create index indexed_german on app.indexed (a collate app.german);
create index "indexed ""quoted"" Index" on app.indexed (b, c);
create unique index indexed_identity on app.indexed (c, b) where c is not null;
create index indexed_cluster on app.indexed (c);
alter table app.indexed cluster on indexed_cluster;
create index indexed_brin2 on app.indexed using brin2 (c);
create index indexed_bloom on app.indexed using bloom (b, c) with (length = 64, col1 = 3);
create index indexed_brin_ops on app.indexed using brin (c int4_minmax_ops, during range_inclusion_ops) with (autosummarize = on);
create index indexed_pattern on app.indexed (a text_pattern_ops desc, b nulls first) include (c, p) with (fillfactor = 33);
create index indexed_hash_own on app.indexed using hash (c app.int_hash) where c is distinct from 3;
create index typed_whole on app.typed (app.int_of_pair(row(a, b)::app.pair));
comment on index app.indexed_brin is 'a comment on an index';
comment on constraint indexed_b on app.indexed is 'a comment on a constraint';
create statistics app.indexed_stats (ndistinct, dependencies, mcv) on b, c from app.indexed;
alter statistics app.indexed_stats set statistics 200;
\if :v14
create statistics app.indexed_expr_stats on (b * 2) from app.indexed;
\endif
comment on statistics app.indexed_stats is 'extended';

create table app.by_exclusion (a int, during tsrange, constraint by_exclusion_excl exclude using gist (a with =, during with &&));
alter table app.by_exclusion cluster on by_exclusion_excl;
insert into app.by_exclusion select n, tsrange(timestamp '2020-01-01', timestamp '2020-01-02') from generate_series(1, 30) n;
create table app.identified (a int not null, b text);
create unique index identified_a on app.identified (a);
alter table app.identified replica identity using index identified_a;
insert into app.identified select n, n from generate_series(1, 10) n;
create table app.full_identity (a int);
alter table app.full_identity replica identity full;

create table app.left_side (id int primary key, other int);
create table app.right_side (id int primary key, other int references app.left_side deferrable initially deferred);
insert into app.left_side select n, n from generate_series(1, 100) n;
insert into app.right_side select n, n from generate_series(1, 100) n;
alter table app.left_side add constraint left_to_right foreign key (other) references app.right_side on delete set null :set_null_columns;
alter table app.left_side add constraint left_to_self foreign key (other) references app.left_side not valid;
alter table app.right_side add constraint right_check check (id > 0) not valid;
create table app.to_partitioned (id int, at date, region text, k int references app.hashed on update cascade on delete cascade,
    foreign key (id, at, region) references app.sales (id, at, region) match full);
insert into app.to_partitioned select id, at, region, id from app.sales where id <= 500;
create table app.part_refs (id int, k int references app.hashed) partition by list (id);
create table app.part_refs_1 partition of app.part_refs for values in (1, 2);
insert into app.part_refs values (1, 5), (2, 6);

-- What newer versions know.
\if :v15
create publication columns for table app.left_side (id), app.right_side (id, other) where (id > 0);
create function app.merging(int) returns void language sql as $$
    merge into app.left_side l using (values ($1)) v (id) on l.id = v.id
    when matched then update set other = null when not matched then insert (id) values (v.id) $$;
\endif
\if :v16
create collation app.ruled_icu (provider = icu, locale = 'und', rules = '&a < g');
\endif
\if :v17
create collation app.builtin_c (provider = builtin, locale = 'C.UTF-8');
create table app.identity_parts (id int generated always as identity (start 5), at date) partition by range (at);
create table app.identity_parts_1 partition of app.identity_parts for values from ('2024-01-01') to ('2025-01-01');
insert into app.identity_parts (at) select date '2024-01-01' + n from generate_series(1, 30) n;
create table app.excluded (a int, during tsrange, exclude using gist (a with =, during with &&)) partition by hash (a);
create table app.excluded_0 partition of app.excluded for values with (modulus 2, remainder 0);
create table app.excluded_1 partition of app.excluded for values with (modulus 2, remainder 1);
insert into app.excluded select n, tsrange(timestamp '2020-01-01', timestamp '2020-01-02') from generate_series(1, 50) n;
\endif
\if :v17
grant maintain on app.identity_parts to pgh_reader with grant option;
create function app.merging_now(i int) returns int language sql begin atomic
    merge into app.left_side l using (select i as id) v on l.id = v.id when not matched by source then delete
    when matched then do nothing; select i; end;
\endif
\if :v18
create publication generated_too for table app.every_type with (publish_generated_columns = stored);
create table app.parted_keys (id int primary key, other int) partition by range (id);
create table app.parted_keys_1 partition of app.parted_keys for values from (0) to (1000);
insert into app.parted_keys select n, n + 5000 from generate_series(1, 10) n;
alter table app.parted_keys add constraint later_key foreign key (other) references app.left_side not valid;
create table app.kept_not_null (a int constraint kept not null no inherit, b int);
create table app.virtual (a int, b int generated always as (a * 2) virtual, c int generated always as (a + 1) stored,
    constraint virtual_a not null a);
insert into app.virtual select n from generate_series(1, 20) n;
create table app.not_null_later (a int);
insert into app.not_null_later values (null), (1);
alter table app.not_null_later add constraint later not null a not valid;
create table app.periods (id int, during tstzrange, primary key (id, during without overlaps));
insert into app.periods select n, tstzrange('2020-01-01 00:00+00', '2021-01-01 00:00+00') from generate_series(1, 30) n;
create table app.period_refs (id int, during tstzrange,
    foreign key (id, period during) references app.periods (id, period during));
insert into app.period_refs select n, tstzrange('2020-02-01 00:00+00', '2020-03-01 00:00+00') from generate_series(1, 30) n;
create table app.not_enforced (a int, b int, constraint not_enforced_b check (b > 0) not enforced,
    constraint not_enforced_a foreign key (a) references app.left_side not enforced);
insert into app.not_enforced values (-1, -1);
create table app.inherited_not_null () inherits (app.virtual);
insert into app.inherited_not_null values (7);
\endif

-- A table as wide as there can be, and values as large as they get in practice.
select 'create table app.widest (' || string_agg('c' || n || ' int', ', ') || ')' from generate_series(1, 1600) n \gexec
insert into app.widest (c1, c800, c1600) select n, n, n from generate_series(1, 20) n;
create table app.large_values (t text, b bytea);
insert into app.large_values
select repeat(chr(64 + n), 3000000), decode(string_agg(lpad(to_hex(x % 256), 2, '0'), ''), 'hex')
  from generate_series(1, 3) n, generate_series(1, 2560) x group by n;

-- Names that need care.
create table "Odd Names"."Table ""with"" 'quotes' and
newline" ("Column, with; everything" int primary key, "select" text, "ünïcödé" text, "  " int);
insert into "Odd Names"."Table ""with"" 'quotes' and
newline" select n, 'x', 'ß', n from generate_series(1, 10) n;
comment on table "Odd Names"."Table ""with"" 'quotes' and
newline" is 'a comment; with -- everything '' " \ in it';
create table "Odd Names".x23456789012345678901234567890123456789012345678901234567890123 (a int primary key);
create table "Odd Names"."таблица" ("столбец" text);
insert into "Odd Names"."таблица" values ('значение'), ('日本語'), ('🐘');
create sequence "Odd Names"."Sequence;" owned by "Odd Names"."таблица"."столбец";
create table "Odd Names"."DATA" (id serial, small smallserial, big bigserial, a int generated by default as identity (start 100 increment 10));
insert into "Odd Names"."DATA" (small) values (default), (default);
create view "Odd Names"."user" as select 1 as "table", 2 as "order";

-- Views, materialized views over materialized views, rules, triggers, policies.
create view app.summed with (security_barrier) as select region, sum(amount) as amount from app.sales group by region;
create recursive view app.counting (n) as select 1 union all select n + 1 from counting where n < 5;
create view app.checked with (:view_option = true) as select * from app.left_side where id > 0 with local check option;
create materialized view app.mat as select region, count(*) as n from app.sales group by region;
create materialized view app.mat_of_mat as select sum(n) as n from app.mat;
create materialized view app.mat_empty as select * from app.sales with no data;
create unique index mat_region on app.mat (region);
create index mat_empty_id on app.mat_empty (id);
comment on materialized view app.mat is 'materialized';
comment on index app.mat_region is 'of a materialized view';
create table app.ruled (a int);
create rule ruled_insert as on insert to app.ruled where new.a < 0 do instead nothing;
create rule ruled_many as on delete to app.ruled where old.a > 5 do instead (
    insert into app.ruled values (old.a); update app.ruled set a = a where a = -1);
alter table app.ruled disable rule ruled_many;
create view app.ruled_view (x, "Y y") as select a, a + 1 from app.ruled;
alter view app.ruled_view alter column x set default 9;
create rule on_view as on insert to app.ruled_view do instead insert into app.ruled values (new.x) returning a, a + 1;
comment on column app.ruled_view."Y y" is 'a column of a view';
create rule ruled_also as on update to app.ruled do also notify ruled;
create table app.triggered (a int, log text);
create function app.trigger_function() returns trigger language plpgsql as $$ begin return coalesce(new, old); end $$;
create trigger before_row before insert or update of a on app.triggered for each row when (new.a > 0)
    execute function app.trigger_function('an argument');
create trigger after_statement after delete on app.triggered referencing old table as gone
    for each statement execute function app.trigger_function();
create constraint trigger constraint_trigger after insert on app.triggered deferrable initially deferred
    for each row execute function app.trigger_function();
alter table app.triggered disable trigger before_row;
alter table app.triggered enable always trigger after_statement;
alter table app.triggered enable replica trigger constraint_trigger;
create trigger instead instead of insert on app.summed for each row execute function app.trigger_function();
insert into app.triggered select n, 'x' from generate_series(1, 20) n;
create table app.secured (a int, owner text);
insert into app.secured select n, 'o' from generate_series(1, 25) n;
alter table app.secured enable row level security;
alter table app.secured force row level security;
create policy secured_read on app.secured as permissive for select to pgh_reader using (owner = current_user);
create policy secured_all on app.secured as restrictive using (a > 0) with check (a < 100);
create function app.on_ddl() returns event_trigger language plpgsql as $$ begin
    if tg_tag in ('DROP TABLE', 'DROP SCHEMA') then raise exception 'no dropping here'; end if; end $$;
create event trigger no_drops on ddl_command_start execute function app.on_ddl();
create event trigger never on ddl_command_end when tag in ('CREATE TABLE', 'ALTER TABLE') execute function app.on_ddl();
alter event trigger never disable;
create function app.on_quiet_ddl() returns event_trigger language plpgsql as $$ begin perform tg_tag; end $$;
create event trigger anyway on sql_drop execute function app.on_quiet_ddl();
alter event trigger anyway enable always;
comment on event trigger no_drops is 'a comment on an event trigger';

-- Foreign data, publications, a subscription that is left out, large objects.
create foreign data wrapper dummy options (debug 'true');
create server files foreign data wrapper file_fdw;
create server nowhere type 't' version '1' foreign data wrapper dummy options (host 'h');
create user mapping for pgh_owner server nowhere options (user 'u', password 'secret-of-mapping');
create foreign table app.passwd (line text) server files options (filename '/etc/hostname');
create foreign table app.far (a int not null, b text options (x 'y')) server nowhere;
alter foreign table app.far add constraint far_check check (a > 0), alter column b set statistics 5;
comment on foreign table app.far is 'a foreign table';
create foreign table app.far_child (c int) inherits (app.far) server nowhere options (z 'it''s');
create foreign data wrapper with_handler handler file_fdw_handler validator file_fdw_validator;
create user mapping for public server nowhere;
create publication nothing_yet with (publish = '', publish_via_partition_root = true);
create publication everything for all tables with (publish = 'insert, update');
\if :v15
create publication part for table app.left_side where (id > 5), app.sales, tables in schema "Odd Names";
\else
create publication part for table app.left_side, app.sales;
\endif
comment on publication part is 'some';
create subscription sub connection 'dbname=nowhere' publication part with (connect = false, slot_name = none);

select lo_create(900001), lo_create(900002), lo_create(900003);
select lo_put(900001, 0, 'small'), lo_put(900002, 0, decode(repeat('deadbeef', 200000), 'hex')),
       lo_put(900002, 3000000, 'after a hole');
alter large object 900001 owner to pgh_owner;
comment on large object 900001 is 'a large object';
grant select on large object 900001 to pgh_reader with grant option;
grant update on large object 900002 to public;

comment on aggregate app.total(int) is 'aggregate';
comment on procedure app.nothing(int) is 'procedure';
comment on collation app.german is 'collation';
comment on conversion app.latin is 'conversion';
comment on operator class app.int_down using btree is 'operator class';
comment on operator family app.int_family using btree is 'operator family';
comment on access method heap2 is 'access method';
comment on language plpgsql2 is 'language';
comment on transform for app.hstore language sql is 'transform';
comment on text search dictionary app.simple_de is 'dictionary';
comment on text search parser app.parser is 'parser';
comment on text search template app.template is 'template';
comment on foreign data wrapper dummy is 'wrapper';
comment on constraint far_check on app.far is 'of a foreign table';
comment on sequence app.every_type_id_seq is 'of an identity';
grant usage on language plpgsql2 to pgh_reader with grant option;
grant usage on foreign data wrapper dummy to pgh_reader;
grant usage on domain app.posint to pgh_owner;
revoke usage on type app."Odd, Type" from public;
grant create on schema "Odd Names" to pgh_reader with grant option;
grant execute on procedure app.nothing(int) to pgh_reader;
grant references (id), update (b, c) on app.indexed to public;
alter default privileges for role pgh_reader revoke execute on functions from public;
alter default privileges for role pgh_reader grant all on sequences to pgh_owner with grant option;
alter default privileges in schema "Odd Names" grant usage on types to pgh_owner;
comment on column app.every_type.id is 'the key';
comment on domain app.posint is 'positive';
comment on type app.mood is 'mood';
comment on function app.double(int) is 'twice';
comment on constraint code_form on domain app.code is 'form';
comment on trigger before_row on app.triggered is 'trigger';
comment on rule ruled_insert on app.ruled is 'rule';
comment on policy secured_read on app.secured is 'policy';
comment on view app.summed is 'view';
comment on sequence app.bare is 'sequence';
comment on operator app.=== (app.pair, app.pair) is 'operator';
comment on cast (app.pair as text) is 'cast';
comment on text search configuration app.de is 'ts config';
comment on server nowhere is 'server';
comment on extension pg_trgm is 'our own words about trigrams';
revoke all on function app.double(int) from public;
grant execute on function app.double(int) to pgh_reader;
grant usage on type app.mood to pgh_reader;
grant all on sequence app.bare to pgh_reader;
grant usage on foreign server nowhere to pgh_reader;
revoke all on app.ruled from pgh_owner;
grant select (a) on app.ruled to pgh_reader;
