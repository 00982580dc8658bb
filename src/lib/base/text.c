#include "base/text.h"

#include "base/scoped.h"

#include <ctype.h>
#include <string.h>

size_t utf8_length(const char *at)
{
    const unsigned char *c = (const unsigned char *)at;
    if (c[0] < 0x80)
        return c[0] == '\0' ? 0 : 1;
    size_t length = c[0] >= 0xC2 && c[0] <= 0xDF   ? 2
                    : c[0] >= 0xE0 && c[0] <= 0xEF ? 3
                    : c[0] >= 0xF0 && c[0] <= 0xF4 ? 4
                                                   : 0;
    for (size_t i = 1; i < length; i++)
        if ((c[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (c[0] == 0xE0 && c[1] < 0xA0) || (c[0] == 0xF0 && c[1] < 0x90);
    bool surrogate = c[0] == 0xED && c[1] > 0x9F;
    bool too_high = c[0] == 0xF4 && c[1] > 0x8F;
    return overlong || surrogate || too_high ? 0 : length;
}

void strbuf_add_shown(struct strbuf *buf, const char *text)
{
    while (*text != '\0') {
        unsigned char c = (unsigned char)*text;
        size_t length = utf8_length(text);
        bool c1_control = length == 2 && c == 0xC2 && (unsigned char)text[1] < 0xA0;
        if (length == 0 || c1_control || c == 0x7F ||
            (c < 0x20 && c != '\n' && c != '\t' && c != '\r')) {
            strbuf_addf(buf, "\\x%02x", c);
            length = 1;
        } else if (c < 0x20) {
            strbuf_add(buf, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
        } else {
            strbuf_add_bytes(buf, text, length);
        }
        text += length;
    }
}

static bool is_plain(const char *name)
{
    if (!islower((unsigned char)*name) && *name != '_')
        return false;
    for (; *name != '\0'; name++)
        if (!islower((unsigned char)*name) && !isdigit((unsigned char)*name) && *name != '_' &&
            *name != '$')
            return false;
    return true;
}

static void add_part(struct strbuf *buf, const char *name)
{
    if (is_plain(name)) {
        strbuf_add(buf, name);
        return;
    }
    scoped(drop_strbuf) struct strbuf quoted = STRBUF_EMPTY;
    strbuf_add_identifier(&quoted, name);
    strbuf_add_shown(buf, strbuf_text(&quoted));
}

int text_width(const char *text)
{
    int width = 0;
    for (size_t step; (step = utf8_length(text)) != 0; text += step)
        width++;
    return width;
}

int strbuf_add_cut(struct strbuf *buf, const char *line, size_t length, int columns)
{
    int shown = 0;
    for (size_t at = 0; at < length && shown < columns; shown++) {
        size_t step = utf8_length(line + at);
        step = step == 0 ? 1 : step;
        strbuf_add_bytes(buf, line + at, step);
        at += step;
    }
    return shown;
}

void strbuf_add_name(struct strbuf *buf, const char *schema, const char *name)
{
    add_part(buf, schema);
    strbuf_add_char(buf, '.');
    add_part(buf, name);
}

static int least(int a, int b, int c)
{
    int ab = a < b ? a : b;
    return ab < c ? ab : c;
}

int text_distance(const char *a, const char *b)
{
    enum { LONGEST = 63 };
    size_t height = strlen(a), width = strlen(b);
    if (height > LONGEST || width > LONGEST)
        return LONGEST;
    int cell[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= height; i++)
        cell[i][0] = (int)i;
    for (size_t j = 0; j <= width; j++)
        cell[0][j] = (int)j;
    for (size_t i = 1; i <= height; i++)
        for (size_t j = 1; j <= width; j++) {
            bool same = a[i - 1] == b[j - 1];
            cell[i][j] = least(cell[i - 1][j] + 1, cell[i][j - 1] + 1, cell[i - 1][j - 1] + !same);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cell[i][j] = least(cell[i][j], cell[i - 2][j - 2] + 1, cell[i][j]);
        }
    return cell[height][width];
}
