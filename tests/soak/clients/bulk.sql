copy bulk (v) from program 'seq 1 300';
delete from bulk where id % 7 = :client_id and id in (select id from bulk where v < '3' and client is null limit 100 for update skip locked);
-- However long it lasts, the table stays small enough to be read.
delete from bulk where client is null and id < (select max(id) - 100000 from bulk) and id % 4 = :client_id;
