/* respond: how handlers answer. Every answer closes the connection and forbids type sniffing. */
#ifndef PAWCAM_WEB_RESPOND_H
#define PAWCAM_WEB_RESPOND_H

#include "web/server.h"

#include <jansson.h>
#include <microhttpd.h>

struct header {
    const char *name, *value;
};

/* Answers that must never come from a cache; as mjpg-streamer and uStreamer send them. */
extern const struct header header_no_cache[]; /* ends with a NULL name */

/* Queues the response with these headers (each list ends with a NULL name; NULL: none). Takes over
 * `response`, which may be NULL (out of memory: the connection is closed). */
enum MHD_Result respond(const struct request *request, unsigned status,
                        struct MHD_Response *response, const struct header *first,
                        const struct header *second);

/* For X-Timestamp: seconds since 1970 with six decimals. The same of one picture everywhere, so cut
 * off: rounded, one would be later than it is. */
enum { RESPOND_TIMESTAMP_BYTES = 32 };
void respond_timestamp(char text[RESPOND_TIMESTAMP_BYTES], double wall_s);

/* One line of plain text; the newline is added. */
enum MHD_Result respond_text(const struct request *request, unsigned status, const char *format,
                             ...) __attribute__((format(printf, 3, 4)));

/* 200 with JSON on one line. Takes over `root`, which may be NULL (out of memory). */
enum MHD_Result respond_json(const struct request *request, json_t *root);

/* A body without length that ends with the connection, never in chunks. `read` and `destroy` get
 * `state`; destroy is called in any case. */
enum MHD_Result respond_stream(const struct request *request, const char *type, size_t block_size,
                               MHD_ContentReaderCallback read,
                               MHD_ContentReaderFreeCallback destroy, void *state);

#endif
