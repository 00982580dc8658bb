#include "../unit.h"

#include "../../../src/bin/pghaul/commands.h"
#include "catalog/position.h"

#include <bsd/string.h>

static const char *slot_of(const char *run, const char *database)
{
    static char slot[SLOT_NAME];
    database_slot(slot, run, database);
    ck_assert_uint_lt(strlen(slot), SLOT_NAME);
    ck_assert_uint_eq(strspn(slot, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(slot));
    return slot;
}

START_TEST(a_slot_has_the_name_of_its_run)
{
    char slot[SLOT_NAME];
    usual_slot(slot, "shop");
    ck_assert_str_eq(slot, "pghaul_shop");
    usual_slot(slot, "My Shop-2");
    ck_assert_str_eq(slot, "pghaul_my_shop_2");
    usual_slot(slot, "0123456789012345678901234567890123456789012345678901234567890123456789");
    ck_assert_str_eq(slot, "pghaul_01234567890123456789012345678901234567890123456789012345");
}
END_TEST

START_TEST(of_several_databases_each_has_a_slot_of_its_own)
{
    ck_assert_str_eq(slot_of("databases", "shop"), "pghaul_databases_shop");
    /* The same for ever: a run that goes on finds it under this name. */
    ck_assert_str_eq(slot_of("databases", "Shop"), "pghaul_databases_shop_28742cc9");
    ck_assert_str_eq(slot_of("databases", "we/ird, \"N\xc3\xa4me"),
                     "pghaul_databases_we_ird___n__me_f6fd00ee");
}
END_TEST

START_TEST(names_that_come_to_the_same_letters_are_told_apart)
{
    static const char *const names[] = {"a b",
                                        "a_b",
                                        "A b",
                                        "A_B",
                                        "a-b",
                                        "a\xff"
                                        "b",
                                        "",
                                        "_",
                                        " "};
    static char slots[sizeof names / sizeof names[0]][SLOT_NAME];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        strlcpy(slots[i], slot_of("r", names[i]), SLOT_NAME);
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(slots[i], slots[j]);
    }
}
END_TEST

START_TEST(long_names_are_cut_and_still_told_apart)
{
    char one[64], two[64], first[SLOT_NAME];
    memset(one, 'x', 63);
    memset(two, 'x', 63);
    one[63] = two[63] = '\0';
    two[62] = 'y';
    strlcpy(first, slot_of("a run with a name that is long", one), sizeof first);
    ck_assert_uint_eq(strlen(first), SLOT_NAME - 1);
    ck_assert_str_ne(first, slot_of("a run with a name that is long", two));
    /* As much of a name as there is room for: not cut. */
    one[32] = '\0';
    ck_assert_str_eq(slot_of("a run with a name that is long", one),
                     "pghaul_a_run_with_a_name_that__xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}
END_TEST

SUITE(common, a_slot_has_the_name_of_its_run, of_several_databases_each_has_a_slot_of_its_own,
      names_that_come_to_the_same_letters_are_told_apart, long_names_are_cut_and_still_told_apart)
