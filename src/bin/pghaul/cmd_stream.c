/*
 * cmd_stream.c - changes of the source, from a slot into the spool of a work directory; and what is
 * in there, for people.
 */
#include "commands.h"

#include "base/log.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "catalog/position.h"
#include "catalog/run.h"
#include "cdc/apply.h"
#include "cdc/receive.h"
#include "cdc/room.h"
#include "cdc/spool_dir.h"
#include "cdc/spool_read.h"
#include "plan/check.h"
#include "plan/publication.h"
#include "run/workdir.h"

#include <inttypes.h>

struct streaming {
    struct options *options;
    struct conninfo source;
    struct conninfo target;
    struct workdir dir;
    struct db *db;
    struct run run;
    char spool_path[PATH_MAX];
    char slot[SLOT_NAME];
    const char *publications;
    struct leash leash;
    struct spool *spool;
};

static void drop_streaming(struct streaming *s)
{
    drop_spool(&s->spool);
    drop_leash(&s->leash);
    drop_db(&s->db);
    drop_conninfo(&s->source);
    drop_conninfo(&s->target);
    drop_workdir(&s->dir);
}

static struct spool_place place_of(const struct streaming *s)
{
    return (struct spool_place){.dir = s->spool_path, .run = s->run.uuid};
}

static bool find_run(struct streaming *s, enum db_mode opening, bool *ret_found, struct fault *why)
{
    char file[PATH_MAX];
    workdir_path(file, s->dir.path, "catalog.db");
    workdir_path(s->spool_path, s->dir.path, "spool");
    return catalog_open(&s->db, file, opening, why) && run_get(s->db, &s->run, ret_found, why);
}

/* ---- receive ---- */

static bool open_directory(struct streaming *s, struct fault *why)
{
    char path[PATH_MAX];
    bool found;
    if (!find_directory(s->options, s->source.database, path, why) || !workdir_make(path, why) ||
        !workdir_lock(&s->dir, path, "stream.lock", why) || !find_run(s, DB_CREATE, &found, why))
        return false;
    return found ||
           (run_create(s->db, s->slot, PGHAUL_VERSION, strbuf_text(&s->source.shown), "", why) &&
            run_get(s->db, &s->run, &found, why));
}

static bool read_end(const char *text, struct conn *source, lsn_t *ret_end, struct fault *why)
{
    *ret_end = 0;
    if (text == NULL)
        return true;
    if (strcmp(text, "now") == 0)
        return wal_end(source, ret_end, why);
    return check_end("endpos", text, why) && lsn_parse(text, ret_end);
}

static const char noted_binary[] = " binary";

/* What the run receives, to be noted before the server is told of anything: a spool that is gone
 * afterwards is no new one. */
static bool check_noted(struct streaming *s, const char *what, bool *ret_noted, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf noted = STRBUF_EMPTY;
    if (!setting_get(s->db, SETTING_STREAM, &noted, ret_noted, why))
        return false;
    return !*ret_noted || strcmp(noted.text, what) == 0 ||
           fault_set(why, FAULT_RUN_DIFFERS,
                     "the run receives from another slot, publication or source: %s", noted.text);
}

static bool note(struct streaming *s, const char *what, lsn_t start, struct fault *why)
{
    char lsn[LSN_TEXT];
    return db_durable(s->db, true, why) &&
           setting_put(s->db, SETTING_STREAM_START, lsn_text(lsn, start), why) &&
           setting_put(s->db, SETTING_STREAM, what, why) && db_durable(s->db, false, why);
}

/* From now on the run is one that receives text. */
static bool note_text(void *arg, struct fault *why)
{
    struct streaming *s = arg;
    bool found;
    scoped(drop_strbuf) struct strbuf noted = STRBUF_EMPTY;
    if (!setting_get(s->db, SETTING_STREAM, &noted, &found, why))
        return false;
    noted.text[noted.length - (sizeof noted_binary - 1)] = '\0';
    return db_durable(s->db, true, why) && setting_put(s->db, SETTING_STREAM, noted.text, why) &&
           db_durable(s->db, false, why);
}

/* What the server has forgotten at our word we must have. */
static bool open_spool(struct streaming *s, const struct receive_wish *wish,
                       const struct slot *slot, struct fault *why)
{
    const struct spool_place place = place_of(s);
    struct spool_span span;
    bool noted;
    scoped(drop_strbuf) struct strbuf what = STRBUF_EMPTY;
    strbuf_addf(&what, "%s %s %s%s", wish->slot,
                wish->publications == NULL ? slot->plugin : wish->publications, wish->source,
                wish->binary ? noted_binary : "");
    if (!check_noted(s, what.text, &noted, why) || !spool_span(&place, &span, why))
        return false;
    if (noted && span.last == 0)
        return fault_set(why, FAULT_SPOOL_GONE, "there is nothing in \"%s\" any more",
                         s->spool_path);
    return spool_open(&s->spool, &place,
                      room_segment_size(wish->spool_limit, s->options->segment_size),
                      slot->confirmed, why) &&
           (noted || note(s, what.text, slot->confirmed, why));
}

