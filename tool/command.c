#include "tool/command.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 32, LETTER_HELP = 'h', FIRST_ROW = 256 };

static bool may_be_left_out(const struct command_option *option)
{
    return option->argument && *option->argument == '[';
}

static int argument_kind(const struct command_option *option)
{
    return may_be_left_out(option) ? optional_argument
           : option->argument      ? required_argument
                                   : no_argument;
}

/* getopt's table: --help, then the command's rows. */
static void fill_long_options(const struct command *command, struct option options[OPTIONS_MAX + 2])
{
    options[0] = (struct option){"help", no_argument, NULL, LETTER_HELP};
    for (int i = 0; i < command->option_count && i < OPTIONS_MAX; i++)
        options[i + 1] = (struct option){
            command->options[i].name,
            argument_kind(&command->options[i]),
            NULL,
            FIRST_ROW + i,
        };
}

static void set_option(const struct command_option *option, void *settings)
{
    char *member = (char *)settings + option->offset;
    if (option->argument)
        *(const char **)member = optarg ? optarg : "";
    else
        *(bool *)member = true;
}

/* Of letters behind one dash getopt has not left the word yet, so only the letter is known. */
static bool refuse_option(const struct command *command, char **argv, int found,
                          struct error *error)
{
    const char letter[] = {'-', (char)optopt, '\0'};
    const char *word =
        optopt > ' ' && optopt < FIRST_ROW && found == '?' ? letter : argv[optind - 1];
    return error_set_usage(error, "%s %s; see pawcam %s --help",
                           found == ':' ? "a value is missing behind" : "unknown option", word,
                           command->name);
}

/* As a shell's variable leaves it that is not set. */
static bool refuse_empty(const struct command *command, const struct command_option *option,
                         struct error *error)
{
    return error_set_usage(error, "--%s has an empty value: give --%s %s; see pawcam %s --help",
                           option->name, option->name, option->argument, command->name);
}

static bool check_operands(const struct command *command, char **operands, int count,
                           struct error *error)
{
    const char *problem = count < command->operands_min   ? "a file name is missing"
                          : count > command->operands_max ? "too many file names"
                                                          : NULL;
    for (int i = 0; i < count; i++)
        if (!*operands[i])
            problem = "a file name is empty";
    return !problem || error_set_usage(error, "%s; usage: pawcam %s [OPTION...] %s", problem,
                                       command->name, command->operands);
}

bool command_parse(const struct command *command, int argc, char **argv, void *settings,
                   char ***operands, int *operand_count, bool *help, struct error *error)
{
    struct option options[OPTIONS_MAX + 2] = {0};
    int found;
    fill_long_options(command, options);
    *help = false;
    optind = 0; /* glibc: start anew */
    opterr = 0;
    while ((found = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (found == LETTER_HELP) {
            *help = true;
            return true;
        }
        if (found < FIRST_ROW)
            return refuse_option(command, argv, found, error);
        const struct command_option *option = &command->options[found - FIRST_ROW];
        if (option->argument && !may_be_left_out(option) && !*optarg)
            return refuse_empty(command, option, error);
        set_option(option, settings);
    }
    *operands = argv + optind;
    *operand_count = argc - optind;
    return check_operands(command, *operands, *operand_count, error);
}

void command_print_help(const struct command *command, FILE *out)
{
    fprintf(out, "usage: pawcam %s [OPTION...] %s\n\n%s\n\n", command->name, command->operands,
            command->summary);
    for (int i = 0; i < command->option_count; i++) {
        const struct command_option *option = &command->options[i];
        char text[64];
        if (may_be_left_out(option))
            snprintf(text, sizeof text, "--%s[=%s", option->name, option->argument + 1);
        else
            snprintf(text, sizeof text, "--%s%s%s", option->name, option->argument ? " " : "",
                     option->argument ? option->argument : "");
        fprintf(out, "  %-24s %s\n", text, option->help);
    }
    fprintf(out, "  %-24s %s\n", "-h, --help", "show this and exit");
}
