/* Our own engine as some of the peers: each set of kernels as it guesses, as `pawcam tune` tunes
 * it, and on 8 bits. */
#include "bench/peers/peers.h"
#include "nn/keras/keras.h"
#include "nn/keras/tuning_file.h"
#include "nn/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct own {
    struct model *model;
    struct session *session;
    const float *input, *output;
};

double peer_cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void close_net(void *self)
{
    struct own *own = self;
    if (!own)
        return;
    session_destroy(own->session);
    model_destroy(own->model);
    free(own);
}

/* A row that says "tuned" has to be. */
static bool load_tuning(const char *h5, struct model *model, struct error *error)
{
    tuning_file_load(h5, model);
    return model->tuning || error_set(error, "%s is not tuned", h5);
}

static void *open_file(const char *h5, const float *input, const char *cpu, bool tuned,
                       struct error *error)
{
    struct own *own = calloc(1, sizeof *own);
    if (!own)
        return NULL;
    own->input = input;
    own->model = keras_load(h5, error);
    const bool good = own->model && (!tuned || load_tuning(h5, own->model, error));
    own->session = good ? session_create(own->model, cpu, error) : NULL;
    if (own->session)
        return own;
    close_net(own);
    return NULL;
}

/* bench/peers.mk keeps other forms of the network FOLDER/NET.h5 in folders beside it: a copy for
 * each set of kernels, which a tuning is for, and the quantized one. */
static void *open_form(const struct peer_net *net, const char *folder, const char *cpu, bool tuned,
                       struct error *error)
{
    const char *slash = strrchr(net->h5, '/');
    char path[4096];
    if (!slash) {
        error_set(error, "%s lies in no folder", net->h5);
        return NULL;
    }
    snprintf(path, sizeof path, "%.*s/%s%s", (int)(slash - net->h5), net->h5, folder, slash);
    return open_file(path, net->input, cpu, tuned, error);
}

static void *open_avx512(const struct peer_net *net, struct error *error)
{
    return open_file(net->h5, net->input, "avx512", false, error);
}

static void *open_avx2(const struct peer_net *net, struct error *error)
{
    return open_file(net->h5, net->input, "avx2", false, error);
}

static void *open_avx512_tuned(const struct peer_net *net, struct error *error)
{
    return open_form(net, "avx512", "avx512", true, error);
}

static void *open_avx2_tuned(const struct peer_net *net, struct error *error)
{
    return open_form(net, "avx2", "avx2", true, error);
}

static void *open_avx512_int8(const struct peer_net *net, struct error *error)
{
    return open_form(net, "int8", "avx512", false, error);
}

static void *open_avx2_int8(const struct peer_net *net, struct error *error)
{
    return open_form(net, "int8", "avx2", false, error);
}

static bool run(void *self, double *ms, struct error *error)
{
    struct own *own = self;
    (void)error;
    const double start_ms = peer_cpu_ms();
    own->output = session_run(own->session, own->input);
    *ms = peer_cpu_ms() - start_ms;
    return true;
}

static const float *output(void *self)
{
    return ((struct own *)self)->output;
}

const struct peer_kind peer_pawcam_avx512 = {"pawcam avx512", open_avx512, run, output, close_net};
const struct peer_kind peer_pawcam_avx2 = {"pawcam avx2", open_avx2, run, output, close_net};
const struct peer_kind peer_pawcam_avx512_tuned = {"pawcam avx512, tuned", open_avx512_tuned, run,
                                                   output, close_net};
const struct peer_kind peer_pawcam_avx2_tuned = {"pawcam avx2, tuned", open_avx2_tuned, run, output,
                                                 close_net};
const struct peer_kind peer_pawcam_avx512_int8 = {"pawcam avx512, int8", open_avx512_int8, run,
                                                  output, close_net};
const struct peer_kind peer_pawcam_avx2_int8 = {"pawcam avx2, int8", open_avx2_int8, run, output,
                                                close_net};
