/* The command line, its precedence over the file, comparing. */
#include "tests/config/sample.h"
#include "tests/config/support.h"

enum { ARGUMENTS_MAX = 16 };

static struct sample settings;
static struct config_command_line line;

/* Reads arguments given as one text with blanks between them. */
static bool read_line_with_table(const struct option_table *table, const char *text,
                                 struct error *error)
{
    static char copy[512];
    char *argv[ARGUMENTS_MAX] = {"sample"};
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    config_free(table, &settings);
    settings = (struct sample){0};
    return config_read(table, argc, argv, &settings, &line, error);
}

static bool read_line(const char *text, struct error *error)
{
    return read_line_with_table(&sample_table, text, error);
}

static void expect(const char *text)
{
    struct error error = {0};
    ck_assert_msg(read_line(text, &error), "%s: %s", text, error.message);
}

static void expect_error(const char *text, const char *message)
{
    struct error error;
    ck_assert_msg(!read_line(text, &error), "accepted: %s", text);
    ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    ck_assert_contains(error.message, message);
}

static void release(void)
{
    config_free(&sample_table, &settings);
    ck_assert_ptr_null(settings.name);
}

START_TEST(defaults_come_without_arguments_and_without_the_default_file)
{
    expect("");
    ck_assert_str_eq(settings.name, "nobody");
    ck_assert_int_eq(settings.count, 3);
    ck_assert_int_eq(settings.repeat, 1);
    ck_assert_double_eq(settings.ratio, 0.1);
    ck_assert_int_eq(settings.mode, 1);
    ck_assert(!settings.loud);
    ck_assert_int_eq(line.action, CONFIG_RUN);
    ck_assert_ptr_null(line.file);
    release();
}
END_TEST

START_TEST(every_form_of_an_option_is_read)
{
    expect("--name=a=b --item-count -5 --mode=fast --loud");
    ck_assert_str_eq(settings.name, "a=b");
    ck_assert_int_eq(settings.count, -5);
    ck_assert_int_eq(settings.mode, 0);
    ck_assert(settings.loud);
    expect("-n - -i7 -l --no-loud --repeat=forever");
    ck_assert_str_eq(settings.name, "-");
    ck_assert_int_eq(settings.count, 7);
    ck_assert_int_eq(settings.repeat, 0);
    ck_assert(!settings.loud);
    expect("--loud=yes --name=");
    ck_assert(settings.loud);
    ck_assert_str_eq(settings.name, "");
    expect("--item-count 1 --item-count 2");
    ck_assert_int_eq(settings.count, 2);
    release();
}
END_TEST

START_TEST(wrong_arguments_are_named)
{
    expect_error("--nmae x", "unknown option --nmae; did you mean --name?");
    expect_error("--no-luod", "unknown option --no-luod; did you mean --no-loud?");
    expect_error("--no-name", "unknown option --no-name; did you mean --name?");
    expect_error("--halp", "did you mean --help?");
    expect_error("--cnofig x", "did you mean --config?");
    expect_error("--xyzzy", "unknown option --xyzzy; --help lists them");
    expect_error("--=x", "unknown option --");
    expect_error("-x", "unknown option -x");
    expect_error("--name", "--name needs a value");
    expect_error("-n", "-n needs a value");
    expect_error("--config", "--config needs a value");
    expect_error("--name --loud", "--name needs a value (if \"--loud\" is meant: --name=--loud)");
    expect_error("--no-loud=yes", "--no-loud takes no value");
    expect_error("--version=2", "--version takes no value");
    expect_error("clip.mp4", "\"clip.mp4\" is no option");
    expect_error("-", "\"-\" is no option");
    expect_error("--", "\"--\" is no option");
    expect_error("--item-count many", "--item-count: \"many\" is not a whole number from -5 to");
    expect_error("-l=maybe", "--loud: \"=maybe\" is not yes or no");
    release();
}
END_TEST

START_TEST(the_command_line_outranks_the_file)
{
    static const char text[] = "[first]\nname = file\nitem-count = 10\n";
    const char *path = write_file(text);
    char arguments[128];
    snprintf(arguments, sizeof arguments, "--item-count 20 --config %s", path);
    expect(arguments);
    ck_assert_str_eq(line.file, path);
    ck_assert_str_eq(settings.name, "file");
    ck_assert_int_eq(settings.count, 20);
    ck_assert_double_eq(settings.ratio, 0.1);

    struct option_table table = sample_table;
    table.file = path;
    ck_assert(read_line_with_table(&table, "--ratio 0.2", NULL));
    ck_assert_int_eq(settings.count, 10);
    ck_assert_double_eq(settings.ratio, 0.2);
    ck_assert_ptr_null(line.file);
    unlink(path);
    release();
}
END_TEST

START_TEST(a_file_that_is_asked_for_must_be_there)
{
    expect_error("-c /nonexistent.conf", "/nonexistent.conf: No such file or directory");
    release();
}
END_TEST

START_TEST(actions_are_reported)
{
    static const struct {
        const char *text;
        enum config_action action;
    } cases[] = {
        {"--help", CONFIG_HELP},
        {"-h", CONFIG_HELP},
        {"--version", CONFIG_VERSION},
        {"--check-config", CONFIG_CHECK},
        {"--print-config --name x", CONFIG_PRINT},
        {"--print-example", CONFIG_PRINT_EXAMPLE},
        {"--print-man", CONFIG_PRINT_MAN},
        {"--print-man-file", CONFIG_PRINT_MAN_FILE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect(cases[i].text);
        ck_assert_int_eq(line.action, cases[i].action);
    }
    release();
}
END_TEST

START_TEST(help_works_beside_a_broken_file)
{
    expect("--config /nonexistent.conf --help --nonsense");
    ck_assert_int_eq(line.action, CONFIG_HELP);
    expect_error("--config /nonexistent.conf --check-config", "/nonexistent.conf");
    release();
}
END_TEST

static void collect(const struct option_row *row, const char *before, const char *after,
                    void *context)
{
    char *text = context;
    sprintf(text + strlen(text), "%s:%s>%s ", row->name, before, after);
}

START_TEST(compare_reports_what_differs)
{
    struct sample before = {0}, after = {0};
    char text[256] = "";
    ck_assert(config_defaults(&sample_table, &before, NULL));
    ck_assert(config_defaults(&sample_table, &after, NULL));
    config_compare(&sample_table, &before, &after, collect, text);
    ck_assert_str_eq(text, "");
    ck_assert(read_string(&sample_table,
                          "[first]\nname = x\n[second]\nmode = fast\nrepeat = forever\n", &after,
                          NULL));
    config_compare(&sample_table, &before, &after, collect, text);
    ck_assert_str_eq(text, "name:nobody>x repeat:once>forever mode:slow>fast ");
    config_free(&sample_table, &before);
    config_free(&sample_table, &after);
}
END_TEST

START_TEST(a_wrong_default_is_the_tables_fault)
{
    struct option_row row = sample_rows[COUNT];
    struct option_table table = sample_table;
    struct error error;
    row.value = "many";
    table.rows = &row;
    table.row_count = 1;
    ck_assert(!config_defaults(&table, &settings, &error));
    ck_assert_contains(error.message, "default of item-count");
}
END_TEST

TEST_MAIN(config, defaults_come_without_arguments_and_without_the_default_file,
          every_form_of_an_option_is_read, wrong_arguments_are_named,
          the_command_line_outranks_the_file, a_file_that_is_asked_for_must_be_there,
          actions_are_reported, help_works_beside_a_broken_file, compare_reports_what_differs,
          a_wrong_default_is_the_tables_fault)
