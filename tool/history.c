/* history: the curves of one or several trainings as a picture. */
#include "common/text.h"
#include "nn/train/curves.h"
#include "tool/command.h"
#include "tool/curves_png.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct history_settings {
    const char *out;
};

static const struct command_option options[] = {
    {"out", "FILE", "draw the curves of all runs into one picture, .svg or .png",
     offsetof(struct history_settings, out)},
};

/* "lenet" of runs/lenet/history.csv, "today" of today.csv; the caller frees it. */
static char *name_run(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    if (slash && slash > path && strcmp(base, "history.csv") == 0) {
        const char *begin = slash;
        while (begin > path && begin[-1] != '/')
            begin--;
        return strndup(begin, (size_t)(slash - begin));
    }
    return strndup(base, strcspn(base, "."));
}

/* The epoch with the lowest value; one without a value only where none has one. */
static const struct history_row *find_lowest(const struct history *history,
                                             enum history_column column)
{
    const struct history_row *lowest = &history->rows[0];
    for (int i = 1; i < history->count; i++)
        if (isnan(lowest->values[column]) ||
            history->rows[i].values[column] < lowest->values[column])
            lowest = &history->rows[i];
    return lowest;
}

/* The epoch with the lowest validation loss, or training loss where there is no validation. */
static void print_best(const struct curves_run *run)
{
    const struct history *history = &run->history;
    enum history_column column = HISTORY_VAL_LOSS;
    const struct history_row *best = find_lowest(history, column);
    if (isnan(best->values[column])) {
        column = HISTORY_LOSS;
        best = find_lowest(history, column);
    }
    printf("%s: %d epochs; best %s %.4f at epoch %d", run->name, history->count,
           history_name(column), best->values[column], best->epoch);
    if (!isnan(best->values[column + 1]))
        printf(", %s %.4f", history_name(column + 1), best->values[column + 1]);
    putchar('\n');
}

typedef bool writer(const struct curves_run *runs, int count, const char *path,
                    struct error *error);

/* By the name's end; NULL: neither. */
static writer *find_writer(const char *path)
{
    return text_ends_with(path, ".svg")   ? curves_write_svg
           : text_ends_with(path, ".png") ? curves_write_png
                                          : NULL;
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const struct history_settings *history = settings;
    struct curves_run runs[CURVES_RUNS_MAX] = {0};
    bool good = true;
    writer *write = history->out ? find_writer(history->out) : NULL;
    if (history->out && !write)
        return error_set_usage(error, "--out %s: the name must end in .svg or .png", history->out);
    for (int i = 0; good && i < operand_count; i++) {
        runs[i].name = name_run(operands[i]);
        good = (runs[i].name || error_set(error, "out of memory")) &&
               history_read(&runs[i].history, operands[i], error);
        if (good)
            print_best(&runs[i]);
    }
    if (good && write)
        good = write(runs, operand_count, history->out, error);
    for (int i = 0; i < operand_count; i++) {
        history_free(&runs[i].history);
        free((char *)runs[i].name);
    }
    return good;
}

const struct command command_history = {
    .name = "history",
    .operands = "HISTORY.csv...",
    .operands_min = 1,
    .operands_max = CURVES_RUNS_MAX,
    .summary = "say how trainings went; draw their curves",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct history_settings),
    .run = run,
};
