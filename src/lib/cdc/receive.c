#include "cdc/receive.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "cdc/portable.h"
#include "cdc/room.h"
#include "plan/check.h"
#include "wire/pgoutput.h"

#include <stdlib.h>

enum {
    WRITE_MS = 2,      /* changes can be applied after that time at the latest, */
    SYNC_MS = 50,      /* are on disk after that one (both, of changes that are older than */
    OLD_US = 1000000,  /* that when they come: fewer and larger batches are applied sooner) */
    REPORT_MS = 1000,  /* a server that is not told more has a position that old */
    ASK_MS = 200,      /* how often an idle server is asked for its position when an end is set */
    FULL_MS = 1000,    /* how often a full disk is tried again */
    SILENT_MS = 30000, /* after that long without a word the server is asked for one, */
    LOST_MS = 60000,   /* after that long the connection is taken for lost */
    RETRY_MS = 200,    /* a lost connection: the first pause, which doubles */
    RETRY_MOST = 5000, /* up to this */
    TICK_MS = 200,     /* how often our caller is told how far we are */
};

/* A Relation or Type message. */
struct described {
    uint32_t oid;
    lsn_t lsn;
    size_t length;
    uint8_t *bytes;
};

struct receiving {
    const struct receive_wish *wish;
    struct spool *spool;
    struct leash *leash;
    struct conn *walsender;
    struct translator *translator; /* NULL: of plugin pgoutput */
    lsn_t boundary;                /* what is received, as the server has told it, not our end; */
    lsn_t boundary_durable;        /* on disk */
    struct receive_position position;
    lsn_t end;      /* 0: none */
    bool inside;    /* a transaction: its commit has not come */
    bool unwritten; /* something came since the last write, */
    bool unsynced;  /* since the last sync */
    bool old;       /* what came last had been committed long before it was sent */
    bool full;      /* the disk */
    bool ended;
    bool binary;              /* the form of values, */
    bool form_changes;        /* … another one from here on */
    struct portable portable; /* what may come so */
    int64_t unwritten_since;  /* clock_ms */
    int64_t unsynced_since;
    int64_t report_due;
    int64_t tick_due;
    int64_t heard;               /* when the server last said something */
    int64_t lost_since;          /* 0: the connection is good */
    struct described *described; /* in this connection */
    size_t described_count;
    uint64_t segment; /* of the spool: what is described stands in it, too */
    struct room room;
    uint32_t timeline; /* of the source */
};

/* ---- to the disk ---- */

static bool is_over(const struct receiving *r)
{
    return r->ended || r->leash->wish != LEASH_GO;
}

/* What the server may forget. Where we do not know where a commit record begins (cdc/translate.h)
 * it must not be told of a place within one, which our end may be. */
static lsn_t confirmable(const struct receiving *r)
{
    return r->translator == NULL ? r->position.durable : r->boundary_durable;
}

static bool report(struct receiving *r, struct fault *why)
{
    int64_t now = clock_ms();
    bool ask = !r->room.held && (r->end != 0 || now - r->heard >= SILENT_MS);
    r->report_due = now + (r->end != 0 && !r->room.held ? ASK_MS : REPORT_MS);
    return stream_report(r->walsender, r->position.received, confirmable(r), ask, why);
}

/* Of a full disk nothing is lost: the call that found it so may be made again. Meanwhile we read no
 * more, so that the source keeps its WAL, but tell the server that we are there. */
static bool room_may_come(struct receiving *r, struct fault *why)
{
    struct fault lost;
    if (why->id != FAULT_SPOOL_FULL || !why->retry || r->leash->wish != LEASH_GO)
        return false;
    if (!r->full)
        log_warning("%s; waiting for room, while the source keeps its WAL", why->text);
    r->full = true;
    if (r->walsender != NULL && !conn_broken(r->walsender) && !report(r, &lost))
        log_debug("%s", lost.text);
    return leash_poll(r->leash, NULL, 0, FULL_MS, why);
}

static void note_room(struct receiving *r)
{
    if (r->full)
        log_info("there is room again");
    r->full = false;
}

