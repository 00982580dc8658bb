/*
 * conninfo.h - connection strings: read by libpq, completed by us, shown without secrets.
 */
#ifndef PGHAUL_PG_CONNINFO_H
#define PGHAUL_PG_CONNINFO_H

#include "base/fault.h"
#include "base/strbuf.h"

enum side { SIDE_SOURCE, SIDE_TARGET };

/* "source" or "target". */
const char *side_word(enum side side);

struct conninfo {
    enum side side;
    struct strbuf full;  /* keyword form, secrets included: for libpq only */
    struct strbuf open;  /* keyword form, without secrets: for pg_dump's command line */
    struct strbuf shown; /* for people: "postgres://app@old:5432/shop" */
    char *password;      /* NULL when the string has none */
    char *ssl_password;  /* of the client key; NULL when the string has none */
    char database[128];  /* as far as it is known before connecting */
    bool names_database; /* and not only by a service, which we cannot look into */
};

/* Reads a URI or keyword string. Keepalives and a connect timeout are added where
 * the string does not set them. Its secrets go to secret_keep(). FAULT_BAD_CONNINFO
 * never repeats the string. */
bool conninfo_read(struct conninfo *info, enum side side, const char *text, struct fault *why);

/* Adds the string, secrets included, for another database of the same server. */
void conninfo_add_other(struct strbuf *to, const struct conninfo *info, const char *database);

/* For scoped(). */
void drop_conninfo(struct conninfo *info);

#endif
