/*
 * app: the daemon's parts, put together and taken apart.
 *
 *   capture thread --frames--> pipeline thread --snapshots--> web's threads
 *
 * Only main handles signals: they are blocked before app_start and read from a signalfd.
 */
#ifndef PAWCAM_DAEMON_APP_H
#define PAWCAM_DAEMON_APP_H

#include "daemon/grab.h"
#include "daemon/options.h"
#include "daemon/pipeline.h"
#include "web/web.h"

struct app {
    struct options started; /* as they were at the start; what only a restart can change */
    struct options current; /* as of the last reload */
    struct model *model;
    struct predictions *predictions; /* NULL: not wanted */
    struct capture *capture;
    struct web *web; /* NULL: not wanted */
    struct pipeline *pipeline;
    struct grab grab;
    struct slot frames, snapshots;
    struct source_name source_name;
    int ended_fd; /* eventfd, readable when the pipeline has ended by itself */
    bool pipeline_runs, grab_runs;
    bool stopped; /* a stop signal came while the source was being opened: see open_source.h */
};

/* Reads the options anew for the daemon: defaults, file, command line, and checks them. The caller
 * config_frees them in any case. */
bool app_read_options(int argc, char **argv, struct options *options,
                      struct config_command_line *line, struct error *error);

/* Puts together and starts what app->started and app->current (equal copies) ask for. On failure
 * the caller calls app_stop as well. */
bool app_start(struct app *app, struct error *error);

/* Puts app->current into force, as far as a reload can. */
bool app_reconfigure(struct app *app, struct error *error);

/* Ends all threads, well under a second, and frees everything but the options. Logs what failed
 * since the start. */
enum exit_code app_stop(struct app *app);

#endif
