/* judgement: what pawcamd would have decided on a clip's scores, held against what it shows. */
#ifndef PAWCAM_TOOL_JUDGEMENT_H
#define PAWCAM_TOOL_JUDGEMENT_H

#include "classify/smooth.h"
#include "tool/clip.h"
#include "tool/stretches.h"

/* Counts, so that clips can be added up. */
struct judgement {
    long seconds, seconds_right; /* of the clip's clock; right: most of its judged frames are */
    long frames, frames_right;
    double judged_s; /* time within stretches */
    long flips; /* changes of the decision within a stretch, but for the one to its first right */
    long stretches, never_right;
    double waited_s; /* until the first right decision of each; where there is none, all of it */
};

struct judgement judge(const struct clip *clip, const struct stretches *stretches,
                       const struct model *model, const struct smooth_settings *settings);
void judgement_add(struct judgement *sum, const struct judgement *more);

/* NaN where nothing was judged. */
double judgement_accuracy(const struct judgement *judgement); /* of seconds */
double judgement_frame_accuracy(const struct judgement *judgement);
double judgement_flips_per_minute(const struct judgement *judgement);
double judgement_first_right_s(const struct judgement *judgement); /* mean over stretches */

#endif