static bool flush(struct receiving *r, struct fault *why)
{
    while (!spool_flush(r->spool, why))
        if (!room_may_come(r, why))
            return false;
    note_room(r);
    r->unwritten = false;
    return true;
}

static bool sync_spool(struct receiving *r, struct fault *why)
{
    FAILPOINT("receive.before_sync", why);
    /* When we are to stop, there are no more questions. */
    if (r->translator != NULL && r->leash->wish == LEASH_GO &&
        !translator_check(r->translator, why))
        return false;
    while (!spool_sync(r->spool, &r->position.durable, why))
        if (!room_may_come(r, why))
            return false;
    note_room(r);
    r->unwritten = r->unsynced = false;
    r->boundary_durable = r->boundary;
    FAILPOINT("receive.after_sync", why);
    return true;
}

static void came(struct receiving *r)
{
    if (r->unwritten && r->unsynced)
        return;
    int64_t now = clock_ms();
    if (!r->unwritten)
        r->unwritten_since = now;
    if (!r->unsynced)
        r->unsynced_since = now;
    r->unwritten = r->unsynced = true;
}

static bool add_record(struct receiving *r, enum spool_kind kind, lsn_t lsn, const uint8_t *bytes,
                       size_t length, struct fault *why)
{
    struct spool_record record = {
        .kind = kind, .lsn = lsn, .bytes = bytes, .length = (uint32_t)length};
    came(r);
    r->room.came += length;
    while (!spool_add(r->spool, &record, why))
        if (!room_may_come(r, why))
            return false;
    note_room(r);
    return true;
}

/* Once it is reached there is no way on: a transaction behind it may have been passed over. */
static void find_end(struct receiving *r)
{
    r->ended = r->ended || (r->end != 0 && r->position.received >= r->end);
}

/* All that committed before `lsn` has come. */
static void settle(struct receiving *r, lsn_t lsn)
{
    if (lsn > r->position.received) {
        r->position.received = lsn;
        came(r);
    }
    spool_settle(r->spool, r->position.received, true);
    find_end(r);
}

/* The same, of a place between two records of the source's WAL. */
static void settle_boundary(struct receiving *r, lsn_t lsn)
{
    if (lsn > r->boundary)
        r->boundary = lsn;
    settle(r, lsn);
}

/* An end may come, go, or be another one; a server that is idle is asked at once whether it is
 * reached. */
static bool tick(struct receiving *r, struct fault *why)
{
    lsn_t end = r->end;
    r->tick_due = clock_ms() + TICK_MS;
    if (r->wish->tick == NULL)
        return true;
    r->position.held = r->room.why;
    if (!r->wish->tick(r->wish->arg, &r->position, &end, why))
        return false;
    if (end != r->end)
        r->report_due = 0;
    r->end = end;
    r->room.limit = r->wish->spool_limit;
    r->room.reserve = r->wish->reserve;
    find_end(r);
    return true;
}

/* ---- what describes relations and types ---- */

static void forget_described(struct receiving *r)
{
    for (size_t i = 0; i < r->described_count; i++)
        free(r->described[i].bytes);
    r->described_count = 0;
}

static void drop_receiving(struct receiving *r)
{
    forget_described(r);
    free(r->described);
    drop_conn(&r->walsender);
    drop_translator(&r->translator);
    drop_portable(&r->portable);
}

/* Later ones take the place of earlier ones about the same. */
static void keep_described(struct receiving *r, const struct walsender_message *message,
                           uint32_t oid)
{
    struct described *d = r->described;
    size_t i = 0;
    while (i < r->described_count && (d[i].oid != oid || d[i].bytes[0] != message->bytes[0]))
        i++;
    if (i == r->described_count) {
        r->described = d = grow_memory(d, r->described_count++, sizeof *d);
        d[i] = (struct described){.oid = oid};
    }
    free(d[i].bytes);
    d[i].bytes = new_memory(1, message->length);
    memcpy(d[i].bytes, message->bytes, message->length);
    d[i].length = message->length;
    d[i].lsn = message->start;
}

