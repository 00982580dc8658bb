-- Handing over: what was asked for, how far it is, and what was changed on the source for it.

-- name: CUTOVER_ASK
insert into cutover (kind, state, freeze, max_downtime_ms, verify, leave_open, reverse, command, before_command,
                     asked_us)
values (:kind, 'asked', :freeze, :max_downtime, :verify, :leave_open, :reverse, :command, :before_command, :now)

-- name: CUTOVER_OPEN scan-ok
select id from cutover where state in ('asked', 'running', 'handed over') order by id limit 1

-- name: CUTOVER_ASKED scan-ok
select coalesce(max(id), 0) from cutover where state = 'asked'

-- name: CUTOVER_GET
select id, kind, state, freeze, max_downtime_ms, verify, leave_open, command, before_command, cancelled,
       coalesce(stop, ''), asked_us, coalesce(frozen_us, 0), coalesce(ready_us, 0),
       coalesce(ended_us, 0), coalesce(fault_id, 0), coalesce(fault_text, ''), coalesce(fault_detail, ''),
       coalesce(fault_hint, ''), reverse
  from cutover where id = :id

-- name: CUTOVER_LAST scan-ok
select coalesce(max(id), 0) from cutover

-- name: CUTOVER_HANDED_OVER scan-ok
select coalesce(max(id), 0) from cutover where handed_us is not null

-- name: CUTOVER_LAST_DOWNTIME scan-ok
select coalesce(max(ready_us - frozen_us), 0) from cutover
 where id = (select max(id) from cutover where state = 'rehearsed' and ready_us is not null)

-- name: CUTOVER_BEGIN
update cutover set state = 'running', begun_us = :now where id = :id and state = 'asked'

-- name: CUTOVER_FROZEN
update cutover set frozen_us = coalesce(frozen_us, :now) where id = :id

-- name: CUTOVER_CANCEL
update cutover set cancelled = 1 where id = :id and state in ('asked', 'running')

-- name: CUTOVER_CANCELLED scan-ok
select count(*) from cutover where cancelled <> 0 and state = 'running'

-- name: CUTOVER_HAND_OVER
update cutover set state = 'handed over', stop = :stop, handed_us = :now where id = :id and state = 'running'

-- name: CUTOVER_READY
update cutover set ready_us = coalesce(ready_us, :now) where id = :id

-- name: CUTOVER_END
update cutover set state = :state, ended_us = :now, fault_id = :fault, fault_text = :text, fault_detail = :detail,
       fault_hint = :hint
 where id = :id

-- name: CUTOVER_SET_COMMAND
update cutover set command = :command where id = :id

-- name: CUTOVER_FORGET
delete from cutover

-- name: CUTOVER_STEP_BEGIN
insert into cutover_step (cutover, step, begun_us) values (:cutover, :step, :now)

-- name: CUTOVER_STEP_END
update cutover_step set ended_us = :now, note = :note
 where cutover = :cutover and step = :step and ended_us is null

-- name: CUTOVER_STEPS
select id, step, begun_us, coalesce(ended_us, 0), note from cutover_step where cutover = :cutover order by id

-- name: CUTOVER_STEPS_FORGET
delete from cutover_step

-- name: FROZEN_ADD
insert or ignore into frozen (kind, name, value) values (:kind, :name, :value)

-- name: FROZEN_LIST scan-ok
select kind, name, value from frozen order by kind <> 'at', kind, name

-- name: FROZEN_ANY scan-ok
select count(*) from frozen

-- name: FROZEN_FORGET
delete from frozen

-- name: FROZEN_FORGET_KIND
delete from frozen where kind = :kind
