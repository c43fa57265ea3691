/* json: a snapshot's facts as JSON, the same in /state and /events. The caller owns the results;
 * NULL: out of memory. `snapshot` may be NULL: none was published yet. */
#ifndef PAWCAM_WEB_JSON_H
#define PAWCAM_WEB_JSON_H

#include "common/snapshot.h"

/* uStreamer's result.source, and more: {"name", "format", "resolution": {"width", "height"},
 * "online", "lost" (string or null), "captured_fps", "processed_fps", "dropped"}. */
json_t *json_source(const struct snapshot *snapshot);

/* The prediction's one form (common/prediction.h), or null while there is none. */
json_t *json_prediction(const struct snapshot *snapshot);

#endif
