#include "nn/cpu.h"

#include <stdio.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

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

#if defined(__x86_64__)
/* Half floats; not every compiler's __builtin_cpu_supports knows them. */
static bool has_f16c(void)
{
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_F16C);
}
#endif

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
               __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && has_f16c();
    default:
        return true;
    }
#else
    (void)kernels;
    return true; /* NEON is part of every aarch64 */
#endif
}

const struct kernels *cpu_find_kernels(const char *name)
{
    const bool best = !name || strcmp(name, "auto") == 0;
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++)
        if ((best || strcmp(name, (*k)->name) == 0) && cpu_can_run(*k))
            return *k;
    return NULL;
}

/* --- the processor's name --------------------------------------------------------------------- */

#if defined(__x86_64__)

/* The brand string (leaves 0x80000002 to 4 of CPUID), which virtual machines shorten, and the
 * numbers of leaf 1. */
const char *cpu_name(char text[CPU_NAME_BYTES])
{
    unsigned brand[13] = {0}, id[4] = {0};
    for (unsigned leaf = 0; leaf < 3; leaf++)
        if (!__get_cpuid(0x80000002 + leaf, &brand[4 * leaf], &brand[4 * leaf + 1],
                         &brand[4 * leaf + 2], &brand[4 * leaf + 3]))
            return strcpy(text, "unknown");
    __get_cpuid(1, &id[0], &id[1], &id[2], &id[3]);
    const unsigned eax = id[0], family = (eax >> 8 & 15) + (eax >> 20 & 255);
    const char *name = (const char *)brand;
    int length = (int)strlen(name);
    while (length > 0 && name[length - 1] == ' ')
        length--;
    snprintf(text, CPU_NAME_BYTES, "%.*s, family %u model %u stepping %u", length, name, family,
             (eax >> 4 & 15) + (eax >> 12 & 0xf0), eax & 15);
    return text;
}

#else

/* The main ID register of the first core; see the Arm Architecture Reference Manual, MIDR_EL1. */
const char *cpu_name(char text[CPU_NAME_BYTES])
{
    char id[32] = "";
    FILE *file = fopen("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1", "r");
    const bool good = file && fscanf(file, "%31s", id) == 1;
    if (file)
        fclose(file);
    snprintf(text, CPU_NAME_BYTES, "%s%s", good ? "MIDR " : "unknown", id);
    return text;
}

#endif
