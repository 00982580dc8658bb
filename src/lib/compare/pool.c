#include "compare/pool.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/size.h"
#include "base/text.h"
#include "catalog/sql.h"
#include "pg/beside.h"
#include "plan/ask.h"

#include <inttypes.h>

enum {
    FILE_COLUMN = 3,
    TRIES = 3,
    TICK_MS = 1000,
    LINE_MS = 10000,
};

struct seat {
    struct conn *conn; /* seat 0 of a side: its holder, which is not ours */
    enum side side;
    struct part part;
    bool busy;
    int tries; /* of the part in hand */
};

struct pool {
    struct compare *compare;
    struct seat seats[BESIDE_MOST];
    int count;
    int64_t last[SIDES]; /* part that was taken last */
    bool dry[SIDES];     /* there are no more */
    int64_t total, told_ms;
};

static struct seat *add_seat(struct pool *pool, enum side side, struct conn *conn)
{
    struct seat *seat = &pool->seats[pool->count++];
    *seat = (struct seat){.conn = conn, .side = side};
    return seat;
}

struct pool *pool_new(struct compare *compare)
{
    struct pool *pool = new_memory(1, sizeof *pool);
    pool->compare = compare;
    for (int side = 0; side < SIDES; side++)
        add_seat(pool, (enum side)side, compare->sides[side].holder);
    return pool;
}

void drop_pool(struct pool **held)
{
    struct pool *pool = *held;
    if (pool == NULL)
        return;
    for (int i = 0; i < pool->count; i++) {
        drop_part(&pool->seats[i].part);
        if (i >= SIDES)
            drop_conn(&pool->seats[i].conn);
    }
    drop_memory(held);
}

struct conn *pool_any(struct pool *pool, enum side side)
{
    return pool->seats[side].conn;
}

static bool open_seat(struct pool *pool, struct seat *seat, struct fault *why)
{
    struct compare *compare = pool->compare;
    struct compare_side *side = &compare->sides[seat->side];
    struct conn_wish wish = {
        .info = side->info,
        .application = "pghaul compare",
        .encoding = compare->encoding,
        .lock_timeout_ms = compare->lock_timeout_ms,
        .role = side->role,
        .quote_all = true,
    };
    drop_conn(&seat->conn);
    return conn_open(&seat->conn, &wish, compare->leash, why) &&
           snapshot_enter(seat->conn, side->snapshot, side->content, why);
}

/* ---- a part begins ---- */

static bool send_part(const struct pool *pool, struct seat *seat, struct pool_job *job,
                      struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    seat->part.hash = pool->compare->hash;
    job->add_sql(&sql, &seat->part);
    strbuf_add(&sql, "; " SNAPSHOT_LET_GO);
    seat->busy = true;
    FAILPOINT("compare.before_part", why);
    /* One that was lost meanwhile is found when its result is taken. */
    return beside_send(seat->conn, sql.text, why) || conn_broken(seat->conn);
}

static bool begin_part(struct pool *pool, struct seat *seat, struct pool_job *job,
                       struct fault *why)
{
    enum side side = seat->side;
    if (!parts_next(pool->compare->db, side, pool->last[side], &seat->part, why))
        return false;
    pool->dry[side] = seat->part.id == 0;
    if (pool->dry[side])
        return true;
    pool->last[side] = seat->part.id;
    seat->tries = 1;
    return send_part(pool, seat, job, why);
}

/* One more session, if there is anything for it to read. */
static bool add_reader(struct pool *pool, enum side side, struct pool_job *job, bool *ret_more,
                       struct fault *why)
{
    scoped(drop_part) struct part ahead = {.id = 0};
    *ret_more = false;
    if (pool->dry[side])
        return true;
    if (!parts_next(pool->compare->db, side, pool->last[side], &ahead, why))
        return false;
    if (ahead.id == 0 || pool->count == BESIDE_MOST)
        return true;
    *ret_more = true;
    struct seat *seat = add_seat(pool, side, NULL);
    return open_seat(pool, seat, why) && begin_part(pool, seat, job, why);
}

/* Idle seats get parts; then there may be more seats. */
static bool fill(struct pool *pool, struct pool_job *job, struct fault *why)
{
    int seats[SIDES] = {0, 0};
    for (int i = 0; i < pool->count; i++) {
        struct seat *seat = &pool->seats[i];
        seats[seat->side]++;
        if (!seat->busy && !pool->dry[seat->side] && !begin_part(pool, seat, job, why))
            return false;
    }
    for (int side = 0; side < SIDES; side++)
        for (bool more = true; more && seats[side] < pool->compare->jobs; seats[side]++)
            if (!add_reader(pool, (enum side)side, job, &more, why))
                return false;
    return true;
}

/* ---- a part ends ---- */

/* The other parts of its pair would tell no more, and may wait for the same lock. */
static bool give_up(struct pool *pool, struct pool_job *job, const struct part *part,
                    const char *text, struct fault *why)
{
    struct db *db = pool->compare->db;
    job->refused++;
    return db_run(db, why, SQL_PAIR_ADD_NOTE, "si", text, part->pair) &&
           db_run(db, why, SQL_PAIR_UNVERIFIED, "i", part->pair) &&
           db_run(db, why, SQL_PART_FORGET, "i", part->pair);
}

