#include "web/handlers.h"

#include "common/clock.h"
#include "web/respond.h"

#include <stdio.h>

/* Home Assistant waits 10 s for a picture; a slow camera may need some seconds for one. */
enum { WAIT_S = 5 };

/* A watcher makes the pipeline encode from the next frame on. */
static struct snapshot *wait_for_picture(const struct web *web)
{
    int64_t deadline_ns = clock_monotonic_ns() + WAIT_S * (int64_t)NS_PER_S;
    uint64_t version = 0;
    struct snapshot *snapshot = NULL;
    slot_watch(web->snapshots);
    do {
        snapshot_unref(&snapshot);
        snapshot = newest_snapshot(web, &version, deadline_ns - clock_monotonic_ns());
    } while (snapshot && snapshot->jpeg_size == 0);
    slot_unwatch(web->snapshots);
    return snapshot;
}

static void unref(void *state)
{
    struct snapshot *snapshot = state;
    snapshot_unref(&snapshot);
}

enum MHD_Result still_serve(const struct request *request)
{
    struct snapshot *snapshot = wait_for_picture(request->web);
    if (!snapshot)
        return respond_text(request, MHD_HTTP_SERVICE_UNAVAILABLE,
                            "no picture came within %d s; /healthz tells about the source", WAIT_S);
    char timestamp[RESPOND_TIMESTAMP_BYTES];
    respond_timestamp(timestamp, snapshot->wall_s);
    const struct header headers[] = {
        {"Content-Type", "image/jpeg"},
        {"Content-Disposition", "inline; filename=\"snapshot.jpg\""},
        {"X-Timestamp", timestamp},
        {NULL, NULL},
    };
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        snapshot->jpeg_size, snapshot->jpeg, unref, snapshot);
    if (!response)
        snapshot_unref(&snapshot);
    return respond(request, MHD_HTTP_OK, response, headers, header_no_cache);
}
