/* The daemon's own table, and the checks behind it. */
#include "daemon/options_check.h"

#include "tests/config/support.h"

#include <ctype.h>

static const struct option_row *row_at(int i)
{
    return &options_table.rows[i];
}

static void expect_defaults(const struct options *options)
{
    struct options defaults = {0};
    ck_assert(config_defaults(&options_table, &defaults, NULL));
    char *expected = printed(&options_table, CONFIG_PRINT, &defaults);
    char *found = printed(&options_table, CONFIG_PRINT, options);
    ck_assert_str_eq(found, expected);
    free(expected);
    free(found);
    config_free(&options_table, &defaults);
}

START_TEST(defaults_parse_and_pass_the_checks)
{
    struct options options = {0};
    struct error error = {0};
    ck_assert_msg(config_defaults(&options_table, &options, &error), "%s", error.message);
    ck_assert_msg(options_check(&options, &error), "%s", error.message);
    ck_assert_str_eq(options.capture.source, "auto");
    ck_assert_int_eq(options.capture.width, 640);
    ck_assert_int_eq(options.capture.replay_speed, REPLAY_REALTIME);
    ck_assert_int_eq(options.capture.limit, 0);
    ck_assert_int_eq(options.model.channels, CHANNELS_AUTO);
    ck_assert_double_lt(options.model.threshold, 0);
    ck_assert_str_eq(options.label.text, "{label}");
    ck_assert(options.web.enabled);
    ck_assert(!options.web.allow_remote);
    config_free(&options_table, &options);
}
END_TEST

START_TEST(rows_are_complete)
{
    for (int i = 0; i < options_table.row_count; i++) {
        const struct option_row *row = row_at(i);
        size_t length = strlen(row->help);
        ck_assert_msg(length > 10 && row->help[length - 1] == '.', "help of %s", row->name);
        ck_assert_msg(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ/", row->help[0]), "help of %s", row->name);
        for (const char *c = row->help; *c; c++)
            ck_assert_msg(isprint((unsigned char)*c), "help of %s is not ASCII", row->name);
        ck_assert_msg(strlen(row->name) < 32, "name %s", row->name);
        ck_assert_msg(row->name[strspn(row->name, "abcdefghijklmnopqrstuvwxyz-")] == '\0', "%s",
                      row->name);
        if (row->type == OPTION_INT || row->type == OPTION_DOUBLE)
            ck_assert_msg(row->minimum < row->maximum, "bounds of %s", row->name);
        ck_assert_msg((row->type == OPTION_CHOICE) == (row->choices != NULL), "%s", row->name);
    }
}
END_TEST

START_TEST(names_letters_and_members_are_unique)
{
    for (int i = 0; i < options_table.row_count; i++)
        for (int j = 0; j < i; j++) {
            ck_assert_str_ne(row_at(i)->name, row_at(j)->name);
            ck_assert_msg(row_at(i)->offset != row_at(j)->offset, "%s and %s", row_at(i)->name,
                          row_at(j)->name);
            if (row_at(i)->letter)
                ck_assert_int_ne(row_at(i)->letter, row_at(j)->letter);
        }
    for (int i = 0; i < options_table.row_count; i++) {
        ck_assert(!row_at(i)->letter || !strchr("ch", row_at(i)->letter));
        ck_assert_msg(strncmp(row_at(i)->name, "no-", 3) != 0, "%s", row_at(i)->name);
    }
}
END_TEST

static int rows_of_section(const char *name)
{
    int count = 0;
    for (int i = 0; i < options_table.row_count; i++)
        count += strcmp(row_at(i)->section, name) == 0;
    return count;
}

START_TEST(every_row_is_in_a_section_that_exists)
{
    int count = 0;
    for (int i = 0; i < options_table.section_count; i++) {
        int rows = rows_of_section(options_table.sections[i].name);
        ck_assert_int_gt(rows, 0);
        count += rows;
    }
    ck_assert_int_eq(count, options_table.row_count);
}
END_TEST

START_TEST(man_pages_name_each_option)
{
    char *program = printed(&options_table, CONFIG_PRINT_MAN, NULL);
    char *file = printed(&options_table, CONFIG_PRINT_MAN_FILE, NULL);
    for (int i = 0; i < options_table.row_count; i++) {
        char escaped[128], tag[160];
        char *to = escaped;
        for (const char *c = row_at(i)->name; *c; c++)
            to += sprintf(to, *c == '-' ? "\\%c" : "%c", *c);
        snprintf(tag, sizeof tag, "\\fB\\-\\-%s%s\\fR",
                 row_at(i)->type == OPTION_BOOL ? "[no\\-]" : "", escaped);
        ck_assert_contains(program, tag);
        snprintf(tag, sizeof tag, "\\fB%s\\fR = ", escaped);
        ck_assert_contains(file, tag);
    }
    free(program);
    free(file);
}
END_TEST

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s is not there; the tests run in the project's root", path);
    char *text = NULL;
    size_t size = 0;
    ck_assert_int_gt(getdelim(&text, &size, '\0', file), 0);
    fclose(file);
    return text;
}

/* Takes the # off the settings: "#name = value" becomes "name = value", prose stays a comment. */
static void uncomment(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        bool at_line_start = from == text || from[-1] == '\n';
        if (!(at_line_start && from[0] == '#' && islower((unsigned char)from[1])))
            *to++ = *from;
    }
    *to = '\0';
}

