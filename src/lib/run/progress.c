/*
 * progress.c - how far a run is.
 *
 * Totals are read once, when the plan is there, and counted on from the workers'
 * messages; what runs now is asked from the catalog. The rate is that of the last
 * seconds, and the time left what the rest of the bytes needs at it: an estimate,
 * since indexes and constraints are not in it.
 */
#include "run/progress.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/size.h"
#include "base/text.h"
#include "catalog/objects.h"
#include "catalog/position.h"
#include "catalog/sql.h"
#include "run/phases.h"

#include <sys/ioctl.h>

enum {
    LINE_EVERY_MS = 5000,
    FOLLOWING_EVERY_MS = 10000,
    SAMPLES = 10, /* seconds that the rate is taken over */
    LINES_MOST = 12,
    COLUMNS_USUAL = 80,
};

struct progress {
    struct db *db;
    bool show;
    bool terminal;
    bool drawn;
    int lines_drawn;
    enum phase phase;
    bool paused;
    bool loaded;
    struct progress_numbers numbers;
    int64_t moving; /* bytes of items that are being copied now */
    int64_t sample_bytes[SAMPLES];
    int64_t sample_ms[SAMPLES];
    int samples;
    int64_t next_line_ms;
};

/* The log's hooks have no argument. */
static struct progress *drawing;

/* ---- numbers ---- */

struct total {
    int64_t items, done;
    int64_t bytes, bytes_done;
    int64_t rows;
};

static void count(struct progress_numbers *n, enum work_kind kind, const struct total *total)
{
    switch (kind) {
    case WORK_TABLE:
    case WORK_PART:
    case WORK_SMALL:
    case WORK_CONFIG:
        n->tables += total->items;
        n->tables_done += total->done;
        n->bytes += total->bytes;
        n->bytes_done += total->bytes_done;
        n->rows_done += total->rows;
        break;
    case WORK_INDEX:
    case WORK_EXCLUSION:
        n->indexes += total->items;
        n->indexes_done += total->done;
        break;
    case WORK_KEYS:
    case WORK_FOREIGN_KEYS:
    case WORK_ANALYZE:
        n->keys += total->items;
        n->keys_done += total->done;
        break;
    default:
        break;
    }
}

static bool on_total(void *arg, const struct stmt *row, struct fault *why)
{
    enum work_kind kind;
    const struct total total = {stmt_int(row, 1), stmt_int(row, 2), stmt_int(row, 3),
                                stmt_int(row, 4), stmt_int(row, 5)};
    (void)why;
    if (work_kind_parse(stmt_text(row, 0), &kind))
        count(arg, kind, &total);
    return true;
}

bool progress_read(struct db *db, struct progress_numbers *ret_numbers, struct fault *why)
{
    *ret_numbers = (struct progress_numbers){0};
    return catalog_list(db, SQL_WORK_TOTALS, 0, on_total, ret_numbers, why);
}

static void add_done_of(struct strbuf *text, const char *noun, int64_t done, int64_t all)
{
    char a[32], b[32];
    if (all > 0)
        strbuf_addf(text, ", %s %s/%s", noun, count_text(a, sizeof a, done),
                    count_text(b, sizeof b, all));
}

void progress_add_line(struct strbuf *text, const struct progress_numbers *n)
{
    char a[32], b[32], c[32];
    int64_t percent = n->bytes == 0 ? 100 : n->bytes_done * 100 / n->bytes;
    strbuf_addf(text, "%s of %s (%d %%)", size_text(a, sizeof a, n->bytes_done),
                size_text(b, sizeof b, n->bytes), (int)percent);
    if (n->rate > 0) {
        strbuf_addf(text, ", %s/s", size_text(c, sizeof c, n->rate));
        if (n->bytes > n->bytes_done)
            strbuf_addf(text, ", about %s left",
                        duration_text(a, sizeof a, (n->bytes - n->bytes_done) * 1000 / n->rate));
    }
    add_done_of(text, "tables", n->tables_done, n->tables);
    add_done_of(text, "indexes", n->indexes_done, n->indexes);
    add_done_of(text, "keys", n->keys_done, n->keys);
}

