-- 10,000 tables of two columns, one index and 20 rows, in ten schemas.
\set ON_ERROR_STOP on
select 'create schema s' || s from generate_series(0, 9) s \gexec
do $$
begin
    for i in 1..10000 loop
        execute format('create table s%s.t%s (id int primary key, v text)', i % 10, i);
        execute format('insert into s%s.t%s select g, ''v'' || g from generate_series(1, 20) g', i % 10, i);
        if i % 500 = 0 then commit; end if;
    end loop;
end $$;
vacuum analyze;
