/* onnxruntime, in a node process of its own (npm's onnxruntime-node is the build that is easy to
 * get): a line to it starts a run, a line from it brings the time and the scores. */
#include "bench/peers/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SCORES_MAX = 16 };

struct process {
    pid_t pid;
    FILE *to, *from;
    float scores[SCORES_MAX];
};

/* The input as onnxruntime wants it, channels first, in an unlinked file. */
static FILE *input_file(const struct peer_net *net)
{
    FILE *file = tmpfile();
    for (int c = 0; file && c < 3; c++)
        for (int i = 0; i < net->height * net->width; i++)
            fwrite(&net->input[i * 3 + c], sizeof(float), 1, file);
    if (file)
        rewind(file);
    return file;
}

/* Does not return. PAWCAM_ORT_SCRIPT lies beside node_modules (bench/peers.mk). */
static void become_node(const struct peer_net *net, const int to[2], const int from[2])
{
    char width[16], height[16], input[32];
    const char *script = getenv("PAWCAM_ORT_SCRIPT");
    FILE *file = input_file(net);
    snprintf(width, sizeof width, "%d", net->width);
    snprintf(height, sizeof height, "%d", net->height);
    if (script && file && dup2(to[0], STDIN_FILENO) >= 0 && dup2(from[1], STDOUT_FILENO) >= 0) {
        snprintf(input, sizeof input, "/dev/fd/%d", fileno(file));
        close(to[1]);
        close(from[0]);
        execlp("node", "node", script, net->onnx, input, width, height, (char *)NULL);
    }
    _exit(127);
}

static void close_net(void *self)
{
    struct process *process = self;
    if (!process)
        return;
    if (process->to)
        fclose(process->to); /* the end of its input ends it */
    if (process->from)
        fclose(process->from);
    waitpid(process->pid, NULL, 0);
    free(process);
}

static void *open_net(const struct peer_net *net, struct error *error)
{
    struct process *process = calloc(1, sizeof *process);
    int to[2], from[2];
    if (!process || pipe(to) != 0 || pipe(from) != 0) {
        error_set(error, "onnxruntime: no pipe to a process of its own");
        free(process);
        return NULL;
    }
    process->pid = fork();
    if (process->pid == 0)
        become_node(net, to, from);
    close(to[0]);
    close(from[1]);
    process->to = fdopen(to[1], "w");
    process->from = fdopen(from[0], "r");
    return process;
}

static bool run(void *self, double *ms, struct error *error)
{
    struct process *process = self;
    char line[1024];
    char *at = line;
    if (fputc('\n', process->to) == EOF || fflush(process->to) != 0 ||
        !fgets(line, sizeof line, process->from))
        return error_set(error, "onnxruntime: its process ended; see above, or make bench-peers");
    *ms = strtod(at, &at);
    for (int i = 0; i < SCORES_MAX; i++)
        process->scores[i] = strtof(at, &at);
    return true;
}

static const float *output(void *self)
{
    return ((struct process *)self)->scores;
}

const struct peer_kind peer_onnxruntime = {"onnxruntime", open_net, run, output, close_net};
