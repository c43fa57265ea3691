/* handlers: one function per kind of answer; web/route.c says which path leads where. */
#ifndef PAWCAM_WEB_HANDLERS_H
#define PAWCAM_WEB_HANDLERS_H

#include "common/snapshot.h"
#include "web/server.h"

#include <microhttpd.h>

/* The page and what it loads, all embedded in the program; 404 for every path that is none. */
enum MHD_Result page_serve(const struct request *request);

/* multipart/x-mixed-replace, endless. */
enum MHD_Result stream_serve(const struct request *request);

/* The same bytes under a type that says nothing: Safari gives no multipart to scripts. */
enum MHD_Result stream_serve_bytes(const struct request *request);

/* The newest picture; waits for one when none is being encoded. */
enum MHD_Result still_serve(const struct request *request);

/* uStreamer's /state and what the network says. */
enum MHD_Result state_serve(const struct request *request);

/* text/event-stream, endless. */
enum MHD_Result events_serve(const struct request *request);

enum MHD_Result health_serve(const struct request *request);

/* The snapshot after number *version, waiting up to timeout_ns; the caller drops it with
 * snapshot_unref. NULL: none in time, or the server stops. */
struct snapshot *newest_snapshot(const struct web *web, uint64_t *version, int64_t timeout_ns);

#endif
