-- The database `mixed`, beside pgbench's tables: a large table of many types with four indexes, a
-- wide one, and 300 small ones. The data is random but the same each time.
\set ON_ERROR_STOP on
select setseed(0.42);
create table events (
    id       bigint primary key,
    at       timestamptz not null,
    kind     text not null,
    payload  jsonb not null,
    amount   numeric(12,2),
    good     boolean,
    tags     text[]
);
insert into events
select i, timestamptz '2020-01-01' + i * interval '13 seconds',
       (array['view', 'order', 'refund', 'login', 'logout'])[1 + i % 5],
       jsonb_build_object('user', i % 100000, 'page', '/item/' || (i::bigint * 7919) % 50000,
                          'ms', (random() * 1000)::int),
       round((random() * 10000)::numeric, 2), i % 3 = 0,
       array['t' || i % 50, 'u' || i % 11]
  from generate_series(1, :events) i;
create index events_at on events (at);
create index events_kind_at on events (kind, at);
create index events_payload on events using gin (payload jsonb_path_ops);

create table wide (
    id   int primary key,
    a    text, b text, c text, d text, e text,
    made timestamptz default now()
);
insert into wide
select i, repeat(md5(i::text), 3), repeat(md5((i + 1)::text), 3), md5((i * 3)::text),
       repeat(chr(97 + i % 26), 100), 'row number ' || i
  from generate_series(1, :wide) i;
create index wide_c on wide (c);

select format('create table small_%s (id int primary key, label text, at date);'
              'insert into small_%1$s select g, ''label '' || g, date ''2024-01-01'' + g'
              '  from generate_series(1, 100) g;', n)
  from generate_series(1, 300) n \gexec
