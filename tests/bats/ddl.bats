load lib.bash
load followed.bash

# Definitions that change on the source while a run follows. The run stops just before the first change
# that does not fit; when the same is done to the target, --resume goes on, and nothing is lost.

# Begins to follow, and waits for it.
begun() {
    background follow "$@"
    wait_for 30 following
}
# stops ID TEXT: the run ends there, and so it does again, whoever begins it.
stops() {
    local status=5
    [[ $1 != PGH-2* ]] || status=4
    ended_with "$status" "$1: .*$2"
    run -"$status" follow --resume
    assert_output --regexp "$1: .*$2"
}
# both SQL: on the source, in its own transaction; later on the target.
goes_on() {
    background follow --resume "$@"
    end_now
    same_contents
}

@test "columns that come, go, change their type and their name, each while the run follows" {
    src -q -c 'create schema "My ""s"' -c 'create table "My ""s"."T a" ("I d" int primary key, "a,b" text, c int, d int)' \
        -c "insert into \"My \"\"s\".\"T a\" select i, i, i, i from generate_series(1, 20) i"
    begun
    both() { tgt -q -c "$1"; }
    local t='"My ""s"."T a"' change
    # What commits before is applied, in whatever batch it comes.
    while read -r change; do
        src -q -c "insert into $t (\"I d\") select max(\"I d\") + 1 from $t" -c "alter table $t $change" -c "insert into $t (\"I d\") select max(\"I d\") + 1 from $t" -c "update $t set \"I d\" = -\"I d\" where \"I d\" = 5 or \"I d\" = -5"
        stops PGH-3203 'T a'
        # All before that is there.
        [[ $(tgt -c "select count(*) from $t where \"I d\" > 0 or \"I d\" = -5") == "$(src -c "select count(*) - 1 from $t")" ]]
        tgt -q -c "alter table $t $change"
        background follow --resume
        caught_up
    done <<'SQL'
add e int default 5
add "F" timestamptz default clock_timestamp(), drop c
add "G, ""x" text not null default 'g'
drop "a,b"
alter d type bigint
alter d type text using 'd' || d
rename e to "e, e"
drop "e, e", drop "G, ""x"
SQL
    end_now
    # A default that was filled in on both sides alone may differ: rows that were there before.
    tgt -q -c "alter table $t drop \"F\""
    src -q -c "alter table $t drop \"F\""
    same_contents
}
