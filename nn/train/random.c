#include "nn/train/random.h"

#include <math.h>

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

void random_seed(struct random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        random->state[i] = splitmix64(&seed);
}

void random_stream(struct random *random, uint64_t seed, uint64_t epoch, uint64_t purpose)
{
    random_seed(random, seed * 0x9e3779b97f4a7c15 + epoch * 0xd1342543de82ef95 + purpose);
    random_seed(random, random_bits(random));
}

static uint64_t rotate_left(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

uint64_t random_bits(struct random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double random_uniform(struct random *random)
{
    return (double)(random_bits(random) >> 11) * 0x1p-53;
}

uint64_t random_below(struct random *random, uint64_t bound)
{
    uint64_t biased = -bound % bound; /* 2^64 mod bound: so many low values are too many */
    uint64_t bits;
    do
        bits = random_bits(random);
    while (bits < biased);
    return bits % bound;
}

double random_normal(struct random *random)
{
    double radius = sqrt(-2 * log(1 - random_uniform(random))); /* 1 - u > 0 */
    return radius * cos(2 * M_PI * random_uniform(random));
}
