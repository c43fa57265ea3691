#include "common/text.h"
#include "tests/suite.h"

#include <string.h>

START_TEST(control_characters_are_shown_as_question_marks)
{
    char text[] = "a\nb\t\x7f\xc3\xa4";
    text_one_line(text);
    ck_assert_str_eq(text, "a?b??\xc3\xa4");
}
END_TEST

START_TEST(utf8_is_plain)
{
    static const char *const plain[] = {
        "",
        " cat~",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "K\xc3\xa4tzchen",
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        ck_assert_msg(text_is_plain(plain[i]), "case %zu", i);
}
END_TEST

START_TEST(what_is_no_utf8_or_controls_is_not_plain)
{
    static const char *const others[] = {
        "\n",
        "a\x1f",
        "\x7f",
        "k\xe4t",
        "\x80",
        "\xc3",
        "\xc3\x28",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80",
        "\xe2\x82",
        "\xff",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char *copy = strdup(others[i]); /* of exactly this size, for the address sanitizer */
        ck_assert_ptr_nonnull(copy);
        ck_assert_msg(!text_is_plain(copy), "case %zu", i);
        free(copy);
    }
}
END_TEST

TEST_MAIN(text, control_characters_are_shown_as_question_marks, utf8_is_plain,
          what_is_no_utf8_or_controls_is_not_plain)