/* The server describes a relation once in a connection; who reads the spool may begin with any
 * segment, at the transaction that begins there. */
static bool repeat_described(struct receiving *r, struct fault *why)
{
    uint64_t number = spool_segment_number(r->spool);
    if (number == r->segment)
        return true;
    r->segment = number;
    for (size_t i = 0; i < r->described_count; i++) {
        const struct described *d = &r->described[i];
        if (!add_record(r, SPOOL_CHANGE, d->lsn, d->bytes, d->length, why))
            return false;
    }
    return true;
}

/* ---- what comes ---- */

static bool unknown(const struct walsender_message *message, struct fault *why)
{
    char lsn[LSN_TEXT];
    return fault_set(why, FAULT_STREAM_UNKNOWN, "a message of %zu bytes at %s in the slot's stream",
                     message->length, lsn_text(lsn, message->start));
}

/* True of a transaction that is not wanted any more: they come in the order of their commits. */
static bool is_behind_end(const struct receiving *r, const struct pgoutput_message *change)
{
    return change->tag == PGOUTPUT_BEGIN && r->end != 0 && change->begin.commit_lsn >= r->end;
}

/* Before the message itself, which may begin a segment: what is repeated there is the new one. */
static void describe(struct receiving *r, const struct walsender_message *message,
                     const struct pgoutput_message *change)
{
    if (change->tag == PGOUTPUT_RELATION)
        keep_described(r, message, change->relation.oid);
    else if (change->tag == PGOUTPUT_TYPE)
        keep_described(r, message, change->type.oid);
}

/* Rows are not looked into; what we did not ask for must not come. */
static bool read_change(const struct walsender_message *message,
                        struct pgoutput_message *ret_change, struct fault *why)
{
    const struct pgoutput_mode mode = {.in_stream = false};
    *ret_change = (struct pgoutput_message){.tag = PGOUTPUT_INSERT};
    switch (message->length == 0 ? '\0' : message->bytes[0]) {
    case PGOUTPUT_INSERT:
    case PGOUTPUT_UPDATE:
    case PGOUTPUT_DELETE:
    case PGOUTPUT_TRUNCATE:
    case PGOUTPUT_MESSAGE:
    case PGOUTPUT_ORIGIN:
        return true;
    case PGOUTPUT_BEGIN:
    case PGOUTPUT_COMMIT:
    case PGOUTPUT_RELATION:
    case PGOUTPUT_TYPE:
        return pgoutput_parse(message->bytes, message->length, mode, ret_change) ||
               unknown(message, why);
    default:
        return unknown(message, why);
    }
}

/* PostgreSQL 18 tells of large subtransactions that are rolled back, between transactions, though
 * it was not asked to stream what is not over: nothing of them has come. */
static bool is_of_nothing(const struct receiving *r, const struct walsender_message *message)
{
    const struct pgoutput_mode mode = {.in_stream = false};
    struct pgoutput_message change;
    return !r->inside && pgoutput_parse(message->bytes, message->length, mode, &change) &&
           change.tag == PGOUTPUT_STREAM_ABORT;
}

/* The transaction that this is in comes again, whole, as all that is not over when a connection
 * ends. */
static bool check_form(struct receiving *r, const struct pgoutput_relation *relation,
                       struct fault *why)
{
    bool portable;
    if (!portable_check(&r->portable, relation->columns, &portable, why))
        return false;
    if (portable)
        return true;
    log_info(
        "table %s.%s has a column whose type servers do not agree on in binary form: from here "
        "on values come in text",
        relation->namespace, relation->name);
    FAILPOINT("receive.form_changes", why);
    r->form_changes = true;
    r->binary = false;
    return r->wish->note_text(r->wish->arg, why);
}

