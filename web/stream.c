#include "web/handlers.h"

#include "common/clock.h"
#include "web/respond.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The name that mjpg-streamer's clients expect. */
#define BOUNDARY "boundarydonotcross"

enum {
    BLOCK_SIZE = 64 * 1024, /* a 640x480 picture goes out in one piece */
    REPEAT_S = 1,           /* an idle source's last picture is sent again after this time */
};

/* What is being sent: head, then the picture if there is one, then tail. The tail holds the NEXT
 * boundary, for browsers show a picture only when they see the boundary behind it. */
struct stream {
    struct web *web;
    struct connection *connection;
    struct snapshot *snapshot; /* NULL: before the first picture */
    uint64_t version;
    char head[160];
    size_t head_size;
    size_t sent; /* bytes of head + picture + tail */
    bool watching;
};

static const char tail[] = "\r\n--" BOUNDARY "\r\n";

static size_t part_size(const struct stream *stream)
{
    return stream->head_size +
           (stream->snapshot ? stream->snapshot->jpeg_size + sizeof tail - 1 : 0);
}

/* Copies from one of the pieces that lie one behind the other; `begin` is where this one begins. */
static size_t copy_piece(size_t at, size_t begin, const void *piece, size_t size, char *to,
                         size_t max)
{
    if (at < begin || at >= begin + size)
        return 0;
    size_t left = begin + size - at;
    size_t count = left < max ? left : max;
    memcpy(to, (const char *)piece + (at - begin), count);
    return count;
}

static size_t copy_part(struct stream *stream, char *to, size_t max)
{
    size_t start = stream->sent;
    size_t used = copy_piece(start, 0, stream->head, stream->head_size, to, max);
    if (stream->snapshot) {
        size_t begin = stream->head_size, jpeg_size = stream->snapshot->jpeg_size;
        used += copy_piece(start + used, begin, stream->snapshot->jpeg, jpeg_size, to + used,
                           max - used);
        begin += jpeg_size;
        used += copy_piece(start + used, begin, tail, sizeof tail - 1, to + used, max - used);
    }
    stream->sent += used;
    return used;
}

static void begin_part(struct stream *stream)
{
    char timestamp[RESPOND_TIMESTAMP_BYTES];
    respond_timestamp(timestamp, stream->snapshot->wall_s);
    stream->head_size = (size_t)snprintf(stream->head, sizeof stream->head,
                                         "Content-Type: image/jpeg\r\n"
                                         "Content-Length: %zu\r\n"
                                         "X-Timestamp: %s\r\n\r\n",
                                         stream->snapshot->jpeg_size, timestamp);
    stream->sent = 0;
    connection_count_picture(stream->connection);
}

/* Waits for a new picture, or for the time to repeat the last one. false: the stream is over. */
static bool wait_for_picture(struct stream *stream)
{
    int64_t repeat_ns = clock_monotonic_ns() + REPEAT_S * (int64_t)NS_PER_S;
    while (!slot_closed(stream->web->snapshots)) {
        int64_t left_ns = repeat_ns - clock_monotonic_ns();
        struct snapshot *newest =
            newest_snapshot(stream->web, &stream->version, left_ns > 0 ? left_ns : 0);
        if (newest && newest->jpeg_size > 0) {
            snapshot_unref(&stream->snapshot);
            stream->snapshot = newest;
            return true;
        }
        snapshot_unref(&newest); /* it was made before anybody watched */
        if (left_ns > 0)
            continue;
        if (stream->snapshot)
            return true;
        if (connection_client_gone(stream->connection))
            return false;
        repeat_ns += REPEAT_S * (int64_t)NS_PER_S;
    }
    return false;
}

static ssize_t read_stream(void *state, uint64_t position, char *to, size_t max)
{
    struct stream *stream = state;
    (void)position;
    connection_server_works(stream->connection);
    if (!stream->watching) {
        stream->watching = true;
        slot_watch(stream->web->snapshots);
    }
    if (stream->sent == part_size(stream)) {
        if (!wait_for_picture(stream))
            return MHD_CONTENT_READER_END_OF_STREAM;
        begin_part(stream);
    }
    size_t used = copy_part(stream, to, max);
    connection_client_owes(stream->connection);
    return (ssize_t)used;
}

static void destroy(void *state)
{
    struct stream *stream = state;
    if (stream->watching)
        slot_unwatch(stream->web->snapshots);
    snapshot_unref(&stream->snapshot);
    free(stream);
}

static enum MHD_Result serve(const struct request *request, const char *type)
{
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return MHD_NO;
    stream->web = request->web;
    stream->connection = request->connection;
    /* The first boundary leaves at once: clients take it as the sign that the stream works. */
    stream->head_size = (size_t)snprintf(stream->head, sizeof stream->head, "--" BOUNDARY "\r\n");
    return respond_stream(request, type, BLOCK_SIZE, read_stream, destroy, stream);
}

enum MHD_Result stream_serve(const struct request *request)
{
    return serve(request, "multipart/x-mixed-replace;boundary=" BOUNDARY);
}

enum MHD_Result stream_serve_bytes(const struct request *request)
{
    return serve(request, "application/octet-stream");
}
