#include "web/handlers.h"

#include "web/json.h"
#include "web/respond.h"

#include <stdio.h>

enum { VIEWERS_MAX = 64 }; /* listed one by one */

static json_t *clients_stat(const struct viewer *viewers, int count)
{
    json_t *stat = json_object();
    for (int i = 0; i < count && i < VIEWERS_MAX; i++) {
        char id[24];
        snprintf(id, sizeof id, "%llu", (unsigned long long)viewers[i].id);
        json_object_set_new(stat, id, json_pack("{s:i}", "fps", (int)(viewers[i].fps + 0.5)));
    }
    return stat;
}

static json_t *stream_state(struct web *web, const struct snapshot *snapshot)
{
    struct viewer viewers[VIEWERS_MAX];
    int count = connections_viewers(&web->connections, viewers, VIEWERS_MAX);
    int queued_fps = snapshot ? (int)(snapshot->source.processed_fps + 0.5) : 0;
    return json_pack("{s:i, s:i, s:o}", "queued_fps", queued_fps, "clients", count, "clients_stat",
                     clients_stat(viewers, count));
}

enum MHD_Result state_serve(const struct request *request)
{
    uint64_t version = 0;
    struct snapshot *snapshot = newest_snapshot(request->web, &version, 0);
    json_t *root = json_pack("{s:b, s:{s:o, s:o, s:o}}", "ok", 1, "result", "source",
                             json_source(snapshot), "stream", stream_state(request->web, snapshot),
                             "prediction", json_prediction(snapshot));
    snapshot_unref(&snapshot);
    return respond_json(request, root);
}
