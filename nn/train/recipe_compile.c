#include "nn/train/recipe_parts.h"

#include <math.h>
#include <string.h>

/* --- optimizers ------------------------------------------------------------------------------- */

/* What the arguments of all optimizers are bound to; lr is Keras's older name. Rates that are not
 * given are below 0. */
struct optimizer_arguments {
    double learning_rate, lr, decay;
    struct trainer_settings trainer;
};

/* A moving average that forgets nothing would never learn anything. A weight whose gradient is 0
 * would be divided by 0. */
#define BELOW_1 0.999999
#define ABOVE_0 1e-20

#define RATE(name)                                                                                 \
    {                                                                                              \
#name, FIELD_NUMBER, offsetof(struct optimizer_arguments, name), 0, INFINITY               \
    }
#define ROW(name, member, max)                                                                     \
    {                                                                                              \
        name, FIELD_NUMBER, offsetof(struct optimizer_arguments, trainer.member), 0, max           \
    }
#define EPSILON                                                                                    \
    {                                                                                              \
        "epsilon", FIELD_NUMBER, offsetof(struct optimizer_arguments, trainer.epsilon), ABOVE_0, 1 \
    }
#define COMMON                                                                                     \
    RATE(lr), RATE(decay), ROW("weight_decay", weight_decay, 1), ROW("clipnorm", clip_norm, 1e9),  \
        ROW("global_clipnorm", global_clip_norm, 1e9), ROW("clipvalue", clip_value, 1e9),          \
        ROW("ema_momentum", ema, BELOW_1)

static const struct field sgd_fields[] = {
    RATE(learning_rate),
    ROW("momentum", momentum, 1),
    {"nesterov", FIELD_BOOL, offsetof(struct optimizer_arguments, trainer.nesterov), 0, 0},
    COMMON,
};
static const struct field rmsprop_fields[] = {
    RATE(learning_rate),
    ROW("rho", rho, BELOW_1),
    EPSILON,
    COMMON,
};
static const struct field adam_fields[] = {
    RATE(learning_rate),
    ROW("beta_1", beta_1, BELOW_1),
    ROW("beta_2", beta_2, BELOW_1),
    EPSILON,
    COMMON,
};

#define TABLE(array, positional)                                                                   \
    {                                                                                              \
        array, sizeof array / sizeof *array, (positional)                                          \
    }

/* Defaults: those of tf.keras 2, whose second argument of AdamW is weight_decay, and third of
 * RMSprop momentum. */
static const struct optimizer_row {
    const char *name, *short_name;
    struct fields fields;
    double learning_rate;
    struct trainer_settings defaults;
} optimizers[] = {
    {"SGD", "sgd", TABLE(sgd_fields, 3), 0.01, {.optimizer = OPTIMIZER_SGD}},
    {"RMSprop",
     "rmsprop",
     TABLE(rmsprop_fields, 2),
     0.001,
     {.optimizer = OPTIMIZER_RMSPROP, .rho = 0.9, .epsilon = 1e-7}},
    {"Adam",
     "adam",
     TABLE(adam_fields, 4),
     0.001,
     {.optimizer = OPTIMIZER_ADAM, .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-7}},
    {"AdamW",
     "adamw",
     TABLE(adam_fields, 1),
     0.001,
     {.optimizer = OPTIMIZER_ADAMW,
      .beta_1 = 0.9,
      .beta_2 = 0.999,
      .epsilon = 1e-7,
      .weight_decay = 0.004}},
};

static const struct optimizer_row *find_optimizer(const struct expr *e)
{
    const char *name = e->kind == EXPR_STRING ? e->text : bind_callee(e);
    for (size_t i = 0; name && i < sizeof optimizers / sizeof *optimizers; i++)
        if (strcmp(name, optimizers[i].name) == 0 ||
            (e->kind == EXPR_STRING && strcmp(name, optimizers[i].short_name) == 0))
            return &optimizers[i];
    return NULL;
}

/* Takes over what an optimizer sets; the rest of the trainer's settings stays. */
static void set_optimizer(struct recipe *recipe, const struct optimizer_arguments *arguments)
{
    const struct trainer_settings *from = &arguments->trainer;
    struct trainer_settings *to = &recipe->trainer;
    to->optimizer = from->optimizer;
    to->momentum = from->momentum;
    to->nesterov = from->nesterov;
    to->rho = from->rho;
    to->beta_1 = from->beta_1;
    to->beta_2 = from->beta_2;
    to->epsilon = from->epsilon;
    to->weight_decay = from->weight_decay;
    to->clip_norm = from->clip_norm;
    to->global_clip_norm = from->global_clip_norm;
    to->clip_value = from->clip_value;
    to->ema = from->ema;
    recipe->schedule.decay = arguments->decay;
}

static bool set_rate(struct recipe *recipe, int line, const struct optimizer_arguments *arguments,
                     double otherwise, struct error *error)
{
    const double rate = arguments->learning_rate, older = arguments->lr;
    recipe->schedule.rate = rate >= 0 ? rate : older >= 0 ? older : otherwise;
    return rate < 0 || older < 0 ||
           bind_refuse(&recipe->script, line, error, "give learning_rate or lr, not both");
}

