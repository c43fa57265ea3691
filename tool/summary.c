/* summary: the table that Keras's model.summary() prints, and what running the model costs. */
#include "nn/keras/keras.h"
#include "nn/layer.h"
#include "nn/session.h"
#include "tool/command.h"

#include <string.h>

struct summary_settings {
    const char *cpu;
};

static const struct command_option options[] = {
    {"cpu", "NAME", "kernels: auto (the best this machine has), reference, ...",
     offsetof(struct summary_settings, cpu)},
};

/* Parameters of a layer, and those of them that training changes. */
struct parameters {
    size_t all, trainable;
};

static struct parameters count_parameters(const struct model *model, const struct layer *layer)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    struct parameters sum = {0};
    int count = layer_parameters(model, layer, list);
    for (int i = 0; i < count; i++) {
        sum.all += parameter_count(&list[i]);
        if (list[i].trainable)
            sum.trainable += parameter_count(&list[i]);
    }
    return sum;
}

/* 122570 as "122,570". */
static const char *with_commas(size_t number, char text[32])
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%zu", number), used = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = digits[i];
    }
    text[used] = '\0';
    return text;
}

/* "(None, 128, 128, 3)": None is the batch. */
static void print_shape(const struct shape *shape, char *text, size_t size)
{
    int used = snprintf(text, size, "(None");
    for (int i = 0; i < shape->rank; i++)
        used += snprintf(text + used, size - (size_t)used, ", %d", shape->dim[i]);
    snprintf(text + used, size - (size_t)used, ")");
}

static int name_width(const struct model *model)
{
    size_t width = strlen("Layer (type)");
    for (int i = 0; i < model->layer_count; i++) {
        const struct layer *layer = &model->layers[i];
        size_t length = strlen(layer->name) + strlen(layer_op_name(layer->op)) + strlen(" ()");
        width = length > width ? length : width;
    }
    return (int)(width > 60 ? 60 : width);
}

static void print_row(const struct model *model, const struct session *session, int index,
                      int width)
{
    const struct layer *layer = &model->layers[index];
    double macs = layer_macs(model, layer);
    const char *kernel = session_describe(session, index);
    char name[256], shape[64], cost[32] = "";
    snprintf(name, sizeof name, "%s (%s)", layer->name, layer_op_name(layer->op));
    print_shape(&layer->shape, shape, sizeof shape);
    if (macs > 0)
        snprintf(cost, sizeof cost, "%.3f", macs / 1e6);
    printf("%-*.*s  %-22s %9zu %9s%s%s\n", width, width, name, shape,
           count_parameters(model, layer).all, cost, *kernel ? "  " : "", kernel);
}

static void print_line(int width, char letter)
{
    for (int i = 0; i < width; i++)
        putchar(letter);
    putchar('\n');
}

static void print_totals(const struct model *model, const struct session *session)
{
    struct parameters sum = {0};
    double macs = 0;
    size_t scratch, weights;
    char all[32], trainable[32], frozen[32];
    for (int i = 0; i < model->layer_count; i++) {
        struct parameters layer = count_parameters(model, &model->layers[i]);
        sum.all += layer.all;
        sum.trainable += layer.trainable;
        macs += layer_macs(model, &model->layers[i]);
    }
    printf("Total params: %s\nTrainable params: %s\nNon-trainable params: %s\n",
           with_commas(sum.all, all), with_commas(sum.trainable, trainable),
           with_commas(sum.all - sum.trainable, frozen));
    session_memory(session, &scratch, &weights);
    if (weights == 0)
        weights = sum.all * sizeof(float); /* those of the model itself */
    printf("Multiply-adds: %.2f million a picture\n", macs / 1e6);
    printf("Kernels: %s; arena %zu KiB, weights %zu KiB\n", session_engine_name(session),
           (scratch + 1023) / 1024, (weights + 1023) / 1024);
}

static void print_decision(const struct model *model)
{
    const struct preprocessing *how = &model->preprocessing;
    printf("Input: %s, pixel * (%g, %g, %g) + (%g, %g, %g)\nClasses:", how->bgr ? "BGR" : "RGB",
           (double)how->scale[0], (double)how->scale[1], (double)how->scale[2],
           (double)how->offset[0], (double)how->offset[1], (double)how->offset[2]);
    enum { SHOWN = 20 };
    for (int i = 0; i < model->class_count && i < SHOWN; i++)
        printf("%s %s", i ? "," : "", model->class_names[i]);
    puts(model->class_count == 0      ? " none, the output is no list of scores"
         : model->class_count > SHOWN ? ", ..."
                                      : "");
}

static void print_summary(const struct model *model, const struct session *session)
{
    int width = name_width(model), line = width + 70;
    printf("Model: \"%s\"\n", model->name);
    print_line(line, '_');
    printf("%-*s  %-22s %9s %9s  %s\n", width, "Layer (type)", "Output Shape", "Param #", "MMAC",
           "Kernel");
    print_line(line, '=');
    for (int i = 0; i < model->layer_count; i++)
        print_row(model, session, i, width);
    print_line(line, '=');
    print_totals(model, session);
    print_decision(model);
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const struct summary_settings *summary = settings;
    (void)operand_count;
    struct model *model = keras_load_guarded(operands[0], error);
    struct session *session = model ? session_create(model, summary->cpu, error) : NULL;
    if (session)
        print_summary(model, session);
    session_destroy(session);
    model_destroy(model);
    return session != NULL;
}

const struct command command_summary = {
    .name = "summary",
    .operands = "MODEL",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "print a model's layers, parameters and cost, as Keras does",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct summary_settings),
    .run = run,
};