static bool add_change(struct receiving *r, const struct walsender_message *message,
                       struct fault *why)
{
    struct pgoutput_message change;
    if (message->length > 0 && message->bytes[0] == PGOUTPUT_STREAM_ABORT &&
        is_of_nothing(r, message))
        return true;
    if (!read_change(message, &change, why))
        return false;
    if (is_behind_end(r, &change)) {
        settle(r, r->end);
        return true;
    }
    if (r->binary && change.tag == PGOUTPUT_RELATION) {
        if (!check_form(r, &change.relation, why))
            return false;
        if (r->form_changes)
            return true;
    }
    describe(r, message, &change);
    if (!add_record(r, SPOOL_CHANGE, message->start, message->bytes, message->length, why) ||
        !repeat_described(r, why))
        return false;
    if (change.tag == PGOUTPUT_BEGIN)
        r->inside = true;
    if (change.tag == PGOUTPUT_COMMIT) {
        r->inside = false;
        r->old = message->send_time - change.commit.commit_time > OLD_US;
        settle_boundary(r, change.commit.end_lsn);
    }
    return true;
}

static bool take_keepalive(struct receiving *r, const struct walsender_message *message,
                           struct fault *why)
{
    if (!r->inside)
        settle_boundary(r, message->wal_end);
    return !message->reply_requested || report(r, why);
}

/* ---- the loop ---- */

static int write_ms(const struct receiving *r)
{
    return r->old ? SYNC_MS : WRITE_MS;
}

static int until_due(const struct receiving *r)
{
    int64_t due = r->report_due;
    if (r->wish->tick != NULL && r->tick_due < due)
        due = r->tick_due;
    if (r->unwritten && r->unwritten_since + write_ms(r) < due)
        due = r->unwritten_since + write_ms(r);
    if (r->unsynced && r->unsynced_since + SYNC_MS < due)
        due = r->unsynced_since + SYNC_MS;
    due -= clock_ms();
    return due < 0 ? 0 : (int)due;
}

static bool do_due(struct receiving *r, struct fault *why)
{
    int64_t now = clock_ms();
    if (r->wish->tick != NULL && now >= r->tick_due && !tick(r, why))
        return false;
    if (r->unsynced && now - r->unsynced_since >= SYNC_MS)
        return sync_spool(r, why) && report(r, why);
    if (r->unwritten && now - r->unwritten_since >= write_ms(r) && !flush(r, why))
        return false;
    return now < r->report_due || report(r, why);
}

/* A transaction comes out when its commit has come, or not at all. That may take longer than the
 * server waits for a word. */
static bool take_told(struct receiving *r, const struct walsender_message *message,
                      struct fault *why)
{
    struct walsender_message next;
    lsn_t settled;
    bool found;
    if (!translator_take(r->translator, message, why))
        return false;
    while (!translator_relieve(r->translator, why))
        if (!room_may_come(r, why))
            return false;
    for (;;) {
        if (!translator_next(r->translator, &found, &next, why))
            return false;
        if (!found)
            break;
        next.send_time = message->send_time;
        if (!add_change(r, &next, why) || !do_due(r, why))
            return false;
        if (r->ended)
            return true;
    }
    r->inside = translator_inside(r->translator, &settled);
    if (settled != 0)
        settle_boundary(r, settled);
    return true;
}

static bool take_change(struct receiving *r, const struct walsender_message *message,
                        struct fault *why)
{
    return r->translator == NULL ? add_change(r, message, why) : take_told(r, message, why);
}

static bool is_silent(const struct receiving *r)
{
    return clock_ms() - r->heard >= LOST_MS;
}

static bool lost(const char *text, struct fault *why)
{
    fault_set(why, FAULT_SOURCE_LOST, "%s", text);
    why->retry = true;
    return false;
}

static bool take(struct receiving *r, const struct walsender_message *message, struct fault *why)
{
    return message->tag == WALSENDER_KEEPALIVE ? take_keepalive(r, message, why)
                                               : take_change(r, message, why);
}

