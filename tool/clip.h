/*
 * clip: a recording through a network, frame by frame, by the source and the classifier of pawcamd
 * as in `--replay-speed max`: every frame, decoded, resized and scored the same way. What is
 * decided from the scores comes later (judgement.h), so that many settings can be tried on one run.
 */
#ifndef PAWCAM_TOOL_CLIP_H
#define PAWCAM_TOOL_CLIP_H

#include "nn/model.h"

struct clip {
    const char *path; /* the caller's */
    int count, room;  /* frames that were scored, and that there is memory for */
    int damaged;      /* frames that could not be decoded */
    int class_count;
    double *times_s; /* [count], from the recording's start; owned */
    double *scores;  /* [count][class_count], owned */
};

/* The model is one that classifier_check_model accepts. On failure the clip is empty, and the error
 * names the path. */
bool clip_read(struct clip *clip, const char *path, const struct model *model, const char *cpu,
               struct error *error);
void clip_free(struct clip *clip);

/* The file's name without its folders; lives as long as the path. */
const char *clip_name(const char *path);

#endif
