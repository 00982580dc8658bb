-- Twenty small tables of :rows rows. What counts here is how long everything but data takes.
\set ON_ERROR_STOP on
select format('create table t%1$s (id int primary key, name text not null, at timestamptz default now());
               insert into t%1$s (id, name) select i, ''row '' || i from generate_series(1, %2$s) i;
               create index on t%1$s (name);', t, :rows)
  from generate_series(1, 20) t \gexec
vacuum analyze;