/* Only pgoutput has publications; other plugins tell of all tables. */
static bool check_plugin(struct streaming *s, struct receive_wish *wish, const struct slot *slot,
                         struct fault *why)
{
    if (!translator_knows(slot->plugin))
        return true;
    wish->publications = NULL;
    return s->options->publication == NULL ||
           fault_set(why, FAULT_BAD_VALUE,
                     "--publication says nothing to a slot of plugin %s, which tells of all tables",
                     slot->plugin);
}

/* A plugin that tells of all tables tells of what a run has made for itself, too. */
static bool is_theirs(void *arg, const struct table_met *table, bool *ret_wanted, struct fault *why)
{
    (void)arg;
    (void)why;
    *ret_wanted = strcmp(table->schema, "pghaul") != 0;
    return true;
}

/* Looks at the source before anything is begun. */
static bool prepare(struct streaming *s, struct receive_wish *wish, struct identity *identity,
                    struct fault *why)
{
    struct slot slot;
    scoped(drop_conn) struct conn *source = NULL;
    struct conn_wish connection = {.info = &s->source, .application = "pghaul receive"};
    if (!conn_open(&source, &connection, &s->leash, why) ||
        !read_end(s->options->endpos, source, &wish->end, why) ||
        !check_identity(source, identity, why) ||
        !run_set_source(s->db, conn_version(source), conn_database_encoding(source), why) ||
        !receive_check_slot(source, wish->slot, &slot, why) || !check_plugin(s, wish, &slot, why) ||
        (wish->binary && wish->publications != NULL &&
         !publication_check_binary(source, wish->publications, why)))
        return false;
    wish->source = identity->id;
    return open_spool(s, wish, &slot, why);
}

static bool note_timeline(void *arg, uint32_t timeline, struct fault *why)
{
    struct streaming *s = arg;
    char text[16];
    snprintf(text, sizeof text, "%" PRIu32, timeline);
    return db_durable(s->db, true, why) && setting_put(s->db, SETTING_STREAM_TIMELINE, text, why) &&
           db_durable(s->db, false, why);
}

static bool find_timeline(struct streaming *s, uint32_t *ret_timeline, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    bool found;
    if (!setting_get(s->db, SETTING_STREAM_TIMELINE, &text, &found, why))
        return false;
    *ret_timeline = found ? (uint32_t)strtoul(text.text, NULL, 10) : 0;
    return true;
}

static bool receive(struct streaming *s, struct fault *why)
{
    char received[LSN_TEXT], durable[LSN_TEXT];
    struct receive_position position;
    struct identity identity;
    struct conn_wish walsender = {
        .info = &s->source, .application = "pghaul receive", .replication = true};
    struct conn_wish catalogs = {.info = &s->source, .application = "pghaul receive catalogs"};
    struct receive_wish wish = {
        .connection = &walsender,
        .slot = s->slot,
        .publications = s->publications,
        .told = {.wanted = is_theirs, .dir = s->spool_path},
        .catalogs = &catalogs,
        .retry_for_ms = s->options->settings.retry_for_ms,
        .spool_limit = s->options->settings.spool_limit,
        .reserve = s->options->settings.spool_reserve,
        .binary = s->options->binary,
        .note_text = note_text,
        .note_timeline = note_timeline,
        .arg = s,
    };
    if (!prepare(s, &wish, &identity, why) || !find_timeline(s, &wish.timeline, why))
        return false;
    log_info("receiving the changes of slot %s into \"%s\", from %s on", wish.slot, s->spool_path,
             lsn_text(received, spool_settled(s->spool)));
    if (!receive_run(&wish, s->spool, &s->leash, &position, why))
        return false;
    log_info("received all that committed before %s; on disk: %s",
             lsn_text(received, position.received), lsn_text(durable, position.durable));
    return true;
}

static void choose_names(struct streaming *s)
{
    const struct options *options = s->options;
    if (*options->slot != '\0')
        strlcpy(s->slot, options->slot, sizeof s->slot);
    else
        usual_slot(s->slot, options->name != NULL ? options->name : s->source.database);
    s->publications = options->publication != NULL ? options->publication : s->slot;
}

static bool stream_receive(struct streaming *s, struct fault *why)
{
    if (!read_side(s->options, SIDE_SOURCE, &s->source, why))
        return false;
    choose_names(s);
    return open_directory(s, why) && leash_open(&s->leash, -1, why) && receive(s, why);
}

/* ---- apply ---- */

static bool find_directory_of_run(struct streaming *s, struct fault *why)
{
    char path[PATH_MAX];
    bool found;
    if (!find_directory(s->options, NULL, path, why))
        return false;
    strlcpy(s->dir.path, path, sizeof s->dir.path);
    if (!find_run(s, DB_EXISTING, &found, why))
        return false;
    return found || fault_set(why, FAULT_DIR_NO_RUN, "there is no run in \"%s\"", s->dir.path);
}

