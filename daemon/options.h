/* options: every setting of the daemon, and the table that defines them for config/. */
#ifndef PAWCAM_DAEMON_OPTIONS_H
#define PAWCAM_DAEMON_OPTIONS_H

#include "capture/capture.h"
#include "common/prediction.h"
#include "config/config.h"

#include <stdint.h>

enum channel_order { CHANNELS_AUTO, CHANNELS_RGB, CHANNELS_BGR };

/* Owned strings are char *, freed by config_free. */
struct options {
    struct {
        char *source, *format, *controls;
        int width, height;
        double fps, timeout_s;
        int replay_speed;  /* enum replay_speed */
        int replay_loop;   /* "forever" is 0 */
        int seed, limit;   /* limit "none" is 0 */
        bool exit_on_loss; /* end with exit code 1 instead of waiting for the source */
    } capture;
    struct {
        char *path;       /* "auto": the shipped model */
        char *cpu;        /* kernels, see nn/session.h */
        char *classes;    /* class_list_parse; empty: from the model */
        char *scale;      /* model_text_triple: x = pixel * scale + offset */
        char *offset;     /* the same */
        int channels;     /* enum channel_order */
        int views;        /* enum views_mode */
        double threshold; /* no class with a lower score is chosen; < 0 ("auto"): model_threshold */
    } model;
    struct {
        double release;    /* score below which a label goes; < 0: smooth_release_auto */
        double time_s;     /* time constant of the scores' moving average; 0: off */
        double hysteresis; /* how much better another class must be than one that could stay */
        double hold_s;     /* and for how long */
    } smooth;
    struct {
        char *text; /* template: {label} {score} {time} {fps}; empty: none */
        double scale, x, y;
        int thickness;
        char *colour; /* "0,255,0": blue, green, red, as in OpenCV's demo */
        int jpeg_quality;
    } label;
    struct {
        bool enabled; /* --no-web: predictions only, no port is opened */
        char *listen;
        int port;
        bool allow_remote;
        int max_clients, max_clients_per_address;
        double request_timeout_s, healthy_age_s;
    } web;
    struct {
        char *predictions; /* file or "-"; empty: none */
        int level;         /* enum log_level */
    } output;
};

extern const struct option_table options_table;

/* Whether the options go together; each by itself was checked when it was read. Opens nothing.
 * Usage errors. Call it after config_read. */
bool options_check(const struct options *options, struct error *error);

#endif
