#include "daemon/label_template.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum part_kind { PART_LITERAL, PART_LABEL, PART_SCORE, PART_TIME, PART_FPS, PART_KIND_COUNT };

static const char *const names[PART_KIND_COUNT] = {
    [PART_LABEL] = "label", [PART_SCORE] = "score", [PART_TIME] = "time", [PART_FPS] = "fps"};

struct part {
    enum part_kind kind;
    const char *text; /* PART_LITERAL: inside of the template's copy */
    int length;
};

struct label_template {
    char *text;
    int part_count;
    struct part parts[]; /* never more than bytes of text */
};

static void append(struct label_template *template, enum part_kind kind, const char *text,
                   int length)
{
    if (length > 0 || kind != PART_LITERAL)
        template->parts[template->part_count++] = (struct part){kind, text, length};
}

static enum part_kind find_kind(const char *name, size_t length)
{
    for (enum part_kind kind = PART_LABEL; kind < PART_KIND_COUNT; kind++)
        if (strlen(names[kind]) == length && strncmp(names[kind], name, length) == 0)
            return kind;
    return PART_LITERAL;
}

/* `at` is behind an opening brace. Returns what follows the closing one; NULL: usage error. */
static const char *parse_placeholder(struct label_template *template, const char *at,
                                     struct error *error)
{
    size_t length = strcspn(at, "{}");
    if (at[length] != '}') {
        error_set_usage(error, "label text \"%s\": '{' without '}'; write {{ for the brace itself",
                        template->text);
        return NULL;
    }
    enum part_kind kind = find_kind(at, length);
    if (kind == PART_LITERAL) {
        error_set_usage(error,
                        "label text \"%s\": unknown placeholder {%.*s}; there are {label}, "
                        "{score}, {time} and {fps}",
                        template->text, (int)length, at);
        return NULL;
    }
    append(template, kind, NULL, 0);
    return at + length + 1;
}

static bool parse(struct label_template *template, struct error *error)
{
    const char *at = template->text;
    while (*at) {
        size_t length = strcspn(at, "{}");
        bool is_doubled = at[length] && at[length + 1] == at[length];
        append(template, PART_LITERAL, at, (int)length + is_doubled); /* with the first brace */
        at += length + 2 * (size_t)is_doubled;
        if (is_doubled || !*at)
            continue;
        if (*at == '}')
            return error_set_usage(error,
                                   "label text \"%s\": '}' without '{'; write }} for the brace "
                                   "itself",
                                   template->text);
        at = parse_placeholder(template, at + 1, error);
        if (!at)
            return false;
    }
    return true;
}

struct label_template *label_template_create(const char *text, struct error *error)
{
    struct label_template *template =
        calloc(1, sizeof *template + strlen(text) * sizeof *template->parts);
    if (template)
        template->text = strdup(text);
    if (!template || !template->text) {
        error_set(error, "out of memory for the label's text");
        goto failed;
    }
    if (parse(template, error))
        return template;
failed:
    label_template_destroy(template);
    return NULL;
}

static int print_time(char *text, size_t size, double wall_s)
{
    time_t seconds = (time_t)floor(wall_s);
    struct tm local;
    if (!localtime_r(&seconds, &local))
        return snprintf(text, size, "??:??:??");
    return snprintf(text, size, "%02d:%02d:%02d", local.tm_hour, local.tm_min, local.tm_sec);
}

static int print_part(const struct part *part, const struct label_values *values, char *text,
                      size_t size)
{
    switch (part->kind) {
    case PART_LITERAL:
        return snprintf(text, size, "%.*s", part->length, part->text);
    case PART_LABEL:
        return snprintf(text, size, "%s", values->label);
    case PART_SCORE:
        return snprintf(text, size, "%.2f", values->score);
    case PART_TIME:
        return print_time(text, size, values->wall_s);
    case PART_FPS:
        return snprintf(text, size, "%.1f", values->fps);
    case PART_KIND_COUNT:
        break;
    }
    return 0;
}

void label_template_expand(const struct label_template *template, const struct label_values *values,
                           char *text, size_t size)
{
    size_t used = 0;
    text[0] = 0;
    for (int i = 0; i < template->part_count && used < size; i++)
        used += (size_t)print_part(&template->parts[i], values, text + used, size - used);
}

void label_template_destroy(struct label_template *template)
{
    if (template)
        free(template->text);
    free(template);
}
