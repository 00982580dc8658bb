/*
 * error.c - what a server's message means for us.
 */
#include "pg/conn.h"

#include "wire/server_message.h"

struct rule {
    const char *sqlstate; /* a prefix */
    enum fault_id source;
    enum fault_id target;
    bool retry;
};

/* The first rule that fits counts. */
static const struct rule rules[] = {
    {"57014", FAULT_SOURCE_QUERY, FAULT_TARGET_QUERY, false},    /* query_canceled */
    {"57P01", FAULT_SOURCE_LOST, FAULT_TARGET_LOST, true},       /* admin_shutdown */
    {"57P02", FAULT_SOURCE_LOST, FAULT_TARGET_LOST, true},       /* crash_shutdown */
    {"57P03", FAULT_SOURCE_CONNECT, FAULT_TARGET_CONNECT, true}, /* cannot_connect_now */
    {"53300", FAULT_SOURCE_CONNECT, FAULT_TARGET_CONNECT, true}, /* too_many_connections */
    {"08", FAULT_SOURCE_LOST, FAULT_TARGET_LOST, true},          /* connection_exception */
    /* serialization_failure: what only reads is refused so by the replay of a standby alone. */
    {"40001", FAULT_RECOVERY_CONFLICT, FAULT_TARGET_QUERY, true},
    {"40P01", FAULT_SOURCE_QUERY, FAULT_TARGET_QUERY, true},        /* deadlock_detected */
    {"55P03", FAULT_TABLE_LOCKED, FAULT_TARGET_LOCKED, true},       /* lock_not_available */
    {"25006", FAULT_SOURCE_QUERY, FAULT_TARGET_READ_ONLY, false},   /* read_only_sql_transaction */
    {"22021", FAULT_SOURCE_ENCODING, FAULT_SOURCE_ENCODING, false}, /* not in repertoire */
    {"22P05", FAULT_SOURCE_ENCODING, FAULT_SOURCE_ENCODING, false}, /* untranslatable_character */
    {"", FAULT_SOURCE_QUERY, FAULT_TARGET_QUERY, false},
};

bool server_fault(enum side side, const struct server_error *error, struct fault *why)
{
    const struct rule *rule = rules;
    while (strncmp(error->sqlstate, rule->sqlstate, strlen(rule->sqlstate)) != 0)
        rule++;
    fault_set(why, side == SIDE_SOURCE ? rule->source : rule->target, "%s", error->message);
    /* Who waited for a table on the source has waited for as long as the user said. */
    why->retry = rule->retry && why->id != FAULT_TABLE_LOCKED;
    strlcpy(why->sqlstate, error->sqlstate, sizeof why->sqlstate);
    const char *gap = *error->detail != '\0' && *error->context != '\0' ? "; " : "";
    if (*error->detail != '\0' || *error->context != '\0')
        fault_detail(why, "%s%s%s", error->detail, gap, error->context);
    /* The server's is to try again, which would end in the same way. */
    if (*error->hint != '\0' && why->id != FAULT_RECOVERY_CONFLICT)
        fault_hint(why, "%s", error->hint);
    return false;
}
