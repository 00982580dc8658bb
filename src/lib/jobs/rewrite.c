#include "jobs/rewrite.h"

#include "base/scoped.h"
#include "catalog/mapping.h"
#include "wire/sql_script.h"

enum { NAME_SIZE = 256 };

/* pg_restore says where an object goes by a statement before it. */
static bool map_tablespace(struct db *db, const struct sql_statement *statement, struct strbuf *out,
                           bool *ret_mapped, struct fault *why)
{
    char name[NAME_SIZE];
    scoped(drop_strbuf) struct strbuf value = STRBUF_EMPTY;
    *ret_mapped = false;
    if (!sql_statement_name(statement, "SET default_tablespace = ", name, sizeof name))
        return true;
    if (!mapping_find(db, MAPPING_TABLESPACE, name, &value, ret_mapped, why))
        return false;
    if (!*ret_mapped)
        return true;
    strbuf_add(out, "SET default_tablespace = ");
    if (value.length > 0)
        strbuf_add_identifier(out, value.text);
    else
        strbuf_add(out, "''");
    strbuf_add(out, ";");
    return true;
}

static bool add_version(struct db *db, const struct sql_statement *statement, struct strbuf *out,
                        bool *ret_mapped, struct fault *why)
{
    char name[NAME_SIZE];
    scoped(drop_strbuf) struct strbuf value = STRBUF_EMPTY;
    *ret_mapped = false;
    if (!sql_statement_name(statement, "CREATE EXTENSION IF NOT EXISTS ", name, sizeof name))
        return true;
    if (!mapping_find(db, MAPPING_EXTENSION, name, &value, ret_mapped, why))
        return false;
    if (!*ret_mapped)
        return true;
    /* Before the semicolon. */
    strbuf_add_bytes(out, statement->text, statement->length - 1);
    strbuf_add(out, " VERSION ");
    strbuf_add_literal(out, value.text);
    strbuf_add(out, ";");
    return true;
}

bool rewrite_script(struct db *db, struct strbuf *sql, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf out = STRBUF_EMPTY;
    struct sql_statement statement;
    bool any, mapped;
    if (!mapping_any(db, &any, why))
        return false;
    if (!any || sql->length == 0)
        return true;
    struct sql_script script = sql_script_over(sql->text, sql->length);
    const char *rest = sql->text;
    while (sql_script_next(&script, &statement)) {
        strbuf_add_bytes(&out, rest, (size_t)(statement.text - rest));
        rest = statement.text + statement.length;
        if (!map_tablespace(db, &statement, &out, &mapped, why) ||
            (!mapped && !add_version(db, &statement, &out, &mapped, why)))
            return false;
        if (!mapped)
            strbuf_add_bytes(&out, statement.text, statement.length);
    }
    strbuf_add_bytes(&out, rest, sql->length - (size_t)(rest - sql->text));
    drop_strbuf(sql);
    *sql = out;
    out = (struct strbuf)STRBUF_EMPTY;
    return true;
}

void rewrite_schemas(struct strbuf *sql)
{
    static const char create[] = "CREATE SCHEMA ";
    size_t length = sizeof create - 1;
    scoped(drop_strbuf) struct strbuf out = STRBUF_EMPTY;
    struct sql_statement statement;
    struct sql_script script = sql_script_over(strbuf_text(sql), sql->length);
    const char *rest = strbuf_text(sql);
    const char *end = rest + sql->length;
    while (sql_script_next(&script, &statement)) {
        const char *name = statement.text + length;
        if (statement.length <= length || memcmp(statement.text, create, length) != 0)
            continue;
        strbuf_add_bytes(&out, rest, (size_t)(name - rest));
        strbuf_add(&out, "IF NOT EXISTS ");
        rest = name;
    }
    strbuf_add_bytes(&out, rest, (size_t)(end - rest));
    drop_strbuf(sql);
    *sql = out;
    out = (struct strbuf)STRBUF_EMPTY;
}
