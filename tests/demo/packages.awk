# Turns control data, as `apt-cache dumpavail` prints it and /var/lib/dpkg/status has it, into text
# for COPY: one file in `dir` for each table of debian.sql.
#   awk -v dir=DIR [-v limit=PACKAGES] -f packages.awk
# Numbers of rows are given here, since dependencies name packages that only come later, or never.

function copy_text(s) {
    gsub(/\\/, "&&", s)
    gsub(/\t/, "\\t", s)
    gsub(/\n/, "\\n", s)
    return s
}

# The other control characters cannot be in control data.
function json_text(s) {
    gsub(/\\/, "&&", s)
    gsub(/"/, "\\\\&", s)
    gsub(/\t/, "\\t", s)
    gsub(/\n/, "\\n", s)
    return "\"" s "\""
}

function put(table, row) { print row > (dir "/" table) }

function or_null(s) { return s == "" ? "\\N" : copy_text(s) }

function number_or_null(s) { return s ~ /^[0-9]+$/ ? s : "\\N" }

# The number of a row that is known by `key`; the first time, the row is written.
function number_of(table, key, columns) {
    if (!((table, key) in numbers)) {
        numbers[table, key] = ++last[table]
        put(table, last[table] "\t" columns)
    }
    return numbers[table, key]
}

function maintainer_number(s,    at) {
    at = match(s, / *<[^>]*> *$/)
    if (!at) return number_of("maintainer", s, copy_text(s) "\t\\N")
    return number_of("maintainer", s, copy_text(substr(s, 1, at - 1)) "\t" copy_text(between(substr(s, at), "<", ">")))
}

function package_number(name) { return number_of("package", name, copy_text(name)) }

# What stands between two characters, "" when they are not there.
function between(s, opening, closing,    at, end) {
    at = index(s, opening)
    end = index(s, closing)
    return at && end > at ? substr(s, at + 1, end - at - 1) : ""
}

# A relation is clauses between commas, all of them wanted; a clause is alternatives between bars;
# an alternative is name[:architecture] [(operator version)].
function put_relations(kind,    clauses, n, c, words, m, a, name, architecture, bound, operator) {
    n = split(field[kind], clauses, / *,[ \n]*/)
    for (c = 1; c <= n; c++) {
        m = split(clauses[c], words, / *\| */)
        for (a = 1; a <= m; a++) {
            name = architecture = words[a]
            sub(/[ :(].*/, "", name)
            if (name == "") continue
            bound = between(words[a], "(", ")")
            operator = bound
            sub(/[^<>=].*/, "", operator)
            sub(/^[<>=]+ */, "", bound)
            sub(/[ (].*/, "", architecture)
            sub(/^[^:]*:?/, "", architecture)
            put("dependency", version "\t" kind "\t" c "\t" a "\t" package_number(name) "\t" or_null(architecture) "\t" \
                or_null(operator) "\t" or_null(bound))
        }
    }
}

function put_tags(    tags, n, i, facet) {
    n = split(field["Tag"], tags, /,[ \n]*/)
    for (i = 1; i <= n; i++) {
        facet = tags[i]
        sub(/::.*/, "", facet)
        put("version_tag", version "\t" number_of("tag", tags[i], copy_text(facet) "\t" copy_text(tags[i])))
    }
}

function provided(    names, n, i, list) {
    n = split(field["Provides"], names, / *,[ \n]*/)
    for (i = 1; i <= n; i++) {
        sub(/[ (].*/, "", names[i])
        list = list (i > 1 ? "," : "") "\"" names[i] "\""
    }
    return "{" list "}"
}

function all_fields(    i, text) {
    for (i = 1; i <= fields; i++) text = text (i > 1 ? "," : "") json_text(order[i]) ":" json_text(field[order[i]])
    return "{" text "}"
}

function put_record(    key) {
    key = field["Package"] SUBSEP field["Version"] SUBSEP field["Architecture"]
    # Several sources of apt may have the same package; what is not installed any more has no version.
    if (field["Package"] != "" && field["Version"] != "" && !(key in known)) {
        known[key] = 1
        version++
        if (!(field["Section"] in sections)) {
            sections[field["Section"]] = 1
            put("section", copy_text(field["Section"]))
        }
        put("version", version "\t" package_number(field["Package"]) "\t" copy_text(field["Version"]) "\t" \
            copy_text(field["Architecture"]) "\t" or_null(field["Source"]) "\t" maintainer_number(field["Maintainer"]) "\t" \
            copy_text(field["Section"]) "\t" or_null(field["Priority"]) "\t" number_or_null(field["Installed-Size"]) "\t" \
            number_or_null(field["Size"]) "\t" (field["SHA256"] ~ /^[0-9a-f]+$/ ? "\\\\x" field["SHA256"] : "\\N") "\t" \
            or_null(field["Homepage"]) "\t" copy_text(field["Description"]) "\t" provided() "\t" copy_text(all_fields()))
        for (i = 1; i <= kinds; i++) put_relations(kind[i])
        put_tags()
    }
    split("", field)
    fields = 0
}

BEGIN {
    kinds = split("Depends Pre-Depends Recommends Suggests Enhances Breaks Conflicts Replaces", kind)
    tables = split("maintainer section package version dependency tag version_tag", table)
    for (i = 1; i <= tables; i++) printf "" > (dir "/" table[i])
}
# All is read nevertheless: what writes into this pipe shall not fail.
limit && version >= limit { next }
/^$/ { put_record(); next }
/^[ \t]/ { field[name] = field[name] "\n" substr($0, 2); next }
{
    at = index($0, ":")
    name = substr($0, 1, at - 1)
    if (name == "Description-en") name = "Description"
    if (!(name in field)) order[++fields] = name
    field[name] = substr($0, at + 1)
    sub(/^ +/, "", field[name])
}
END { put_record() }
