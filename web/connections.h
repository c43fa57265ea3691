/*
 * connections: who is connected, within which limits, and until when.
 *
 * libmicrohttpd's own limits drop a client without a word, and its timeout starts again with every
 * byte, so one byte a second holds a connection for ever. Here each connection carries one
 * deadline for what the client owes at the moment: its whole request header, then the acceptance
 * of what was sent to it. connections_end_late shuts down those that miss theirs.
 *
 * Life of an entry: admit (accept thread) -> start (libmicrohttpd took the socket over) -> remove
 * (libmicrohttpd is about to close it). All functions are safe from any thread.
 */
#ifndef PAWCAM_WEB_CONNECTIONS_H
#define PAWCAM_WEB_CONNECTIONS_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct connection;

struct connections {
    pthread_mutex_t mutex;
    struct connection *first; /* owned, linked */
    int count;
    uint64_t admitted;
    int max;
    int max_per_address;
    int64_t timeout_ns;
};

/* What a streaming client gets, for /state. */
struct viewer {
    uint64_t id; /* number of the connection since the start */
    double fps;  /* pictures per second sent to it lately */
};

void connections_init(struct connections *all);

/* Frees what is left. No thread may still use the connections. */
void connections_finish(struct connections *all);

/* Takes effect for new connections and new deadlines. */
void connections_set_limits(struct connections *all, int max, int max_per_address,
                            double timeout_s);

/* Counts a new socket in; the client now owes its request header. false: not admitted, and *why
 * is one line for the client (static). */
bool connections_admit(struct connections *all, int fd, const struct sockaddr *peer,
                       const char **why);

/* The admitted socket that libmicrohttpd has begun to serve; NULL: there is none. Until remove, fd
 * stays open, so that a shutdown of it cannot hit another file. */
struct connection *connections_start(struct connections *all, int fd);

/* Forgets an admitted socket that libmicrohttpd refused and closed. */
void connections_forget(struct connections *all, int fd);

/* Call before the socket is closed. `connection` may be NULL. */
void connections_remove(struct connections *all, struct connection *connection);

/* Shuts down every started connection whose deadline has passed. Returns how many. */
int connections_end_late(struct connections *all);

int connections_count(struct connections *all);

/* Writes up to `max` viewers, newest first; returns how many there are in all. */
int connections_viewers(struct connections *all, struct viewer *viewers, int max);

/* The client owes something (its next header, or taking what was sent) within the timeout. */
void connection_client_owes(struct connection *connection);

/* It is the server's turn: no deadline. */
void connection_server_works(struct connection *connection);

/* Marks the connection as a viewer and counts one picture sent to it. */
void connection_count_picture(struct connection *connection);

/* True when the client has closed its side. Only to be asked while there is nothing to send. */
bool connection_client_gone(const struct connection *connection);

#endif
