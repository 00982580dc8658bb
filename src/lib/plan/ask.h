/*
 * ask.h - the book of queries to the servers' catalogs.
 */
#ifndef PGHAUL_PLAN_ASK_H
#define PGHAUL_PLAN_ASK_H

#include "base/strbuf.h"
#include "pg/conn.h"

enum ask {
#define SQL(name, scan_ok, text) name,
#include "gen/plan_sql.inc"
#undef SQL
    ASKS
};

/* Adds the text of a query for a server of this version (server_version_num). `chosen`: only about
 * these relations (an array of oids as the server writes it); NULL: about all. */
void ask_add(struct strbuf *sql, enum ask ask, int server_version, const char *chosen);

/* The same, but so that the server opens none of the relations that it is about, and waits for no
 * lock of theirs: they have the size that was noted last. */
void ask_add_unlocked(struct strbuf *sql, enum ask ask, int server_version, const char *chosen);

/* As ask_add() for a text of another book, with the same pieces. */
void ask_expand(struct strbuf *sql, const char *text, int server_version, const char *chosen);

/* Asks a server: with `count` text parameters, or about the chosen relations. */
bool ask_with(struct conn *conn, enum ask ask, int count, const char *const *values,
              struct rows *ret_rows, struct fault *why);
bool ask_chosen(struct conn *conn, enum ask ask, const char *chosen, struct rows *ret_rows,
                struct fault *why);

#endif
