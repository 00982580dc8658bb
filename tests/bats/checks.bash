# For tests of pghaul check: two servers with usual settings, and what a report says.

# Prints the names of settings that a server is started with, besides those of tests/server.
setup_file() {
    HERE=$PGH_ROOT/$(basename "$BATS_TEST_FILENAME" .bats)
    export HERE
    mkdir -p "$HERE"
    chmod 755 "$HERE"
    "$PGH_TOP/tests/server" start "$HERE/s" 'fsync = on' 'max_prepared_transactions = 10' &
    "$PGH_TOP/tests/server" start "$HERE/t" 'fsync = on' 'max_prepared_transactions = 10' &
    wait
}

teardown_file() {
    local dir
    for dir in "$HERE"/*/; do if [[ -d $dir/data ]]; then "$PGH_TOP/tests/server" wipe "${dir%/}"; fi; done
}

setup() {
    PGH_SOURCE="host=$HERE/s user=postgres" PGH_TARGET="host=$HERE/t user=postgres"
}

REPORT() { echo "$BATS_TEST_TMPDIR/report.json"; }

# looked STATUS [OPTIONS]: pghaul check ends so; its report is kept for the others below.
looked() {
    local status=0
    "$PGHAUL" check --dir "$RUN" --json "${@:2}" >"$(REPORT)" 2>"$BATS_TEST_TMPDIR/err" || status=$?
    [[ $status == "$1" ]] || { echo "status $status, not $1"; cat "$BATS_TEST_TMPDIR/err"; summary; return 1; }
    valid
}

summary() { jq -r '.findings[] | "\(.severity) \(.id) \(.place) \(.title): \(.text // "") \([.objects[] | "\(.name) (\(.detail)) \(.sql)"] | join("; "))"' "$(REPORT)"; }

# Is it as docs/check.schema.json says, and does it count right?
valid() {
    documented check <"$(REPORT)" && jq -e '
        ([.findings[].severity] as $s | .counts == ({"error": 0, "warning": 0, "note": 0} | with_entries(.key as $k | .value = ([$s[] | select(. == $k)] | length))))
        and all(.findings[]; .objects_total >= (.objects | length))
    ' "$(REPORT)" >/dev/null || { echo 'the report is not as documented:'; cat "$(REPORT)"; return 1; }
}

# found ID SEVERITY [WORDS]: such a finding is there, and its text or an object of it has the words.
found() {
    jq -e --arg id "PGH-$1" --arg severity "$2" --arg words "${3:-}" 'any(.findings[]; .id == $id and .severity == $severity
        and ([.text // "", .remedy, (.objects[] | "\(.name) \(.detail // "") \(.sql // "")")] | any(contains($words))))' "$(REPORT)" >/dev/null ||
        { echo "expected $2 PGH-$1 with: ${3:-}"; summary; return 1; }
}

missing() {
    jq -e --arg id "PGH-$1" 'all(.findings[]; .id != $id)' "$(REPORT)" >/dev/null || { echo "PGH-$1 is there:"; summary; return 1; }
}

# Nothing at all is found, but for how long the way to a server is, which a busy machine makes long.
clean() { [[ $(jq '[.findings[] | select(.id != "PGH-7083")] | length' "$(REPORT)") == 0 ]] || { summary; return 1; }; }

# The statements that mend an id.
mends() { jq -r --arg id "PGH-$1" '.findings[] | select(.id == $id) | .objects[] | select(.sql) | .sql' "$(REPORT)"; }
