#include "web/route.h"

#include "web/handlers.h"
#include "web/respond.h"

#include <arpa/inet.h>
#include <string.h>

struct route {
    const char *path;
    enum MHD_Result (*serve)(const struct request *);
};

static const struct route routes[] = {
    {"/stream", stream_serve},  {"/stream.mjpg", stream_serve}, {"/stream.bin", stream_serve_bytes},
    {"/snapshot", still_serve}, {"/snapshot.jpg", still_serve}, {"/state", state_serve},
    {"/events", events_serve},  {"/healthz", health_serve},
};

/* mjpg-streamer's addresses: /?action=stream&anything */
static const struct route actions[] = {
    {"stream", stream_serve},
    {"snapshot", still_serve},
};

static const struct route *find(const struct route *table, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].path, path) == 0)
            return &table[i];
    return NULL;
}

static enum MHD_Result serve_action(const struct request *request, const char *action)
{
    const struct route *route = find(actions, sizeof actions / sizeof *actions, action);
    if (route)
        return route->serve(request);
    return respond_text(request, MHD_HTTP_NOT_FOUND, "unknown action; there are stream, snapshot");
}

static enum MHD_Result serve(const struct request *request)
{
    const char *action = MHD_lookup_connection_value(request->mhd, MHD_GET_ARGUMENT_KIND, "action");
    if (action && strcmp(request->path, "/") == 0)
        return serve_action(request, action);
    const struct route *route = find(routes, sizeof routes / sizeof *routes, request->path);
    return route ? route->serve(request) : page_serve(request);
}

static enum MHD_Result refuse_method(const struct request *request)
{
    static const struct header headers[] = {
        {"Allow", "GET, HEAD"}, {"Content-Type", "text/plain; charset=utf-8"}, {NULL, NULL}};
    static char line[] = "only GET and HEAD are allowed: nothing can be changed over HTTP\n";
    return respond(request, MHD_HTTP_METHOD_NOT_ALLOWED,
                   MHD_create_response_from_buffer(sizeof line - 1, line, MHD_RESPMEM_PERSISTENT),
                   headers, header_no_cache);
}

static bool is_address(int family, const char *text)
{
    struct in6_addr address;
    return inet_pton(family, text, &address) == 1;
}

static bool is_localhost(const char *name)
{
    static const char localhost[] = "localhost";
    size_t size = strlen(name), suffix = sizeof localhost - 1;
    if (size > 0 && name[size - 1] == '.') /* "localhost." is the same name, spelt in full */
        size--;
    return size >= suffix && strncasecmp(name + size - suffix, localhost, suffix) == 0 &&
           (size == suffix || name[size - suffix - 1] == '.');
}

static bool is_local(const char *host, size_t size)
{
    char name[256];
    if (size >= sizeof name)
        return false;
    memcpy(name, host, size);
    name[size] = '\0';
    char *bracket = strchr(name, ']');
    if (name[0] == '[' && bracket) {
        *bracket = '\0';
        return is_address(AF_INET6, name + 1);
    }
    name[strcspn(name, ":")] = '\0';
    return is_address(AF_INET, name) || is_localhost(name);
}

bool route_host_is_local(const char *host)
{
    return !host || is_local(host, strlen(host)); /* none: HTTP/1.0, no browser */
}

/* The host in a target that is a whole URL (RFC 9112, 3.2.2), with what follows; NULL: there is
 * none. */
static const char *host_in(const char *target)
{
    static const char scheme[] = "http://";
    const size_t size = sizeof scheme - 1;
    return strncasecmp(target, scheme, size) == 0 ? target + size : NULL;
}

static const char *path_in(const char *target)
{
    const char *host = host_in(target);
    const char *path = host ? strchr(host, '/') : target;
    return path ? path : "/";
}

static bool host_allowed(const struct request *request, const char *target)
{
    if (!request->web->listener.loopback)
        return true; /* which names point here is then unknown */
    const char *host = host_in(target);
    if (host && !is_local(host, strcspn(host, "/")))
        return false;
    return route_host_is_local(
        MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST));
}

static struct connection *connection_of(struct MHD_Connection *mhd)
{
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

enum MHD_Result route_request(void *context, struct MHD_Connection *mhd, const char *target,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    (void)version, (void)upload, (void)upload_size, (void)state;
    const struct request request = {context, connection_of(mhd), mhd, path_in(target)};
    enum MHD_Result result;

    pthread_setname_np(pthread_self(), "web-client");
    connection_server_works(request.connection);
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        result = refuse_method(&request);
    else if (!host_allowed(&request, target))
        result = respond_text(&request, MHD_HTTP_MISDIRECTED_REQUEST,
                              "this server answers to localhost and to IP addresses only");
    else
        result = serve(&request);
    connection_client_owes(request.connection);
    return result;
}
