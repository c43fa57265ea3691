#include "web/handlers.h"

#include "common/clock.h"
#include "web/json.h"
#include "web/respond.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_SIZE = 4096,
    SCORES_MS = 250,  /* scores are sent again after this time, a new label at once */
    SOURCE_MS = 1000, /* the source's figures; its loss or return at once */
    RETRY_MS = 2000,  /* a client that lost us comes back after this time */
};

struct events {
    struct web *web;
    struct connection *connection;
    struct snapshot *told; /* what the client knows; NULL: nothing was published yet */
    uint64_t version;
    int64_t scores_ns, source_ns; /* when to send them again; 0: never sent */
    char *text;                   /* owned, malloc'd; what is being sent */
    size_t size, sent;
};

static const char *label_of(const struct snapshot *snapshot)
{
    return snapshot && snapshot->has_prediction ? snapshot->prediction.label : "";
}

static bool same_source(const struct snapshot *one, const struct snapshot *other)
{
    if (!one || !other)
        return one == other;
    const struct source_state *a = &one->source, *b = &other->source;
    return a->online == b->online && a->width == b->width && a->height == b->height &&
           strcmp(a->lost, b->lost) == 0 && strcmp(a->name, b->name) == 0;
}

/* Takes over `data`. */
static void write_event(FILE *out, const char *name, json_t *data)
{
    fprintf(out, "event: %s\ndata: ", name);
    if (!data || json_dumpf(data, out, PREDICTION_JSON_FLAGS | JSON_ENCODE_ANY) != 0)
        fputs("null", out);
    fputs("\n\n", out);
    json_decref(data);
}

/* What the client has to hear now that `newest` is there (or still is). */
struct news {
    bool source, prediction;
};

static struct news news_in(const struct events *events, const struct snapshot *newest)
{
    int64_t now_ns = clock_monotonic_ns();
    return (struct news){
        .source = now_ns >= events->source_ns || !same_source(events->told, newest),
        .prediction =
            now_ns >= events->scores_ns || strcmp(label_of(events->told), label_of(newest)) != 0,
    };
}

/* Writes events->text and takes over `newest` as what the client was told. */
static bool tell(struct events *events, struct snapshot *newest, struct news news)
{
    int64_t now_ns = clock_monotonic_ns();

    snapshot_unref(&events->told);
    events->told = newest;
    free(events->text);
    events->text = NULL;
    events->sent = 0;
    FILE *out = open_memstream(&events->text, &events->size);
    if (!out)
        return false;
    if (events->source_ns == 0)
        fprintf(out, "retry: %d\n\n", RETRY_MS);
    if (news.source) {
        write_event(out, "source", json_source(newest));
        events->source_ns = now_ns + (int64_t)SOURCE_MS * NS_PER_MS;
    }
    if (news.prediction) {
        write_event(out, "prediction", json_prediction(newest));
        events->scores_ns = now_ns + (int64_t)SCORES_MS * NS_PER_MS;
    }
    return fclose(out) == 0;
}

/* Waits until there is something to tell, and writes it. false: the stream is over. */
static bool wait_for_news(struct events *events)
{
    while (!slot_closed(events->web->snapshots)) {
        int64_t left_ns = events->source_ns - clock_monotonic_ns();
        struct snapshot *newest =
            newest_snapshot(events->web, &events->version, left_ns > 0 ? left_ns : 0);
        if (!newest && events->told)
            newest = (struct snapshot *)ref_take(&events->told->ref);
        struct news news = news_in(events, newest);
        if (news.source || news.prediction)
            return tell(events, newest, news);
        snapshot_unref(&newest);
    }
    return false;
}

static ssize_t read_events(void *state, uint64_t position, char *to, size_t max)
{
    struct events *events = state;
    (void)position;
    connection_server_works(events->connection);
    if (events->sent == events->size && !wait_for_news(events))
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t left = events->size - events->sent;
    size_t count = left < max ? left : max;
    memcpy(to, events->text + events->sent, count);
    events->sent += count;
    connection_client_owes(events->connection);
    return (ssize_t)count;
}

static void destroy(void *state)
{
    struct events *events = state;
    snapshot_unref(&events->told);
    free(events->text);
    free(events);
}

enum MHD_Result events_serve(const struct request *request)
{
    struct events *events = calloc(1, sizeof *events);
    if (!events)
        return MHD_NO;
    events->web = request->web;
    events->connection = request->connection;
    return respond_stream(request, "text/event-stream", BLOCK_SIZE, read_events, destroy, events);
}
