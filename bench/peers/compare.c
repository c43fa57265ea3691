/* compare SECONDS NAME MODEL.h5 MODEL.onnx ...: each network by each library, in turns, so that a
 * busy moment of the machine hits all alike. One thread; the times are CPU times. A table of
 * medians and of how our kernels compare. Peers that cannot run here are left out, and said
 * so. */
#include "bench/peers/peers.h"

#include "common/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 128, ROUNDS_MAX = 4000, CLASSES = 3 };

/* Ours, then those that ours are compared with. */
static const struct peer_kind *const kinds[] = {
    &peer_pawcam_avx512, &peer_pawcam_avx512_tuned, &peer_pawcam_avx2, &peer_pawcam_avx2_tuned,
    &peer_onednn,        &peer_onnxruntime,         &peer_opencv_dnn};

enum { OURS = 4, KINDS = sizeof kinds / sizeof *kinds };

struct contestant {
    const struct peer_kind *kind;
    void *state;      /* NULL: left out */
    double *ms;       /* ROUNDS_MAX */
    float difference; /* of its scores from the first's */
};

static int ascending(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void leave_out(struct contestant *c, const struct error *error)
{
    fprintf(stderr, "%s is left out: %s\n", c->kind->name, error->message);
    c->kind->close(c->state);
    c->state = NULL;
}

static void open_all(struct contestant *all, const struct peer_net *net)
{
    for (int i = 0; i < KINDS; i++) {
        struct error error = {.code = EXIT_CODE_RUNTIME, .message = "out of memory"};
        all[i] = (struct contestant){.kind = kinds[i], .ms = calloc(ROUNDS_MAX, sizeof(double))};
        all[i].state = all[i].ms ? kinds[i]->open(net, &error) : NULL;
        double ms;
        for (int warm = 0; warm < 3 && all[i].state; warm++)
            if (!kinds[i]->run(all[i].state, &ms, &error)) {
                leave_out(&all[i], &error);
                break;
            }
        if (!all[i].state)
            fprintf(stderr, "%s: %s\n", kinds[i]->name, error.message);
    }
}

static int run_rounds(struct contestant *all, double seconds)
{
    const int64_t end_ns = clock_monotonic_ns() + clock_ns_from_seconds(seconds);
    int round = 0;
    while (round < ROUNDS_MAX && clock_monotonic_ns() < end_ns) {
        for (int i = 0; i < KINDS; i++) {
            struct error error;
            if (all[i].state && !all[i].kind->run(all[i].state, &all[i].ms[round], &error))
                leave_out(&all[i], &error);
        }
        round++;
    }
    return round;
}

static void compare_scores(struct contestant *all)
{
    for (int i = 1; i < KINDS && all[0].state; i++)
        for (int c = 0; c < CLASSES && all[i].state; c++) {
            const float a = all[i].kind->output(all[i].state)[c];
            const float b = all[0].kind->output(all[0].state)[c];
            all[i].difference = fmaxf(all[i].difference, fabsf(a - b));
        }
}

/* A column for each of ours: its time as a share of the row's. */
static void print_head(void)
{
    printf("| net | library | median ms | least ms |");
    for (int i = 0; i < OURS; i++)
        printf(" %s / it |", kinds[i]->name);
    printf(" scores differ |\n| --- | --- | --- | --- |");
    for (int i = 0; i < OURS; i++)
        printf(" --- |");
    printf(" --- |\n");
}

static void print(const char *name, struct contestant *all, int rounds)
{
    for (int i = 0; i < KINDS; i++)
        qsort(all[i].ms, (size_t)rounds, sizeof(double), ascending);
    for (int i = 0; i < KINDS; i++) {
        if (!all[i].state)
            continue;
        const double median_ms = all[i].ms[rounds / 2];
        printf("| %s | %s | %.3f | %.3f |", name, all[i].kind->name, median_ms, all[i].ms[0]);
        for (int ours = 0; ours < OURS; ours++)
            if (i < OURS || !all[ours].state)
                printf(" |");
            else
                printf(" %.2f |", all[ours].ms[rounds / 2] / median_ms);
        printf(" %.0e |\n", (double)all[i].difference);
    }
    fflush(stdout);
}

static void compare(double seconds, const char *name, const char *h5, const char *onnx,
                    const float *input)
{
    struct contestant all[KINDS];
    const struct peer_net net = {h5, onnx, input, SIDE, SIDE};
    open_all(all, &net);
    const int rounds = run_rounds(all, seconds);
    compare_scores(all);
    print(name, all, rounds);
    for (int i = 0; i < KINDS; i++) {
        all[i].kind->close(all[i].state);
        free(all[i].ms);
    }
}

int main(int argc, char **argv)
{
    static float input[SIDE * SIDE * 3];
    if (argc < 5 || argc % 3 != 2) {
        fprintf(stderr, "usage: compare SECONDS NAME MODEL.h5 MODEL.onnx ...\n");
        return EXIT_CODE_USAGE;
    }
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        input[i] = (float)(i * 37 % 256) / 255;
    print_head();
    for (int i = 2; i + 2 < argc; i += 3)
        compare(strtod(argv[1], NULL), argv[i], argv[i + 1], argv[i + 2], input);
    return EXIT_CODE_OK;
}
