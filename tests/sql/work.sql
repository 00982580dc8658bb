-- The database `work`: little data, but every kind of work item, split tables among them when
-- --split-larger-than 1MB is given. For tests that kill and resume.
\set ON_ERROR_STOP on
create table big (id int primary key, label text not null, n numeric, at timestamptz);
insert into big select i, 'row number ' || i || repeat('.', 60), i / 7.0, timestamptz '2024-01-01' + i * interval '1 minute'
  from generate_series(1, 40000) i;
create index big_label on big (label);
create index big_at on big (at);
create table plain (id bigint primary key, filler text, unique (filler));
insert into plain select i, md5(i::text) || repeat('x', 300) from generate_series(1, 60000) i;
create table child (id int primary key, big_id int not null references big, plain_id bigint references plain);
insert into child select i, i, i from generate_series(1, 40000) i;
create table rooms (id int, during int4range, exclude using gist (during with &&));
insert into rooms select i, int4range(i * 10, i * 10 + 5) from generate_series(1, 3000) i;
create table parted (id int, k int, primary key (id, k)) partition by list (k);
create table parted_1 partition of parted for values in (1);
create table parted_2 partition of parted for values in (2);
insert into parted select i, 1 + i % 2 from generate_series(1, 500) i;
create table tiny (a int primary key, b text);
insert into tiny values (1, 'one'), (2, 'two');
create sequence counter;
select setval('counter', 4711);
create materialized view totals as select k, count(*) as n from parted group by k;
create unique index totals_k on totals (k);
select lo_from_bytea(770001, 'hello'), lo_from_bytea(770002, decode(repeat('00ff', 200000), 'hex'));
comment on table big is 'the big one';
comment on index big_at is 'an index';
create function nothing() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger t before insert on tiny for each row execute function nothing();
create function nothing_happens() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger quiet on ddl_command_end execute function nothing_happens();
analyze;
