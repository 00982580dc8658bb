begin;
insert into bulk (v, client) select md5(i::text), :client_id from generate_series(1, 5000) i;
update bulk set v = v || '!' where client = :client_id and id % 3 = 0;
savepoint s;
delete from bulk where client = :client_id;
rollback to s;
delete from bulk where client = :client_id and id < (select max(id) - 8000 from bulk);
end;
