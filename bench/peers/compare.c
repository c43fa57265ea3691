/* compare SECONDS PICTURES NAME MODEL.h5 MODEL.onnx ...: each network by each library, in turns, so
 * that a busy moment of the machine hits all alike. One thread; the times are CPU times. A table of
 * medians and of how our kernels compare. Peers that cannot run here are left out, and said so.
 * A turn is that many pictures. With one, a library finds its weights where the others have driven
 * them: in the third cache or in memory. With more, the first of a turn brings them back and does
 * not count. */
#include "bench/peers/peers.h"

#include "common/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 128, TIMES_MAX = 8000, CLASSES = 3 };

/* Ours on floats, then those that they are compared with. */
static const struct peer_kind *const kinds[] = {
    &peer_pawcam_avx512,      &peer_pawcam_avx512_tuned, &peer_pawcam_avx2, &peer_pawcam_avx2_tuned,
    &peer_pawcam_avx512_int8, &peer_pawcam_avx2_int8,    &peer_onednn,      &peer_onnxruntime,
    &peer_opencv_dnn};

enum { OURS = 4, KINDS = sizeof kinds / sizeof *kinds };

struct contestant {
    const struct peer_kind *kind;
    void *state;      /* NULL: left out */
    double *ms;       /* TIMES_MAX */
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
        all[i] = (struct contestant){.kind = kinds[i], .ms = calloc(TIMES_MAX, sizeof(double))};
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

/* Runs a turn and notes its times from ms[0] on: of all pictures but a first that does not count.
 */
static void take_turn(struct contestant *c, bool first, int times, double *ms)
{
    struct error error;
    double first_ms;
    if (first && c->state && !c->kind->run(c->state, &first_ms, &error))
        leave_out(c, &error);
    for (int i = 0; i < times && c->state; i++)
        if (!c->kind->run(c->state, &ms[i], &error))
            leave_out(c, &error);
}

/* Returns how many times each contestant has. */
static int run_rounds(struct contestant *all, double seconds, int pictures)
{
    const int64_t end_ns = clock_monotonic_ns() + clock_ns_from_seconds(seconds);
    const int times = pictures > 1 ? pictures - 1 : 1; /* of a turn */
    int count = 0;
    for (; count + times <= TIMES_MAX && clock_monotonic_ns() < end_ns; count += times)
        for (int i = 0; i < KINDS; i++)
            take_turn(&all[i], pictures > 1, times, all[i].ms + count);
    return count;
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

static void print(const char *name, struct contestant *all, int times)
{
    for (int i = 0; i < KINDS; i++)
        qsort(all[i].ms, (size_t)times, sizeof(double), ascending);
    for (int i = 0; i < KINDS; i++) {
        if (!all[i].state)
            continue;
        const double median_ms = all[i].ms[times / 2];
        printf("| %s | %s | %.3f | %.3f |", name, all[i].kind->name, median_ms, all[i].ms[0]);
        for (int ours = 0; ours < OURS; ours++)
            if (i < OURS || !all[ours].state)
                printf(" |");
            else
                printf(" %.2f |", all[ours].ms[times / 2] / median_ms);
        printf(" %.0e |\n", (double)all[i].difference);
    }
    fflush(stdout);
}

static void compare(double seconds, int pictures, const char *name, const struct peer_net *net)
{
    struct contestant all[KINDS];
    open_all(all, net);
    const int times = run_rounds(all, seconds, pictures);
    compare_scores(all);
    print(name, all, times);
    for (int i = 0; i < KINDS; i++) {
        all[i].kind->close(all[i].state);
        free(all[i].ms);
    }
}

int main(int argc, char **argv)
{
    static float input[SIDE * SIDE * 3];
    const int pictures = argc > 2 ? atoi(argv[2]) : 0;
    if (argc < 6 || argc % 3 != 0 || pictures < 1 || pictures > TIMES_MAX) {
        fprintf(stderr, "usage: compare SECONDS PICTURES NAME MODEL.h5 MODEL.onnx ...\n");
        return EXIT_CODE_USAGE;
    }
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        input[i] = (float)(i * 37 % 256) / 255;
    print_head();
    for (int i = 3; i + 2 < argc; i += 3) {
        const struct peer_net net = {argv[i + 1], argv[i + 2], input, SIDE, SIDE};
        compare(strtod(argv[1], NULL), pictures, argv[i], &net);
    }
    return EXIT_CODE_OK;
}
