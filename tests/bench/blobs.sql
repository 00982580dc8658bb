-- 200,000 large objects of 100 to 1,100 bytes.
\set ON_ERROR_STOP on
do $$
begin
    for i in 1..20 loop
        perform lo_from_bytea(0, decode(repeat('ab', 100 + g % 1000), 'hex')) from generate_series(1, 10000) g;
        commit;
    end loop;
end $$;
vacuum analyze;
