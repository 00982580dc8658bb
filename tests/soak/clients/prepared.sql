begin;
update place set v = right(v, 200) || 'p' where id = 4 + :client_id;
insert into heap values (0, 'prepared');
prepare transaction 'soak_:client_id';
commit prepared 'soak_:client_id';
