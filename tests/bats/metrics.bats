load lib.bash
load followed.bash

# A run that serves its metrics and a page.

# serving [OPTIONS]: a run that follows, begun with --metrics on a free port; URL is where.
serving() {
    src -q -c 'create table t (id int primary key, v text)' -c "insert into t select i, 'x' from generate_series(1, 1000) i"
    background "$PGHAUL" clone --dir "$RUN" --follow --name "a \"b\" \\ é" "$@"
    wait_for 30 following
    URL=$(sed -n 's/.* \(http:[^ ]*:[0-9]*\/\) shows the run.*/\1/p' "$BATS_TEST_TMPDIR/err")
}
get() { curl -s --noproxy '*' -m 5 "$@"; }
code() { get -o /dev/null -w '%{http_code}' "$@"; }

@test "--metrics: what Prometheus reads, by the rules of promtool" {
    serving --metrics 0
    [[ $URL == http://127.0.0.1:* ]]
    get "${URL}metrics" >"$BATS_TEST_TMPDIR/metrics"
    "$PGH_TOP/tests/promtext" <"$BATS_TEST_TMPDIR/metrics"
    grep -qxF 'pghaul_run_phase{run="a \"b\" \\ é",phase="follow"} 1' "$BATS_TEST_TMPDIR/metrics"
    grep -qxF 'pghaul_copied_rows_total{run="a \"b\" \\ é"} 1000' "$BATS_TEST_TMPDIR/metrics"
    src -q -c "update t set v = 'y' where id < 11"
    caught_up
    applied() { get "${URL}metrics" | grep -qF 'operation="update"} 10'; }
    wait_for 10 applied
    get "${URL}metrics" | "$PGH_TOP/tests/promtext"
    end_now
    # It ends with the run.
    run -7 get "${URL}metrics"
}

@test "--metrics: all families, of each database of several" {
    src -q -c 'create table t (id int primary key)' -c 'insert into t values (1)'
    admin_source "create database ${DB}_b template $DB"
    admin_target "create database ${DB}_b"
    background env PGHAUL_TEST_AT=supervisor.phase:stop "$PGHAUL" clone --dir "$RUN" --metrics 0 --source "$PGH_SOURCE" --target "$PGH_TARGET" --database "$DB,${DB}_b" --database-jobs 1
    stopped_at supervisor.phase
    URL=$(sed -n 's/.* \(http:[^ ]*:[0-9]*\/\) shows the run.*/\1/p' "$BATS_TEST_TMPDIR/err")
    get "${URL}metrics" >"$BATS_TEST_TMPDIR/metrics"
    "$PGH_TOP/tests/promtext" <"$BATS_TEST_TMPDIR/metrics"
    grep -qE "^pghaul_run_state\{run=\"databases\",database=\"$DB(_b)?\",state=\"running\"\} 1" "$BATS_TEST_TMPDIR/metrics"
    go_on
    wait "$PID"
}

@test "the page and the JSON: self-contained, and only for this machine" {
    serving --metrics 127.0.0.1:0
    get "$URL" >"$BATS_TEST_TMPDIR/page"
    grep -q '<title>pghaul</title>' "$BATS_TEST_TMPDIR/page"
    # Nothing is loaded from elsewhere, and a browser would not let it.
    run -1 grep -nE '(src|href)=|url\(|@import|https?:' <(grep -v noscript "$BATS_TEST_TMPDIR/page")
    get -D - -o /dev/null "$URL" | grep -qi "^Content-Security-Policy: default-src 'none';"
    get "${URL}status.json" | documented status
    [[ $(get "${URL}status.json" | jq -r .name) == 'a "b" \ é' ]]
    [[ $(code "${URL}else") == 404 && $(code -X POST "$URL") == 405 && $(head -c 100000 /dev/zero | code --data-binary @- "$URL") == 405 && $(code -I "${URL}metrics") == 200 ]]
    # A name of somebody else that leads here.
    [[ $(code -H 'Host: evil.example' "${URL}status.json") == 403 && $(code -H 'Host: 127.0.0.1.evil.example' "$URL") == 403 ]]
    [[ $(code -H 'Host: localhost:1' "$URL") == 200 && $(code -H 'Host: [::1]' "$URL") == 200 ]]
    end_now
}

@test "the page in a browser" {
    local chromium
    chromium=$(command -v chromium) || skip 'there is no chromium'
    serving --metrics 127.0.0.1:0
    cd "$BATS_TEST_TMPDIR"
    HOME=$BATS_TEST_TMPDIR timeout 60 "$chromium" --headless --no-sandbox --disable-gpu --virtual-time-budget=4000 --dump-dom "$URL" >dom 2>/dev/null
    grep -q '<span class="state running">running</span>' dom
    grep -q 'applying changes: all that was received is applied' dom
    grep -q 'it refreshes itself' dom
    end_now
}

@test "a token: asked for wherever it is given, and needed beyond this machine; told to nobody" {
    src -q -c 'create table t (id int primary key)'
    run -2 clone --metrics 0.0.0.0:0
    assert_output --partial 'PGH-9011: 0.0.0.0:0 is no loopback address'
    [[ ! -e $RUN ]]
    printf 'sesame-0pen\n' >"$BATS_TEST_TMPDIR/token"
    run -2 clone --metrics 0.0.0.0:0 --metrics-token-file "$BATS_TEST_TMPDIR/token"
    assert_output --partial 'PGH-9030: 0.0.0.0:0 is no loopback address, and the token for it has 11 characters: at least 16 are needed'
    printf 'sesame 0pen\n' >"$BATS_TEST_TMPDIR/token"
    run -2 clone --metrics 0 --metrics-token-file "$BATS_TEST_TMPDIR/token"
    assert_output --partial 'PGH-9030: the token has a blank, or a character that is not ASCII'
    [[ ! -e $RUN ]]
    printf 'sesame-0pen-0r-nevermind\n' >"$BATS_TEST_TMPDIR/token"
    background "$PGHAUL" clone --dir "$RUN" --follow --verbose --metrics 0.0.0.0:0 --metrics-token-file "$BATS_TEST_TMPDIR/token"
    wait_for 30 following
    URL=$(sed -n 's/.* http:[^ ]*:\([0-9]*\)\/ shows the run.*/http:\/\/127.0.0.1:\1\//p' "$BATS_TEST_TMPDIR/err")
    [[ $(code "${URL}metrics") == 401 && $(code "$URL") == 401 && $(code -u x:sesame-0pen-0r-nevermin "$URL") == 401 ]]
    get -D - -o /dev/null "$URL" | grep -qi '^WWW-Authenticate: Basic'
    [[ $(code -H 'Authorization: Bearer sesame-0pen-0r-nevermind' "${URL}metrics") == 200 && $(code -u anybody:sesame-0pen-0r-nevermind "$URL") == 200 ]]
    [[ $(code -H 'Authorization: Bearer sesame-0pen-0r-nevermindd' "${URL}metrics") == 401 && $(code -H 'Authorization: Bearer ' "${URL}metrics") == 401 ]]
    run ! grep -rqa sesame-0pen "$RUN" "$BATS_TEST_TMPDIR/err"
    run ! eval 'ps axww -o args | grep -v grep | grep -q sesame-0pen'
    kill -INT "$PID"
    ended_with 3 stopped
    # From the environment, on this machine too; who does not need it does not have it.
    background env PGHAUL_METRICS_TOKEN=another-one "$PGHAUL" clone --dir "$RUN" --resume --metrics 0
    wait_for 30 grep -q 'shows the run' "$BATS_TEST_TMPDIR/err"
    wait_for 30 following
    URL=$(sed -n 's/.* \(http:[^ ]*:[0-9]*\/\) shows the run.*/\1/p' "$BATS_TEST_TMPDIR/err")
    [[ $(code "$URL") == 401 && $(code -H 'Authorization: Bearer another-one' "$URL") == 200 ]]
    local process having=0 others=0
    for process in $(pgrep -P "$PID"); do
        if grep -qza '^PGHAUL_METRICS_TOKEN=' "/proc/$process/environ"; then having=$((having + 1)); else others=$((others + 1)); fi
    done
    [[ $having == 1 ]] && ((others > 1))
    end_now
}

@test "addresses that cannot be: told before the run begins" {
    local port
    src -q -c 'create table t (id int primary key)'
    python3 -c 'import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
print(s.getsockname()[1], flush=True)
time.sleep(100)' >"$BATS_TEST_TMPDIR/port" 3>&- & PIDS="${PIDS:-} $!"
    wait_for 10 test -s "$BATS_TEST_TMPDIR/port"
    port=$(<"$BATS_TEST_TMPDIR/port")
    run -7 clone --metrics "127.0.0.1:$port"
    assert_output --partial "PGH-9010: cannot listen on 127.0.0.1:$port: Address already in use"
    assert_output --partial 'Give another port'
    run -2 clone --metrics 203.0.113.7:0
    assert_output --partial PGH-9011
    run -2 clone --metrics localhost
    assert_output --partial 'PGH-1003: --metrics "localhost" is not ADDR:PORT'
    run -2 clone --metrics-token-file "$BATS_TEST_TMPDIR/none"
    assert_output --partial 'PGH-1005: --metrics-token-file goes with --metrics only'
    : >"$BATS_TEST_TMPDIR/empty"
    run -2 clone --metrics 0 --metrics-token-file "$BATS_TEST_TMPDIR/empty"
    assert_output --partial 'PGH-9011: there is no token in'
    [[ ! -e $RUN ]]
}

@test "the server of metrics dies: the run goes on, and starts another one; the run dies: so does the server" {
    serving --metrics 0
    found() { SERVER=$(pgrep -P "$PID" -f '^pghaul serve'); }
    wait_for 10 found
    kill -9 "$SERVER"
    src -q -c "update t set v = 'y'"
    caught_up
    wait_for 15 eval '[[ $(code "${URL}metrics") == 200 ]]'
    grep -q 'the process behind --metrics was killed by signal 9 (Killed): it is started again' "$BATS_TEST_TMPDIR/err"
    # Not at once when it dies at once.
    found && kill -9 "$SERVER"
    wait_for 15 found
    kill -INT "$PID"
    ended_with 3 stopped
    background "$PGHAUL" clone --dir "$RUN" --resume --metrics 0
    wait_for 30 following
    wait_for 10 found
    kill -9 "$PID"
    wait_for 10 eval '! kill -0 "$SERVER" 2>/dev/null'
}

@test "a server of metrics that cannot be started ends the run before it begins, and its catalog says so" {
    src -q -c 'create table t (id int primary key)'
    run env PGHAUL_TEST_AT=aside.start:error "$PGHAUL" clone --dir "$RUN" --metrics 0
    assert_failure
    assert_output --partial 'PGH-9002'
    [[ $("$PGHAUL" status --dir "$RUN" --json | jq -r '.state + " " + (.fault.id | tostring)') == 'failed 9002' ]]
    run -0 clone --metrics 0
}
