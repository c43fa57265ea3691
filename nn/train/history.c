#include "nn/train/history.h"

#include "common/atomic_file.h"
#include "common/file.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[HISTORY_COLUMNS] = {"loss",         "accuracy", "val_loss",
                                                   "val_accuracy", "lr",       "seconds"};

enum { LINE_COLUMNS_MAX = 64, NOT_KNOWN = -1, EPOCH = -2 };

const char *history_name(enum history_column column)
{
    return names[column];
}

bool history_is_validation(enum history_column column)
{
    return column == HISTORY_VAL_LOSS || column == HISTORY_VAL_ACCURACY;
}

bool history_find(const char *name, enum history_column *column)
{
    static const struct {
        const char *name;
        enum history_column column;
    } aliases[] = {
        {"acc", HISTORY_ACCURACY},
        {"val_acc", HISTORY_VAL_ACCURACY},
        {"learning_rate", HISTORY_LEARNING_RATE},
    };
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(name, aliases[i].name) == 0) {
            *column = aliases[i].column;
            return true;
        }
    for (int i = 0; i < HISTORY_COLUMNS; i++)
        if (strcmp(name, names[i]) == 0) {
            *column = (enum history_column)i;
            return true;
        }
    return false;
}

bool history_add(struct history *history, const struct history_row *row, struct error *error)
{
    struct history_row *rows = realloc(history->rows, ((size_t)history->count + 1) * sizeof *rows);
    if (!rows)
        return error_set(error, "out of memory for the history");
    history->rows = rows;
    rows[history->count++] = *row;
    return true;
}

void history_free(struct history *history)
{
    free(history->rows);
    *history = (struct history){0};
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool has_values(const struct history *history, int column)
{
    for (int i = 0; i < history->count; i++)
        if (!isnan(history->rows[i].values[column]))
            return true;
    return false;
}

bool history_write(const struct history *history, const char *path, struct error *error)
{
    struct atomic_file file;
    if (!atomic_file_open(&file, path, error))
        return false;
    fputs("epoch", file.stream);
    for (int c = 0; c < HISTORY_COLUMNS; c++)
        if (has_values(history, c))
            fprintf(file.stream, ",%s", names[c]);
    for (int i = 0; i < history->count; i++) {
        fprintf(file.stream, "\n%d", history->rows[i].epoch);
        for (int c = 0; c < HISTORY_COLUMNS; c++)
            if (has_values(history, c))
                fprintf(file.stream, ",%.9g", history->rows[i].values[c]);
    }
    fputc('\n', file.stream);
    return atomic_file_commit(&file, error);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* What each field of a line stands for: a column, EPOCH or NOT_KNOWN. */
struct header {
    int meaning[LINE_COLUMNS_MAX];
    int count;
};

static bool read_header(char *line, struct header *header)
{
    bool has_epoch = false, has_loss = false;
    *header = (struct header){0};
    for (char *name; (name = strsep(&line, ",")) && header->count < LINE_COLUMNS_MAX;) {
        enum history_column column;
        int meaning = history_find(name, &column)  ? (int)column
                      : strcmp(name, "epoch") == 0 ? EPOCH
                                                   : NOT_KNOWN;
        has_epoch = has_epoch || meaning == EPOCH;
        has_loss = has_loss || meaning == HISTORY_LOSS;
        header->meaning[header->count++] = meaning;
    }
    return has_epoch && has_loss;
}

static bool read_row(char *line, const struct header *header, struct history_row *row)
{
    *row = (struct history_row){0};
    for (int c = 0; c < HISTORY_COLUMNS; c++)
        row->values[c] = NAN;
    for (int i = 0; i < header->count; i++) {
        char *text = strsep(&line, ","), *end = NULL;
        double value = text ? strtod(text, &end) : 0;
        if (header->meaning[i] == NOT_KNOWN)
            continue;
        if (!text || end == text || *end)
            return false;
        if (header->meaning[i] == EPOCH && !(value >= 0 && value <= 1e9)) /* nor NaN */
            return false;
        if (header->meaning[i] == EPOCH)
            row->epoch = (int)value;
        else
            row->values[header->meaning[i]] = value;
    }
    return line == NULL;
}

static bool read_lines(struct history *history, FILE *file, const char *path, struct error *error)
{
    char *line = NULL;
    size_t capacity = 0;
    struct header header = {0};
    bool good = true;
    int number = 0;
    for (; good && getline(&line, &capacity, file) >= 0; number++) {
        struct history_row row;
        line[strcspn(line, "\r\n")] = '\0';
        if (number == 0)
            good = read_header(line, &header) ||
                   error_set(error,
                             "%s:1: not the history of a training: the first line must "
                             "name columns, epoch and loss among them",
                             path);
        else if (*line)
            good =
                read_row(line, &header, &row)
                    ? history_add(history, &row, error)
                    : error_set(error, "%s:%d: one number for each of the %d columns is expected",
                                path, number + 1, header.count);
    }
    free(line);
    if (good && ferror(file))
        return error_set(error, "%s: cannot be read: %s", path, strerror(errno));
    return !good || history->count ? good : error_set(error, "%s: holds no epochs", path);
}

/* Keras's CSVLogger counts epochs from 0. */
static void count_from_one(struct history *history)
{
    int shift = history->rows[0].epoch == 0;
    for (int i = 0; i < history->count; i++)
        history->rows[i].epoch += shift;
}

bool history_read(struct history *history, const char *path, struct error *error)
{
    *history = (struct history){0};
    FILE *file = file_open(path, error);
    if (!file)
        return error_prefix(error, "%s", path);
    bool good = read_lines(history, file, path, error);
    fclose(file);
    if (good)
        count_from_one(history);
    else
        history_free(history);
    return good;
}
