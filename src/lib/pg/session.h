/*
 * session.h - how every session of ours is set, whatever role or database say.
 */
#ifndef PGHAUL_PG_SESSION_H
#define PGHAUL_PG_SESSION_H

#include "base/strbuf.h"
#include "pg/conn.h"

#include <stdbool.h>

/* Is a session with this client_encoding to have that of its database? So it is for NULL, and for
 * SQL_ASCII: the same bytes go either way, but a COPY that comes as SQL_ASCII is not looked at, so
 * that the database would have text that is none. */
bool session_encoding_is_own(const char *encoding);

/* Adds the statements that set up a session on a server of this version, if its backend is `pid`;
 * nothing is set in another one. The last statement
 * returns a row that begins with: pid of the backend, (nothing), its start, the role that is set or
 * "none", database encoding, user, database, server_version, is_superuser. */
void session_add_setup(struct strbuf *sql, const struct conn_wish *wish, int version, int pid);

#endif
