/*
 * fuzz.h - what the fuzz targets share.
 */
#ifndef PGHAUL_TESTS_FUZZ_H
#define PGHAUL_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every byte that a parser gave back, so that a sanitizer can object. */
static inline void touch(const void *bytes, size_t length)
{
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + ((const uint8_t *)bytes)[i]);
}

/* The input as a string, which the caller frees. */
static inline char *input_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text != NULL) {
        memcpy(text, data, size);
        text[size] = '\0';
    }
    return text;
}

#endif
