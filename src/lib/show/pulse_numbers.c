/*
 * pulse_numbers.c - lag, time left, and what is waited for, from plain numbers and words.
 */
#include "show/pulse.h"

#include "base/clock.h"
#include "base/size.h"

#include <string.h>

enum { SECOND_MS = 1000, MS_US = 1000 };

int64_t pulse_lag_ms(const struct lag_facts *f)
{
    /* A clock that was set meanwhile may make them negative. */
    int64_t by_commit = f->now_us - (f->commit_us - f->skew_us);
    int64_t by_rest = f->now_us - f->caught_up_us;
    if (!f->behind)
        return 0;
    if (f->commit_us == 0 && f->caught_up_us == 0)
        return -1;
    bool rest = f->commit_us == 0 || (f->caught_up_us != 0 && by_rest < by_commit);
    int64_t lag = rest ? by_rest : by_commit;
    return lag < 0 ? 0 : lag / MS_US;
}

int64_t pulse_eta_ms(const struct eta_facts *f, struct strbuf *basis)
{
    char a[32], b[32], c[32];
    int64_t copy = 0, build = 0;
    if ((f->bytes_left > 0 && f->bytes_rate <= 0) || (f->bytes_left <= 0 && f->build_left <= 0))
        return -1;
    if (f->bytes_left > 0) {
        copy = f->bytes_left * SECOND_MS / f->bytes_rate;
        strbuf_addf(basis, "%s of rows at %s/s (of the last %s)",
                    size_text(a, sizeof a, f->bytes_left), size_text(b, sizeof b, f->bytes_rate),
                    duration_text(c, sizeof c, f->rate_ms));
    }
    if (f->build_left <= 0)
        return copy;
    if (basis->length > 0)
        strbuf_add(basis, "; ");
    if (f->build_bytes <= 0 || f->build_ms <= 0 || f->build_jobs <= 0) {
        strbuf_addf(basis, "%s of indexes are not in it: none is built yet",
                    size_text(a, sizeof a, f->build_left));
        return f->bytes_left > 0 ? copy : -1;
    }
    int64_t rate = f->build_bytes * SECOND_MS / f->build_ms * f->build_jobs;
    build = f->build_left * SECOND_MS / (rate > 0 ? rate : 1);
    strbuf_addf(basis, "%s of indexes at %s/s (as built so far, %lld at a time)",
                size_text(a, sizeof a, f->build_left), size_text(b, sizeof b, rate),
                (long long)f->build_jobs);
    return copy > build ? copy : build;
}

int64_t pulse_catch_up_ms(int64_t behind, int64_t received_rate, int64_t applied_rate,
                          struct strbuf *basis)
{
    char a[32], b[32], c[32];
    strbuf_addf(basis, "%s behind; applied %s/s, received %s/s", size_text(a, sizeof a, behind),
                size_text(b, sizeof b, applied_rate), size_text(c, sizeof c, received_rate));
    return applied_rate > received_rate ? behind * SECOND_MS / (applied_rate - received_rate) : -1;
}

/* ---- waiting ---- */

static const struct {
    const char *word;
    const char *sentence;
} waits[WAITS] = {
    [WAIT_NOTHING] = {"nothing", "nothing"},
    [WAIT_LOCK] = {"lock", "a lock"},
    [WAIT_SOURCE_READ] = {"source_read", "the source, which reads"},
    [WAIT_TARGET_WRITE] = {"target_write", "the target, which works or writes"},
    [WAIT_NETWORK] = {"network", "the network, or pghaul: the servers wait for it"},
    [WAIT_BOTH] = {"both", "source and target, which are both at work"},
};

const char *wait_word(enum wait_for wait)
{
    return waits[wait].word;
}

const char *wait_sentence(enum wait_for wait)
{
    return waits[wait].sentence;
}

static bool is_there(const struct backend_state *backend)
{
    return backend->state[0] != '\0' && strcmp(backend->state, "idle") != 0;
}

static bool has_lock_wait(const struct backend_state *backend)
{
    return is_there(backend) && strcmp(backend->type, "Lock") == 0;
}

/* It waits for bytes of ours, or until we take its own. */
static bool waits_for_us(const struct backend_state *backend)
{
    return strcmp(backend->type, "Client") == 0;
}

/* A session in a transaction that does nothing is not what anybody waits for. */
static bool is_resting(const struct backend_state *backend)
{
    return strncmp(backend->state, "idle", 4) == 0;
}

enum wait_for wait_classify(const struct backend_state *source, const struct backend_state *target)
{
    bool s = is_there(source) && !is_resting(source);
    bool t = is_there(target);
    if (has_lock_wait(source) || has_lock_wait(target))
        return WAIT_LOCK;
    if (!s && !t)
        return WAIT_NOTHING;
    if (!s)
        return waits_for_us(target) ? WAIT_NETWORK : WAIT_TARGET_WRITE;
    if (!t || is_resting(target))
        return waits_for_us(source) ? WAIT_NETWORK : WAIT_SOURCE_READ;
    if (waits_for_us(target))
        return waits_for_us(source) ? WAIT_NETWORK : WAIT_SOURCE_READ;
    return waits_for_us(source) ? WAIT_TARGET_WRITE : WAIT_BOTH;
}
