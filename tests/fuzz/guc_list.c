/* Lists of names, as servers keep them in settings; and the statement made of one. */
#include "fuzz.h"

#include "base/strbuf.h"
#include "plan/role_sql.h"
#include "wire/guc_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size);
    struct strbuf sql = STRBUF_EMPTY;
    struct strbuf setting = STRBUF_EMPTY;
    struct guc_name name;
    if (text == NULL)
        return 0;
    struct guc_list list = guc_list_over(text);
    while (guc_list_next(&list, &name) == GUC_NAME) {
        if (name.text < text || name.text + name.length > text + strlen(text))
            abort();
        touch(name.text, name.length);
    }
    strbuf_addf(&setting, "search_path=%s", text);
    role_add_setting(&sql, "r", setting.text);
    strbuf_add(&sql, ";");
    role_add_setting(&sql, "r", text);
    drop_strbuf(&sql);
    drop_strbuf(&setting);
    free(text);
    return 0;
}
