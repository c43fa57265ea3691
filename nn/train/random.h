/*
 * random: a stream of random numbers that is the same on every machine for one seed. The state is
 * plain data, so that a checkpoint can hold it. xoshiro256** by Blackman and Vigna, "Scrambled
 * linear pseudorandom number generators" (2021), seeded by their splitmix64.
 */
#ifndef PAWCAM_NN_TRAIN_RANDOM_H
#define PAWCAM_NN_TRAIN_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state[4];
};

void random_seed(struct random *random, uint64_t seed);

/* A stream of its own for each epoch and purpose of one training. */
void random_stream(struct random *random, uint64_t seed, uint64_t epoch, uint64_t purpose);

uint64_t random_bits(struct random *random);

/* Uniform in [0, 1), 53 bits of it. */
double random_uniform(struct random *random);

/* Uniform in 0..bound-1, without bias; bound > 0. */
uint64_t random_below(struct random *random, uint64_t bound);

/* Mean 0, standard deviation 1 (Box and Muller 1958; one of the pair is thrown away, so that the
 * state is all there is). */
double random_normal(struct random *random);

#endif