bool pool_locked_out(const struct fault *why)
{
    return why->id == FAULT_TABLE_LOCKED || why->id == FAULT_TARGET_LOCKED;
}

/* A lock that was let go of just then is nobody's. */
static void add_locker(struct strbuf *text, struct conn *conn, int64_t relation)
{
    struct fault ignored; /* the refusal is what counts */
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    char oid[24];
    snprintf(oid, sizeof oid, "%" PRId64, relation);
    const char *const values[] = {oid};
    if (!ask_with(conn, ASK_LOCKED_BY, 1, values, &rows, &ignored) || rows_count(&rows) == 0)
        return;
    strbuf_addf(text, ": %s", rows_text(&rows, 0, 0));
}

static bool refused(struct pool *pool, struct seat *seat, struct pool_job *job, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf said = STRBUF_EMPTY;
    strbuf_addf(&said, "the %s: %s", side_word(seat->side), why->text);
    bool locked = pool_locked_out(why);
    if (!snapshot_let_go(seat->conn, why))
        return false;
    if (locked)
        add_locker(&said, seat->conn, seat->part.oid);
    return snapshot_let_go(seat->conn, why) && give_up(pool, job, &seat->part, said.text, why);
}

/* The snapshot goes with its holder; another session comes back once or twice. */
static bool try_again(struct pool *pool, struct seat *seat, struct pool_job *job, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    strbuf_add_name(&name, strbuf_text(&seat->part.nspname), strbuf_text(&seat->part.relname));
    if (seat->conn == pool->compare->sides[seat->side].holder || seat->tries == TRIES ||
        pool->compare->leash->wish != LEASH_GO)
        return fault_during(why, "comparing %s", name.text);
    seat->tries++;
    log_warning("%s; reading this part of %s again", why->text, name.text);
    return open_seat(pool, seat, why) && send_part(pool, seat, job, why);
}

struct taking {
    struct pool *pool;
    const struct part *part;
    struct pool_job *job;
    const struct rows *rows;
};

static bool take_in_write(struct db *db, void *arg, struct fault *why)
{
    struct taking *t = arg;
    return t->job->take(t->job->arg, t->part, t->rows, why) &&
           db_run(db, why, SQL_PART_DELETE, "i", t->part->id);
}

static bool end_part(struct pool *pool, struct seat *seat, struct pool_job *job, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    struct taking taking = {pool, &seat->part, job, &rows};
    if (!beside_take(seat->conn, &rows, why)) {
        if (conn_broken(seat->conn))
            return try_again(pool, seat, job, why);
        seat->busy = false;
        return refused(pool, seat, job, why);
    }
    seat->busy = false;
    FAILPOINT("compare.part_read", why);
    /* Of relations that have a file: sequences are given new ones as it pleases the server. */
    if (seat->part.oid != 0 && seat->part.relkind != 'S' && rows_count(&rows) > 0 &&
        rows_int(&rows, 0, FILE_COLUMN) != seat->part.filenode)
        return give_up(pool, job, &seat->part,
                       "the table was truncated, rewritten or replaced after the snapshot", why);
    return db_write(pool->compare->db, take_in_write, &taking, why);
}

/* ---- all parts ---- */

static void tell(struct pool *pool)
{
    struct fault ignored; /* a line of progress */
    int64_t left, now = clock_ms();
    char done[32], total[32];
    if (now - pool->told_ms < LINE_MS ||
        !db_int(pool->compare->db, &ignored, &left, 0, SQL_PART_BYTES, ""))
        return;
    pool->told_ms = now;
    log_info("read %s of %s on both sides", size_text(done, sizeof done, pool->total - left),
             size_text(total, sizeof total, pool->total));
}

static bool wait(struct pool *pool, bool *ret_any, struct fault *why)
{
    struct conn *conns[BESIDE_MOST];
    int count = 0;
    for (int i = 0; i < pool->count; i++)
        if (pool->seats[i].busy)
            conns[count++] = pool->seats[i].conn;
    *ret_any = count > 0;
    return count == 0 || beside_wait(conns, count, pool->compare->leash, TICK_MS, why);
}

bool pool_run(struct pool *pool, struct pool_job *job, struct fault *why)
{
    bool any = true;
    for (int side = 0; side < SIDES; side++) {
        pool->last[side] = 0;
        pool->dry[side] = false;
    }
    pool->told_ms = clock_ms();
    if (!db_int(pool->compare->db, why, &pool->total, 0, SQL_PART_BYTES, ""))
        return false;
    while (any) {
        if (!fill(pool, job, why) || !wait(pool, &any, why))
            return false;
        for (int i = 0; i < pool->count; i++) {
            struct seat *seat = &pool->seats[i];
            if (seat->busy && beside_is_ready(seat->conn) && !end_part(pool, seat, job, why))
                return false;
        }
        tell(pool);
    }
    return true;
}
