#include "daemon/label_template.h"

#include "daemon/ascii.h"
#include "tests/suite.h"

#include <string.h>

static const struct label_values values = {
    .label = "cat", .score = 0.934, .wall_s = 50887.9, .fps = 24.96};

static void expands_to(const char *text, const char *expected)
{
    char result[64];
    struct error error;
    struct label_template *template = label_template_create(text, &error);
    ck_assert_msg(template != NULL, "%s", error.message);
    label_template_expand(template, &values, result, sizeof result);
    ck_assert_str_eq(result, expected);
    label_template_destroy(template);
}

START_TEST(placeholders_are_filled_in)
{
    setenv("TZ", "UTC", 1);
    expands_to("{label}", "cat");
    expands_to("{label} {score}", "cat 0.93");
    expands_to("[{time}] {fps} fps: {label}{label}", "[14:08:07] 25.0 fps: catcat");
    expands_to("no placeholder", "no placeholder");
    expands_to("", "");
}
END_TEST

START_TEST(doubled_braces_are_braces)
{
    expands_to("{{label}}", "{label}");
    expands_to("{{{label}}}", "{cat}");
    expands_to("{{}}{{", "{}{");
}
END_TEST

START_TEST(long_text_is_cut)
{
    char small[6];
    struct label_template *template = label_template_create("{label}{label}{label}", NULL);
    label_template_expand(template, &values, small, sizeof small);
    ck_assert_str_eq(small, "catca");
    label_template_destroy(template);
}
END_TEST

static void is_refused(const char *text, const char *reason)
{
    struct error error = {0};
    ck_assert_ptr_null(label_template_create(text, &error));
    ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    ck_assert_msg(strstr(error.message, reason), "%s", error.message);
}

START_TEST(mistakes_are_usage_errors)
{
    is_refused("{lable}", "unknown placeholder {lable}");
    is_refused("{}", "unknown placeholder {}");
    is_refused("{labelx}", "unknown placeholder");
    is_refused("{label", "'{' without '}'");
    is_refused("{label {score}", "'{' without '}'");
    is_refused("label}", "'}' without '{'");
    is_refused("{{label}", "'}' without '{'");
}
END_TEST

static void becomes(const char *utf8, const char *expected)
{
    char ascii[16];
    ascii_from_utf8(utf8, ascii, sizeof ascii);
    ck_assert_str_eq(ascii, expected);
}

START_TEST(text_becomes_ascii_one_letter_for_one)
{
    becomes("plain ~", "plain ~");
    becomes("K\xc3\xa4tzchen", "Katzchen");
    becomes("\xc3\x80\xc3\x9f\xc3\xbf", "Asy");
    becomes("\xe7\x8c\xab \xf0\x9f\x90\xb1", "? ?");
    becomes("\xc4\x8d", "?");
}
END_TEST

START_TEST(bytes_that_are_not_utf8_do_no_harm)
{
    becomes("a\xc3", "a?");
    becomes("a\xc3z", "a?z");
    becomes("\x80\xf0\x9f", "??");
    becomes("0123456789abcdefgh", "0123456789abcde");
}
END_TEST

TEST_MAIN(label_template, placeholders_are_filled_in, doubled_braces_are_braces, long_text_is_cut,
          mistakes_are_usage_errors, text_becomes_ascii_one_letter_for_one,
          bytes_that_are_not_utf8_do_no_harm)
