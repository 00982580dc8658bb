/*
 * ask.c - the book of queries to the servers' catalogs.
 *
 * A text may hold pieces for some versions only: {120000: …} from that version
 * on, {<120000: …} before it. Pieces do not nest, and braces have no other use.
 */
#include "plan/ask.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const texts[ASKS] = {
#define SQL(name, scan_ok, text) text,
#include "gen/plan_sql.inc"
#undef SQL
};

void ask_add(struct strbuf *sql, enum ask ask, int server_version)
{
    const char *at = texts[ask];
    for (;;) {
        const char *open = strchr(at, '{');
        if (open == NULL) {
            strbuf_add(sql, at);
            return;
        }
        strbuf_add_bytes(sql, at, (size_t)(open - at));
        bool before = open[1] == '<';
        char *piece;
        long version = strtol(open + (before ? 2 : 1), &piece, 10);
        const char *close = strchr(piece, '}');
        if ((server_version < version) == before)
            strbuf_add_bytes(sql, piece + 1, (size_t)(close - piece - 1));
        at = close + 1;
    }
}
