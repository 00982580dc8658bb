load lib.bash
load followed.bash

# A run that tells of its events, by a command or a webhook.

setup_file() { own_source 'max_slot_wal_keep_size = 200MB' 'min_wal_size = 32MB' 'max_wal_size = 64MB' 'autovacuum = off'; }

table() { src -q -c 'create table t (id int primary key, v text)' -c "insert into t select i, 'x' from generate_series(1, 1000) i"; }
# Lines "EVENT STATE PHASE text" of what came.
told() { grep -qE -- "$1" "$BATS_TEST_TMPDIR/told"; }

# listen STATUS [SECONDS]: a web server that keeps what is posted, answers so, after a time; PORT is its port.
listen() {
    python3 - "$BATS_TEST_TMPDIR" "$1" "${2:-0}" 3>&- <<'PY' &
import http.server, json, sys, time
class Taker(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with open(sys.argv[1] + "/posted", "a") as file:
            file.write(json.dumps({"path": self.path, "type": self.headers["Content-Type"], "body": json.loads(body)}) + "\n")
        time.sleep(float(sys.argv[3]))
        self.send_response(int(sys.argv[2]))
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker)
with open(sys.argv[1] + "/port", "w") as file:
    file.write(str(server.server_port) + "\n")
server.serve_forever()
PY
    PIDS="${PIDS:-} $!"
    wait_for 10 grep -qs . "$BATS_TEST_TMPDIR/port"
    PORT=$(<"$BATS_TEST_TMPDIR/port")
}
posted() { jq -rs "$1" <"$BATS_TEST_TMPDIR/posted"; }

@test "--notify with a command: facts in its environment, of the beginning, phases, lag and the end" {
    table
    export OUT=$BATS_TEST_TMPDIR/told
    # shellcheck disable=SC2016
    background "$PGHAUL" clone --dir "$RUN" --follow --name "it's \"x\"" --notify-lag 1s --notify 'echo "$PGHAUL_EVENT $PGHAUL_STATE $PGHAUL_PHASE $PGHAUL_LAG_MS $PGHAUL_RUN: $PGHAUL_TEXT" >>"$OUT"; cat >>"$OUT.json"; printf "%s\n" "" >>"$OUT.json"'
    wait_for 30 told "^begun running [a-z]+  ?.*it's \"x\": run it's \"x\" has begun"
    wait_for 30 told '^phase running follow .*applying changes$'
    psql -qX "$TARGET" -c 'begin' -c 'lock table t' -c 'select pg_sleep(60)' >/dev/null 3>&- & PIDS="$PIDS $!"
    local holder=$!
    wait_for 10 eval '[[ $(tgt <<<"select count(*) from pg_locks where mode = '"'AccessExclusiveLock'"' and relation = '"'t'"'::regclass") == 1 ]]'
    src -q -c "update t set v = 'y' where id = 1"
    wait_for 20 told '^lag running follow [0-9]{4,} .* behind \('
    kill "$holder"
    tgt -q -o /dev/null -c "select pg_terminate_backend(pid) from pg_locks where mode = 'AccessExclusiveLock' and relation = 't'::regclass"
    wait_for 20 told '^caught_up '
    end_now
    tail -n 1 "$OUT" | grep -qE '^ended done done .* is done, after'
    # The whole is JSON, on standard input.
    [[ $(jq -rs '[.[0].event, .[-1].event, .[-1].run, (map(.version) | unique | join(","))] | join(" ")' <"$OUT.json") == "begun ended it's \"x\" 1" ]]
}

@test "a stall, with what it waits for" {
    table
    export OUT=$BATS_TEST_TMPDIR/told
    # shellcheck disable=SC2016
    background "$PGHAUL" clone --dir "$RUN" --follow --notify-stall 5s --notify 'echo "$PGHAUL_EVENT $PGHAUL_TEXT" >>"$OUT"'
    wait_for 30 following
    psql -qX "$TARGET" -c 'begin' -c 'lock table t' -c 'select pg_sleep(60)' >/dev/null 3>&- & PIDS="$PIDS $!"
    wait_for 10 eval '[[ $(tgt <<<"select count(*) from pg_locks where mode = '"'AccessExclusiveLock'"' and relation = '"'t'"'::regclass") == 1 ]]'
    src -q -c "update t set v = 'y' where id = 1"
    wait_for 30 told '^stall .* has not moved for .* while applying changes; it waits for a lock on public\.t held by process'
    tgt -q -o /dev/null -c "select pg_terminate_backend(pid) from pg_locks where mode = 'AccessExclusiveLock' and relation = 't'::regclass"
    wait_for 20 told '^moves .* goes on$'
    kill -INT "$PID"
    ended_with 3 stopped
    told '^ended .* is stopped, after .*: stopped while applying changes'
}

