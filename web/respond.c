#include "web/respond.h"

#include "common/prediction.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct header header_no_cache[] = {
    {"Cache-Control", "no-store, no-cache, must-revalidate, pre-check=0, post-check=0, max-age=0"},
    {"Pragma", "no-cache"},
    {"Expires", "0"},
    {NULL, NULL},
};

static bool add_headers(struct MHD_Response *response, const struct header *headers)
{
    for (; headers && headers->name; headers++)
        if (MHD_add_response_header(response, headers->name, headers->value) != MHD_YES)
            return false;
    return true;
}

void respond_timestamp(char text[RESPOND_TIMESTAMP_BYTES], double wall_s)
{
    const double seconds = floor(wall_s), microseconds = floor((wall_s - seconds) * 1e6);
    snprintf(text, RESPOND_TIMESTAMP_BYTES, "%.0f.%06.0f", seconds, microseconds);
}

enum MHD_Result respond(const struct request *request, unsigned status,
                        struct MHD_Response *response, const struct header *first,
                        const struct header *second)
{
    static const struct header always[] = {
        {"X-Content-Type-Options", "nosniff"}, {"Connection", "close"}, {NULL, NULL}};
    if (!response)
        return MHD_NO;
    enum MHD_Result result = MHD_NO;
    if (add_headers(response, always) && add_headers(response, first) &&
        add_headers(response, second))
        result = MHD_queue_response(request->mhd, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result respond_text(const struct request *request, unsigned status, const char *format,
                             ...)
{
    static const struct header type[] = {{"Content-Type", "text/plain; charset=utf-8"},
                                         {NULL, NULL}};
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    size_t size = strlen(line);
    line[size++] = '\n';
    return respond(request, status,
                   MHD_create_response_from_buffer(size, line, MHD_RESPMEM_MUST_COPY), type,
                   header_no_cache);
}

enum MHD_Result respond_json(const struct request *request, json_t *root)
{
    static const struct header type[] = {{"Content-Type", "application/json"},
                                         {"Cross-Origin-Resource-Policy", "same-origin"},
                                         {NULL, NULL}};
    char *text = root ? json_dumps(root, PREDICTION_JSON_FLAGS) : NULL;
    json_decref(root);
    if (!text)
        return MHD_NO;
    size_t size = strlen(text);
    text[size++] = '\n'; /* in the place of the final zero */
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(text);
    return respond(request, MHD_HTTP_OK, response, type, header_no_cache);
}

enum MHD_Result respond_stream(const struct request *request, const char *type, size_t block_size,
                               MHD_ContentReaderCallback read,
                               MHD_ContentReaderFreeCallback destroy, void *state)
{
    const struct header headers[] = {{"Content-Type", type}, {NULL, NULL}};
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, block_size, read, state, destroy);
    if (!response) {
        destroy(state);
        return MHD_NO;
    }
    MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return respond(request, MHD_HTTP_OK, response, headers, header_no_cache);
}
