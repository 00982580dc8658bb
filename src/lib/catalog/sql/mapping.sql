-- What the user wants to be another on the target: tablespaces, versions of extensions.

-- name: MAPPING_INSERT
insert into mapping (kind, name, value) values (:kind, :name, :value)

-- name: MAPPING_LIST scan-ok
select name, value, kind from mapping where :kind is null or kind = :kind order by position

-- name: MAPPING_FIND scan-ok
select value from mapping where kind = :kind and name = :name

-- name: MAPPING_COUNT scan-ok
select count(*) from mapping

-- name: MAPPING_FORGET
delete from mapping

-- name: INDEXES_MAP_TABLESPACES scan-ok
update obj_index
   set tablespace = (select nullif(m.value, '') from mapping m
                      where m.kind = 'tablespace-map' and m.name = obj_index.tablespace)
 where tablespace in (select name from mapping where kind = 'tablespace-map')
