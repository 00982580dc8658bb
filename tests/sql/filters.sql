-- Two schemas whose objects need each other in every way that a filter may cut through.
\set ON_ERROR_STOP on
create schema a;
create schema b;
create sequence b.ids;
create table a.t (id int primary key default nextval('b.ids'), name text);
create table a.u (id serial primary key, t int references a.t, x int references a.t);
create table b.w (id int generated always as identity primary key, u int references a.u);
insert into a.t select i, 'n' || i from generate_series(1, 100) i;
insert into a.u (t) select i from generate_series(1, 50) i;
insert into b.w (u) select i from generate_series(1, 20) i;
select setval('b.ids', 1000);
create view a.v as select * from a.t;
create view a.vv as select * from a.v;
create materialized view b.m as select count(*) from a.vv;
comment on view a.vv is 'of a view';
grant select on a.vv to public;
comment on constraint u_t_fkey on a.u is 'a key';
create function b.f() returns int language sql as 'select 1';
create function b.g() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger u_trigger before insert on a.u for each row execute function b.g();
create policy p on b.w using (exists (select from a.t));
comment on policy p on b.w is 'a policy';
create rule w_rule as on delete to b.w do also insert into a.t values (old.id);
create table a.part (id int, k int) partition by list (k);
create table a.part_1 partition of a.part for values in (1);
create table b.part_2 partition of a.part for values in (2);
insert into a.part select i, 1 + i % 2 from generate_series(1, 40) i;
create index on a.part (id);
create table a.parent (x int);
create table b.child (y int) inherits (a.parent);
insert into b.child values (1, 2);
insert into a.parent values (5);
create table a."Mixed Case" (id int);
create table public.in_path (id int);
insert into public.in_path values (1);
create statistics b.s on id, u from b.w;
create publication pub for table a.t, b.w;
select current_setting('server_version_num')::int >= 150000 as v15 \gset
\if :v15
create publication of_schema for tables in schema b;
\endif
select lo_from_bytea(777, 'x');