static void take_sample(struct progress *p)
{
    if (p->samples == SAMPLES) {
        memmove(p->sample_bytes, p->sample_bytes + 1, sizeof p->sample_bytes - sizeof(int64_t));
        memmove(p->sample_ms, p->sample_ms + 1, sizeof p->sample_ms - sizeof(int64_t));
        p->samples--;
    }
    p->sample_bytes[p->samples] = p->numbers.bytes_done + p->moving;
    p->sample_ms[p->samples] = clock_ms();
    p->samples++;
    int64_t bytes = p->sample_bytes[p->samples - 1] - p->sample_bytes[0];
    int64_t ms = p->sample_ms[p->samples - 1] - p->sample_ms[0];
    p->numbers.rate = ms > 0 && bytes > 0 ? bytes * 1000 / ms : 0;
}

/* ---- text ---- */

struct running {
    struct progress *progress;
    struct strbuf *text;
    int64_t moving;
    int lines;
    int left_out;
};

static void add_item(struct strbuf *text, const struct stmt *row)
{
    char a[32], b[32];
    int64_t bytes = stmt_int(row, 3), moved = stmt_int(row, 4);
    strbuf_addf(text, "\n  %s %d: %s ", stmt_text(row, 6), (int)stmt_int(row, 7),
                stmt_text(row, 1));
    strbuf_add_shown(text, stmt_text(row, 2));
    if (moved > 0)
        strbuf_addf(text, "  %s of about %s", size_text(a, sizeof a, moved),
                    size_text(b, sizeof b, bytes));
    if (stmt_text(row, 8)[0] != '\0')
        strbuf_addf(text, "  %s", stmt_text(row, 8));
    strbuf_addf(text, "  %s",
                duration_text(a, sizeof a, (clock_utc_us() - stmt_int(row, 5)) / 1000));
}

static bool on_running(void *arg, const struct stmt *row, struct fault *why)
{
    struct running *running = arg;
    (void)why;
    const char *kind = stmt_text(row, 1);
    int64_t bytes = stmt_int(row, 3), moved = stmt_int(row, 4);
    if (strcmp(kind, "table") == 0 || strcmp(kind, "part") == 0)
        running->moving += moved < bytes ? moved : bytes;
    if (running->text == NULL)
        return true;
    if (running->lines == LINES_MOST) {
        running->left_out++;
        return true;
    }
    running->lines++;
    add_item(running->text, row);
    return true;
}

/* What the two halves have noted last. */
static void add_position(struct db *db, struct strbuf *text)
{
    bool found;
    struct fault ignored;
    struct position now;
    char received[LSN_TEXT], applied[LSN_TEXT], end[LSN_TEXT], lag[32], changes[32];
    if (!position_get(db, &now, &found, &ignored) || !found)
        return;
    strbuf_addf(text, ": received %s, applied %s, %s behind, %s transactions",
                lsn_text(received, now.received), lsn_text(applied, now.applied),
                size_text(lag, sizeof lag, position_behind(&now)),
                count_text(changes, sizeof changes, now.transactions));
    if (now.end != 0)
        strbuf_addf(text, ", to end at %s", lsn_text(end, now.end));
}

/* The line, and (items) what runs now. */
static void compose(struct progress *p, struct strbuf *text, bool items)
{
    struct fault ignored;
    scoped(drop_strbuf) struct strbuf list = STRBUF_EMPTY;
    struct running running = {.progress = p, .text = items ? &list : NULL};
    catalog_list(p->db, SQL_WORK_RUNNING, 0, on_running, &running, &ignored);
    p->moving = running.moving;
    take_sample(p);
    strbuf_add(text, p->paused ? "paused: " : "");
    strbuf_add(text, phase_entry(p->phase)->sentence);
    if (p->phase == PHASE_FOLLOW)
        add_position(p->db, text);
    else if (p->loaded && p->numbers.tables > 0) {
        struct progress_numbers now = p->numbers;
        now.bytes_done += p->moving;
        strbuf_add(text, ": ");
        progress_add_line(text, &now);
    }
    strbuf_add(text, strbuf_text(&list));
    if (running.left_out > 0)
        strbuf_addf(text, "\n  and %d more", running.left_out);
}

