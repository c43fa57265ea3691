/*
 * model_options: the options by which commands that run a model correct what its file says. They
 * are called as those of pawcamd and mean the same, but for two limits that are pawcamd's own: at
 * most PREDICTION_CLASSES_MAX classes, none of them called "unknown".
 */
#ifndef PAWCAM_TOOL_MODEL_OPTIONS_H
#define PAWCAM_TOOL_MODEL_OPTIONS_H

#include "nn/model.h"

/* NULL: what the model says. */
struct model_options {
    const char *cpu;            /* for session_create */
    const char *classes;        /* "cat,dog" */
    const char *channels;       /* "auto", "rgb" or "bgr" */
    const char *scale, *offset; /* model_text_triple */
};

/* Rows for a command's table; `member` is its settings' struct model_options. */
#define MODEL_OPTION_ROWS(settings, member)                                                        \
    {"cpu", "NAME", "kernels: auto (the best this machine has), reference, ...",                   \
     offsetof(settings, member.cpu)},                                                              \
        {"classes", "NAME,NAME,...", "names of the outputs, in order; a single output has two",    \
         offsetof(settings, member.classes)},                                                      \
        {"channels", "auto|rgb|bgr", "order in which the model takes colours",                     \
         offsetof(settings, member.channels)},                                                     \
        {"pixel-scale", "X[,Y,Z]", "what pixels (0 to 255) are multiplied by",                     \
         offsetof(settings, member.scale)},                                                        \
    {                                                                                              \
        "pixel-offset", "X[,Y,Z]", "what is added to them then", offsetof(settings, member.offset) \
    }

enum { MODEL_OPTION_COUNT = 5 };

/* Loads the model and applies the options; a usage error where one is wrong. The caller owns the
 * result. */
struct model *model_options_load(const struct model_options *options, const char *path,
                                 struct error *error);

#endif
