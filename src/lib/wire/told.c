#include "wire/told.h"

#include <string.h>

/* ---- texts ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* PostgreSQL writes \u for control characters only: wire/wal2json.c has seen to it. */
static int json_escaped(const char **at)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *c = *at;
    if (*c == 'u') {
        *at += 5;
        return hex_digit(c[3]) * 16 + hex_digit(c[4]);
    }
    *at += 1;
    const char *found = memchr(from, *c, sizeof from - 1);
    return found == NULL ? *c : to[found - from];
}

/* The next byte of the text; moves behind it. */
static int next_byte(enum told_as as, const char **at)
{
    char c = *(*at)++;
    if (as == TOLD_JSON)
        return c == '\\' ? json_escaped(at) : c;
    if ((as == TOLD_NAME && c == '"') || (as == TOLD_LITERAL && c == '\''))
        (*at)++;
    return c;
}

size_t told_copy(const struct told *told, char *to)
{
    const char *begin = to;
    if (told->length == 0)
        return 0;
    if (told->as == TOLD_PLAIN) {
        memcpy(to, told->at, told->length);
        return told->length;
    }
    for (const char *at = told->at, *end = at + told->length; at < end;)
        *to++ = (char)next_byte(told->as, &at);
    return (size_t)(to - begin);
}

bool told_same(const struct told *one, const struct told *other)
{
    if (one->length == 0 || other->length == 0)
        return one->length == other->length;
    const char *a = one->at, *a_end = one->at + one->length;
    const char *b = other->at, *b_end = other->at + other->length;
    while (a < a_end && b < b_end)
        if (next_byte(one->as, &a) != next_byte(other->as, &b))
            return false;
    return a == a_end && b == b_end;
}

bool told_is(const struct told *told, const char *text, size_t length)
{
    const struct told plain = {.as = TOLD_PLAIN, .at = text, .length = length};
    if (told->as == TOLD_PLAIN)
        return told->length == length && (length == 0 || memcmp(told->at, text, length) == 0);
    return told_same(told, &plain);
}

/* ---- lists ---- */

bool told_row_next(struct told_row *row, struct told_column *ret_column)
{
    return row->at < row->end && row->next(row, ret_column);
}

bool told_tables_next(struct told_tables *tables, struct told_table *ret_table)
{
    return tables->at < tables->end && tables->next(tables, ret_table);
}

/* ---- times ---- */

struct clock_text {
    const char *at, *end;
};

static bool take_char(struct clock_text *text, char c)
{
    if (text->at == text->end || *text->at != c)
        return false;
    text->at++;
    return true;
}

/* A number of `least` to `most` digits, not more than `limit`. */
static bool take_number(struct clock_text *text, int least, int most, int64_t limit,
                        int64_t *ret_number)
{
    int64_t number = 0;
    int digits = 0;
    while (digits < most && text->at < text->end && *text->at >= '0' && *text->at <= '9') {
        number = number * 10 + (*text->at++ - '0');
        digits++;
    }
    *ret_number = number;
    return digits >= least && number <= limit;
}

/* Of the Gregorian calendar, since 2000-01-01. */
static int64_t days_since_2000(int64_t year, int64_t month, int64_t day)
{
    /* Years that begin with March have their leap day at the end. */
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? month - 3 : month + 9;
    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 730425;
}

/* Zeros at its end are left out. */
static bool take_fraction(struct clock_text *text, int64_t *ret_us)
{
    const char *before = text->at + 1;
    *ret_us = 0;
    if (!take_char(text, '.'))
        return true;
    if (!take_number(text, 1, 6, 999999, ret_us))
        return false;
    for (size_t digits = (size_t)(text->at - before); digits < 6; digits++)
        *ret_us *= 10;
    return true;
}

bool told_time(const char *text, size_t length, int64_t *ret_time)
{
    struct clock_text t = {.at = text, .end = text + length};
    int64_t year, month, day, hour, minute, second, us;
    if (!take_number(&t, 4, 6, 294276, &year) || !take_char(&t, '-') ||
        !take_number(&t, 2, 2, 12, &month) || !take_char(&t, '-') ||
        !take_number(&t, 2, 2, 31, &day) || !take_char(&t, ' '))
        return false;
    if (!take_number(&t, 2, 2, 23, &hour) || !take_char(&t, ':') ||
        !take_number(&t, 2, 2, 59, &minute) || !take_char(&t, ':') ||
        !take_number(&t, 2, 2, 60, &second) || !take_fraction(&t, &us))
        return false;
    if (month == 0 || day == 0 || t.end - t.at != 3 || memcmp(t.at, "+00", 3) != 0)
        return false;
    int64_t seconds = ((days_since_2000(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    *ret_time = seconds * 1000000 + us;
    return true;
}
