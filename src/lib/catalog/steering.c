#include "catalog/steering.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "catalog/sql.h"

bool steering_get(struct db *db, struct steering *ret_steering, struct fault *why)
{
    bool found;
    scoped(drop_stmt) struct stmt *row = db_stmt(db, SQL_STEERING_GET, why);
    *ret_steering = (struct steering){.version = 0};
    if (row == NULL || !stmt_step(row, &found, why))
        return false;
    if (found)
        *ret_steering = (struct steering){
            .version = stmt_int(row, 0),
            .taken = stmt_int(row, 1),
            .paused = stmt_int(row, 2) != 0,
            .paused_us = stmt_int(row, 3),
        };
    return true;
}

bool steering_pause(struct db *db, bool paused, struct fault *why)
{
    return db_run(db, why, SQL_STEERING_PAUSE, "di", (int)paused, paused ? clock_utc_us() : 0);
}

bool steering_changed(struct db *db, struct fault *why)
{
    return db_run(db, why, SQL_STEERING_CHANGED, "");
}

bool steering_taken(struct db *db, int64_t version, struct fault *why)
{
    return db_run(db, why, SQL_STEERING_TAKEN, "i", version);
}
