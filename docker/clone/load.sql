-- A shop with some thousands of customers and orders; the same data each time.
begin;
select setseed(0.42);

create schema shop;
comment on schema shop is 'What the web shop knows';
set search_path = shop;

create type state as enum ('cart', 'paid', 'sent', 'returned');
create domain email as text check (value ~ '^[^@ ]+@[^@ ]+$');

create table customers (
    id      bigint generated always as identity primary key,
    name    text not null,
    email   email not null unique,
    address jsonb not null,
    since   timestamptz not null
);
insert into customers (name, email, address, since)
select first || ' ' || last, lower(first) || '.' || i || '@example.org',
       jsonb_build_object('street', last || 'straße ' || i % 200, 'city', (array['Oslo', 'København', 'Łódź', '東京'])[1 + i % 4]),
       timestamptz '2019-01-01 08:00+01' + i * interval '37 minutes'
  from generate_series(1, 5000) i,
       lateral (select (array['Ada', 'Björn', 'Chloé', 'Dmitri', 'Eun-ji', 'O''Neil'])[1 + i % 6] as first,
                       (array['Lovelace', 'Ångström', 'Noether', 'Šimić', 'de la Cruz'])[1 + i % 5] as last) names;

create table products (
    sku     text primary key,
    title   text not null,
    price   numeric(10, 2) not null check (price > 0),
    tags    text[] not null default '{}',
    picture bytea,
    stock   int not null default 100000
);
insert into products (sku, title, price, tags, picture)
select 'P-' || to_char(i, 'FM0000'), E'Product\t' || i || E'\nin "two" lines \\', (random() * 500 + 1)::numeric(10, 2),
       array['tag ' || i % 7, null, '{}'], case when i % 3 > 0 then decode(repeat(md5(i::text), i % 50), 'hex') end
  from generate_series(1, 800) i;

create sequence invoice_number start 20240001 increment 2;

create table orders (
    id          bigserial primary key,
    customer_id bigint not null references customers,
    invoice     bigint not null default nextval('invoice_number') unique,
    state       state not null,
    at          timestamptz not null,
    note        text
);
insert into orders (customer_id, state, at, note)
select 1 + (random() * 4999)::int, (enum_range(null::state))[1 + i % 4], timestamptz '2023-01-01' + i * interval '13 minutes',
       case i % 10 when 0 then '' when 1 then 'Ring twice' end
  from generate_series(1, 20000) i;
create index on orders (customer_id, at desc);
create index orders_open on orders (at) where state in ('cart', 'paid');

-- The trigger would take the stock a second time, were it to fire on the target while rows are copied.
create table items (
    order_id bigint references orders on delete cascade,
    line     smallint,
    sku      text not null references products,
    quantity int not null check (quantity > 0),
    primary key (order_id, line)
);
create function take_stock() returns trigger language plpgsql as $$
begin
    update shop.products set stock = stock - new.quantity where sku = new.sku;
    return new;
end $$;
create trigger take_stock after insert on items for each row execute function take_stock();
insert into items
select id, line, 'P-' || to_char(1 + (id * 7 + line) % 800, 'FM0000'), 1 + (id + line) % 5
  from orders, generate_series(1, 1 + id % 3) line;
create index on items (sku);

create table visits (at timestamptz not null, customer_id bigint, page text) partition by range (at);
create table visits_2023 partition of visits for values from ('2023-01-01') to ('2024-01-01');
create table visits_2024 partition of visits for values from ('2024-01-01') to ('2025-01-01');
insert into visits
select timestamptz '2023-03-01' + i * interval '17 minutes', nullif(i % 5000, 0), '/p/' || i % 800
  from generate_series(1, 30000) i;
create index on visits (at);

create view turnover as
select date_trunc('month', at) as month, sum(quantity * price) as total
  from orders join items on order_id = id join products using (sku) where state <> 'cart' group by 1;
create materialized view best_sellers as
select sku, sum(quantity) as sold from items group by sku;
create unique index on best_sellers (sku);

select lo_from_bytea(4711, decode(repeat('00ff10ab', 100000), 'hex'));
comment on large object 4711 is 'The terms of sale, as PDF';
commit;
analyze;
