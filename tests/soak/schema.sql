-- What the clients of tests/soak write to.
create table account (id int primary key, amount int not null, note text);
insert into account select i, 1000, repeat(md5(i::text), 200) from generate_series(1, 400) i;
-- A list for each client, which only grows at its end.
create table list_0 (n int primary key, at timestamptz not null default now());
create table list_1 (like list_0 including all);
create table list_2 (like list_0 including all);
create table list_3 (like list_0 including all);
-- Large enough to be copied in parts.
create table bulk (id bigserial primary key, v text, client int);
insert into bulk (v) select repeat(md5(i::text), 3) from generate_series(1, 60000) i;
create index on bulk (client);
create table place (id int primary key, v text);
insert into place select i, 'v' || i from generate_series(1, 400) i;
-- Without a key: rows may be doubled.
create table heap (a int, b text);
alter table heap replica identity full;
insert into heap select i % 50, 'h' from generate_series(1, 300) i;
create table parent (id int generated always as identity primary key, v text);
create table child (id serial primary key, parent int references parent, v text);
create table part (id int, k int, v text, primary key (id, k)) partition by list (k);
create table part_0 partition of part for values in (0);
create table part_1 partition of part for values in (1);
create table "part of ""2""" partition of part for values in (2);
create sequence counter;
