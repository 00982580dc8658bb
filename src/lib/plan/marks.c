#include "plan/marks.h"

#include "base/scoped.h"
#include "plan/ask.h"

#include <string.h>

bool marks_read(struct conn *conn, struct strbuf *marks, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!ask_with(conn, ASK_SCHEMA_MARKS, 0, NULL, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++)
        strbuf_addf(marks, "%s %s\n", rows_text(&rows, row, 0), rows_text(&rows, row, 1));
    return true;
}

void marks_add_differences(struct strbuf *to, const char *before, const char *after)
{
    scoped(drop_memory) char *was = copy_string(before);
    scoped(drop_memory) char *is = copy_string(after);
    char *a, *b, *rest_a = was, *rest_b = is;
    while ((a = strsep(&rest_a, "\n")) != NULL && (b = strsep(&rest_b, "\n")) != NULL)
        if (strcmp(a, b) != 0 && strrchr(a, ' ') != NULL)
            strbuf_addf(to, "%s%.*s", to->length == 0 ? "" : ", ", (int)(strrchr(a, ' ') - a), a);
}