/* Where the slot began. */
static bool read_start(struct streaming *s, lsn_t *ret_start, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf start = STRBUF_EMPTY;
    bool found;
    if (!setting_get(s->db, SETTING_STREAM_START, &start, &found, why))
        return false;
    return (found && lsn_parse(start.text, ret_start)) ||
           fault_set(why, FAULT_DIR_NO_RUN, "nothing was received into \"%s\" yet", s->dir.path);
}

static bool read_apply_end(struct streaming *s, lsn_t *ret_end, struct fault *why)
{
    const char *text = s->options->endpos;
    if (text == NULL || strcmp(text, "now") != 0)
        return read_end(text, NULL, ret_end, why);
    scoped(drop_conn) struct conn *source = NULL;
    struct conn_wish connection = {.info = &s->source, .application = "pghaul apply"};
    return read_side(s->options, SIDE_SOURCE, &s->source, why) &&
           conn_open(&source, &connection, &s->leash, why) && wal_end(source, ret_end, why);
}

static bool apply(struct streaming *s, struct fault *why)
{
    char applied[LSN_TEXT];
    scoped(drop_conn) struct conn *target = NULL;
    struct apply_position position;
    struct conn_wish connection = {
        .info = &s->target,
        .application = "pghaul apply",
        .encoding = s->run.encoding,
        .role = s->options->settings.role,
    };
    struct apply_wish wish = {
        .db = s->db,
        .spool = place_of(s),
        .run = s->run.uuid,
        .on_conflict = (enum conflict_policy)s->options->settings.on_conflict,
        .on_ddl = (enum ddl_policy)s->options->settings.on_ddl,
    };
    if (!read_start(s, &wish.start, why) || !read_apply_end(s, &wish.end, why) ||
        !conn_open(&target, &connection, &s->leash, why))
        return false;
    wish.target = target;
    if (!apply_run(&wish, &s->leash, &position, why))
        return false;
    log_info("applied all that committed before %s: %" PRId64 " transactions, %" PRId64
             " inserts, %" PRId64 " updates, %" PRId64 " deletes",
             lsn_text(applied, position.applied), position.counts.transactions,
             position.counts.inserts, position.counts.updates, position.counts.deletes);
    return true;
}

static bool stream_apply(struct streaming *s, struct fault *why)
{
    char path[PATH_MAX];
    return read_side(s->options, SIDE_TARGET, &s->target, why) &&
           find_directory(s->options, NULL, path, why) &&
           workdir_lock(&s->dir, path, "apply.lock", why) && find_directory_of_run(s, why) &&
           leash_open(&s->leash, -1, why) && apply(s, why);
}

/* ---- show ---- */

static void add_entry(struct strbuf *line, const struct spool_entry *entry)
{
    static const char *const words[] = {[SPOOL_CHANGE] = "change",
                                        [SPOOL_CONNECTION] = "connection",
                                        [SPOOL_POSITION] = "position"};
    char lsn[LSN_TEXT];
    const struct spool_record *record = &entry->record;
    strbuf_addf(line, "%s %s ", words[record->kind], lsn_text(lsn, record->lsn));
    for (uint32_t i = 0; i < record->length; i++)
        strbuf_addf(line, "%02x", record->bytes[i]);
    strbuf_add(line, "\n");
}

/* One line a record: what it is, its LSN, its bytes in hexadecimal digits. */
static bool stream_show(struct streaming *s, struct fault *why)
{
    bool found;
    struct spool_entry entry;
    scoped(drop_spool_reader) struct spool_reader *reader = NULL;
    if (!find_directory_of_run(s, why))
        return false;
    const struct spool_place place = place_of(s);
    spool_reader_open(&reader, &place, 0);
    for (;;) {
        scoped(drop_strbuf) struct strbuf line = STRBUF_EMPTY;
        if (!spool_next(reader, &found, &entry, why))
            return false;
        if (!found)
            return true;
        add_entry(&line, &entry);
        if (!print_text(&line, why))
            return false;
    }
}

bool cmd_stream(struct options *options, struct fault *why)
{
    scoped(drop_streaming) struct streaming s = {
        .options = options, .dir = {.lock = -1}, .leash = {.signals = -1}};
    static const struct {
        const char *name;
        bool (*run)(struct streaming *s, struct fault *why);
    } halves[] = {{"receive", stream_receive}, {"apply", stream_apply}, {"show", stream_show}};
    if (!set_up_log(options, "stream", why))
        return false;
    for (size_t i = 0; i < sizeof halves / sizeof halves[0]; i++)
        if (strcmp(options->arguments[0], halves[i].name) == 0)
            return halves[i].run(&s, why);
    return fault_set(why, FAULT_BAD_VALUE,
                     "pghaul stream knows receive, apply and show, not \"%s\"",
                     options->arguments[0]);
}
