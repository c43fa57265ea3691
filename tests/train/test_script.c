#include "nn/train/script.h"

#include "tests/suite.h"

#include <string.h>

static struct script parse(const char *text)
{
    struct script script;
    struct error error;
    ck_assert_msg(script_parse(&script, "net.recipe", text, &error), "%s", error.message);
    return script;
}

static void assert_refused(const char *text, const char *message)
{
    struct script script;
    struct error error;
    ck_assert_msg(!script_parse(&script, "net.recipe", text, &error), "accepted: %s", text);
    ck_assert_msg(strstr(error.message, message), "'%s' lacks '%s'", error.message, message);
    ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    ck_assert_int_eq(script.count, 0);
    script_free(&script);
}

START_TEST(reads_the_lessons_lines)
{
    struct script s = parse("[network] # Keras\n"
                            "model = Sequential()\n\n"
                            "model.add(Conv2D(32, (3, 3), padding='same',\n"
                            "    activation=\"relu\", input_shape=(128, 128, 3)))\n");
    ck_assert_int_eq(s.count, 2);
    ck_assert_str_eq(s.statements[0].target, "model");
    ck_assert_str_eq(s.statements[0].section, "network");
    struct expr *add = &s.statements[1].value;
    ck_assert_ptr_null(s.statements[1].target);
    ck_assert_int_eq(add->kind, EXPR_CALL);
    ck_assert_str_eq(add->callee->text, "model.add");
    struct expr *conv = &add->items[0];
    ck_assert_str_eq(conv->callee->text, "Conv2D");
    ck_assert_int_eq(conv->count, 5);
    ck_assert(conv->items[0].is_integer && conv->items[0].number == 32);
    ck_assert_int_eq(conv->items[1].kind, EXPR_TUPLE);
    ck_assert_ptr_null(conv->keys[1]);
    ck_assert_str_eq(conv->keys[3], "activation");
    ck_assert_str_eq(conv->items[3].text, "relu");
    ck_assert_int_eq(conv->items[3].line, 5);
    script_free(&s);
}
END_TEST

START_TEST(reads_functional_calls_and_lists)
{
    struct script s = parse("y = Conv2D(64, 3, strides=2)(x)\nx = Add()([x, y,])");
    struct expr *call = &s.statements[0].value;
    ck_assert_int_eq(call->callee->kind, EXPR_CALL);
    ck_assert_str_eq(call->callee->callee->text, "Conv2D");
    ck_assert_str_eq(call->items[0].text, "x");
    struct expr *list = &s.statements[1].value.items[0];
    ck_assert_int_eq(list->kind, EXPR_TUPLE);
    ck_assert_int_eq(list->count, 2);
    script_free(&s);
}
END_TEST

START_TEST(works_out_numbers)
{
    struct script s = parse("a = 1./255\nb = -2\nc = 60 * 60\nd = 1e-4\ne = (3)\nf = (3,)");
    ck_assert_double_eq(s.statements[0].value.number, 1. / 255);
    ck_assert(!s.statements[0].value.is_integer);
    ck_assert(s.statements[1].value.number == -2 && s.statements[1].value.is_integer);
    ck_assert(s.statements[2].value.number == 3600 && s.statements[2].value.is_integer);
    ck_assert_double_eq(s.statements[3].value.number, 1e-4);
    ck_assert_int_eq(s.statements[4].value.kind, EXPR_NUMBER);
    ck_assert_int_eq(s.statements[5].value.kind, EXPR_TUPLE);
    script_free(&s);
}
END_TEST

START_TEST(errors_name_the_line_and_what_was_expected)
{
    assert_refused("\nx = ", "net.recipe:2: expected a number, a string, a name or a bracket");
    assert_refused("x = Conv2D(3", "found the end of the file");
    assert_refused("x = Conv2D(3 4)", "net.recipe:1: expected ',' or ')', found '4)'");
    assert_refused("x = 3 4", "expected the end of the line");
    assert_refused("x = 'abc\n", "closing quote");
    assert_refused("x = f(a=1, 2)", "positional argument follows a keyword");
    assert_refused("x = -'a'", "before numbers only");
    assert_refused("x = 'a' * 2", "between numbers only");
    assert_refused("[network\nx = 1", "']' after the section's name");
    assert_refused("x = 12abc", "the end of the number");
    assert_refused("x = ;", "found ';'");
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
    char text[4096] = "x = ";
    memset(text + 4, '(', 4000);
    assert_refused(text, "nested too deeply");
    text[4] = 'f';
    for (int i = 0; i < 1000; i++)
        memcpy(text + 5 + 2 * i, "()", 3);
    assert_refused(text, "nested too deeply");
}
END_TEST

TEST_MAIN(script, reads_the_lessons_lines, reads_functional_calls_and_lists, works_out_numbers,
          errors_name_the_line_and_what_was_expected, deep_nesting_is_refused)
