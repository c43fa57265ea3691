#include "nn/cpu.h"

const struct kernels *const *cpu_all_kernels(void)
{
    static const struct kernels *const all[] = {
#if defined(__x86_64__)
        &kernels_vl16,
        &kernels_vl8,
#endif
        &kernels_vl4,
        NULL,
    };
    return all;
}

bool cpu_can_run(const struct kernels *kernels)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    switch (
        kernels->lanes) { /* the levels that the Makefile compiles for: x86-64-v4, -v3, baseline */
    case 16:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
    case 8:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    default:
        return true;
    }
#else
    (void)kernels;
    return true; /* NEON is part of every aarch64 */
#endif
}
