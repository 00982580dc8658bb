\set a random(1, 50)
insert into heap values (:a, 'h'), (:a, 'h'), (:a, null);
update heap set b = coalesce(b, '') || 'x' where ctid in (select ctid from heap where a = :a limit 2 for update);
delete from heap where ctid in (select ctid from heap where a = :a order by b limit 3 for update);
