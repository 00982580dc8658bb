# For the files about handing over: a small shop, and a run that follows it.

shop() {
    src -q <<'SQL'
create table account (id int primary key, amount int not null);
insert into account select i, 1000 from generate_series(1, 100) i;
create table log (client int, n int, primary key (client, n));
create sequence counter;
create sequence bare;
select setval('bare', 41, false);
SQL
}

# followed [OPTIONS]: a run that follows, in the background. followed_to POINT[:NTH] [OPTIONS]: one of whose
# processes stops itself at this failpoint.
followed() {
    background "$PGHAUL" clone --follow --dir "$RUN" "$@"
    is_followed
}
followed_to() {
    local point=${1%%:*}
    background env PGHAUL_TEST_AT="$point:stop${1#"$point"}" "$PGHAUL" clone --follow --dir "$RUN" "${@:2}"
    is_followed
}
is_followed() {
    wait_for 30 following
    wait_for 20 catalog_says "select count(*) from process where role = 'cutover' and ended_us is null" 1
}
cutover() { "$PGHAUL" cutover --dir "$RUN" "$@"; }
