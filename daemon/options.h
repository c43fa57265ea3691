/* options: every setting of the daemon, and the table that defines them for config/. */
#ifndef PAWCAM_DAEMON_OPTIONS_H
#define PAWCAM_DAEMON_OPTIONS_H

#include "capture/capture.h"
#include "config/config.h"

/* Owned strings are char *, freed by config_free. */
struct options {
    struct {
        char *source, *format, *controls;
        int width, height;
        double fps, timeout_s;
        int replay_speed; /* enum replay_speed */
        int replay_loop;  /* "forever" is written as 0 */
        int seed, limit;
        bool exit_on_loss; /* end with exit code 1 instead of waiting for the source */
    } capture;
    struct {
        char *path;     /* "auto": the shipped model */
        char *cpu;      /* kernels, see nn/session.h */
        char *classes;  /* "cat,dog"; empty: from the model */
        char *channels; /* "auto", "rgb" or "bgr" */
        char *scale;    /* "auto", or one or three numbers: x = pixel * scale + offset */
        char *offset;
        double threshold; /* best score below it: "unknown"; < 0: the model's own, else 0.6 */
    } model;
    struct {
        double time_s;     /* time constant of the scores' moving average; 0: off */
        double hysteresis; /* how much better another class must be before the label changes */
    } smooth;
    struct {
        char *text; /* template: {label} {score} {time} {fps}; empty: none */
        double scale, x, y;
        int thickness;
        char *colour; /* "0,255,0": blue, green, red, as OpenCV's demo */
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

#endif
