#include "wire/xids.h"

#include <stddef.h>

/* Digits, at least one. */
static bool take(const char **text, uint64_t *ret_number)
{
    const char *c = *text;
    uint64_t number = 0;
    for (; *c >= '0' && *c <= '9'; c++) {
        unsigned digit = (unsigned)(*c - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (c == *text)
        return false;
    *text = c;
    *ret_number = number;
    return true;
}

static bool take_one(const char **text, char one)
{
    if (**text != one)
        return false;
    (*text)++;
    return true;
}

/* The id with these lower bits that is nearest. */
static uint64_t widen(uint32_t xid, uint64_t near)
{
    const uint64_t epoch = UINT64_C(1) << 32, half = epoch / 2;
    uint64_t wide = (near & ~(epoch - 1)) | xid;
    if (wide > near && wide - near > half && wide >= epoch)
        return wide - epoch;
    if (wide < near && near - wide > half)
        return wide + epoch;
    return wide;
}

bool xids_see(const char *snapshot, uint32_t xid, bool *ret_sees)
{
    const char *c = snapshot;
    uint64_t xmin, xmax, running;
    bool open = false;
    if (!take(&c, &xmin) || !take_one(&c, ':') || !take(&c, &xmax) || !take_one(&c, ':'))
        return false;
    uint64_t wide = widen(xid, xmax);
    while (*c != '\0') {
        if (!take(&c, &running) || (*c != '\0' && (!take_one(&c, ',') || *c == '\0')))
            return false;
        open = open || running == wide;
    }
    *ret_sees = wide < xmin || (wide < xmax && !open);
    return true;
}
