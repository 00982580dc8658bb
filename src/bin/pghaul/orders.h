/*
 * orders.h - what a process of ours gets from the one that started it: the connection strings.
 */
#ifndef PGHAUL_BIN_ORDERS_H
#define PGHAUL_BIN_ORDERS_H

#include "pg/conninfo.h"

struct orders {
    char *source_text; /* as they came */
    char *target_text;
    struct conninfo source;
    struct conninfo target;
};

/* For scoped(): also wipes the texts. */
void drop_orders(struct orders *orders);

/* Takes them from the channel, with the level of the log; without a channel (-1), from
 * PGHAUL_SOURCE and PGHAUL_TARGET. FAULT_ORPHANED when nobody gives any. */
bool orders_receive(struct orders *orders, int channel, struct fault *why);

/* Tells a fault to who gave the orders. */
void orders_report(int channel, const struct fault *fault);

#endif
