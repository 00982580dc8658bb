-- The runs that a run over several databases consists of.

-- name: MEMBER_INSERT
insert into member (roles, name, bytes) values (:roles, :name, :bytes)

-- name: MEMBER_LIST scan-ok
select position, roles, name, bytes, state from member order by position

-- name: MEMBER_COUNT scan-ok
select count(*) from member

-- name: MEMBER_SET_STATE
update member set state = :state where position = :position

-- name: MEMBER_FORGET
delete from member
