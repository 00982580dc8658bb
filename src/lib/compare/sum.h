/*
 * sum.h - what a set of rows comes to, whatever their order: how many they are, and the sums of the
 * two halves of their hashes, modulo 2^64. Sums and not XOR, so that a row that is there twice is
 * not taken for one that is not there.
 */
#ifndef PGHAUL_COMPARE_SUM_H
#define PGHAUL_COMPARE_SUM_H

#include <stdbool.h>
#include <stdint.h>

struct sum {
    int64_t rows;
    uint64_t high, low;
};

/* A whole number of any length, as a server prints it, modulo 2^64. False when it is none. */
bool sum_parse(const char *text, uint64_t *ret_number);

void sum_add(struct sum *to, const struct sum *more);
bool sum_is_same(const struct sum *a, const struct sum *b);

#endif
