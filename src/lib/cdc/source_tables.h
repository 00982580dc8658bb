/*
 * source_tables.h - what the source's catalogs say of tables whose changes a plugin tells in text.
 *
 * Such a plugin says a table's name, its columns' names and types; not what tells its rows apart.
 * So the catalogs are asked when a table is first met, by a connection of its own, and again when
 * what is told does not fit. They say how things are now, the changes are of some time before.
 * Names and types of columns are taken as they were told. The replica identity cannot be seen in an
 * UPDATE that leaves it alone: it must not change while such a plugin is read
 * (FAULT_IDENTITY_CHANGED).
 */
#ifndef PGHAUL_CDC_SOURCE_TABLES_H
#define PGHAUL_CDC_SOURCE_TABLES_H

#include "pg/conn.h"
#include "wire/pgoutput.h"
#include "wire/told.h"

struct table_met {
    uint32_t oid; /* 0: there is none of this name any more */
    const char *schema, *name;
    const char *above; /* oids of what it is a partition of, each between two spaces */
};

/* Is this table to be received? NULL: each one is. Asked again when it is met again. */
typedef bool table_wanted(void *arg, const struct table_met *table, bool *ret_wanted,
                          struct fault *why);

struct source_column {
    char *name;
    char *type_name; /* format_type(type, NULL) */
    uint32_t type;
    int32_t typmod;
    bool key;
    bool may_be_apart; /* its values may be TOASTed */
    bool generated;    /* pgoutput does not tell such columns, so we leave them out */
    /* Of a type that is not built in, as in a Type message; else NULL. */
    char *type_schema, *type_word;
};

struct source_table {
    char *schema, *name;
    bool asked;    /* what follows is known, */
    bool fresh;    /* by this connection */
    bool wanted;   /* … but no columns unless this is true */
    bool doubtful; /* an index that may be the identity is newer than the first change that was met
                    */
    bool relied;   /* it is in the list of those to be checked */
    struct source_table *relied_next;
    uint32_t oid;
    enum pgoutput_identity identity;
    bool has_identity;
    char *key; /* attnums, with spaces between */
    size_t count;
    struct source_column *columns;
    bool retyped; /* some had other types when changes were made that came since they were asked for
                   */
    uint64_t described; /* the transaction with its Relation message; 0: there is none */
    struct source_table *next;
};

struct source_tables;

/* The connection is made with the first question. What is borrowed must live as long. */
void source_tables_open(struct source_tables **ret_tables, const struct conn_wish *connection,
                        table_wanted *wanted, void *arg, struct leash *leash);

/* For scoped(): NULL is allowed. */
void drop_source_tables(struct source_tables **tables);

/* The stream begins anew: everything is asked anew. */
void source_tables_forget(struct source_tables *tables);

/* What was described in this transaction was not heard by anybody. */
void source_tables_undescribe(struct source_tables *tables, uint64_t transaction);

/* The table, borrowed for as long as the tables are. `xid`: of the transaction with the change.
 * FAULT_TABLE_UNDESCRIBED when it is wanted and not there any more. */
bool source_table_get(struct source_tables *tables, const struct told_table *told, uint32_t xid,
                      struct source_table **ret_table, struct fault *why);

/* Asks the catalogs again. */
bool source_table_ask(struct source_tables *tables, struct source_table *table, uint32_t xid,
                      struct fault *why);

/* Makes the columns those of a whole row as it was told, by their types' names. */
bool source_table_as_told(struct source_tables *tables, struct source_table *table,
                          struct told_row row, struct fault *why);

/* A change was understood by what we take for the table's identity, and nothing in it shows that;
 * or it was passed over, as the table is not wanted. */
void source_table_rely(struct source_tables *tables, struct source_table *table);

/* Have those tables, since the last call, still that identity, and are still not wanted? If so, the
 * changes that came till now were understood rightly. FAULT_IDENTITY_CHANGED,
 * FAULT_TABLE_UNDESCRIBED. */
bool source_tables_check(struct source_tables *tables, struct fault *why);

#endif
