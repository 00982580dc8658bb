\set i random(1, 1000) * 4 + :client_id
\set k random(0, 2)
insert into part values (:i, :k, 'v') on conflict (id, k) do update set v = part.v || '+';
update part set k = (k + 1) % 3 where id = :i and not exists (select from part p where p.id = :i and p.k = (part.k + 1) % 3);
delete from part where id = :i - 40;
select nextval('counter'), txid_current();
