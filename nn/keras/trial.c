#include "nn/keras/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a library says while it dies is of no use to anybody. */
static void silence(void)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0)
        dup2(null, STDERR_FILENO);
}

/* An interval timer and not RLIMIT_CPU, because the service may not change its limits. SIGPROF ends
 * a process by default. */
_Noreturn static void run(void (*attempt)(void *context), void *context, int limit_s)
{
    const struct itimerval limit = {.it_value = {.tv_sec = limit_s}};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_DUMPABLE, 0); /* no core file */
    setitimer(ITIMER_PROF, &limit, NULL);
    silence();
    attempt(context);
    _exit(0);
}

bool trial_survives(void (*attempt)(void *context), void *context, int limit_s)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        run(attempt, context, limit_s);
    if (child < 0)
        return true;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return true;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
