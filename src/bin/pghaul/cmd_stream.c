/*
 * cmd_stream.c - changes of the source, from a slot into the spool of a work directory; and what is
 * in there, for people.
 */
#include "commands.h"

#include "base/log.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "catalog/run.h"
#include "cdc/receive.h"
#include "cdc/spool_dir.h"
#include "cdc/spool_read.h"
#include "pg/replication.h"
#include "run/workdir.h"

struct streaming {
    struct options *options;
    struct conninfo source;
    struct workdir dir;
    struct db *db;
    struct run run;
    char spool_path[PATH_MAX];
    struct leash leash;
    struct spool *spool;
};

static void drop_streaming(struct streaming *s)
{
    drop_spool(&s->spool);
    drop_leash(&s->leash);
    drop_db(&s->db);
    drop_conninfo(&s->source);
    drop_workdir(&s->dir);
}

static struct spool_place place_of(const struct streaming *s)
{
    return (struct spool_place){.dir = s->spool_path, .run = s->run.uuid};
}

static bool find_run(struct streaming *s, bool *ret_found, struct fault *why)
{
    char file[PATH_MAX];
    workdir_path(file, s->dir.path, "catalog.db");
    workdir_path(s->spool_path, s->dir.path, "spool");
    return catalog_open(&s->db, file, DB_CREATE, why) && run_get(s->db, &s->run, ret_found, why);
}

/* ---- receive ---- */

static bool open_directory(struct streaming *s, struct fault *why)
{
    char path[PATH_MAX];
    bool found;
    if (!find_directory(s->options, s->source.database, path, why) || !workdir_make(path, why) ||
        !workdir_lock(&s->dir, path, "stream.lock", why) || !find_run(s, &found, why))
        return false;
    return found || (run_create(s->db, s->options->slot, PGHAUL_VERSION,
                                strbuf_text(&s->source.shown), "", why) &&
                     run_get(s->db, &s->run, &found, why));
}

/* "now" is where the source's WAL ends. */
static bool read_end(const char *text, struct conn *source, lsn_t *ret_end, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    *ret_end = 0;
    if (text == NULL)
        return true;
    if (strcmp(text, "now") != 0)
        return lsn_parse(text, ret_end) ||
               fault_set(
                   why, FAULT_BAD_VALUE,
                   "--endpos cannot be \"%s\": it takes LSN|now, an LSN being like 16/B374D848",
                   text);
    return conn_query(source, "SELECT pg_catalog.pg_current_wal_insert_lsn()", &rows, why) &&
           (lsn_parse(rows_text(&rows, 0, 0), ret_end) ||
            fault_set(why, FAULT_BUG, "an LSN \"%s\"", rows_text(&rows, 0, 0)));
}

static bool check_slot(const struct conn *source, const char *name, const struct slot *slot,
                       struct fault *why)
{
    if (!slot->found)
        return fault_set(why, FAULT_SLOT_UNFIT, "the source has no slot \"%s\"", name);
    if (!slot->logical || strcmp(slot->plugin, "pgoutput") != 0)
        return fault_set(why, FAULT_SLOT_UNFIT, "slot \"%s\" is not one of plugin pgoutput", name);
    if (strcmp(slot->database, conn_database(source)) != 0)
        return fault_set(why, FAULT_SLOT_UNFIT, "slot \"%s\" is of database \"%s\"", name,
                         slot->database);
    return true;
}

/* What the server has forgotten at our word we must have. */
static bool open_spool(struct streaming *s, const struct slot *slot, struct fault *why)
{
    const struct spool_place place = place_of(s);
    struct spool_span span;
    if (!spool_span(&place, &span, why))
        return false;
    lsn_t promised = span.last == 0 ? 0 : slot->confirmed;
    return spool_open(&s->spool, &place, s->options->segment_size, promised, why);
}

static void add_options(struct strbuf *text, const struct streaming *s)
{
    strbuf_add(text, "proto_version '1', publication_names ");
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    strbuf_add_identifier(&name, s->options->publication);
    strbuf_add_literal(text, name.text);
}

static bool receive(struct streaming *s, struct conn *source, struct fault *why)
{
    struct slot slot;
    char received[LSN_TEXT], durable[LSN_TEXT];
    struct receive_position position;
    scoped(drop_strbuf) struct strbuf options = STRBUF_EMPTY;
    struct conn_wish walsender = {
        .info = &s->source, .application = "pghaul receive", .replication = true};
    struct receive_wish wish = {
        .connection = &walsender,
        .slot = s->options->slot,
        .retry_for_ms = s->options->settings.retry_for_ms,
    };
    if (!read_end(s->options->endpos, source, &wish.end, why) ||
        !slot_look(source, wish.slot, &slot, why) || !check_slot(source, wish.slot, &slot, why) ||
        !open_spool(s, &slot, why))
        return false;
    add_options(&options, s);
    wish.options = options.text;
    log_info("receiving the changes of slot %s into \"%s\", from %s on", wish.slot, s->spool_path,
             lsn_text(received, spool_settled(s->spool)));
    if (!receive_run(&wish, s->spool, &s->leash, &position, why))
        return false;
    log_info("received all that committed before %s; on disk: %s",
             lsn_text(received, position.received), lsn_text(durable, position.durable));
    return true;
}

static bool stream_receive(struct streaming *s, struct fault *why)
{
    scoped(drop_conn) struct conn *source = NULL;
    struct conn_wish wish = {.info = &s->source, .application = "pghaul receive"};
    if (s->options->slot == NULL || s->options->publication == NULL)
        return fault_set(why, FAULT_MISSING_OPTION, "--slot and --publication are needed");
    return read_side(s->options, SIDE_SOURCE, &s->source, why) && open_directory(s, why) &&
           leash_open(&s->leash, -1, why) && conn_open(&source, &wish, &s->leash, why) &&
           receive(s, source, why);
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
    char path[PATH_MAX];
    bool found;
    struct spool_entry entry;
    scoped(drop_spool_reader) struct spool_reader *reader = NULL;
    if (!find_directory(s->options, NULL, path, why))
        return false;
    strlcpy(s->dir.path, path, sizeof s->dir.path);
    if (!find_run(s, &found, why))
        return false;
    if (!found)
        return fault_set(why, FAULT_DIR_NO_RUN, "there is no run in \"%s\"", path);
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
    const char *half = options->arguments[0];
    if (!set_up_log(options, "stream", why))
        return false;
    if (strcmp(half, "receive") == 0)
        return stream_receive(&s, why);
    return strcmp(half, "show") == 0
               ? stream_show(&s, why)
               : fault_set(why, FAULT_BAD_VALUE, "pghaul stream knows receive and show, not \"%s\"",
                           half);
}
