load lib.bash

@test "a role with hostile settings on both sides" {
    pair objects
    for side in src tgt; do
        $side -c "alter role postgres in database $DB set extra_float_digits = -15" \
            -c "alter role postgres in database $DB set datestyle = 'SQL, DMY'" \
            -c "alter role postgres in database $DB set intervalstyle = 'sql_standard'" \
            -c "alter role postgres in database $DB set timezone = 'Asia/Kathmandu'" \
            -c "alter role postgres in database $DB set bytea_output = 'escape'" \
            -c "alter role postgres in database $DB set search_path = 'nowhere'" \
            -c "alter role postgres in database $DB set default_transaction_read_only = on" \
            -c "alter role postgres in database $DB set default_transaction_isolation = 'serializable'" \
            -c "alter role postgres in database $DB set statement_timeout = '100ms'" \
            -c "alter role postgres in database $DB set lock_timeout = '10ms'" \
            -c "alter role postgres in database $DB set idle_in_transaction_session_timeout = '10ms'" \
            -c "alter role postgres in database $DB set idle_session_timeout = '250ms'" \
            -c "alter role postgres in database $DB set xmloption = 'document'" \
            -c "alter role postgres in database $DB set client_encoding = 'LATIN1'" \
            -c "alter role postgres in database $DB set quote_all_identifiers = on" \
            -c "alter role postgres in database $DB set session_replication_role = 'replica'" \
            -c "alter role postgres in database $DB set default_tablespace = 'nowhere'" 2>/dev/null || true
    done
    run -0 clone --copy-format text
    admin_source "alter role postgres in database $DB reset all"
    admin_target "alter role postgres in database $DB reset all"
    same
}

@test "LATIN1 and SQL_ASCII databases arrive byte for byte" {
    for encoding in LATIN1 SQL_ASCII; do
        for format in text binary; do
            [[ -z ${DB:-} ]] || { admin_source "drop database $DB"; admin_target "drop database $DB"; rm -rf "$RUN"; }
            pair template0 "encoding $encoding lc_collate 'C' lc_ctype 'C'" "template template0 encoding $encoding lc_collate 'C' lc_ctype 'C'"
            psql -qX "$SOURCE" <<SQL
set client_encoding = '$encoding';
create table bytes (n int primary key, c text);
insert into bytes select n, chr(n) from generate_series(1, case when '$encoding' = 'LATIN1' then 255 else 127 end) n;
create table "t$(printf '\351')" ("c$(printf '\374')" text default '$(printf '\344')');
insert into "t$(printf '\351')" values ('$(printf '\344\366')');
create index on "t$(printf '\351')" ("c$(printf '\374')");
comment on table bytes is '$(printf '\344')';
SQL
            [[ $encoding == LATIN1 ]] || psql -qX "$SOURCE" -c "insert into bytes select n, E'\\xff\\xfe' from generate_series(1000, 1010) n"
            run -0 clone -q --copy-format $format
            same
        done
    done
}

@test "from LATIN1 to UTF8, converted" {
    pair template0 "encoding LATIN1 lc_collate 'C' lc_ctype 'C'"
    src -c "create table t (a text)" -c "insert into t select chr(n) from generate_series(1, 255) n"
    run -0 clone -q
    [[ $(tgt -c "select string_agg(a, '' order by a collate \"C\") = (select string_agg(chr(n), '' order by n) from generate_series(1, 255) n) from t") == t ]]
}

@test "configuration tables of extensions" {
    pair template0
    extension_dir=$(pg_config --sharedir 2>/dev/null || /usr/lib/postgresql/15/bin/pg_config --sharedir)/extension
    [[ -w $extension_dir ]] || skip "cannot write to $extension_dir"
    cat >"$extension_dir/pgh_conf.control" <<'X'
default_version = '1.0'
relocatable = true
X
    cat >"$extension_dir/pgh_conf--1.0.sql" <<'X'
create table conf_parent (id int primary key, own boolean default false);
create table conf_child (id int primary key, parent int references conf_parent, own boolean default false);
create sequence conf_seq;
insert into conf_parent values (1), (2);
insert into conf_child values (1, 1);
select pg_extension_config_dump('conf_child', 'where own');
select pg_extension_config_dump('conf_parent', 'where own');
select pg_extension_config_dump('conf_seq', '');
X
    src -c 'create schema ext' -c 'create extension pgh_conf schema ext' \
        -c 'insert into ext.conf_parent values (10, true), (11, true)' -c 'insert into ext.conf_child values (20, 10, true)' \
        -c "select setval('ext.conf_seq', 55)" >/dev/null
    run -0 clone -q
    rm -f "$extension_dir"/pgh_conf*
    same_contents
    [[ $(tgt -c 'select count(*) from ext.conf_parent') == 4 ]]
}

@test "names, defaults, labels and bodies of functions are converted like rows" {
    local from to
    for from in UTF8 LATIN1; do
        to=$([[ $from == UTF8 ]] && echo LATIN1 || echo UTF8)
        pair template0 "encoding $from lc_collate 'C' lc_ctype 'C'" "template template0 encoding $to lc_collate 'C' lc_ctype 'C'"
        PGCLIENTENCODING=UTF8 src -c "create type \"enüm\" as enum ('ö', 'ß')" \
            -c "create table \"tä\" (a text default 'é', \"ç\" \"enüm\" default 'ö', id int primary key)" \
            -c "insert into \"tä\" (id) values (1)" -c "create function \"fñ\"() returns text language sql as 'select ''à''::text'" \
            -c "comment on table \"tä\" is 'û'"
        run -0 clone -q
        run diff <(PGCLIENTENCODING=UTF8 schema_of "$SOURCE client_encoding=UTF8" | grep -v client_encoding) \
            <(PGCLIENTENCODING=UTF8 schema_of "$TARGET client_encoding=UTF8" | grep -v client_encoding)
        assert_output ''
        [[ $(PGCLIENTENCODING=UTF8 tgt -c "select a || \"ç\"::text || \"fñ\"() from \"tä\"") == éöà ]]
        admin_source "drop database $DB"
        admin_target "drop database $DB"
        rm -rf "$RUN"
    done
}

@test "settings of the database that change what a literal means" {
    pair
    src -c 'create table t (a text[], b text)' -c "insert into t values (array['x', null], 'y')" -c "create table n (a int check (a = null or a > 0))"
    tgt -c "alter database $DB set array_nulls = off" -c "alter database $DB set transform_null_equals = on" \
        -c "alter database $DB set synchronous_commit = off"
    run -0 clone -q --copy-format text
    same_contents
    [[ $(tgt -c 'select a[2] is null from t') == t ]]
}
