#include "plan/subscriptions.h"

#include "base/listing.h"
#include "base/scoped.h"
#include "base/text.h"
#include "catalog/objects.h"
#include "plan/ask.h"
#include "plan/check.h"

/* Columns of ASK_MAY_SUBSCRIBE. */
enum { IS_THERE, MAY_NOT, NO_OWNER, NOT_OWNED };

static void warn_of_all(const struct rows *rows, struct strbuf *warnings)
{
    for (int row = 0; row < rows_count(rows); row++) {
        strbuf_add(warnings, "subscription ");
        strbuf_add_shown(warnings, rows_text(rows, row, 0));
        strbuf_add(warnings, " is left out: only --subscriptions brings it\n");
    }
}

static bool refuse(const char *name, const char *sentence, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf shown = STRBUF_EMPTY;
    strbuf_add_shown(&shown, name);
    return fault_set(why, FAULT_SUBSCRIPTION, "subscription %s %s", shown.text, sentence);
}

static bool check_owner(const struct subscriptions_wish *wish, const char *name, const char *owner,
                        const struct rows *lacks, struct fault *why)
{
    bool coming;
    if (!wish->owners)
        return true;
    if (!role_is_coming(wish->db, owner, &coming, why))
        return false;
    if (rows_bool(lacks, 0, NO_OWNER) && !coming)
        return fault_set(why, FAULT_ROLE_MISSING,
                         "roles missing on the target: %s (owner of subscription %s)", owner, name);
    if (coming || !rows_bool(lacks, 0, NOT_OWNED))
        return true;
    refuse(name, "cannot be given to its owner on the target", why);
    return fault_hint(why,
                      "Before version 16 role \"%s\" must be a superuser there, from then on you "
                      "must be its member (with SET); or use --no-owner.",
                      owner);
}

static bool check_one(const struct subscriptions_wish *wish, const char *name, const char *owner,
                      struct fault *why)
{
    scoped(drop_rows) struct rows lacks = ROWS_NONE;
    const char *const about[] = {name, owner};
    if (!ask_with(wish->target, ASK_MAY_SUBSCRIBE, 2, about, &lacks, why))
        return false;
    if (rows_bool(&lacks, 0, IS_THERE))
        return refuse(name, "is there on the target already", why);
    if (rows_bool(&lacks, 0, MAY_NOT)) {
        refuse(name, "may not be created by the role that connects to the target", why);
        return fault_hint(why,
                          "Connect as a superuser; from version 16 on, GRANT "
                          "pg_create_subscription TO \"%s\" does, with CREATE on the database. Or "
                          "leave out --subscriptions.",
                          conn_user(wish->target));
    }
    return check_owner(wish, name, owner, &lacks, why);
}

/* Others must give a password in each connection string. */
static bool check_passwords(const struct subscriptions_wish *wish, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_listing) struct listing names = {.count = 0};
    if (conn_is_superuser(wish->target))
        return true;
    if (!ask_with(wish->source, ASK_SUBSCRIPTIONS_WITHOUT_PASSWORD, 0, NULL, &rows, why))
        return false;
    if (rows_count(&rows) == 0)
        return true;
    check_add_names(&names, &rows, 1);
    fault_set(why, FAULT_SUBSCRIPTION,
              "only a superuser may create subscriptions without a password in their connection "
              "string: %s",
              listing_end(&names));
    return fault_hint(why, "Connect to the target as a superuser, or leave out --subscriptions.");
}

bool subscriptions_check(const struct subscriptions_wish *wish, struct strbuf *warnings,
                         struct fault *why)
{
    scoped(drop_rows) struct rows may = ROWS_NONE;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_listing) struct listing names = {.count = 0};
    if (!ask_with(wish->source, ASK_MAY_SEE_SUBSCRIPTIONS, 0, NULL, &may, why))
        return false;
    if (!rows_bool(&may, 0, 0))
        return true;
    if (!ask_with(wish->source, ASK_SUBSCRIPTIONS, 0, NULL, &rows, why))
        return false;
    if (!wish->wanted) {
        warn_of_all(&rows, warnings);
        return true;
    }
    check_add_names(&names, &rows, 1);
    if (rows_count(&rows) > 0 && !conn_is_superuser(wish->source))
        return fault_set(why, FAULT_SUBSCRIPTIONS_UNREADABLE,
                         "only a superuser of the source may read subscriptions: %s",
                         listing_end(&names));
    for (int row = 0; wish->target != NULL && row < rows_count(&rows); row++)
        if (!check_one(wish, rows_text(&rows, row, 0), rows_text(&rows, row, 1), why))
            return false;
    return wish->target == NULL || rows_count(&rows) == 0 || check_passwords(wish, why);
}
