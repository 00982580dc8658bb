/*
 * secret.h - words that must never be printed.
 *
 * Passwords are given to secret_keep() as soon as they are known; faults and
 * log lines go through secret_hide(). This is the last line of defence: nothing
 * prints a password on purpose.
 */
#ifndef PGHAUL_BASE_SECRET_H
#define PGHAUL_BASE_SECRET_H

/* Remembers a secret for the life of the process. Words of under 6 bytes are not
 * remembered: hiding them would make messages unreadable and reveal them. */
void secret_keep(const char *secret);

/* Overwrites each secret in the text with asterisks, in place. */
void secret_hide(char *text);

#endif
