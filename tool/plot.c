/* plot: the network as a graph, in Graphviz's language or drawn by its program `dot`. */
#include "common/atomic_file.h"
#include "nn/keras/keras.h"
#include "nn/shape.h"
#include "tool/command.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct plot_settings {
    const char *out;
};

static const struct command_option options[] = {
    {"out", "FILE", "what to write: NAME.svg, .png, .pdf (drawn by Graphviz) or .dot",
     offsetof(struct plot_settings, out)},
};

/* --- the graph -------------------------------------------------------------------------------- */

/* Inside of a quoted string of the language. */
static void print_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void print_node(FILE *out, const struct model *model, int index)
{
    const struct layer *layer = &model->layers[index];
    char shape[SHAPE_TEXT_BYTES];
    fprintf(out, "    n%d [label=\"", index);
    print_escaped(out, layer->name);
    fprintf(out, "\\n%s", layer_op_name(layer->op));
    if (layer->activation.kind != ACTIVATION_LINEAR)
        fprintf(out, ", %s", activation_name(layer->activation.kind));
    fprintf(out, "\\n%s\"%s];\n", shape_text(&layer->shape, shape),
            index == 0 || index == model->output ? ", style=filled, fillcolor=\"#e8eef4\"" : "");
    for (int i = 0; i < layer->input_count; i++)
        fprintf(out, "    n%d -> n%d;\n", layer->inputs[i], index);
}

static void print_graph(FILE *out, const struct model *model)
{
    fputs("digraph \"", out);
    print_escaped(out, model->name);
    fputs("\" {\n    node [shape=box, fontname=\"sans-serif\", fontsize=11];\n", out);
    for (int i = 0; i < model->layer_count; i++)
        print_node(out, model, i);
    fputs("}\n", out);
}

/* --- files ------------------------------------------------------------------------------------ */

/* Runs dot from the graph, its standard input, to a picture, its standard output. */
static bool run_dot(FILE *graph, char *format, FILE *picture, struct error *error)
{
    extern char **environ;
    char *const arguments[] = {"dot", format, NULL};
    posix_spawn_file_actions_t actions;
    int status = 0;
    pid_t child;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(graph), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(picture), STDOUT_FILENO);
    int failed = posix_spawnp(&child, "dot", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return error_set(error,
                         "Graphviz's program dot cannot be started: %s; install the package "
                         "graphviz, or write a .dot file",
                         strerror(failed));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return error_set(error, "lost sight of dot: %s", strerror(errno));
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
           error_set(error, "dot failed to draw the graph");
}

static bool draw(const struct model *model, const char *format, FILE *picture, struct error *error)
{
    char format_option[16];
    FILE *graph = tmpfile();
    if (!graph)
        return error_set(error, "no temporary file can be made: %s", strerror(errno));
    snprintf(format_option, sizeof format_option, "-T%s", format);
    print_graph(graph, model);
    bool good = fflush(graph) == 0 && lseek(fileno(graph), 0, SEEK_SET) == 0
                    ? run_dot(graph, format_option, picture, error)
                    : error_set(error, "the graph cannot be written: %s", strerror(errno));
    fclose(graph);
    return good;
}

/* What is there already stays until the new one is complete. */
static bool write_graph(const struct model *model, const char *format, const char *path,
                        struct error *error)
{
    struct atomic_file file;
    if (!atomic_file_open(&file, path, error))
        return false;
    if (strcmp(format, "dot") == 0) {
        print_graph(file.stream, model); /* atomic_file_commit notices failures */
    } else if (!draw(model, format, file.stream, error)) {
        atomic_file_abandon(&file);
        return false;
    }
    return atomic_file_commit(&file, error);
}

static const char *format_of(const char *path, struct error *error)
{
    static const char *const formats[] = {"svg", "png", "pdf", "dot"};
    const char *end = strrchr(path, '.');
    for (size_t i = 0; end && i < sizeof formats / sizeof *formats; i++)
        if (strcmp(end + 1, formats[i]) == 0)
            return formats[i];
    error_set_usage(error, "--out %s: the name must end in .svg, .png, .pdf or .dot", path);
    return NULL;
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const struct plot_settings *plot = settings;
    (void)operand_count;
    if (!plot->out)
        return error_set_usage(error, "--out FILE is missing; see pawcam plot --help");
    const char *format = format_of(plot->out, error);
    struct model *model = format ? keras_load_guarded(operands[0], error) : NULL;
    bool good = model && write_graph(model, format, plot->out, error);
    model_destroy(model);
    return good;
}

const struct command command_plot = {
    .name = "plot",
    .operands = "MODEL",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "draw a model as a graph",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct plot_settings),
    .run = run,
};
