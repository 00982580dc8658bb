\set a random(1, 50) * 4 + :client_id
\set b 200 + random(1, 49) * 4 + :client_id
begin;
update place set id = -id where id = :a;
update place set id = :a, v = v || 's' where id = :b;
update place set id = :b where id = -:a;
end;
update place set v = 'v' where id = :a;