/* Messages that came together, or nothing within the time until something is due. */
static bool receive_some(struct receiving *r, struct fault *why)
{
    enum stream_found found;
    struct walsender_message message;
    if (!stream_read(r->walsender, until_due(r), r->old, &found, &message, why))
        return false;
    if (found == STREAM_NOTHING)
        return !is_silent(r) || lost("the source is silent", why);
    if (found == STREAM_MESSAGE) {
        r->heard = clock_ms();
        r->lost_since = 0;
    }
    while (found == STREAM_MESSAGE) {
        if (!take(r, &message, why))
            return false;
        if (is_over(r) || r->form_changes)
            return true;
        if (!stream_take(r->walsender, &found, &message, why))
            return false;
    }
    return found != STREAM_ENDED || lost("the source has ended the stream of changes", why);
}

/* ---- the source, at each connection ---- */

bool receive_check_slot(struct conn *source, const char *name, struct slot *ret_slot,
                        struct fault *why)
{
    if (!slot_look(source, name, ret_slot, why))
        return false;
    if (!ret_slot->found)
        return fault_set(why, FAULT_SLOT_UNFIT, "the source has no slot \"%s\"", name);
    if (!ret_slot->logical ||
        (strcmp(ret_slot->plugin, "pgoutput") != 0 && !translator_knows(ret_slot->plugin)))
        return fault_set(why, FAULT_SLOT_UNFIT,
                         "slot \"%s\" is not one of plugin pgoutput, test_decoding or wal2json",
                         name);
    if (strcmp(ret_slot->database, conn_database(source)) != 0)
        return fault_set(why, FAULT_SLOT_UNFIT, "slot \"%s\" is of database \"%s\"", name,
                         ret_slot->database);
    if (ret_slot->lost)
        return slot_lost(name, ret_slot->reason, why);
    return !ret_slot->two_phase ||
           fault_set(why, FAULT_SLOT_UNFIT, "slot \"%s\" was made for two-phase commits", name);
}

/* The next name of a list, or false when it is over. */
static bool next_name(const char **rest, struct strbuf *name)
{
    size_t length = strcspn(*rest, ",");
    if (length == 0)
        return false;
    strbuf_clear(name);
    strbuf_add_bytes(name, *rest, length);
    *rest += length + ((*rest)[length] == ',' ? 1 : 0);
    return true;
}

/* From 18 on the server only warns of a publication that is not there, and sends nothing. */
static bool check_publications(const struct receiving *r, struct fault *why)
{
    const char *rest = r->translator == NULL ? r->wish->publications : "";
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    while (next_name(&rest, &name)) {
        scoped(drop_rows) struct rows rows = ROWS_NONE;
        scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
        strbuf_add(&sql, "SELECT FROM pg_catalog.pg_publication WHERE pubname = ");
        strbuf_add_literal(&sql, name.text);
        if (!conn_query(r->walsender, sql.text, &rows, why))
            return false;
        if (rows_count(&rows) == 0)
            return fault_set(why, FAULT_SLOT_UNFIT, "the source has no publication \"%s\"",
                             name.text);
    }
    return true;
}

/* A server that was restored, or replaced, may have less WAL than we; a slot that was made anew
 * begins behind what we have. Of neither would the server say that something is missing. */
static bool check_reach(const struct receiving *r, const struct slot *slot, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    char have[LSN_TEXT], there[LSN_TEXT];
    lsn_t end;
    if (slot->confirmed > r->position.received)
        return fault_set(why, FAULT_SLOT_UNFIT,
                         "slot \"%s\" begins at %s, the spool ends at %s: what is between is gone",
                         r->wish->slot, lsn_text(there, slot->confirmed),
                         lsn_text(have, r->position.received));
    if (!conn_query(r->walsender, "SELECT pg_catalog.pg_current_wal_flush_lsn()", &rows, why) ||
        !rows_lsn(&rows, 0, 0, &end, why))
        return false;
    return end >= r->position.received ||
           fault_set(why, FAULT_RUN_DIFFERS, "the source's WAL ends at %s, the spool at %s",
                     lsn_text(there, end), lsn_text(have, r->position.received));
}

