load lib.bash

# What any Debian has: see tests/demo/load.
real_data() { DEMO_PACKAGES=3000 DEMO_ROWS=20000 DEMO_SCALE=1 "$PGH_TOP/tests/demo/load" "$SOURCE" apt iso unicode licences readings pgbench; }

@test "apt's index, iso-codes, unicode-data, licences, pgbench" {
    pair template0 "encoding UTF8"
    real_data
    [[ $(src -c 'select count(*) > 100 and count(provides) = count(*) from debian.version') == t ]]
    run -0 clone -q --split-larger-than 1MB
    same
    # The comparison can see: one bit, one object, one sequence.
    run -0 "$PGH_TOP/tests/compare" "$SOURCE" "$TARGET"
    assert_output --partial ' tables, '
    tgt -c 'update unicode.character set mirrored = not mirrored where code = 65' -c "create view one as select 1" \
        -c "select setval('plant.batch', 1)"
    run -1 "$PGH_TOP/tests/compare" "$SOURCE" "$TARGET"
    assert_output --partial 'unicode.ascii|128|'
    assert_output --partial 'CREATE VIEW public.one'
    assert_output --partial 'plant.batch|1|t'
}

@test "control data that is easy to get wrong becomes the right rows" {
    cat >"$BATS_TEST_TMPDIR/index" <<'X'
Package: odd
Version: 1:2.0~rc1+b1
Architecture: amd64
Maintainer: Jörg "Ö" O'Néill <o@example.org>
Section: misc
Tag: role::program, use::a,
 use::b
Depends: a (>= 1) | b:any (<< 2~) [amd64], c,
 d
Provides: virtual (= 1), other
Description: a "quoted" word, a \backslash\n, a	tab
 and a second line

Package: gone
Status: deinstall ok config-files
Architecture: all

Package: odd
Version: 1:2.0~rc1+b1
Architecture: amd64
Maintainer: the same again
Section: misc
Description: twice

Package: c
Version: 1
Architecture: all
Maintainer: nobody
Section: misc
Description: no relations
X
    pair template0 "encoding UTF8"
    cd "$BATS_TEST_TMPDIR"
    awk -v dir=. -f "$PGH_TOP/tests/demo/packages.awk" index
    src -f "$PGH_TOP/tests/demo/debian.sql" >/dev/null
    run -0 src -c 'select id, name, email from debian.maintainer order by id'
    assert_output $'1|Jörg "Ö" O\'Néill|o@example.org\n2|nobody|'
    run -0 src -c "select kind, clause, alternative, p.name, architecture, operator, bound
                     from debian.dependency join debian.package p on p.id = package order by clause, alternative"
    assert_output $'Depends|1|1|a||>=|1\nDepends|1|2|b|any|<<|2~\nDepends|2|1|c|||\nDepends|3|1|d|||'
    run -0 src -c "select p.name, version, provides, description = fields ->> 'Description', description
                     from debian.version v join debian.package p on p.id = package order by v.id"
    assert_output $'odd|1:2.0~rc1+b1|{virtual,other}|t|a "quoted" word, a \\backslash\\n, a\ttab\nand a second line\nc|1|{}|t|no relations'
    run -0 src -c 'select name from debian.version_tag join debian.tag on id = tag order by id'
    assert_output $'role::program\nuse::a\nuse::b'
    run -0 clone -q
    same
}