/* As Keras, which takes one of them. */
static bool check_clipping(const struct script *script, int line,
                           const struct trainer_settings *settings, struct error *error)
{
    const int given =
        (settings->clip_norm > 0) + (settings->global_clip_norm > 0) + (settings->clip_value > 0);
    return given <= 1 ||
           bind_refuse(script, line, error, "give one of clipnorm, global_clipnorm and clipvalue");
}

static bool read_optimizer(struct recipe *recipe, const struct expr *e, struct error *error)
{
    const struct optimizer_row *row = find_optimizer(e);
    if (!row)
        return bind_refuse(&recipe->script, e->line, error,
                           "optimizer must be SGD(...), RMSprop(...), Adam(...) or AdamW(...)");
    struct optimizer_arguments arguments = {
        .learning_rate = -1,
        .lr = -1,
        .trainer = row->defaults,
    };
    if (e->kind == EXPR_CALL && !bind_call(&recipe->script, e, row->fields, &arguments, error))
        return false;
    if (!check_clipping(&recipe->script, e->line, &arguments.trainer, error))
        return false;
    set_optimizer(recipe, &arguments);
    return set_rate(recipe, e->line, &arguments, row->learning_rate, error);
}

/* --- losses ----------------------------------------------------------------------------------- */

static const struct loss_row {
    const char *name, *class_name;
    enum loss loss;
    bool smooths; /* takes label_smoothing */
} losses[] = {
    {"mse", "MeanSquaredError", LOSS_MSE, false},
    {"mean_squared_error", "MeanSquaredError", LOSS_MSE, false},
    {"binary_crossentropy", "BinaryCrossentropy", LOSS_BINARY_CROSSENTROPY, true},
    {"categorical_crossentropy", "CategoricalCrossentropy", LOSS_CATEGORICAL_CROSSENTROPY, true},
    {"sparse_categorical_crossentropy", "SparseCategoricalCrossentropy",
     LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, false},
};

struct loss_arguments {
    bool from_logits;
    double label_smoothing;
};

static const struct field loss_fields[] = {
    {"from_logits", FIELD_BOOL, offsetof(struct loss_arguments, from_logits), 0, 0},
    {"label_smoothing", FIELD_NUMBER, offsetof(struct loss_arguments, label_smoothing), 0, 0.99},
};

/* The arguments of CategoricalCrossentropy(...) and its like. */
static bool bind_loss(struct recipe *recipe, const struct expr *call, const struct loss_row *row,
                      struct error *error)
{
    struct loss_arguments arguments = {0};
    const int count = row->loss == LOSS_MSE ? 0 : row->smooths ? 2 : 1;
    if (!bind_call(&recipe->script, call, (struct fields){loss_fields, count, count}, &arguments,
                   error))
        return false;
    recipe->trainer.label_smoothing = arguments.label_smoothing;
    return !arguments.from_logits ||
           bind_refuse(&recipe->script, call->line, error,
                       "from_logits=True is not needed: end the network with its activation; "
                       "the logits are taken all the same");
}

/* 'mse', losses.mse or losses.MeanSquaredError() */
static const struct loss_row *find_loss(const struct expr *e)
{
    const char *name = e->kind == EXPR_CALL ? bind_callee(e) : e->text;
    const char *dot = name && e->kind == EXPR_NAME ? strrchr(name, '.') : NULL;
    name = dot ? dot + 1 : name;
    for (size_t i = 0; name && i < sizeof losses / sizeof *losses; i++)
        if (strcmp(name, e->kind == EXPR_CALL ? losses[i].class_name : losses[i].name) == 0)
            return &losses[i];
    return NULL;
}

static bool read_loss(struct recipe *recipe, const struct expr *e, struct error *error)
{
    const struct loss_row *row = find_loss(e);
    if (!row)
        return bind_refuse(&recipe->script, e->line, error,
                           "loss must be 'mse', 'binary_crossentropy', 'categorical_crossentropy' "
                           "or 'sparse_categorical_crossentropy', or CategoricalCrossentropy(...)");
    recipe->trainer.loss = row->loss;
    return e->kind != EXPR_CALL || bind_loss(recipe, e, row, error);
}

/* --- teacher ---------------------------------------------------------------------------------- */

static const struct field teacher_fields[] = {
    {"models", FIELD_STRINGS, offsetof(struct teacher_settings, models), 0, 0},
    {"alpha", FIELD_NUMBER, offsetof(struct teacher_settings, alpha), 0, BELOW_1},
    {"mirrored", FIELD_BOOL, offsetof(struct teacher_settings, mirrored), 0, 0},
};

