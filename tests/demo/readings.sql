-- A plant's sensors and `rows` readings: the large table. Made up, but the same each time.
\set ON_ERROR_STOP on
begin;
create schema plant;
create type plant.unit as enum ('°C', 'bar', 'A', 'mm/s');
create table plant.sensor (
    id     int primary key,
    unit   plant.unit not null,
    place  point not null,
    limits numrange not null,
    made   date not null
);
insert into plant.sensor
select i, (enum_range(null::plant.unit))[1 + i % 4], point(i % 25, i / 25), numrange(0, 70 + i % 20), date '2019-01-01' + i
  from generate_series(0, 499) i;
create index sensor_place on plant.sensor using gist (place);

create sequence plant.batch as bigint start 5000 increment 10 cache 5;
select setval('plant.batch', 123450);

create table plant.reading (
    id         bigint generated always as identity,
    at         timestamptz not null,
    sensor     int not null,
    value      numeric(10, 4) not null,
    flags      text[] not null,
    attributes jsonb not null,
    note       text
);
insert into plant.reading (at, sensor, value, flags, attributes, note)
select timestamptz '2023-01-01 00:00:00+00' + i * interval '30 seconds', i % 500, (i * 7919 % 1000003) / 11000.0,
       case when i % 10 = 0 then array['checked', 'f' || i % 7] else '{}' end,
       jsonb_build_object('batch', i / 1000, 'operator', 'op' || i % 37, 'firmware', '2.' || i % 13, 'ok', i % 97 <> 0),
       case when i % 3 = 0 then md5(i::text) || ' ' || md5((i + 1)::text) end
  from generate_series(1, :rows::bigint) i;
alter table plant.reading add primary key (id), add foreign key (sensor) references plant.sensor;
create index reading_sensor_at on plant.reading (sensor, at);
create index reading_at on plant.reading using brin (at);
create index reading_bad on plant.reading using gin (attributes) where not (attributes ->> 'ok')::bool;

create table plant.alarm (
    at     timestamptz not null,
    sensor int not null references plant.sensor,
    value  numeric(10, 4) not null,
    primary key (at, sensor)
) partition by range (at);
select format('create table plant.alarm_%s partition of plant.alarm for values from (%L) to (%L)',
              to_char(month, 'YYYY_MM'), month, month + interval '1 month')
  from generate_series(timestamp '2023-01-01', timestamp '2023-12-01', interval '1 month') month \gexec
create table plant.alarm_other partition of plant.alarm default;
insert into plant.alarm
select at, sensor, value from plant.reading join plant.sensor on sensor.id = sensor where not limits @> value;

create materialized view plant.daily as
select date_trunc('day', at) as day, sensor % 50 as line, count(*) as readings, avg(value)::numeric(10, 4) as value
  from plant.reading group by 1, 2;
create unique index daily_day on plant.daily (day, line);
commit;
