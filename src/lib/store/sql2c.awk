# sql2c.awk - turns a book of SQL into C.
#
# A book is one or more .sql files of named blocks:
#
#   -- name: WORK_CLAIM [scan-ok]
#   update work set …
#
# `scan-ok` is for the unit test of the query plans. Comments are left out of the
# C text. Out comes a line for each block: SQL(NAME, scan_ok, "text")

function flush_block() {
    if (name == "")
        return
    printf "SQL(%s, %d, %s)\n", name, scan_ok, text == "" ? "\"\"" : text
    name = ""
}

/^-- name: / {
    flush_block()
    name = $3; scan_ok = 0; text = ""
    for (i = 4; i <= NF; i++) {
        if ($i == "scan-ok") scan_ok = 1
        else { print FILENAME ": unknown word " $i > "/dev/stderr"; exit 1 }
    }
    next
}

/^[ \t]*--/ || /^[ \t]*$/ { next }

{
    line = $0
    sub(/[ \t]+-- .*$/, "", line)
    gsub(/\\/, "\\\\", line)
    gsub(/"/, "\\\"", line)
    text = text "\n    \"" line "\\n\""
}

END { flush_block() }
