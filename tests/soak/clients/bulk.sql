copy bulk (v) from program 'seq 1 300';
delete from bulk where id % 7 = :client_id and id in (select id from bulk where v < '3' and client is null limit 100 for update skip locked);
