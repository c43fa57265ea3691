/*
 * model_text: what people write about a model whose file does not say it: three numbers, a list of
 * class names. One reader for all programs, so that a text means the same to each of them.
 */
#ifndef PAWCAM_NN_MODEL_TEXT_H
#define PAWCAM_NN_MODEL_TEXT_H

#include "nn/model.h"

/* "0.5" -> {0.5, 0.5, 0.5}; "1, 2, 3" -> {1, 2, 3}, in the model's channel order: decimal numbers,
 * finite as float. "auto" leaves the values as they are, and so does a failure. Usage errors. */
bool model_text_triple(const char *text, float values[3], struct error *error);

/* "cat, big dog" -> two names without the blanks around them. */
struct class_list {
    int count;
    const char **names; /* owned; the names point into `storage` */
    char *storage;      /* owned */
};

/* At least two names, none of them empty; the empty text gives no names. class_list_free frees the
 * list also after failure. Usage errors. */
bool class_list_parse(const char *text, struct class_list *list, struct error *error);
void class_list_free(struct class_list *list);

/* Gives the model these class names; the empty text leaves it its own. Usage errors, also where
 * model_set_classes refuses them. */
bool model_text_classes(const char *text, struct model *model, struct error *error);

#endif
