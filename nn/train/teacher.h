/*
 * teacher: models that were trained before and whose scores become part of the targets (knowledge
 * distillation: Hinton et al. 2015, arXiv:1503.02531). They see each picture as the network in
 * training does, after augmentation (Beyer et al. 2021, arXiv:2106.05237):
 *
 *   y = alpha * y + (1 - alpha) * p
 *
 * where p is the mean of their scores. With a cross-entropy that has the gradient of Keras's
 * Distiller at a temperature of 1.
 */
#ifndef PAWCAM_NN_TRAIN_TEACHER_H
#define PAWCAM_NN_TRAIN_TEACHER_H

#include "nn/model.h"
#include "nn/train/script.h"

#include <stdint.h>

/* Of a recipe. */
struct teacher_settings {
    const struct expr *models; /* paths of Keras files; NULL: no teacher */
    int line;
    double alpha;  /* share of the label in the targets */
    bool mirrored; /* the scores are the mean of those of the picture and of its mirror image */
};

enum { TEACHER_MODELS_MAX = 8 };

struct teacher {
    const struct teacher_settings *settings;
    struct model *models[TEACHER_MODELS_MAX]; /* owned */
    int count;
};

/* Reads the models that the settings name, which must outlive the teacher; paths that are not whole
 * begin in the folder `root`. While the process has no other threads (keras_load_guarded). On
 * failure the teacher is empty. */
bool teacher_open(struct teacher *teacher, const struct teacher_settings *settings,
                  const char *root, struct error *error);

/* Accepts a zero teacher. */
void teacher_close(struct teacher *teacher);

/* Do all take the pupil's input, and end as it does? The error names the model, or the setting. A
 * teacher without models passes. */
bool teacher_check_network(const struct teacher *teacher, const struct model *pupil,
                           struct error *error);

/* When the pupil has been told its preprocessing and classes (load_describe): do all mean the same
 * by input and output? A file that names no classes has them in the same order. */
bool teacher_check_meaning(const struct teacher *teacher, const struct model *pupil,
                           struct error *error);

/* Of the models' weights: a training cannot go on with another teacher (fit_state.h). */
uint64_t teacher_fingerprint(const struct teacher *teacher);

/* The scratch memory with which one thread asks a teacher of at least one model, which must outlive
 * it. */
struct teacher_session;

/* NULL: out of memory, or no such kernels (session.h). */
struct teacher_session *teacher_session_create(const struct teacher *teacher, const char *cpu,
                                               struct error *error);

/* Changes the targets y of one picture x, both as the checked models take and give them. false: a
 * score is not a finite number; the error names the model, y is unchanged. */
bool teacher_session_run(struct teacher_session *session, const float *x, float *y,
                         struct error *error);

/* NULL is allowed. */
void teacher_session_destroy(struct teacher_session *session);

#endif
