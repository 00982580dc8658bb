load lib.bash

# Whole moves under writing clients, and everything that can die dies; see tests/soak/run, which has
# servers of its own. `make check-long` does the same for hours.

soak() { "$PGH_TOP/tests/soak/run" --dir "$BATS_TEST_TMPDIR/soak" "$@"; }

setup() { :; }
teardown() { :; }

@test "everything dies at random times, in twenty moves: source and target are equal" {
    soak --rounds 20 --every 700
}

@test "a move of two minutes, in which columns come: source and target are equal" {
    soak --kills 20 --every 6000 --seconds 120 --ddl
}
