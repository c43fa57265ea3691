/* nets: small networks, written as recipes, and data for them. */
#ifndef PAWCAM_TESTS_TRAIN_NETS_H
#define PAWCAM_TESTS_TRAIN_NETS_H

#include "nn/train/random.h"
#include "nn/train/trainer.h"
#include "tests/suite.h"

#include <math.h>

struct net {
    struct script script;
    struct network network;
};

static inline void net_build(struct net *net, const char *text)
{
    struct error error = {0};
    *net = (struct net){0};
    ck_assert_msg(script_parse(&net->script, "net.recipe", text, &error), "%s", error.message);
    ck_assert_msg(network_build(&net->network, &net->script, 1, &error), "%s", error.message);
}

static inline void net_free(struct net *net)
{
    network_free(&net->network);
    script_free(&net->script);
}

/* Values in -1..1. */
static inline void net_fill(struct random *random, float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(2 * random_uniform(random) - 1);
}

static inline struct trainer_settings net_settings(void)
{
    return (struct trainer_settings){
        .loss = LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
        .optimizer = OPTIMIZER_ADAM,
        .momentum = 0.9,
        .rho = 0.9,
        .beta_1 = 0.9,
        .beta_2 = 0.999,
        .epsilon = 1e-8,
        .batch = 8,
        .threads = 1,
        .cpu = "auto",
        .seed = 1,
    };
}

static inline struct trainer *net_trainer(struct net *net, const struct trainer_settings *settings)
{
    struct error error = {0};
    struct trainer *trainer = trainer_create(&net->network, settings, &error);
    ck_assert_msg(trainer != NULL, "%s", error.message);
    return trainer;
}

#endif