@test "a slot in danger" {
    table
    export OUT=$BATS_TEST_TMPDIR/told
    # shellcheck disable=SC2016
    background "$PGHAUL" clone --dir "$RUN" --follow --spool-reserve 1000TB --notify 'echo "$PGHAUL_EVENT $PGHAUL_SLOT_STATE $PGHAUL_TEXT" >>"$OUT"'
    wait_for 30 following
    src -q -o /dev/null -c "select pg_logical_emit_message(false, 'x', repeat('x', 1000000)) from generate_series(1, 170)" -c 'checkpoint'
    wait_for 30 told "^slot_danger [a-z]+ run $DB: slot $SLOT is in danger \([a-z]+\): the source keeps .* for it"
    kill -INT "$PID"
    ended_with 3 stopped
}

@test "--notify with a URL: posted as JSON; the URL is a secret" {
    table
    listen 200
    background "$PGHAUL" clone --dir "$RUN" --follow --verbose --notify "http://127.0.0.1:$PORT/hook?key=s3cret-key"
    wait_for 30 following
    run ! eval 'ps axww -o args | grep -v -e grep | grep s3cret-key'
    end_now
    [[ $(posted 'map(.path + " " + .type) | unique | .[]') == '/hook?key=s3cret-key application/json' ]]
    [[ $(posted '.[0].body.event + " " + .[-1].body.event + " " + .[-1].body.state') == 'begun ended done' ]]
    posted 'map(.body | has("text") and has("at") and .version == 1) | all' | grep -qx true
    run ! grep -rqa s3cret-key "$RUN" "$BATS_TEST_TMPDIR/err"
}

@test "who does not listen, answers late, or refuses, neither stops nor delays the run" {
    local begun
    table
    begun=$SECONDS
    run -0 clone --notify http://127.0.0.1:1/
    assert_output --partial 'a notice could not be delivered (ended): it exited with status 7'
    ((SECONDS - begun < 10))
    again
    listen 500
    run -0 clone --notify "http://127.0.0.1:$PORT/"
    assert_output --partial 'a notice could not be delivered (ended): it exited with status 22'
    again
    # The copy goes on while the command has not come back.
    background "$PGHAUL" clone --dir "$RUN" --follow --notify 'sleep 5; exit 3'
    wait_for 4 following
    end_now
    grep -q 'a notice could not be delivered (begun): it exited with status 3' "$BATS_TEST_TMPDIR/err"
    same_contents
}

@test "a run that is killed: told as crashed" {
    table
    export OUT=$BATS_TEST_TMPDIR/told
    # shellcheck disable=SC2016
    background "$PGHAUL" clone --dir "$RUN" --follow --notify 'echo "$PGHAUL_EVENT $PGHAUL_STATE" >>"$OUT"'
    wait_for 30 following
    wait_for 10 told '^phase running'
    kill -9 "$PID"
    wait_for 20 told '^ended crashed$'
    [[ $(grep -c '^ended' "$OUT") == 1 ]]
}

@test "a run that is killed, of which a worker lives on for long: told as crashed when that has ended" {
    table
    export OUT=$BATS_TEST_TMPDIR/told
    # shellcheck disable=SC2016
    background env PGHAUL_TEST_AT=copy.before_commit:delay=9000 "$PGHAUL" clone --dir "$RUN" --notify 'echo "$PGHAUL_EVENT $PGHAUL_STATE" >>"$OUT"'
    wait_for 30 fired copy.before_commit
    wait_for 10 told '^begun'
    kill -9 "$PID"
    sleep 6
    run ! told '^ended'
    wait_for 20 told '^ended crashed$'
}

