# layers.awk - does every file include only what lies below it?
#
#   base → wire, proc, store → pg, catalog → plan → check → jobs, cdc, compare → cutover → run → show
#   → bin
#
# A folder sees those of lower rank and itself. So wire, proc and store do not know each other, nor
# do pg and catalog, nor jobs and cdc. Some headers and calls belong to one room only.
# Usage: awk -f tests/layers.awk FILES; prints each violation, exits 1 if there was one.

BEGIN {
    split("base:0 wire:1 proc:1 store:1 pg:2 catalog:2 plan:3 check:4 jobs:5 cdc:5 compare:5 cutover:6 run:7 show:8 bin:9", pairs, " ")
    for (i in pairs) { split(pairs[i], p, ":"); rank[p[1]] = p[2] }
    room["libpq-fe.h"] = "pg"
    room["sqlite3.h"] = "store"
    room["microhttpd.h"] = "show"
    room["lz4.h"] = "wire"
    room["sys/signalfd.h"] = "proc"
    room["sys/prctl.h"] = "proc"
    room["sys/wait.h"] = "proc run"
}

FNR == 1 {
    n = split(FILENAME, parts, "/")
    here = FILENAME ~ /^src\/bin\// ? "bin" : parts[3]
    if (!(here in rank)) { complain("is in no known layer"); nextfile }
}

/^#include/ {
    name = $2
    gsub(/[<">]/, "", name)
    if (name in room && index(" " room[name] " ", " " here " ") == 0)
        complain("includes " name ", which belongs to " room[name])
    if ($2 ~ /^"/ && split(name, target, "/") == 2 && target[1] in rank && target[1] != here &&
        rank[target[1]] >= rank[here])
        complain("includes " name ", which is not below " here)
}

/\<(fork|vfork|waitpid|prctl)[ ]*\(/ && here != "proc" { complain("calls what only proc may") }

here == "wire" && /(malloc|calloc|realloc|fopen|open|log_[a-z]+)\(/ { complain("wire is pure: " $0) }

function complain(what) {
    printf "%s:%d: %s\n", FILENAME, FNR, what
    bad = 1
}

END { exit bad }
