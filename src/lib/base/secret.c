#include "base/secret.h"

#include "base/strbuf.h"

#include <string.h>

enum { SECRETS = 8, SHORTEST = 6 };

static char *kept[SECRETS];

void secret_keep(const char *secret)
{
    if (secret == NULL || strlen(secret) < SHORTEST)
        return;
    for (int i = 0; i < SECRETS; i++) {
        if (kept[i] == NULL) {
            kept[i] = copy_string(secret);
            return;
        }
        if (strcmp(kept[i], secret) == 0)
            return;
    }
}

void secret_hide(char *text)
{
    for (int i = 0; i < SECRETS && kept[i] != NULL; i++)
        for (char *at = text; (at = strstr(at, kept[i])) != NULL;)
            memset(at, '*', strlen(kept[i]));
}