@test "a run that is killed and resumed before its last worker has ended: only one process tells of it" {
    table
    export OUT=$BATS_TEST_TMPDIR/told
    # shellcheck disable=SC2016
    local notify=(--notify 'echo "$PGHAUL_EVENT $PGHAUL_STATE" >>"$OUT"')
    background env PGHAUL_TEST_AT=copy.before_commit:delay=6000 "$PGHAUL" clone --dir "$RUN" "${notify[@]}"
    wait_for 30 fired copy.before_commit
    wait_for 10 told '^begun'
    local teller
    teller=$(pgrep -P "$PID" -f '^pghaul notify')
    kill -9 "$PID"
    mv "$OUT" "$OUT.first"
    run -0 env OUT="$OUT.second" "$PGHAUL" clone --dir "$RUN" --resume --not-consistent "${notify[@]}"
    wait_for 5 eval '! kill -0 "$teller" 2>/dev/null'
    # It may have looked once more before that.
    [[ ! -e $OUT ]] || run ! grep -v '^phase running$' "$OUT"
    grep -q '^begun running$' "$OUT.second"
    tail -n 1 "$OUT.second" | grep -qx 'ended done'
}

@test "the process that tells dies: another one tells on, but no beginning again" {
    table
    export OUT=$BATS_TEST_TMPDIR/told
    # shellcheck disable=SC2016
    background "$PGHAUL" clone --dir "$RUN" --follow --notify 'echo "$PGHAUL_EVENT" >>"$OUT"'
    teller() { TELLER=$(pgrep -P "$PID" -f '^pghaul notify'); }
    wait_for 30 following
    wait_for 10 told '^phase'
    wait_for 10 teller
    kill -9 "$TELLER"
    wait_for 15 grep -q 'the process behind --notify was killed by signal 9 (Killed): it is started again' "$BATS_TEST_TMPDIR/err"
    wait_for 15 teller
    : >"$OUT"
    end_now
    run ! told '^begun'
    [[ $(grep -c '^ended' "$OUT") == 1 ]]
}

@test "several databases: what ended before a resume is not told again, and what only begins has not crashed" {
    table
    admin_source "create database ${DB}_b template $DB"
    admin_target "create database ${DB}_b"
    psql -qX "$(on "$PGH_TARGET" "${DB}_b")" -c 'create table t (id int)'
    export OUT=$BATS_TEST_TMPDIR/told
    local whole=("$PGHAUL" clone --dir "$RUN" --source "$PGH_SOURCE" --target "$PGH_TARGET" --database-jobs 1)
    # shellcheck disable=SC2016
    local notify=(--notify 'echo "$PGHAUL_EVENT $PGHAUL_STATE $PGHAUL_DATABASE." >>"$OUT"')
    background env PGHAUL_TEST_AT=supervise.before_lock:stop "${whole[@]}" --database "$DB,${DB}_b" "${notify[@]}"
    stopped_at supervise.before_lock
    [[ $("$PGHAUL" status --dir "$RUN" --json | jq -r '[.members[] | select(.state == "running") | .run.state] | join(" ")') == running ]]
    wait_for 10 told "^begun running $DB\.$"
    go_on
    ended 5
    run ! told crashed
    told "^ended done $DB\.$" && told "^ended failed ${DB}_b\.$" && told '^ended failed \.$'
    # Nobody has told of the second one that it is done.
    psql -qX "$(on "$PGH_TARGET" "${DB}_b")" -c 'drop table t'
    : >"$OUT"
    run -0 "${whole[@]}" --resume "${notify[@]}"
    run ! told " $DB\.$"
    run ! told 'failed|crashed'
    told "^ended done ${DB}_b\.$"
    [[ $(tail -n 1 "$OUT") == 'ended done .' ]]
}

@test "several databases: each tells for itself" {
    table
    admin_source "create database ${DB}_b template $DB"
    admin_target "create database ${DB}_b"
    export OUT=$BATS_TEST_TMPDIR/told
    # shellcheck disable=SC2016
    run -0 "$PGHAUL" clone --dir "$RUN" --source "$PGH_SOURCE" --target "$PGH_TARGET" --database "$DB,${DB}_b" --notify 'echo "$PGHAUL_EVENT $PGHAUL_STATE $PGHAUL_DATABASE." >>"$OUT"'
    told "^ended done $DB\.$" && told "^ended done ${DB}_b\.$"
    [[ $(tail -n 1 "$OUT") == 'ended done .' ]]
}

@test "a URL without curl, and bounds that are none" {
    table
    mkdir "$BATS_TEST_TMPDIR/bin"
    run -7 env PATH="$BATS_TEST_TMPDIR/bin" "$PGHAUL" clone --dir "$RUN" --notify https://example.invalid/
    assert_output --partial 'PGH-9020: --notify with a URL needs curl, which is not in PATH'
    run -2 clone --notify true --notify-lag soon
    assert_output --partial PGH-1003
    [[ ! -e $RUN ]]
}
