-- All characters, of the package unicode-data, in partitions. The database must be UTF8.
\set ON_ERROR_STOP on
begin;
create schema unicode;
create temp table line (
    code text, name text, category text, combining text, bidi text, decomposition text, decimal text, digit text,
    numeric text, mirrored text, old_name text, comment text, upper text, lower text, title text
) on commit drop;
copy line from '/usr/share/unicode/UnicodeData.txt' with (delimiter ';', null '');

create function unicode.number(hex text) returns int language sql immutable strict
    as $$ select ('x' || lpad(hex, 8, '0'))::bit(32)::int $$;

create table unicode.category (code char(2) primary key, characters int not null);
insert into unicode.category select category, count(*) from line group by 1;

create table unicode.character (
    code          int not null,
    value         text,
    name          text not null,
    category      char(2) not null references unicode.category,
    combining     smallint not null,
    bidi          text not null,
    mirrored      bool not null,
    how           text,
    decomposition int[],
    number        numeric,
    upper         int,
    lower         int,
    old_name      text,
    primary key (code)
) partition by range (code);
create table unicode.basic partition of unicode.character for values from (0) to (65536) partition by range (code);
create table unicode.ascii partition of unicode.basic for values from (0) to (128);
create table unicode.bmp partition of unicode.basic for values from (128) to (65536);
create table unicode.smp partition of unicode.character for values from (65536) to (131072);
create table unicode.beyond partition of unicode.character default;

-- Halves of surrogate pairs are no text, and neither is the character zero in PostgreSQL.
insert into unicode.character
select c, case when c = 0 or category = 'Cs' then null else chr(c) end, name, category, combining::smallint, bidi,
       mirrored = 'Y', substring(decomposition from '^<(.*)>'),
       (select array_agg(unicode.number(h)) from regexp_split_to_table(decomposition, ' ') h where h ~ '^[0-9A-F]+$'),
       case when numeric ~ '/' then split_part(numeric, '/', 1)::numeric / split_part(numeric, '/', 2)::numeric
            else numeric::numeric end,
       unicode.number(upper), unicode.number(lower), old_name
  from line, unicode.number(code) c;
alter table unicode.character add foreign key (upper) references unicode.character,
                              add foreign key (lower) references unicode.character;
create index character_words on unicode.character using gin (to_tsvector('simple', name));
create index character_category on unicode.character (category);
create index character_upper on unicode.character (upper) where upper is not null;
commit;
