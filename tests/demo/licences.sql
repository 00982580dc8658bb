-- The texts of this machine's licences, as large objects.
\set ON_ERROR_STOP on
begin;
create table licence (
    name  text primary key,
    bytes bigint not null,
    body  oid not null unique
);
comment on column licence.body is 'a large object';
insert into licence
select name, size, lo_import('/usr/share/common-licenses/' || name) from pg_ls_dir('/usr/share/common-licenses') name,
       pg_stat_file('/usr/share/common-licenses/' || name) where not isdir;
select format('comment on large object %s is %L', body, 'the text of ' || name) from licence \gexec
select format('grant select on large object %s to public', body) from licence \gexec
commit;
