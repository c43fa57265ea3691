/*
 * large_state: a library for LD_PRELOAD under User-Mode Linux 6.1 and older, which set a process's
 * vector registers by 2,696 bytes. A host whose processor has AMX takes 11,008 or nothing, so the
 * guest's first process would end in a panic ("put_fp_registers"). Here the registers behind those
 * that the guest's kernel knows keep what they hold.
 */
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { STATE_MAX = 65536, USED_AT = 512 }; /* where the XSAVE area tells which parts it holds */

static const uint64_t unknown_parts = (uint64_t)3 << 17; /* AMX's configuration and tiles */
static long (*next_ptrace)(enum __ptrace_request request, ...);
static char state[STATE_MAX]; /* the guest's kernel has one thread */

__attribute__((constructor)) static void find_next(void)
{
    *(void **)&next_ptrace = dlsym(RTLD_NEXT, "ptrace");
    if (!next_ptrace) {
        fputs("large_state: no ptrace to go on to\n", stderr);
        abort();
    }
}

static uint64_t used_parts(const void *area)
{
    uint64_t parts;
    memcpy(&parts, (const char *)area + USED_AT, sizeof parts);
    return parts;
}

static long set_state(pid_t pid, void *set, struct iovec *known)
{
    struct iovec whole = {state, sizeof state};
    if (next_ptrace(PTRACE_GETREGSET, pid, set, &whole) < 0 || whole.iov_len <= known->iov_len)
        return next_ptrace(PTRACE_SETREGSET, pid, set, known);
    const uint64_t parts =
        (used_parts(known->iov_base) & ~unknown_parts) | (used_parts(state) & unknown_parts);
    memcpy(state, known->iov_base, known->iov_len);
    memcpy(state + USED_AT, &parts, sizeof parts);
    return next_ptrace(PTRACE_SETREGSET, pid, set, &whole);
}

long ptrace(enum __ptrace_request request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    const pid_t pid = va_arg(arguments, pid_t);
    void *address = va_arg(arguments, void *);
    void *data = va_arg(arguments, void *);
    va_end(arguments);
    if (request == PTRACE_SETREGSET && (intptr_t)address == NT_X86_XSTATE)
        return set_state(pid, address, data);
    return next_ptrace(request, pid, address, data);
}