/* Which plugin it is the slot says. */
static void open_translator(struct receiving *r, const struct slot *slot)
{
    const struct translator_wish wish = {
        .plugin = slot->plugin,
        .connection = r->wish->catalogs,
        .wanted = r->wish->told.wanted,
        .arg = r->wish->told.arg,
        .dir = r->wish->told.dir,
    };
    if (translator_knows(slot->plugin))
        translator_open(&r->translator, &wish, r->leash);
}

/* A standby that was promoted has the other one's WAL up to where its own timeline begins. What we
 * have of the other one from behind that, it never had. */
static bool check_timeline(struct receiving *r, struct fault *why)
{
    char have[LSN_TEXT], there[LSN_TEXT];
    uint32_t timeline;
    lsn_t end;
    if (!timeline_look(r->walsender, r->timeline, &timeline, &end, why))
        return false;
    if (timeline == r->timeline)
        return true;
    if (r->timeline != 0 && end < r->position.received)
        return fault_set(why, FAULT_TIMELINE,
                         "the source is on timeline %u, which left timeline %u at %s, and the "
                         "spool has what came before %s",
                         timeline, r->timeline, lsn_text(there, end),
                         lsn_text(have, r->position.received));
    if (r->timeline != 0)
        log_info("the source is on timeline %u, which goes on where timeline %u ended", timeline,
                 r->timeline);
    r->timeline = timeline;
    return r->wish->note_timeline == NULL || r->wish->note_timeline(r->wish->arg, timeline, why);
}

static bool source_is_fit(struct receiving *r, struct fault *why)
{
    struct identity identity;
    struct slot slot;
    if (!check_identity(r->walsender, &identity, why))
        return false;
    if (strcmp(identity.id, r->wish->source) != 0)
        return fault_set(why, FAULT_RUN_DIFFERS,
                         "this source is not the one that the run began with");
    if (!receive_check_slot(r->walsender, r->wish->slot, &slot, why))
        return false;
    if (r->translator == NULL)
        open_translator(r, &slot);
    return check_publications(r, why) && check_timeline(r, why) && check_reach(r, &slot, why);
}

/* From what the slot has confirmed on, or what the run begins with: what of that we have is left
 * out here. */
static bool begin_told(struct receiving *r, struct fault *why)
{
    translator_begin(r->translator, r->position.received);
    while (!stream_begin(r->walsender, r->wish->slot, r->wish->start,
                         translator_options(r->translator), why))
        if (!translator_may_do_with_less(r->translator, why))
            return false;
    return true;
}

/* The highest that both ends know. */
static int protocol(int version)
{
    if (version < 140000)
        return 1;
    return version < 150000 ? 2 : version < 160000 ? 3 : 4;
}

/* Transactions come whole, after their commit: `streaming` stays off. What is large is kept by the
 * server on its disk until then, and not in its memory; one that is rolled back never comes, and
 * the spool need not tell apart what belongs to which. Nor are logical messages asked for: a slot
 * moves on without (docs/how-it-works.md). */
static bool begin_stream(struct receiving *r, struct fault *why)
{
    int version = conn_version(r->walsender);
    const char *rest = r->wish->publications;
    scoped(drop_strbuf) struct strbuf options = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf names = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    if (r->translator != NULL)
        return begin_told(r, why);
    while (next_name(&rest, &name)) {
        if (names.length > 0)
            strbuf_add(&names, ",");
        strbuf_add_identifier(&names, name.text);
    }
    strbuf_addf(&options, "proto_version '%d', publication_names ", protocol(version));
    strbuf_add_literal(&options, strbuf_text(&names));
    if (r->binary && version >= 140000)
        strbuf_add(&options, ", binary 'true'");
    return stream_begin(r->walsender, r->wish->slot, r->position.received, options.text, why);
}

static bool connect_source(struct receiving *r, struct fault *why)
{
    drop_conn(&r->walsender);
    if (!conn_open(&r->walsender, r->wish->connection, r->leash, why) || !source_is_fit(r, why) ||
        !begin_stream(r, why))
        return false;
    forget_described(r);
    r->segment = spool_segment_number(r->spool);
    r->inside = false;
    r->heard = clock_ms();
    return add_record(r, SPOOL_CONNECTION, r->position.received, NULL, 0, why) && report(r, why);
}

