#include "web/handlers.h"

#include "common/clock.h"
#include "web/respond.h"

/* Health is the age of the newest real frame, not that the process runs. */
static enum MHD_Result report(const struct request *request, const struct snapshot *snapshot)
{
    double limit_s = (double)atomic_load(&request->web->healthy_age_ns) / NS_PER_S;
    double age_s = (double)(clock_monotonic_ns() - snapshot->captured_ns) / NS_PER_S;
    const char *lost = snapshot->source.lost;
    const char *separator = lost[0] ? ": " : "";

    if (snapshot->captured_ns == 0)
        return respond_text(request, MHD_HTTP_SERVICE_UNAVAILABLE, "no frame yet%s%s", separator,
                            lost);
    if (age_s >= limit_s)
        return respond_text(request, MHD_HTTP_SERVICE_UNAVAILABLE,
                            "newest frame is %.1f s old, limit %g s%s%s", age_s, limit_s, separator,
                            lost);
    return respond_text(request, MHD_HTTP_OK, "ok: newest frame is %.2f s old", age_s);
}

enum MHD_Result health_serve(const struct request *request)
{
    uint64_t version = 0;
    struct snapshot *snapshot = newest_snapshot(request->web, &version, 0);
    if (!snapshot)
        return respond_text(request, MHD_HTTP_SERVICE_UNAVAILABLE, "no frame yet: starting up");
    enum MHD_Result result = report(request, snapshot);
    snapshot_unref(&snapshot);
    return result;
}
