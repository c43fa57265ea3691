#include "nn/train/script.h"

#include "common/file.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bounds that no recipe written by a person meets. */
enum { DEPTH_MAX = 64, FILE_BYTES_MAX = 1 << 20 };

struct parser {
    const char *path;
    const char *at; /* next character */
    int line;
    int depth;    /* of nested expressions */
    int brackets; /* open ones: line breaks are then white space */
    struct error *error;
};

static bool fail(const struct parser *p, const char *what)
{
    return error_set_usage(p->error, "%s:%d: %s", p->path, p->line, what);
}

static bool expected(const struct parser *p, const char *what)
{
    if (*p->at == '\0' || *p->at == '\n')
        return error_set_usage(p->error, "%s:%d: expected %s, found the end of the %s", p->path,
                               p->line, what, *p->at ? "line" : "file");
    return error_set_usage(p->error, "%s:%d: expected %s, found '%.*s'", p->path, p->line, what,
                           (int)strcspn(p->at, "\n"), p->at);
}

static bool out_of_memory(const struct parser *p)
{
    return error_set_memory(p->error, "%s: out of memory", p->path);
}

static void skip_space(struct parser *p)
{
    for (;; p->at++) {
        if (*p->at == '#')
            p->at += strcspn(p->at, "\n") - 1;
        else if (*p->at == '\n' && p->brackets > 0)
            p->line++;
        else if (*p->at != ' ' && *p->at != '\t' && *p->at != '\r')
            return;
    }
}

static void skip_blank_lines(struct parser *p)
{
    for (skip_space(p); *p->at == '\n'; skip_space(p)) {
        p->line++;
        p->at++;
    }
}

static bool accept(struct parser *p, char c)
{
    skip_space(p);
    if (*p->at != c)
        return false;
    p->at++;
    return true;
}