/* ---- until the end ---- */

/* Of what is held and what is exceeded people are told once. */
static bool look_for_room(struct receiving *r, struct fault *why)
{
    char lsn[LSN_TEXT];
    bool held = r->room.held, exceeded = r->room.exceeded;
    if (!room_look(&r->room, r->spool, why))
        return false;
    if (r->room.held && !held)
        log_warning("%s: nothing more is received until there is room, and the source keeps its "
                    "WAL from %s on",
                    r->room.why, lsn_text(lsn, r->position.received));
    else if (r->room.exceeded && !exceeded)
        log_warning("%s; it is received all the same", r->room.why);
    else if (!r->room.held && held)
        log_info("there is room again: receiving goes on");
    return true;
}

/* What comes is left to the source; that we are there is told by reports. */
static bool rest(struct receiving *r, struct fault *why)
{
    r->heard = clock_ms();
    return leash_poll(r->leash, NULL, 0, until_due(r), why);
}

static bool stream(struct receiving *r, struct fault *why)
{
    r->form_changes = false;
    if (!connect_source(r, why))
        return false;
    while (!is_over(r) && !r->form_changes)
        if (!look_for_room(r, why) || !(r->room.held ? rest(r, why) : receive_some(r, why)) ||
            !do_due(r, why))
            return false;
    return true;
}

/* What has come can be applied meanwhile. */
static bool note_loss(struct receiving *r, const struct fault *loss, struct fault *why)
{
    r->lost_since = clock_ms();
    log_warning("%s; connecting again", loss->text);
    return sync_spool(r, why);
}

/* True when it may be tried again, after a pause; *why is as it was, or says why not. */
static bool may_try_again(struct receiving *r, int *pause, struct fault *why)
{
    struct fault later;
    if (!why->retry || r->leash->wish != LEASH_GO)
        return false;
    if (r->lost_since == 0) {
        *pause = RETRY_MS;
        if (!note_loss(r, why, &later)) {
            *why = later;
            return false;
        }
    }
    if (clock_ms() - r->lost_since > r->wish->retry_for_ms)
        return false;
    if (!leash_poll(r->leash, NULL, 0, *pause, why))
        return false;
    *pause = *pause * 2 > RETRY_MOST ? RETRY_MOST : *pause * 2;
    return true;
}

/* What came is kept, whatever happened then; the last words to the server save it some work. */
static bool finish(struct receiving *r, bool good, struct fault *why)
{
    struct fault later;
    if (!good) {
        spool_sync(r->spool, &r->position.durable, &later);
        return false;
    }
    if (!sync_spool(r, why) || !tick(r, why))
        return false;
    if (r->walsender != NULL && !conn_broken(r->walsender) && !report(r, &later))
        log_debug("%s", later.text);
    return true;
}

/* In the middle of a question to the source. */
static bool was_stopped(const struct receiving *r, const struct fault *why)
{
    return is_over(r) && why->id == FAULT_STOPPED;
}

bool receive_run(const struct receive_wish *wish, struct spool *spool, struct leash *leash,
                 struct receive_position *ret_position, struct fault *why)
{
    scoped(drop_receiving) struct receiving r = {
        .wish = wish, .spool = spool, .leash = leash, .end = wish->end};
    int pause = RETRY_MS;
    bool good = false;
    r.timeline = wish->timeline;
    r.binary = wish->binary;
    r.portable.connection = wish->catalogs;
    r.portable.leash = leash;
    r.room.limit = wish->spool_limit;
    r.room.reserve = wish->reserve;
    r.position.held = "";
    r.position.received = r.position.durable = spool_settled(spool);
    find_end(&r);
    while (!good) {
        good = is_over(&r) || stream(&r, why) || was_stopped(&r, why);
        if (!good && !may_try_again(&r, &pause, why))
            break;
        good = good && (!r.form_changes || is_over(&r));
    }
    good = finish(&r, good, why);
    *ret_position = r.position;
    ret_position->held = "";
    return good;
}
