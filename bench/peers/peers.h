/*
 * peers: other inference libraries, each running the same network on the same input, to compare
 * with (bench/peers/compare.c). They exist for the networks of the recipes in bench/ only.
 */
#ifndef PAWCAM_BENCH_PEERS_PEERS_H
#define PAWCAM_BENCH_PEERS_PEERS_H

#include "common/error.h"

/* What a peer is opened with; must outlive it. */
struct peer_net {
    const char *h5, *onnx; /* the same network twice */
    const float *input;    /* height x width x 3, as the model wants it */
    int height, width;
};

struct peer_kind {
    const char *name;
    void *(*open)(const struct peer_net *net, struct error *error);

    /* One picture on one thread; *ms is the CPU time that it took. */
    bool (*run)(void *self, double *ms, struct error *error);

    /* After a run: the class scores. */
    const float *(*output)(void *self);
    void (*close)(void *self); /* accepts NULL */
};

#ifdef __cplusplus
extern "C" {
#endif
extern const struct peer_kind peer_pawcam_avx512, peer_pawcam_avx2, peer_pawcam_avx512_tuned,
    peer_pawcam_avx2_tuned, peer_pawcam_avx512_int8, peer_pawcam_avx2_int8, peer_onednn,
    peer_opencv_dnn, peer_onnxruntime;

/* CPU time of this thread, ms. */
double peer_cpu_ms(void);
#ifdef __cplusplus
}
#endif

#endif