/* ---- the terminal ---- */

static void hide(void)
{
    scoped(drop_strbuf) struct strbuf out = STRBUF_EMPTY;
    if (drawing == NULL || !drawing->drawn)
        return;
    for (int line = 1; line < drawing->lines_drawn; line++)
        strbuf_add(&out, "\033[A");
    strbuf_add(&out, "\r\033[J");
    ssize_t ignored = write(STDERR_FILENO, out.text, out.length);
    (void)ignored;
    drawing->drawn = false;
}

static int columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 10)
        return size.ws_col;
    return COLUMNS_USUAL;
}

static void draw(void)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf out = STRBUF_EMPTY;
    if (drawing == NULL || drawing->drawn || drawing->phase == PHASE_DONE)
        return;
    compose(drawing, &text, true);
    int width = columns() - 1;
    drawing->lines_drawn = 0;
    for (const char *line = strbuf_text(&text); line != NULL;) {
        size_t length = strcspn(line, "\n");
        strbuf_add(&out, drawing->lines_drawn++ == 0 ? "" : "\r\n");
        strbuf_add_cut(&out, line, length, width);
        line = line[length] == '\n' ? line + length + 1 : NULL;
    }
    ssize_t ignored = write(STDERR_FILENO, out.text, out.length);
    (void)ignored;
    drawing->drawn = true;
}

/* ---- the interface ---- */

struct progress *progress_new(struct db *db, bool show)
{
    struct progress *p = new_memory(1, sizeof *p);
    p->db = db;
    p->show = show;
    p->next_line_ms = clock_ms() + LINE_EVERY_MS;
    const char *terminal = getenv("TERM");
    p->terminal =
        show && isatty(STDERR_FILENO) == 1 && terminal != NULL && strcmp(terminal, "dumb") != 0;
    if (p->terminal) {
        drawing = p;
        log_set_display(hide);
    }
    return p;
}

void drop_progress(struct progress **held)
{
    if (*held == NULL)
        return;
    if (drawing == *held) {
        hide();
        drawing = NULL;
        log_set_display(NULL);
    }
    drop_memory(held);
}

void progress_phase(struct progress *p, enum phase phase)
{
    struct fault ignored;
    p->phase = phase;
    if (phase >= PHASE_SCHEMA && !p->loaded)
        p->loaded = progress_read(p->db, &p->numbers, &ignored);
    if (p->terminal)
        hide();
}

void progress_pause(struct progress *p, bool paused)
{
    p->paused = paused;
}

void progress_done(struct progress *p, enum work_kind kind, int64_t rows, int64_t bytes)
{
    const struct total total = {.done = 1, .bytes_done = bytes, .rows = rows > 0 ? rows : 0};
    if (p->loaded)
        count(&p->numbers, kind, &total);
}

bool progress_now(struct progress *p, int64_t *ret_bytes, int64_t *ret_rows)
{
    struct fault ignored; /* then what is under way is not counted */
    struct running running = {.progress = p};
    catalog_list(p->db, SQL_WORK_RUNNING, 0, on_running, &running, &ignored);
    *ret_bytes = p->numbers.bytes_done + running.moving;
    *ret_rows = p->numbers.rows_done;
    return p->loaded;
}

/* Asked for by a signal, so printed whatever the level. */
void progress_print(struct progress *p)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    enum log_level level = log_level();
    compose(p, &text, true);
    if (level < LEVEL_INFO)
        log_set_level(LEVEL_INFO);
    for (char *line = text.text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        log_info("%s", line);
    }
    log_set_level(level);
}

void progress_tick(struct progress *p)
{
    if (p->terminal) {
        hide();
        draw();
        return;
    }
    if (!p->show || clock_ms() < p->next_line_ms)
        return;
    p->next_line_ms = clock_ms() + (p->phase == PHASE_FOLLOW ? FOLLOWING_EVERY_MS : LINE_EVERY_MS);
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    compose(p, &text, false);
    log_info("%s", text.text);
}
