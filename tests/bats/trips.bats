load lib.bash

# What each table costs in round trips: on a long line these are what takes the time.

# trips SIDE: statements of ours that the server has logged for this database since `mark`. What is
# sent at once is logged at once.
mark() {
    MARK_SOURCE=$(wc -l <"$PGH_SOURCE_DIR/log")
    MARK_TARGET=$(wc -l <"$PGH_TARGET_DIR/log")
}
trips() {
    local log=$PGH_SOURCE_DIR/log from=$MARK_SOURCE
    [[ $1 == source ]] || log=$PGH_TARGET_DIR/log from=$MARK_TARGET
    tail -n +$((from + 1)) "$log" | grep -cE " pghaul [a-z]+( [0-9]+)? postgres@$DB LOG:  (statement|execute [^:]*):" || true
}

tables() {
    src -c "do \$\$ begin for i in $1..$2 loop
        execute format('create table t%s (id int primary key, x text)', i);
        execute format('insert into t%s values (1), (2)', i); end loop; end \$\$"
}

@test "planning takes as many round trips for sixty tables as for ten; each copied table takes four" {
    local side
    pair template0
    admin_source "alter database $DB set log_statement = 'all'"
    admin_target "alter database $DB set log_statement = 'all'"
    declare -A few many
    tables 1 10
    mark
    run -0 "$PGHAUL" plan -q
    few[plan]=$(($(trips source) + $(trips target)))
    mark
    run -0 clone -q --skip-db-properties
    for side in source target; do few[$side]=$(trips $side); done
    again
    admin_target "alter database $DB set log_statement = 'all'"
    tables 11 60
    mark
    run -0 "$PGHAUL" plan -q
    many[plan]=$(($(trips source) + $(trips target)))
    mark
    run -0 clone -q --skip-db-properties
    for side in source target; do many[$side]=$(trips $side); done
    same
    [[ ${few[plan]} -gt 10 && ${many[plan]} == "${few[plan]}" ]]
    # Twice fifty on each side, give or take what workers need to connect, of whom there are not always as many.
    echo "source ${few[source]} ${many[source]}, target ${few[target]} ${many[target]}"
    [[ $((many[source] - few[source])) -ge 85 && $((many[source] - few[source])) -le 130 ]]
    [[ $((many[target] - few[target])) -ge 85 && $((many[target] - few[target])) -le 130 ]]
}

# How long it takes for a thousand is in tests/bench/check.
@test "check asks as many questions of sixty tables as of ten" {
    local few
    pair
    admin_source "alter database $DB set log_statement = 'all'"
    admin_target "alter database $DB set log_statement = 'all'"
    tables 1 10
    mark
    "$PGHAUL" check -q --follow >/dev/null || [[ $? == 10 ]]
    few=$(($(trips source) + $(trips target)))
    tables 11 60
    mark
    "$PGHAUL" check -q --follow >/dev/null || [[ $? == 10 ]]
    echo "few: $few, many: $(($(trips source) + $(trips target)))"
    [[ $few -gt 20 && $(($(trips source) + $(trips target))) == "$few" ]]
}
