begin;
lock parent, child in row exclusive mode;
insert into parent (v) values ('p' || :client_id);
insert into child (parent, v) values (currval(pg_get_serial_sequence('parent', 'id')), repeat('c', 3000));
update child set parent = parent, v = v || '.' where id = (select min(id) from child);
end;
