# A pgbouncer before a server, for tests.

# pooler SIDE MODE [SETTING...]: a pgbouncer before a server, on a socket in its own directory, which
# logs in as postgres. POOLED is the server's address through it.
pooler() {
    local dir=$BATS_TEST_TMPDIR/pooler-$1 server=$PGH_SOURCE_DIR as=()
    [[ $1 == source ]] || server=$PGH_TARGET_DIR
    stop_pooler "$1"
    mkdir -p "$dir"
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
    {
        printf '[databases]\n* = host=%s user=postgres\n[pgbouncer]\n' "$server"
        printf 'listen_addr =\nunix_socket_dir = %s\nlisten_port = 5432\nauth_type = any\n' "$dir"
        printf 'pool_mode = %s\nlogfile = %s/log\npidfile = %s/pid\n' "$2" "$dir" "$dir"
        printf '%s\n' "${@:3}"
    } >"$dir/pgbouncer.ini"
    if [[ $(id -u) == 0 ]]; then
        chown -R postgres: "$dir"
        as=(setpriv --reuid=postgres --regid=postgres --init-groups)
    fi
    "${as[@]}" "$(PATH=$PATH:/usr/sbin command -v pgbouncer)" -q -d "$dir/pgbouncer.ini" 3>&-
    wait_for 10 test -S "$dir/.s.PGSQL.5432"
    POOLED="host=$dir user=postgres dbname=$DB"
}

stop_pooler() {
    local file=$BATS_TEST_TMPDIR/pooler-$1/pid pid
    [[ -f $file ]] || return 0
    pid=$(<"$file")
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do read -rt 0.02 <> <(:) || true; done
}

# pool_of N: leaves so many idle connections in the pool.
pool_of() {
    local i pids=()
    for ((i = 0; i < $1; i++)); do
        psql -qXAt "$POOLED" -c 'begin; select pg_sleep(0.3); commit' >/dev/null 3>&- &
        pids+=($!)
    done
    wait "${pids[@]}"
}
