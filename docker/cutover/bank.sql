-- What the clients work with, and what logical replication does not bring.
\set password `echo "$PGPASSWORD"`
create role clerk login password :'password';

create schema bank;
grant usage on schema bank to clerk;
create table bank.account (id int primary key, amount int not null);
insert into bank.account select i, 1000 from generate_series(1, 100) i;
create table bank.entry (client int, n int, primary key (client, n));
grant select, insert, update on all tables in schema bank to clerk;

create unlogged table shop.sessions (id uuid primary key, name text);
insert into shop.sessions select md5(i::text)::uuid, 'session ' || i from generate_series(1, 1000) i;
select lo_from_bytea(4712, 'a page that stays'), lo_from_bytea(4713, 'a page that goes');

-- These have no key.
alter table shop.visits replica identity full;
alter table shop.visits_2023 replica identity full;
alter table shop.visits_2024 replica identity full;
