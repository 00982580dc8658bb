/*
 * ask.c - the book of queries to the servers' catalogs.
 *
 * A text may hold pieces for some versions only: {120000: …} from that version
 * on, {<120000: …} before it. {chosen c.oid} is a condition on that column when
 * only some relations are meant, and nothing when all are; {only …} is there in
 * the first case only. {portable} is the text of ASK_PORTABLE. Pieces do not nest, and
 * braces have no other use.
 */
#include "plan/ask.h"

#include "base/scoped.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const texts[ASKS] = {
#define SQL(name, scan_ok, text) text,
#include "gen/plan_sql.inc"
#undef SQL
};

static const char chosen_mark[] = "chosen ";
static const char only_mark[] = "only ";
static const char portable_mark[] = "portable}";

static void add_chosen(struct strbuf *sql, const char *column, const char *close,
                       const char *chosen)
{
    if (chosen != NULL)
        strbuf_addf(sql, "and %.*s in (select pg_catalog.unnest('%s'::pg_catalog.oid[]))",
                    (int)(close - column), column, chosen);
}

static void add_only(struct strbuf *sql, const char *text, const char *close, const char *chosen)
{
    if (chosen != NULL)
        strbuf_add_bytes(sql, text, (size_t)(close - text));
}

static void add_for_version(struct strbuf *sql, const char *piece, const char *close,
                            int server_version)
{
    bool before = *piece == '<';
    char *text;
    long version = strtol(before ? piece + 1 : piece, &text, 10);
    if ((server_version < version) == before)
        strbuf_add_bytes(sql, text + 1, (size_t)(close - text - 1));
}

void ask_add(struct strbuf *sql, enum ask ask, int server_version, const char *chosen)
{
    ask_expand(sql, texts[ask], server_version, chosen);
}

void ask_expand(struct strbuf *sql, const char *text, int server_version, const char *chosen)
{
    const char *at = text;
    for (;;) {
        const char *open = strchr(at, '{');
        if (open == NULL) {
            strbuf_add(sql, at);
            return;
        }
        strbuf_add_bytes(sql, at, (size_t)(open - at));
        const char *close = strchr(open, '}');
        const char *piece = open + 1;
        if (strncmp(piece, chosen_mark, sizeof chosen_mark - 1) == 0)
            add_chosen(sql, piece + sizeof chosen_mark - 1, close, chosen);
        else if (strncmp(piece, only_mark, sizeof only_mark - 1) == 0)
            add_only(sql, piece + sizeof only_mark - 1, close, chosen);
        else if (strncmp(piece, portable_mark, sizeof portable_mark - 1) == 0)
            strbuf_add(sql, texts[ASK_PORTABLE]);
        else
            add_for_version(sql, piece, close, server_version);
        at = close + 1;
    }
}

bool ask_with(struct conn *conn, enum ask ask, int count, const char *const *values,
              struct rows *ret_rows, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    ask_add(&sql, ask, conn_version(conn), NULL);
    return conn_query_params(conn, sql.text, count, values, ret_rows, why);
}

bool ask_chosen(struct conn *conn, enum ask ask, const char *chosen, struct rows *ret_rows,
                struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    ask_add(&sql, ask, conn_version(conn), chosen);
    return conn_query(conn, sql.text, ret_rows, why);
}
