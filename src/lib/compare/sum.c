#include "compare/sum.h"

#include <ctype.h>

bool sum_parse(const char *text, uint64_t *ret_number)
{
    enum { TEN = 10 };
    bool negative = *text == '-';
    uint64_t number = 0;
    text += negative;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (!isdigit((unsigned char)*text))
            return false;
        number = number * TEN + (uint64_t)(*text - '0');
    }
    *ret_number = negative ? 0 - number : number;
    return true;
}

void sum_add(struct sum *to, const struct sum *more)
{
    to->rows += more->rows;
    to->high += more->high;
    to->low += more->low;
}

bool sum_is_same(const struct sum *a, const struct sum *b)
{
    return a->rows == b->rows && a->high == b->high && a->low == b->low;
}
