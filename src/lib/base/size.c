#include "base/size.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct unit {
    const char *word;
    int64_t factor;
};

static const struct unit sizes[] = {
    {"", 1},
    {"b", 1},
    {"bytes", 1},
    {"kb", 1024},
    {"mb", 1 << 20},
    {"gb", 1 << 30},
    {"tb", INT64_C(1) << 40},
    {NULL, 0},
};

static const struct unit durations[] = {
    {"", 1000}, {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};

static bool parse(const char *text, const struct unit *units, int64_t *ret)
{
    char *end;
    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0)
        return false;
    while (*end == ' ')
        end++;
    for (const struct unit *unit = units; unit->word != NULL; unit++) {
        if (strcasecmp(end, unit->word) == 0)
            return !__builtin_mul_overflow(number, unit->factor, ret);
    }
    return false;
}

bool size_parse(const char *text, int64_t *ret_bytes)
{
    return parse(text, sizes, ret_bytes);
}

bool duration_parse(const char *text, int64_t *ret_ms)
{
    return parse(text, durations, ret_ms);
}

const char *size_text(char *to, size_t size, int64_t bytes)
{
    static const char *const words[] = {"kB", "MB", "GB", "TB", "PB"};
    if (bytes < 10240) {
        snprintf(to, size, "%" PRId64 " bytes", bytes);
        return to;
    }
    double value = (double)bytes / 1024;
    size_t word = 0;
    while (value >= 1000 && word < 4) {
        value /= 1024;
        word++;
    }
    snprintf(to, size, value < 10 ? "%.1f %s" : "%.0f %s", value, words[word]);
    return to;
}

const char *count_text(char *to, size_t size, int64_t count)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, count);
    size_t used = 0;
    for (int i = 0; i < length && used + 2 < size; i++) {
        to[used++] = digits[i];
        int left = length - i - 1;
        if (left > 0 && left % 3 == 0 && digits[i] != '-')
            to[used++] = ',';
    }
    to[used] = '\0';
    return to;
}
