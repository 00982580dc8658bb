#include "base/clock.h"

#include <stdio.h>
#include <time.h>

int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_utc_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

const char *clock_text(char *to, int64_t utc_us)
{
    time_t seconds = (time_t)(utc_us / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t used = strftime(to, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(to + used, CLOCK_TEXT - used, ".%03dZ", (int)(utc_us / 1000 % 1000));
    return to;
}

const char *duration_text(char *to, size_t size, int64_t ms)
{
    int64_t seconds = ms / 1000;
    if (ms < 1000)
        snprintf(to, size, "%d ms", (int)ms);
    else if (seconds < 60)
        snprintf(to, size, "%d.%d s", (int)seconds, (int)(ms % 1000 / 100));
    else if (seconds < 3600)
        snprintf(to, size, "%d min %02d s", (int)(seconds / 60), (int)(seconds % 60));
    else
        snprintf(to, size, "%lld h %02d min", (long long)(seconds / 3600),
                 (int)(seconds % 3600 / 60));
    return to;
}
