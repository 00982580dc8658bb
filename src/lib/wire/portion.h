/*
 * portion.h - which part of a table's rows and columns is meant: "TABLE=CONDITION", "TABLE=a, b".
 */
#ifndef PGHAUL_WIRE_PORTION_H
#define PGHAUL_WIRE_PORTION_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the pattern before the first = outside of double quotes. False when there is none,
 * or nothing before or behind it. What is behind it begins at text + *ret_length + 1. */
bool portion_split(const char *text, size_t *ret_length);

/* The next name of a list with commas, from *at on: letters outside of double quotes fold to lower
 * case. False at the end, with *ret_wrong NULL, or when the list is none, with a sentence why. */
bool portion_next_name(const char **at, char *to, size_t room, const char **ret_wrong);

#endif
