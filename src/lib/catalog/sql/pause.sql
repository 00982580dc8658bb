-- Somebody who reads wants apply to wait somewhere for a moment.

-- Who was held by a wish that has ended since is not held any more.

-- name: PAUSE_ASK
insert into pause (id, lsn, until_us, held) values (1, :lsn, :until, null)
on conflict (id) do update set lsn = excluded.lsn, until_us = excluded.until_us,
       held = case when lsn = excluded.lsn and until_us > :now then held end

-- name: PAUSE_GET
select lsn, until_us, coalesce(held, '') from pause where id = 1

-- name: PAUSE_HELD
update pause set held = :held where id = 1 and lsn = :lsn

-- name: PAUSE_END
delete from pause where id = 1
