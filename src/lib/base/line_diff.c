#include "base/line_diff.h"

#include "base/scoped.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { MOST_CELLS = 4 << 20 };

struct line {
    const char *text;
    size_t length;
};

struct lines {
    struct line *list;
    size_t count;
};

static void drop_lines(struct lines *lines)
{
    drop_memory(&lines->list);
}

static void cut(struct lines *lines, const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end) {
        const char *next = memchr(text, '\n', (size_t)(end - text));
        next = next == NULL ? end : next;
        lines->list = grow_memory(lines->list, lines->count, sizeof *lines->list);
        lines->list[lines->count++] = (struct line){text, (size_t)(next - text)};
        text = next + 1;
    }
}

static bool is_same(const struct line *a, const struct line *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static void add(struct strbuf *to, const char *indent, const char *sign, const struct line *line)
{
    strbuf_addf(to, "%s%s", indent, sign);
    strbuf_add_bytes(to, line->text, line->length);
    strbuf_add_char(to, '\n');
}

/* Lengths of the longest common subsequences of what is behind each pair of lines. */
static uint32_t *lengths(const struct line *a, size_t n, const struct line *b, size_t m)
{
    uint32_t *cells = new_memory((n + 1) * (m + 1), sizeof *cells);
    for (size_t i = n; i-- > 0;)
        for (size_t j = m; j-- > 0;) {
            uint32_t down = cells[(i + 1) * (m + 1) + j], right = cells[i * (m + 1) + j + 1];
            cells[i * (m + 1) + j] = is_same(&a[i], &b[j]) ? cells[(i + 1) * (m + 1) + j + 1] + 1
                                     : down > right        ? down
                                                           : right;
        }
    return cells;
}

static void add_middle(struct strbuf *to, const char *indent, const struct line *a, size_t n,
                       const struct line *b, size_t m)
{
    scoped(drop_memory) uint32_t *cells = NULL;
    size_t i = 0, j = 0;
    if ((n + 1) * (m + 1) <= MOST_CELLS)
        cells = lengths(a, n, b, m);
    while (i < n || j < m) {
        bool both = cells != NULL && i < n && j < m;
        if (both && is_same(&a[i], &b[j])) {
            i++;
            j++;
        } else if (i < n && (!both || cells[(i + 1) * (m + 1) + j] >= cells[i * (m + 1) + j + 1])) {
            add(to, indent, "- ", &a[i++]);
        } else {
            add(to, indent, "+ ", &b[j++]);
        }
    }
}

void line_diff_add(struct strbuf *to, const char *indent, const char *a, size_t a_length,
                   const char *b, size_t b_length)
{
    scoped(drop_lines) struct lines left = {.list = NULL};
    scoped(drop_lines) struct lines right = {.list = NULL};
    cut(&left, a, a_length);
    cut(&right, b, b_length);
    size_t first = 0, n = left.count, m = right.count;
    while (first < n && first < m && is_same(&left.list[first], &right.list[first]))
        first++;
    while (n > first && m > first && is_same(&left.list[n - 1], &right.list[m - 1])) {
        n--;
        m--;
    }
    add_middle(to, indent, left.count == 0 ? NULL : left.list + first, n - first,
               right.count == 0 ? NULL : right.list + first, m - first);
}
