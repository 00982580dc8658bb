#include "wire/portion.h"

#include <string.h>

bool portion_split(const char *text, size_t *ret_length)
{
    bool quoted = false;
    size_t i = 0;
    while (text[i] != '\0' && (quoted || text[i] != '='))
        quoted ^= text[i++] == '"';
    *ret_length = i;
    return i > 0 && text[i] == '=' && text[i + 1 + strspn(text + i + 1, " \t\n")] != '\0';
}

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\n\r");
}

/* Letters of ASCII only, as the server does it in databases with more than one byte a character. */
static char fold(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* From behind the opening quote to behind the closing one; NULL: there is none, or no room. */
static const char *take_quoted(const char *at, char *to, size_t room)
{
    size_t length = 0;
    for (; *at != '\0'; at++) {
        if (*at == '"' && at[1] != '"') {
            to[length] = '\0';
            return length == 0 ? NULL : at + 1;
        }
        at += *at == '"';
        if (length + 1 >= room)
            return NULL;
        to[length++] = *at;
    }
    return NULL;
}

static const char *take_plain(const char *at, char *to, size_t room)
{
    size_t length = strcspn(at, ", \t\n\r\"");
    if (length == 0 || length >= room)
        return NULL;
    for (size_t i = 0; i < length; i++)
        to[i] = fold(at[i]);
    to[length] = '\0';
    return at + length;
}

bool portion_next_name(const char **at, char *to, size_t room, const char **ret_wrong)
{
    const char *from = skip_space(*at);
    *ret_wrong = NULL;
    if (*from == '\0')
        return false;
    const char *end = *from == '"' ? take_quoted(from + 1, to, room) : take_plain(from, to, room);
    if (end == NULL) {
        *ret_wrong = "it has an empty or too long name, or a quote that does not end";
        return false;
    }
    end = skip_space(end);
    if (*end != '\0' && *end != ',') {
        *ret_wrong = "a comma is missing between two names";
        return false;
    }
    if (*end == ',' && *skip_space(end + 1) == '\0') {
        *ret_wrong = "it ends with a comma";
        return false;
    }
    *at = end + (*end == ',');
    return true;
}
