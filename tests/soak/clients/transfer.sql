\set a random(1, 399)
\set b random(:a + 1, 400)
\set n random(1, 50)
begin;
update account set amount = amount - :n where id = :a;
update account set amount = amount + :n where id = :b;
end;
