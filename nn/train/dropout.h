/*
 * dropout: which values a Dropout layer sets to zero. A pure function of seed, step, layer, example
 * and value, so that all engines agree, threads need no common state, and a resumed training goes
 * on as it would have. The mixing steps are those of MurmurHash3's and splitmix64's finalizers.
 */
#ifndef PAWCAM_NN_TRAIN_DROPOUT_H
#define PAWCAM_NN_TRAIN_DROPOUT_H

#include <stdbool.h>
#include <stdint.h>

/* Of one layer for one example. */
static inline uint32_t dropout_key(uint64_t seed, uint64_t step, int layer, int example)
{
    uint64_t z = seed + step * 0x9e3779b97f4a7c15U;
    z ^= ((uint64_t)(uint32_t)layer << 32 | (uint32_t)example) * 0xd1342543de82ef95U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (uint32_t)(z >> 32);
}

/* name(key, index): 24 random bits for the value of this index in (height, width, channels), or for
 * the values of a vector of indices. */
#define DEFINE_DROPOUT_DRAW(name, result_type, index_type)                                         \
    static inline result_type name(uint32_t key, index_type index)                                 \
    {                                                                                              \
        index_type h = (index + key) * 0x9e3779b9U ^ key;                                          \
        h = (h ^ (h >> 16)) * 0x85ebca6bU;                                                         \
        h = (h ^ (h >> 13)) * 0xc2b2ae35U;                                                         \
        return (result_type)(h >> 8);                                                              \
    }

DEFINE_DROPOUT_DRAW(dropout_draw, int32_t, uint32_t)

/* A draw below it is dropped. */
static inline int32_t dropout_limit(double rate)
{
    return (int32_t)(rate * (1 << 24));
}

#endif