static bool starts_name(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

/* Length of the name at `text`; dots join parts of it. */
static size_t name_length(const char *text)
{
    size_t n = 0;
    while (isalnum((unsigned char)text[n]) || text[n] == '_' ||
           (text[n] == '.' && starts_name(text[n + 1])))
        n++;
    return n;
}

static char *take_text(struct parser *p, size_t length)
{
    char *text = strndup(p->at, length);
    if (!text)
        out_of_memory(p);
    p->at += length;
    return text;
}

static void expr_free(struct expr *e)
{
    for (int i = 0; i < e->count; i++) {
        expr_free(&e->items[i]);
        free(e->keys[i]);
    }
    if (e->callee)
        expr_free(e->callee);
    free(e->callee);
    free(e->items);
    free(e->keys);
    free(e->text);
    *e = (struct expr){0};
}

static bool parse_expression(struct parser *p, struct expr *e);

static bool parse_number(struct parser *p, struct expr *e)
{
    char *end;
    e->kind = EXPR_NUMBER;
    e->number = strtod(p->at, &end);
    e->is_integer = strspn(p->at, "0123456789") == (size_t)(end - p->at) && e->number < 0x1p53;
    p->at = end;
    return !starts_name(*p->at) || expected(p, "the end of the number");
}

static bool parse_string(struct parser *p, struct expr *e)
{
    char quote = *p->at++;
    size_t length = strcspn(p->at, quote == '"' ? "\"\\\n" : "'\\\n");
    if (p->at[length] != quote) {
        p->at += length;
        return expected(p, "the string's closing quote (escapes are not supported)");
    }
    e->kind = EXPR_STRING;
    e->text = take_text(p, length);
    p->at++;
    return e->text != NULL;
}

/* Room for one more item with its keyword, which it takes over. The new item is zero. */
static struct expr *add_item(struct parser *p, struct expr *e, char *key)
{
    size_t count = (size_t)e->count + 1;
    struct expr *items = realloc(e->items, count * sizeof *items);
    if (items)
        e->items = items;
    char **keys = items ? realloc(e->keys, count * sizeof *keys) : NULL;
    if (!keys) {
        free(key);
        out_of_memory(p);
        return NULL;
    }
    e->keys = keys;
    keys[e->count] = key;
    items[e->count] = (struct expr){0};
    return &items[e->count++];
}

/* "name =" in front of an argument or a statement; NULL when there is none. */
static char *parse_keyword(struct parser *p)
{
    skip_space(p);
    size_t length = starts_name(*p->at) ? name_length(p->at) : 0;
    const char *after = p->at + length + strspn(p->at + length, " \t");
    if (length == 0 || *after != '=')
        return NULL;
    char *key = take_text(p, length);
    p->at = after + 1;
    return key;
}

/* Items up to the closing bracket; *had_comma tells (x,) from (x). */
static bool parse_items(struct parser *p, struct expr *e, char closing, bool keywords,
                        bool *had_comma)
{
    const char *separator = closing == ']' ? "',' or ']'" : "',' or ')'";
    p->brackets++;
    *had_comma = true;
    while (skip_space(p), *p->at != closing) {
        if (!*had_comma)
            return expected(p, separator);
        struct expr *item = add_item(p, e, keywords ? parse_keyword(p) : NULL);
        if (!item || !parse_expression(p, item))
            return false;
        if (e->count > 1 && e->keys[e->count - 2] && !e->keys[e->count - 1])
            return fail(p, "a positional argument follows a keyword argument");
        *had_comma = accept(p, ',');
    }
    p->at++;
    p->brackets--;
    return true;
}

static bool parse_bracketed(struct parser *p, struct expr *e)
{
    bool is_list = *p->at++ == '[', had_comma;
    e->kind = EXPR_TUPLE;
    if (!parse_items(p, e, is_list ? ']' : ')', false, &had_comma))
        return false;
    if (!is_list && e->count == 1 && !had_comma) { /* brackets around one expression */
        struct expr inner = e->items[0];
        e->items[0] = (struct expr){0};
        expr_free(e);
        *e = inner;
    }
    return true;
}

/* Turns *e, which was called, into a call with the arguments that follow. */
static bool parse_call(struct parser *p, struct expr *e)
{
    struct expr *callee = malloc(sizeof *callee);
    if (!callee)
        return out_of_memory(p);
    *callee = *e;
    *e = (struct expr){.kind = EXPR_CALL, .line = callee->line, .callee = callee};
    bool had_comma;
    return parse_items(p, e, ')', true, &had_comma);
}

static bool parse_atom(struct parser *p, struct expr *e)
{
    if (isdigit((unsigned char)*p->at) || (*p->at == '.' && isdigit((unsigned char)p->at[1])))
        return parse_number(p, e);
    if (*p->at == '\'' || *p->at == '"')
        return parse_string(p, e);
    if (*p->at == '(' || *p->at == '[')
        return parse_bracketed(p, e);
    if (!starts_name(*p->at))
        return expected(p, "a number, a string, a name or a bracket");
    e->kind = EXPR_NAME;
    e->text = take_text(p, name_length(p->at));
    return e->text != NULL;
}

static bool parse_term(struct parser *p, struct expr *e)
{
    skip_space(p);
    e->line = p->line;
    bool negative = accept(p, '-');
    skip_space(p);
    if (!parse_atom(p, e))
        return false;
    if (negative && e->kind != EXPR_NUMBER)
        return fail(p, "'-' goes before numbers only");
    e->number = negative ? -e->number : e->number;
    while ((e->kind == EXPR_NAME || e->kind == EXPR_CALL) && accept(p, '(')) {
        if (++p->depth >= DEPTH_MAX)
            return fail(p, "nested too deeply");
        if (!parse_call(p, e))
            return false;
    }
    return true;
}

/* The rest of a product: {('*' | '/') term}. */
static bool parse_factors(struct parser *p, struct expr *e)
{
    for (;;) {
        bool times = accept(p, '*');
        if (!times && !accept(p, '/'))
            return true;
        struct expr right = {0};
        if (!parse_term(p, &right)) {
            expr_free(&right);
            return false;
        }
        bool numbers = e->kind == EXPR_NUMBER && right.kind == EXPR_NUMBER;
        e->number = times ? e->number * right.number : e->number / right.number;
        e->is_integer = times && e->is_integer && right.is_integer && fabs(e->number) < 0x1p53;
        expr_free(&right);
        if (!numbers)
            return fail(p, "'*' and '/' go between numbers only");
    }
}

static bool parse_expression(struct parser *p, struct expr *e)
{
    int depth = p->depth;
    if (++p->depth >= DEPTH_MAX)
        return fail(p, "nested too deeply");
    bool ok = parse_term(p, e) && parse_factors(p, e);
    p->depth = depth;
    return ok;
}

static bool end_of_line(struct parser *p)
{
    skip_space(p);
    return *p->at == '\n' || *p->at == '\0' || expected(p, "the end of the line");
}

static bool parse_section(struct parser *p, struct script *script)
{
    p->at++;
    struct section *sections =
        realloc(script->sections, ((size_t)script->section_count + 1) * sizeof *sections);
    if (!sections)
        return out_of_memory(p);
    script->sections = sections;
    char *name = take_text(p, strcspn(p->at, "]\n"));
    if (!name)
        return false;
    sections[script->section_count++] = (struct section){name, p->line};
    return accept(p, ']') ? end_of_line(p) : expected(p, "']' after the section's name");
}

static bool parse_statement(struct parser *p, struct script *script)
{
    struct statement *statements =
        realloc(script->statements, ((size_t)script->count + 1) * sizeof *statements);
    if (!statements)
        return out_of_memory(p);
    script->statements = statements;
    struct statement *s = &statements[script->count++];
    *s = (struct statement){.line = p->line, .target = parse_keyword(p)};
    s->section = script->section_count ? script->sections[script->section_count - 1].name : "";
    return parse_expression(p, &s->value) && end_of_line(p);
}

bool script_parse(struct script *script, const char *path, const char *text, struct error *error)
{
    struct parser p = {.path = path, .at = text, .line = 1, .error = error};
    *script = (struct script){.path = strdup(path)};
    bool ok = script->path || out_of_memory(&p);
    /* A '[' that begins a line begins a section: a list never stands alone in a recipe. */
    for (skip_blank_lines(&p); ok && *p.at; skip_blank_lines(&p))
        ok = *p.at == '[' ? parse_section(&p, script) : parse_statement(&p, script);
    if (!ok)
        script_free(script);
    return ok;
}

bool script_read(struct script *script, const char *path, struct error *error)
{
    *script = (struct script){0};
    FILE *file = file_open(path, error);
    if (!file)
        return error_prefix(error, "%s", path);
    char *text = malloc(FILE_BYTES_MAX);
    size_t size = text ? fread(text, 1, FILE_BYTES_MAX - 1, file) : 0;
    bool ok = false;
    if (!text)
        error_set_memory(error, "%s: out of memory", path);
    else if (ferror(file))
        error_set(error, "%s: cannot be read: %s", path, strerror(errno));
    else if (size == FILE_BYTES_MAX - 1)
        error_set_usage(error, "%s: larger than 1 MiB, so not a recipe", path);
    else if (memchr(text, '\0', size))
        error_set_usage(error, "%s: holds NUL bytes, so not a recipe", path);
    else {
        text[size] = '\0';
        ok = script_parse(script, path, text, error);
    }
    free(text);
    fclose(file);
    return ok;
}

int script_line(const struct script *script, const char *section, const char *target)
{
    for (int i = 0; target && i < script->count; i++) {
        const struct statement *s = &script->statements[i];
        if (s->target && strcmp(s->section, section) == 0 && strcmp(s->target, target) == 0)
            return s->line;
    }
    for (int i = 0; i < script->section_count; i++)
        if (strcmp(script->sections[i].name, section) == 0)
            return script->sections[i].line;
    return 0;
}

void script_free(struct script *script)
{
    for (int i = 0; i < script->count; i++) {
        free(script->statements[i].target);
        expr_free(&script->statements[i].value);
    }
    for (int i = 0; i < script->section_count; i++)
        free(script->sections[i].name);
    free(script->statements);
    free(script->sections);
    free(script->path);
    *script = (struct script){0};
}
