/*
 * ask.c - the book of queries to the servers' catalogs.
 *
 * A text may hold pieces for some versions only: {120000: …} from that version
 * on, {<120000: …} before it. {chosen c.oid} is a condition on that column when
 * only some relations are meant, and nothing when all are; {only …} is there in
 * the first case only. {opened …} is there where relations may be opened, which
 * waits for whoever has locked them, {unopened …} where they may not. {portable}
 * is the text of ASK_PORTABLE. Pieces do not nest, and braces have no other use.
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
static const char opened_mark[] = "opened ";
static const char unopened_mark[] = "unopened ";
static const char portable_mark[] = "portable}";

struct asking {
    int server_version;
    const char *chosen;
    bool unlocked;
};

static void add_chosen(struct strbuf *sql, const char *column, const char *close,
                       const char *chosen)
{
    if (chosen != NULL)
        strbuf_addf(sql, "and %.*s in (select pg_catalog.unnest('%s'::pg_catalog.oid[]))",
                    (int)(close - column), column, chosen);
}

/* What is behind the mark, if that is what the piece begins with. */
static bool begins(const char *piece, const char *mark, const char **ret_rest)
{
    if (strncmp(piece, mark, strlen(mark)) != 0)
        return false;
    *ret_rest = piece + strlen(mark);
    return true;
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

static void add_piece(struct strbuf *sql, const char *piece, const char *close,
                      const struct asking *asking)
{
    const char *rest;
    bool there;
    if (begins(piece, chosen_mark, &rest)) {
        add_chosen(sql, rest, close, asking->chosen);
        return;
    }
    if (begins(piece, portable_mark, &rest)) {
        strbuf_add(sql, texts[ASK_PORTABLE]);
        return;
    }
    if (begins(piece, only_mark, &rest)) {
        there = asking->chosen != NULL;
    } else if (begins(piece, opened_mark, &rest)) {
        there = !asking->unlocked;
    } else if (begins(piece, unopened_mark, &rest)) {
        there = asking->unlocked;
    } else {
        add_for_version(sql, piece, close, asking->server_version);
        return;
    }
    if (there)
        strbuf_add_bytes(sql, rest, (size_t)(close - rest));
}

static void expand(struct strbuf *sql, const char *text, const struct asking *asking)
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
        add_piece(sql, open + 1, close, asking);
        at = close + 1;
    }
}

void ask_add(struct strbuf *sql, enum ask ask, int server_version, const char *chosen)
{
    expand(sql, texts[ask], &(struct asking){server_version, chosen, false});
}

void ask_add_unlocked(struct strbuf *sql, enum ask ask, int server_version, const char *chosen)
{
    expand(sql, texts[ask], &(struct asking){server_version, chosen, true});
}

void ask_expand(struct strbuf *sql, const char *text, int server_version, const char *chosen)
{
    expand(sql, text, &(struct asking){server_version, chosen, false});
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
