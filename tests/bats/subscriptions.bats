load lib.bash

# Subscriptions come only when they are asked for, and then they do nothing by themselves.

# A database with a subscription cannot be dropped; nor a subscription that has a slot.
eval "lib_$(declare -f teardown)"
teardown() {
    local side name
    for side in "${SOURCE:-}" "${TARGET:-}"; do
        [[ -n $side ]] || continue
        for name in $(psql -qXAt "$side" -c "select subname from pg_subscription s join pg_database d on d.oid = subdbid and datname = current_database()"); do
            psql -qXAt "$side" -c "alter subscription $name set (slot_name = none)" -c "drop subscription $name"
        done
    done
    lib_teardown
    for side in source target; do "admin_$side" "drop role if exists pgh_mover"; done
}

# All databases of a server share one catalog of them.
OURS='pg_subscription where subdbid = (select oid from pg_database where datname = current_database())'

subscribed() {
    pair
    src -c 'create table t (a int primary key)' -c 'insert into t select generate_series(1, 10)' \
        -c "create subscription pgh_sub connection 'host=nowhere user=u password=top-secret-word dbname=x' publication p with (connect = false)" \
        -c "comment on subscription pgh_sub is 'from elsewhere'" 2>/dev/null
}

# bats test_tags=any-servers
@test "subscriptions: left out, and named, unless asked for" {
    subscribed
    run -0 clone
    assert_output --partial 'warning'
    assert_output --partial 'subscription pgh_sub is left out: only --subscriptions brings it'
    [[ $(tgt -c "select count(*) from $OURS") == 0 ]]
    run -0 env -u PGHAUL_TARGET "$PGHAUL" plan
    assert_output --partial 'warning: subscription pgh_sub is left out'
    # A part of the database has none to leave out.
    run -0 env -u PGHAUL_TARGET "$PGHAUL" plan -t t
    refute_output --partial subscription
    # Whoever may not see the connection string sees the names.
    admin_source "create role pgh_mover login"
    src -c 'grant select on t to pgh_mover'
    run -0 env -u PGHAUL_TARGET "$PGHAUL" plan --source-role pgh_mover
    assert_output --partial 'warning: subscription pgh_sub is left out'
    src -c 'revoke all on t from pgh_mover'
}

# bats test_tags=any-servers
@test "subscriptions: asked for, they come disabled, and their passwords are in no log" {
    subscribed
    run -0 clone --subscriptions -v
    refute_output --partial top-secret-word
    [[ $(tgt -c "select subname, subenabled, subslotname, subconninfo from $OURS") == \
        "pgh_sub|f|pgh_sub|host=nowhere user=u password=top-secret-word dbname=x" ]]
    [[ $(tgt -c "select obj_description(oid, 'pg_subscription') from $OURS") == 'from elsewhere' ]]
    [[ $(tgt -c 'select count(*) from pg_subscription_rel') == 0 ]]
    same
    # pg_dump's file holds it, for nobody but us to read.
    run -1 grep -rq top-secret-word "$RUN/log" "$RUN/catalog.db"
    grep -q top-secret-word "$RUN/schema/dump"
    [[ $(stat -c %a "$RUN") == 700 ]]
    # A second time it is in the way.
    rm -rf "$RUN"
    run -5 clone --subscriptions --drop-if-exists
    assert_output --partial 'PGH-3150: '
    assert_output --partial 'subscription pgh_sub is there on the target already'
}

# bats test_tags=any-servers
@test "subscriptions: who may not read or create them is told before anything is done" {
    subscribed
    for side in source target; do "admin_$side" "create role pgh_mover login"; done
    src -c 'grant select on t to pgh_mover'
    run -4 clone --subscriptions --source-role pgh_mover
    assert_output --partial 'PGH-2152'
    assert_output --partial 'only a superuser of the source may read subscriptions: pgh_sub'
    src -c 'revoke all on t from pgh_mover'
    admin_target "grant create on database $DB to pgh_mover"
    tgt -c 'grant create on schema public to pgh_mover'
    rm -rf "$RUN"
    run -5 clone --subscriptions --role pgh_mover --no-owner --no-acl
    assert_output --partial 'PGH-3150'
    assert_output --partial 'subscription pgh_sub may not be created by the role that connects'
    no_helper_schema
    tgt -c 'revoke all on schema public from pgh_mover'
    admin_target "revoke all on database $DB from pgh_mover"
}

# bats test_tags=any-servers
@test "subscriptions: from version 16 on a member of pg_create_subscription may, with a password" {
    [[ $(admin_target 'show server_version_num') -ge 160000 ]] || skip 'the role is new in version 16'
    subscribed
    admin_target 'create role pgh_mover login'
    admin_target 'grant pg_create_subscription to pgh_mover'
    admin_target "grant create on database $DB to pgh_mover"
    tgt -c 'grant create on schema public to pgh_mover'
    run -5 clone --subscriptions --role pgh_mover --no-acl --no-comments
    assert_output --partial 'cannot be given to its owner'
    run -0 clone --subscriptions --role pgh_mover --no-owner --no-acl --no-comments
    [[ $(tgt -c "select subowner::regrole from $OURS") == pgh_mover ]]
    tgt -c 'alter subscription pgh_sub set (slot_name = none)' -c 'drop subscription pgh_sub'
    src -c "create subscription pgh_open connection 'postgresql://u@nowhere/x' publication p with (connect = false)" 2>/dev/null
    rm -rf "$RUN"
    run -5 clone --subscriptions --role pgh_mover --no-owner --no-acl --no-comments --drop-if-exists
    assert_output --partial 'without a password in their connection string: pgh_open'
    tgt -c 'drop owned by pgh_mover'
}

# bats test_tags=any-servers
@test "subscriptions: an owner that the target lacks, or that may not own one" {
    subscribed
    admin_source "create role pgh_mover superuser"
    src -c 'alter subscription pgh_sub owner to pgh_mover'
    run -5 clone --subscriptions
    assert_output --partial 'PGH-3102'
    assert_output --partial 'pgh_mover (owner of subscription pgh_sub)'
    if [[ $(admin_target 'show server_version_num') -lt 160000 ]]; then
        admin_target 'create role pgh_mover'
        run -5 clone --subscriptions
        assert_output --partial 'subscription pgh_sub cannot be given to its owner on the target'
        assert_output --partial 'must be a superuser there'
    fi
    run -0 clone --subscriptions --no-owner
    src -c 'alter subscription pgh_sub owner to postgres'
}
