begin;
lock parent, child;
truncate parent restart identity cascade;
insert into parent (v) select 'p' || i from generate_series(1, 20) i;
insert into child (parent, v) select id, 'after' from parent;
end;
