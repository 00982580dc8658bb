-- Countries, languages, currencies and scripts, of the package iso-codes.
\set ON_ERROR_STOP on
begin;
create schema iso;
create function iso.codes(standard text) returns setof jsonb language sql stable
    as $$ select jsonb_array_elements(pg_read_file('/usr/share/iso-codes/json/iso_' || standard || '.json')::jsonb -> standard) $$;

create table iso.country (
    alpha_2 char(2) primary key,
    alpha_3 char(3) not null unique,
    number  char(3) not null unique check (number ~ '^\d{3}$'),
    name    text not null,
    flag    text,
    fields  jsonb not null
);
insert into iso.country
select c ->> 'alpha_2', c ->> 'alpha_3', c ->> 'numeric', c ->> 'name', c ->> 'flag', c from iso.codes('3166-1') c;

create table iso.subdivision (
    code    text primary key,
    country char(2) not null references iso.country,
    parent  text,
    kind    text not null,
    name    text not null
);
-- A parent may be written without its country.
insert into iso.subdivision
select c ->> 'code', left(c ->> 'code', 2),
       case when c ->> 'parent' like '__-%' then c ->> 'parent' else left(c ->> 'code', 3) || (c ->> 'parent') end,
       c ->> 'type', c ->> 'name'
  from iso.codes('3166-2') c;
alter table iso.subdivision add foreign key (parent) references iso.subdivision deferrable initially deferred;
create index subdivision_country on iso.subdivision (country, kind);

create table iso.former_country (alpha_4 char(4) primary key, name text not null, gone text not null, fields jsonb not null);
insert into iso.former_country
select c ->> 'alpha_4', c ->> 'name', c ->> 'withdrawal_date', c from iso.codes('3166-3') c;

create table iso.currency (alpha_3 char(3) primary key, number smallint unique, name text not null);
insert into iso.currency select c ->> 'alpha_3', (c ->> 'numeric')::smallint, c ->> 'name' from iso.codes('4217') c;

create table iso.script (alpha_4 char(4) primary key, number smallint unique, name text not null);
insert into iso.script select c ->> 'alpha_4', (c ->> 'numeric')::smallint, c ->> 'name' from iso.codes('15924') c;

create table iso.language (
    alpha_3 char(3) primary key,
    alpha_2 char(2) unique,
    scope   "char" not null,
    kind    "char" not null,
    name    text not null,
    fields  jsonb not null
);
insert into iso.language
select c ->> 'alpha_3', c ->> 'alpha_2', (c ->> 'scope')::"char", (c ->> 'type')::"char", c ->> 'name', c
  from iso.codes('639-3') c;
create index language_name on iso.language (name collate "C");
create index language_fields on iso.language using gin (fields);

create table iso.language_family (alpha_3 char(3) primary key, name text not null);
insert into iso.language_family select c ->> 'alpha_3', c ->> 'name' from iso.codes('639-5') c;
commit;