/* Teacher(['a.h5', 'b.h5'], alpha=0.3); alpha's default is that of Keras's Distiller. */
static bool read_teacher(struct recipe *recipe, const struct expr *e, struct error *error)
{
    struct teacher_settings *teacher = &recipe->teacher;
    const char *name = bind_callee(e);
    *teacher = (struct teacher_settings){.line = e->line, .alpha = 0.1};
    if (!name || strcmp(name, "Teacher") != 0)
        return bind_refuse(&recipe->script, e->line, error,
                           "teacher must be Teacher(['MODEL.h5', ...], alpha=0.1)");
    if (!bind_call(&recipe->script, e, FIELDS(teacher_fields), teacher, error))
        return false;
    const int count = teacher->models ? teacher->models->count : 0;
    return (count > 0 && count <= TEACHER_MODELS_MAX) ||
           bind_refuse(&recipe->script, e->line, error,
                       "Teacher takes a list of 1 to %d models, as ['MODEL.h5']",
                       TEACHER_MODELS_MAX);
}

/* --- schedules and metrics -------------------------------------------------------------------- */

#define SCHEDULE_ROW(name, kind, min, max)                                                         \
    {                                                                                              \
#name, kind, offsetof(struct schedule, name), min, max                                     \
    }

static const struct field constant_fields[] = {
    SCHEDULE_ROW(warmup_steps, FIELD_INTEGER, 0, 1 << 24),
};
static const struct field step_fields[] = {
    SCHEDULE_ROW(epochs, FIELD_INTEGER, 1, 1 << 20),
    SCHEDULE_ROW(factor, FIELD_NUMBER, 0, 1),
    SCHEDULE_ROW(warmup_steps, FIELD_INTEGER, 0, 1 << 24),
};
static const struct field cosine_fields[] = {
    SCHEDULE_ROW(alpha, FIELD_NUMBER, 0, 1),
    SCHEDULE_ROW(warmup_steps, FIELD_INTEGER, 0, 1 << 24),
};

static bool read_schedule(struct recipe *recipe, const struct expr *e, struct error *error)
{
    struct schedule *schedule = &recipe->schedule;
    const char *name = bind_callee(e);
    schedule->epochs = 10;
    schedule->factor = 0.1;
    if (name && strcmp(name, "Constant") == 0) {
        schedule->kind = SCHEDULE_CONSTANT;
        return bind_call(&recipe->script, e, FIELDS(constant_fields), schedule, error);
    }
    if (name && strcmp(name, "StepDecay") == 0) {
        schedule->kind = SCHEDULE_STEP;
        return bind_call(&recipe->script, e, FIELDS(step_fields), schedule, error);
    }
    if (name && strcmp(name, "CosineDecay") == 0) {
        schedule->kind = SCHEDULE_COSINE;
        return bind_call(&recipe->script, e, FIELDS(cosine_fields), schedule, error);
    }
    return bind_refuse(&recipe->script, e->line, error,
                       "schedule must be Constant(...), StepDecay(epochs=N, factor=X) or "
                       "CosineDecay(...)");
}

static bool read_metrics(const struct recipe *recipe, const struct expr *e, struct error *error)
{
    bool good = e->kind == EXPR_TUPLE;
    for (int i = 0; good && i < e->count; i++)
        good = e->items[i].kind == EXPR_STRING &&
               (strcmp(e->items[i].text, "accuracy") == 0 || strcmp(e->items[i].text, "acc") == 0);
    return good || bind_refuse(&recipe->script, e->line, error,
                               "metrics must be ['accuracy']: loss and accuracy are always "
                               "measured");
}

/* --- the section ------------------------------------------------------------------------------ */

static bool read_statement(struct recipe *recipe, const struct statement *s, bool *has_loss,
                           bool *has_optimizer, struct error *error)
{
    const char *target = s->target ? s->target : "";
    if (strcmp(target, "optimizer") == 0)
        return (*has_optimizer = read_optimizer(recipe, &s->value, error));
    if (strcmp(target, "loss") == 0)
        return (*has_loss = read_loss(recipe, &s->value, error));
    if (strcmp(target, "teacher") == 0)
        return read_teacher(recipe, &s->value, error);
    if (strcmp(target, "schedule") == 0)
        return read_schedule(recipe, &s->value, error);
    if (strcmp(target, "metrics") == 0)
        return read_metrics(recipe, &s->value, error);
    return bind_refuse(&recipe->script, s->line, error,
                       "[compile] holds lines optimizer =, loss =, metrics =, schedule = and "
                       "teacher =");
}

bool recipe_read_compile(struct recipe *recipe, struct error *error)
{
    bool has_loss = false, has_optimizer = false;
    int index = 0;
    for (const struct statement *s; (s = recipe_next(recipe, "compile", &index));)
        if (!read_statement(recipe, s, &has_loss, &has_optimizer, error))
            return false;
    if (has_loss && has_optimizer)
        return true;
    return bind_refuse(&recipe->script, script_line(&recipe->script, "compile", NULL), error,
                       "[compile] needs a line %s",
                       has_loss ? "optimizer = Adam(learning_rate=1e-3)"
                                : "loss = 'categorical_crossentropy'");
}