START_TEST(example_file_is_the_tables_and_reads_back_to_the_defaults)
{
    char *shipped = read_whole("packaging/pawcam.conf.example");
    char *example = printed(&options_table, CONFIG_PRINT_EXAMPLE, NULL);
    ck_assert_msg(strcmp(shipped, example) == 0,
                  "packaging/pawcam.conf.example is old; `make example` writes it anew");
    struct options options = {0};
    struct error error = {0};
    uncomment(example);
    ck_assert_msg(read_string(&options_table, example, &options, &error), "%s", error.message);
    expect_defaults(&options);
    config_free(&options_table, &options);
    free(shipped);
    free(example);
}
END_TEST

START_TEST(printed_settings_read_back_to_the_same)
{
    char *argv[] = {"pawcamd",       "--print-config", "--label",        " {label}: {score} ",
                    "--replay-loop", "forever",        "--threshold",    "0.25",
                    "--fps",         "12.5",           "--no-web",       "--log-level",
                    "debug",         "--limit=10",     "--allow-remote", NULL};
    struct options options = {0}, copy = {0};
    struct config_command_line line;
    struct error error = {0};
    struct option_table table = options_table;
    table.file = "/nonexistent";
    ck_assert_msg(config_read(&table, 15, argv, &options, &line, &error), "%s", error.message);
    char *text = printed(&options_table, CONFIG_PRINT, &options);
    ck_assert_msg(read_string(&options_table, text, &copy, &error), "%s", error.message);
    char *again = printed(&options_table, CONFIG_PRINT, &copy);
    ck_assert_str_eq(again, text);
    ck_assert_contains(text, "label = \" {label}: {score} \"\n");
    ck_assert_contains(text, "replay-loop = forever\n");
    ck_assert_contains(text, "web = no\n");
    free(text);
    free(again);
    config_free(&options_table, &options);
    config_free(&options_table, &copy);
}
END_TEST

static bool check_text(const char *text, struct error *error)
{
    struct options options = {0};
    ck_assert(config_defaults(&options_table, &options, NULL));
    bool ok = read_string(&options_table, text, &options, error) && options_check(&options, error);
    config_free(&options_table, &options);
    return ok;
}

static void expect_refused(const char *text, const char *message)
{
    struct error error = {0};
    ck_assert_msg(!check_text(text, &error), "accepted: %s", text);
    ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    ck_assert_contains(error.message, message);
}

START_TEST(wrong_texts_are_refused_with_their_line)
{
    expect_refused("[capture]\nsource =\n", "test.conf:2: source: must not be empty");
    expect_refused("[capture]\nformat = h264\n", ":2: format: \"h264\" is no camera format");
    expect_refused("[capture]\ncontrols = gain=1, focus\n",
                   ":2: controls: \"focus\" is no setting");
    expect_refused("[capture]\ncontrols = =1\n", ":2: controls: \"1\" is no setting");
    expect_refused("[model]\nmodel =\n", ":2: model: must not be empty");
    expect_refused("[model]\nclasses = cat\n", ":2: classes: \"cat\" is one class");
    expect_refused("[model]\npixel-scale = 1,2\n", ":2: pixel-scale: \"1,2\" is neither one");
    expect_refused("[model]\npixel-offset = nan\n", ":2: pixel-offset: \"nan\" is neither one");
    expect_refused("[model]\ncpu = mmx\n", ":2: cpu: kernels \"mmx\" are not to be had");
    expect_refused("[model]\ncpu =\n", ":2: cpu: kernels \"\" are not to be had");
    expect_refused("[label]\nlabel = {lable}\n", ":2: label: ");
    expect_refused("[label]\nlabel-colour = 0,256,0\n", ":2: label-colour: ");
    expect_refused("[web]\nlisten = localhost\n", ":2: listen: ");
}
END_TEST

START_TEST(options_that_do_not_go_together_are_refused)
{
    expect_refused("[web]\nlisten = 0.0.0.0\n", "allow-remote");
}
END_TEST

START_TEST(what_is_right_is_taken)
{
    static const char *const texts[] = {
        "[capture]\nformat = NV12\ncontrols = gain = 1 , power_line_frequency=50 Hz,\n",
        "[model]\nclasses = cat, dog, neither\npixel-scale = 0.0078\npixel-offset = -1,-1,-1\n",
        "[model]\ncpu = reference\n",
        "[label]\nlabel = {label} {score} {time} {fps} {{}}\nlabel-colour = 255,0,10\n",
        "[label]\nlabel =\n",
        "[web]\nlisten = ::1\n",
        "[web]\nlisten = 0.0.0.0\nallow-remote = yes\n",
        "[web]\nlisten = 0.0.0.0\nweb = no\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct error error = {0};
        ck_assert_msg(check_text(texts[i], &error), "%s%s", texts[i], error.message);
    }
}
END_TEST

START_TEST(class_names_that_would_confuse_are_refused)
{
    static const char *const wrong[][2] = {
        {"cat,", "has no name"},
        {"cat,cat", "\"cat\" stands there twice"},
        {"cat, unknown", "no class can have the name"},
        {"0,1,2,3,4,5,6,7,8,9,a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w",
         "more than 32 classes"}};
    struct error error;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_msg(!options_check_classes(wrong[i][0], &error), "took %s", wrong[i][0]);
        ck_assert_contains(error.message, wrong[i][1]);
    }
}
END_TEST

TEST_MAIN(options, defaults_parse_and_pass_the_checks, rows_are_complete,
          names_letters_and_members_are_unique, every_row_is_in_a_section_that_exists,
          man_pages_name_each_option, example_file_is_the_tables_and_reads_back_to_the_defaults,
          printed_settings_read_back_to_the_same, wrong_texts_are_refused_with_their_line,
          options_that_do_not_go_together_are_refused, what_is_right_is_taken,
          class_names_that_would_confuse_are_refused)
