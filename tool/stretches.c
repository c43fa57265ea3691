#include "tool/stretches.h"

#include "common/file.h"
#include "common/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char heading[] = "file,start_s,end_s,label";

enum { LABEL_UNSURE = -2, LABEL_UNKNOWN = -3 };

int stretch_meaning(const struct model *model, int decision)
{
    bool nobody = decision >= 0 && strcmp(model->class_names[decision], "neither") == 0;
    return nobody ? STRETCH_NOBODY : decision;
}

static int label_of(const struct model *model, const char *text)
{
    if (strcmp(text, "unsure") == 0)
        return LABEL_UNSURE;
    if (strcmp(text, "neither") == 0)
        return STRETCH_NOBODY;
    const int class = text_find(model->class_names, model->class_count, text);
    return class < 0 ? LABEL_UNKNOWN : class;
}

/* --- lines ------------------------------------------------------------------------------------ */

struct fields {
    const char *file, *label;
    double start_s, end_s;
};

static bool parse_seconds(const char *text, double *seconds)
{
    char *end;
    *seconds = strtod(text, &end);
    return end != text && !*end && isfinite(*seconds) && *seconds >= 0;
}

/* Cuts the line into its fields, in place. */
static bool parse_line(char *line, struct fields *fields, struct error *error)
{
    char *rest = line;
    const char *file = strsep(&rest, ","), *start = strsep(&rest, ","), *end = strsep(&rest, ",");
    if (!rest || strchr(rest, ','))
        return error_set(error, "four fields are wanted: %s", heading);
    *fields = (struct fields){.file = file, .label = rest};
    if (!parse_seconds(start, &fields->start_s) || !parse_seconds(end, &fields->end_s))
        return error_set(error, "start and end must be seconds");
    return fields->start_s < fields->end_s || error_set(error, "the end is not after the start");
}

static bool add(struct stretches *stretches, const struct fields *fields, int label,
                struct error *error)
{
    for (int i = 0; i < stretches->count; i++)
        if (fields->start_s < stretches->list[i].end_s &&
            stretches->list[i].start_s < fields->end_s)
            return error_set(error, "it overlaps another line of %.100s", fields->file);
    struct stretch *list = realloc(stretches->list, ((size_t)stretches->count + 1) * sizeof *list);
    if (!list)
        return error_set(error, "out of memory");
    stretches->list = list;
    list[stretches->count++] = (struct stretch){fields->start_s, fields->end_s, label};
    return true;
}

static bool take_line(struct stretches *stretches, char *line, const char *file,
                      const struct model *model, bool *found, struct error *error)
{
    struct fields fields = {0};
    if (!parse_line(line, &fields, error))
        return false;
    if (strcmp(fields.file, file) != 0)
        return true;
    *found = true;
    int label = label_of(model, fields.label);
    if (label == LABEL_UNKNOWN)
        return error_set(error,
                         "\"%.40s\" is neither a class of the model nor `neither` or `unsure`",
                         fields.label);
    return label == LABEL_UNSURE || add(stretches, &fields, label, error);
}

static bool read_lines(struct stretches *stretches, FILE *stream, const char *file,
                       const struct model *model, bool *found, struct error *error)
{
    char *line = NULL;
    size_t size = 0;
    bool good = true;
    for (int number = 1; good && getline(&line, &size, stream) >= 0; number++) {
        line[strcspn(line, "\r\n")] = '\0';
        if (*line && strcmp(line, heading) != 0)
            good = take_line(stretches, line, file, model, found, error) ||
                   error_prefix(error, "line %d", number);
    }
    free(line);
    return good && (!ferror(stream) || error_set(error, "cannot be read to its end"));
}

static int compare_starts(const void *a, const void *b)
{
    double x = ((const struct stretch *)a)->start_s, y = ((const struct stretch *)b)->start_s;
    return (x > y) - (x < y);
}

bool stretches_read(struct stretches *stretches, const char *path, const char *file,
                    const struct model *model, struct error *error)
{
    bool found = false;
    *stretches = (struct stretches){0};
    FILE *stream = file_open(path, error);
    if (!stream)
        return error_prefix(error, "%s", path);
    bool good = read_lines(stretches, stream, file, model, &found, error);
    fclose(stream);
    if (good && !found)
        good = error_set(error, "there is no line for %s", file);
    if (good && stretches->count == 0)
        good = error_set(error, "%s is unsure from end to end", file);
    if (good)
        qsort(stretches->list, (size_t)stretches->count, sizeof *stretches->list, compare_starts);
    if (!good)
        stretches_free(stretches);
    return good || error_prefix(error, "%s", path);
}

void stretches_free(struct stretches *stretches)
{
    free(stretches->list);
    *stretches = (struct stretches){0};
}

const struct stretch *stretches_find(const struct stretches *stretches, double time_s)
{
    for (int i = 0; i < stretches->count; i++)
        if (time_s >= stretches->list[i].start_s && time_s < stretches->list[i].end_s)
            return &stretches->list[i];
    return NULL;
}
