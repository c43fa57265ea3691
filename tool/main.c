/* pawcam: the workbench. Finds the subcommand and prints its error, if there is one. */
#include "common/log.h"
#include "tool/command.h"

#include <stdlib.h>
#include <string.h>

static const struct command *const commands[] = {
    // clang-format off
    &command_augment,
    &command_average,
    &command_bench,
    &command_calibrate,
    &command_convert,
    &command_draw,
    &command_evaluate,
    &command_evaluate_video,
    &command_history,
    &command_init,
    &command_plot,
    &command_predict,
    &command_quantize,
    &command_summary,
    &command_threshold,
    &command_train,
    &command_tune,
    // clang-format on
};

enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static void print_help(FILE *out)
{
    fputs("usage: pawcam COMMAND [OPTION...] FILE...\n\ncommands:\n", out);
    for (int i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-14s  %s\n", commands[i]->name, commands[i]->summary);
    fputs("\npawcam COMMAND --help tells more about one; pawcam --version prints the version.\n",
          out);
}

static const struct command *find(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static bool run(const struct command *command, int argc, char **argv, struct error *error)
{
    char **operands;
    int operand_count;
    bool help;
    void *settings = calloc(1, command->settings_size + 1);
    if (!settings)
        return error_set(error, "out of memory");
    bool good =
        command_parse(command, argc, argv, settings, &operands, &operand_count, &help, error);
    if (good && help)
        command_print_help(command, stdout);
    else if (good)
        good = command->run(settings, operands, operand_count, error);
    free(settings);
    /* A full disk must not look like success. */
    if (good && (fflush(stdout) != 0 || ferror(stdout)))
        good = error_set(error, "standard output cannot be written");
    return good;
}

int main(int argc, char **argv)
{
    struct error error = {.code = EXIT_CODE_USAGE,
                          .message = "which command? pawcam --help lists them"};
    const char *name = argc > 1 ? argv[1] : "";
    const struct command *command = find(name);

    log_init("pawcam", LOG_LEVEL_WARNING);
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return EXIT_CODE_OK;
    }
    if (strcmp(name, "--version") == 0) {
        puts("pawcam " PAWCAM_VERSION);
        return EXIT_CODE_OK;
    }
    if (command) {
        if (run(command, argc - 1, argv + 1, &error))
            return EXIT_CODE_OK;
    } else if (*name) {
        error_set_usage(&error, "there is no command %s; pawcam --help lists them", name);
    }
    log_error("%s", error.message);
    return (int)error.code;
}
