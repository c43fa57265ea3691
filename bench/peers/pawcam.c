/* Our own engine as one of the peers. */
#include "bench/peers/peers.h"
#include "nn/keras/keras.h"
#include "nn/session.h"

#include <stdlib.h>
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

static void *open_net(const struct peer_net *net, const char *cpu, struct error *error)
{
    struct own *own = calloc(1, sizeof *own);
    if (!own)
        return NULL;
    own->input = net->input;
    own->model = keras_load(net->h5, error);
    own->session = own->model ? session_create(own->model, cpu, error) : NULL;
    if (own->session)
        return own;
    close_net(own);
    return NULL;
}

static void *open_avx512(const struct peer_net *net, struct error *error)
{
    return open_net(net, "avx512", error);
}

static void *open_avx2(const struct peer_net *net, struct error *error)
{
    return open_net(net, "avx2", error);
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
