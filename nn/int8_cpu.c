/* Which 8-bit kernels this machine can run. */
#include "nn/cpu.h"
#include "nn/int8_kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__linux__)
#include <sys/auxv.h>
#endif

/* The best of each vector length first. */
const struct int8_kernels *const *int8_all_kernels(void)
{
    static const struct int8_kernels *const all[] = {
#if defined(__x86_64__)
        &int8_kernels_vl16_amx,
        &int8_kernels_vl16_vnni,
        &int8_kernels_vl16,
        &int8_kernels_vl8_vnni,
        &int8_kernels_vl8,
#elif defined(__aarch64__)
        &int8_kernels_vl4_dot,
#endif
        &int8_kernels_vl4,
        NULL,
    };
    return all;
}

#if defined(__x86_64__)
/* GCC 12's __builtin_cpu_supports does not know it: CPUID leaf 7, subleaf 1, EAX bit 4. */
static bool has_avx_vnni(void)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}

/* CPUID leaf 7, EDX bits 24 and 25; and Linux wants to be asked for the registers, which are large,
 * once per process, for all its threads (Documentation/x86/xstate.rst). It refuses where some
 * thread has too small a stack for signals (sigaltstack), and from then on refuses such stacks. */
static bool has_matrices(void)
{
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM */
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 24 & 3) == 3 &&
           syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

static bool has_dot_product(const struct int8_kernels *kernels)
{
    if (kernels == &int8_kernels_vl16_amx)
        return __builtin_cpu_supports("avx512vnni") && has_matrices();
    if (kernels == &int8_kernels_vl16_vnni)
        return __builtin_cpu_supports("avx512vnni");
    return kernels != &int8_kernels_vl8_vnni || has_avx_vnni();
}
#elif defined(__aarch64__) && defined(__linux__)
static bool has_dot_product(const struct int8_kernels *kernels)
{
    return kernels != &int8_kernels_vl4_dot || (getauxval(AT_HWCAP) & HWCAP_ASIMDDP);
}
#else
static bool has_dot_product(const struct int8_kernels *kernels)
{
    return kernels == &int8_kernels_vl4;
}
#endif

static bool has_vectors(int lanes)
{
    for (const struct kernels *const *kernels = cpu_all_kernels(); *kernels; kernels++)
        if ((*kernels)->lanes == lanes)
            return cpu_can_run(*kernels);
    return false;
}

bool int8_can_run(const struct int8_kernels *kernels)
{
    return has_vectors(kernels->lanes) && has_dot_product(kernels);
}

const struct int8_kernels *int8_kernels_for(int lanes)
{
    const struct int8_kernels *const *kernels = int8_all_kernels();
    while (*kernels && ((*kernels)->lanes != lanes || !int8_can_run(*kernels)))
        kernels++;
    return *kernels;
}
