#include "../unit.h"

#include "base/scoped.h"
#include "catalog/catalog.h"
#include "catalog/described.h"
#include "catalog/run.h"

static struct db *new_catalog(void)
{
    struct fault why;
    struct db *db = NULL;
    OK(catalog_open(&db, ":memory:", DB_CREATE, &why));
    OK(run_create(db, "test", "1", "source", "target", &why));
    return db;
}

START_TEST(names_are_found_in_lists)
{
    const char *columns = "\"a\", \"b \"\"c\", \", \", \"d, \"\"\"";
    ck_assert(described_has(columns, "\"a\""));
    ck_assert(described_has(columns, "\"b \"\"c\""));
    ck_assert(described_has(columns, "\", \""));
    ck_assert(described_has(columns, "\"d, \"\"\""));
    ck_assert(!described_has(columns, "\"b \""));
    ck_assert(!described_has(columns, "\"c\""));
    ck_assert(!described_has(columns, "\"A\""));
    ck_assert(!described_has("", "\"a\""));
    ck_assert(described_has("\"a\"", "\"a\""));
    ck_assert(!described_has("\"broken", "\"a\""));
}
END_TEST

START_TEST(what_is_noted_is_known_later)
{
    struct fault why;
    scoped(drop_db) struct db *db = new_catalog();
    scoped(drop_described) struct described none = {.found = false};
    scoped(drop_described) struct described now = {.target = 7};
    scoped(drop_described) struct described read = {.found = false};
    OK(described_get(db, 5, &none, &why));
    ck_assert(!none.found);
    strbuf_add(&now.nspname, "s");
    strbuf_add(&now.relname, "t");
    strbuf_add(&now.columns, "\"a\"");
    OK(described_put(db, 5, &now, true, &why));
    now.target = 8;
    OK(described_put(db, 5, &now, false, &why));
    OK(described_get(db, 5, &read, &why));
    ck_assert(read.found && !read.gone);
    ck_assert_int_eq(read.target, 8);
    ck_assert_str_eq(read.relname.text, "t");
    ck_assert_str_eq(read.columns.text, "\"a\"");
}
END_TEST

SUITE(described, names_are_found_in_lists, what_is_noted_is_known_later)
