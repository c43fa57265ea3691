/*
 * clip: a recording through a network, frame by frame, by the source and the classifier of pawcamd
 * as in `--replay-speed max`: every frame, decoded, resized and scored the same way. What is
 * decided from the scores comes later (judgement.h), so that many settings can be tried on one run.
 */
#ifndef PAWCAM_TOOL_CLIP_H
#define PAWCAM_TOOL_CLIP_H

#include "classify/views.h"
#include "nn/model.h"

/* A frame that was scored. */
struct clip_frame {
    double time_s; /* from the recording's start */
    struct views views;
    int first; /* its first look, */
    int looks; /* and how many there are */
};

struct clip {
    const char *path; /* the caller's */
    int damaged;      /* frames without scores: undecodable, or the network's are no numbers */
    int class_count;
    int count, room;           /* frames, and how many there is memory for */
    struct clip_frame *frames; /* [count], owned as the two below */
    int look_count, look_room;
    int *views;     /* [look_count] */
    double *scores; /* [look_count][class_count] */
};

/* The model is one that classifier_check_model accepts. On failure the clip is empty, and the error
 * names the path. */
bool clip_read(struct clip *clip, const char *path, const struct model *model, const char *cpu,
               enum views_mode mode, struct error *error);
void clip_free(struct clip *clip);

/* What the network says of a frame. */
void clip_looks(const struct clip *clip, int frame, struct looks *looks);

/* The file's name without its folders; lives as long as the path. */
const char *clip_name(const char *path);

#endif
