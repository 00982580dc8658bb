-- The run, its settings, its snapshots, its processes and its events.

-- name: RUN_INSERT
insert into run (id, name, uuid, version, state, phase, source, target, created_us, started_us)
values (1, :name, :uuid, :version, 'running', :phase, :source, :target, :now, :now)

-- name: RUN_FORGET
delete from run

-- name: SETTING_FORGET
delete from setting

-- name: EVENT_FORGET
delete from event

-- name: FORGET_ALL_WORK scan-ok
delete from work

-- name: PROCESS_FORGET scan-ok
delete from process where reaped

-- name: SNAPSHOT_FORGET scan-ok
delete from snapshot where holder <> 'command' or ended_us is not null

-- name: RUN_GET
select name, uuid, version, state, phase, source, target, source_id, target_id, source_version,
       target_version, encoding, snapshot, created_us, started_us, ended_us, resumes,
       fault_id, fault_text, fault_hint
  from run where id = 1

-- name: RUN_SET_SOURCE
update run set source_version = :version, encoding = :encoding where id = 1

-- name: RUN_SET_SIDES
update run set source_id = :source_id, target_id = :target_id, target_version = :version
 where id = 1

-- name: RUN_SET_PHASE
update run set phase = :phase where id = 1

-- name: RUN_SET_SNAPSHOT
update run set snapshot = :seq where id = 1

-- name: RUN_RESUME
update run set state = 'running', phase = 0, started_us = :now, ended_us = null, resumes = resumes + 1,
       fault_id = null, fault_text = null, fault_hint = null
 where id = 1

-- name: RUN_END
update run set state = :state, ended_us = :now, fault_id = :id, fault_text = :text,
       fault_hint = :hint
 where id = 1

-- name: SETTING_PUT
insert into setting (name, value) values (:name, :value)
on conflict (name) do update set value = excluded.value

-- name: SETTING_GET
select value from setting where name = :name

-- name: SNAPSHOT_INSERT
insert into snapshot (id, lsn, content, holder, holder_pid, backend_pid, backend_start, taken_us)
values (:id, :lsn, :content, :holder, :holder_pid, :backend_pid, :backend_start, :now)

-- name: SNAPSHOT_GET
select seq, id, lsn, holder, holder_pid, ended_us, content from snapshot where seq = :seq

-- The first transaction (with its epoch) that one of those that were copied in does not see.

-- name: SNAPSHOT_OLDEST scan-ok
select min(cast(content as integer)) from snapshot where content <> ''

-- name: SNAPSHOT_SET_CONTENT
update snapshot set content = :content where seq = :seq

-- name: SNAPSHOT_SETTLE
update snapshot set settled = :settled, xids = :xids where seq = :seq

-- name: SNAPSHOT_IS_SETTLED
select s.settled is not null from run r join snapshot s on s.seq = r.snapshot where r.id = 1

-- What tables were copied in that are not in the slot's own snapshot; and the snapshot of one of them.

-- name: RECOPIED_SNAPSHOTS scan-ok
select s.seq, s.settled, s.xids from snapshot s
 where s.settled is not null
   and exists (select 1 from work w
                where w.snapshot = s.seq and w.state = 'done' and w.kind in ('table', 'part', 'small'))
 order by s.seq

-- name: TABLE_COPIED_IN
select coalesce(max(snapshot), 0) from work
 where object = coalesce((select object from work where leaf = :oid limit 1), :oid)
   and kind in ('table', 'part', 'small') and state = 'done'

-- name: SNAPSHOT_END_HELD scan-ok
update snapshot set ended_us = :now where holder = 'command' and ended_us is null

-- name: SNAPSHOT_HELD scan-ok
select seq from snapshot where holder = 'command' and ended_us is null order by seq desc limit 1

-- name: SNAPSHOT_END
update snapshot set ended_us = :now where seq = :seq and ended_us is null

-- name: PROCESS_INSERT
insert into process (role, number, pid, started_us) values (:role, :number, :pid, :now)

-- name: PROCESS_SET_SOURCE
update process set source_pid = :pid, source_start = :start where id = :id

-- name: PROCESS_SET_TARGET
update process set target_pid = :pid, target_start = :start where id = :id

-- name: PROCESS_NOTE
update process set note = :note where target_pid = :pid and ended_us is null

-- name: PROCESS_END
update process set ended_us = :now, ending = :ending where id = :id and ended_us is null

-- name: PROCESS_UNREAPED scan-ok
select id, source_pid, source_start, target_pid, target_start
  from process
 where reaped = 0 and id <> :self
   and (:role is null or role = :role)
   and (:number = 0 or number = :number)
   and (:before = 0 or started_us < :before)
 order by id

-- name: PROCESS_REAPED
update process set reaped = 1, ended_us = coalesce(ended_us, :now) where id = :id

-- name: EVENT_INSERT
insert into event (at_us, level, fault_id, text) values (:now, :level, :fault, :text)

-- name: EVENT_LIST scan-ok
select at_us, level, fault_id, text from event
 where level in ('error', 'warning') order by id desc limit :count
