#include "../unit.h"

#include "base/line_diff.h"
#include "base/scoped.h"
#include "wire/dump_text.h"

#include <string.h>

static const char dump[] =
    "--\n-- PostgreSQL database dump\n--\n\nSET search_path = '';\n\nSET default_tablespace = fast;\n\n"
    "SET default_table_access_method = heap;\n\n"
    "--\n-- Name: t; Type: TABLE; Schema: public; Owner: me; Tablespace: fast\n--\n\n"
    "CREATE TABLE public.t (\n    a integer\n);\n\n\n"
    "SET default_tablespace = '';\n\n"
    "--\n-- Name: f(\"; Type: x\"); Type: FUNCTION; Schema: public; Owner: me\n--\n\n"
    "CREATE FUNCTION x\n-- Name: no; Type: no\n;\n\n"
    "--\n-- Name: p; Type: TABLE; Schema: public; Owner: me\n--\n\n"
    "CREATE TABLE public.p (\n    a integer\n)\nPARTITION BY RANGE (a);\n\n"
    "--\n-- Name: TABLE t; Type: ACL; Schema: -; Owner: -\n--\n\nGRANT ALL;\n\n\n"
    "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n";

static void is(const struct dump_piece *piece, const char *text)
{
    ck_assert_msg(piece->length == strlen(text) && memcmp(piece->text, text, piece->length) == 0,
                  "\"%.*s\" is not \"%s\"", (int)piece->length, piece->text, text);
}

START_TEST(objects_are_cut_out)
{
    struct dump_text text = dump_text_over(dump, strlen(dump));
    struct dump_object object;
    ck_assert(dump_text_next(&text, &object));
    is(&object.name, "t");
    is(&object.type, "TABLE");
    is(&object.schema, "public");
    is(&object.body, "CREATE TABLE public.t (\n    a integer\n);");
    ck_assert(dump_text_next(&text, &object));
    is(&object.name, "f(\"; Type: x\")");
    is(&object.type, "FUNCTION");
    is(&object.body, "CREATE FUNCTION x\n-- Name: no; Type: no\n;");
    is(&object.tablespace, "");
    ck_assert(dump_text_next(&text, &object));
    is(&object.method, "");
    ck_assert(dump_text_next(&text, &object));
    is(&object.type, "ACL");
    is(&object.schema, "-");
    is(&object.body, "GRANT ALL;");
    ck_assert(!dump_text_next(&text, &object));
}
END_TEST

/* What is set before the first object holds for it. */
START_TEST(settings_are_for_what_follows)
{
    struct dump_text text = dump_text_over(dump, strlen(dump));
    struct dump_object object;
    ck_assert(dump_text_next(&text, &object));
    is(&object.tablespace, "fast");
    is(&object.method, "heap");
    ck_assert(dump_text_next(&text, &object) && dump_text_next(&text, &object));
    is(&object.tablespace, "");
}
END_TEST

START_TEST(an_empty_dump_and_a_cut_one)
{
    struct dump_object object;
    struct dump_text text = dump_text_over("", 0);
    ck_assert(!dump_text_next(&text, &object));
    for (size_t length = 0; length < strlen(dump); length++) {
        text = dump_text_over(dump, length);
        while (dump_text_next(&text, &object))
            ck_assert(object.body.text + object.body.length <= dump + length);
    }
}
END_TEST

static void differs(const char *a, const char *b, const char *expected)
{
    scoped(drop_strbuf) struct strbuf diff = STRBUF_EMPTY;
    line_diff_add(&diff, "", a, strlen(a), b, strlen(b));
    ck_assert_str_eq(strbuf_text(&diff), expected);
}

START_TEST(lines_that_differ)
{
    differs("", "", "");
    differs("a\nb", "a\nb", "");
    differs("a\nb\nc", "a\nx\nc", "- b\n+ x\n");
    differs("a\nc", "a\nb\nc", "+ b\n");
    differs("a\nb", "", "- a\n- b\n");
    differs("a\nb\nc\nd\ne", "a\nc\nx\ne", "- b\n- d\n+ x\n");
}
END_TEST

SUITE(dump_text, objects_are_cut_out, settings_are_for_what_follows, an_empty_dump_and_a_cut_one,
      lines_that_differ)
