#include "capture/story.h"

#include <math.h>

static const double TURN = 2 * 3.14159265358979323846;

/* --- random choices --------------------------------------------------------------------------- */

uint64_t story_bits(struct story_random *random)
{
    uint64_t z = random->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

double story_uniform(struct story_random *random, double from, double to)
{
    return from + (to - from) * (double)(story_bits(random) >> 11) / 9007199254740992.0; /* 2^53 */
}

int story_choice(struct story_random *random, int count)
{
    return (int)(story_bits(random) % (uint64_t)count);
}

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

void story_random_room(struct story_random *random, struct scene_room *room)
{
    static const struct colour walls[] = {
        {200, 222, 232}, {205, 215, 198}, {222, 212, 200}, {190, 205, 228}, {215, 200, 208}};
    static const struct colour floors[] = {{98, 138, 178}, {78, 112, 150}, {120, 150, 180}};
    static const struct colour rugs[] = {
        {125, 110, 190}, {175, 140, 100}, {120, 165, 140}, {100, 150, 205}};
    static const struct colour sofas[] = {
        {150, 120, 85}, {115, 135, 95}, {90, 95, 160}, {130, 125, 130}};
    static const struct colour curtains[] = {{110, 170, 225}, {170, 175, 130}, {190, 160, 200}};
    room->wall = walls[story_choice(random, COUNT(walls))];
    room->floor = floors[story_choice(random, COUNT(floors))];
    room->rug = rugs[story_choice(random, COUNT(rugs))];
    room->sofa = sofas[story_choice(random, COUNT(sofas))];
    room->curtain = curtains[story_choice(random, COUNT(curtains))];
    bool left = story_choice(random, 2) == 0;
    room->window_x = story_uniform(random, 0.20, 0.28);
    room->picture_x = story_uniform(random, 0.62, 0.72);
    room->sofa_x = story_uniform(random, 0.58, 0.70);
    room->plant_x = story_uniform(random, 0.91, 0.94);
    if (left) {
        room->window_x = 1 - room->window_x;
        room->picture_x = 1 - room->picture_x;
        room->sofa_x = 1 - room->sofa_x;
        room->plant_x = 1 - room->plant_x;
    }
    room->floor_y = story_uniform(random, 0.30, 0.36);
    room->day = story_uniform(random, 0, 1);
    float bright = (float)story_uniform(random, 0.65, 1.05);
    float warm = (float)story_uniform(random, -0.06, 0.08);
    room->light = (struct light){bright * (1 - warm), bright, bright * (1 + warm)};
}

void story_random_coat(struct story_random *random, enum scene_animal animal,
                       struct scene_coat *coat)
{
    static const struct scene_coat cats[] = {
        {{75, 150, 230}, {45, 100, 190}, {215, 235, 250}, {95, 200, 130}, PATTERN_STRIPES},
        {{150, 150, 155}, {95, 95, 100}, {235, 235, 238}, {80, 205, 215}, PATTERN_STRIPES},
        {{62, 58, 60}, {40, 36, 38}, {215, 215, 220}, {80, 215, 225}, PATTERN_PLAIN},
        {{225, 235, 240}, {110, 145, 200}, {245, 248, 250}, {215, 165, 95}, PATTERN_PATCHES},
    };
    static const struct scene_coat dogs[] = {
        {{95, 155, 210}, {55, 95, 150}, {200, 225, 242}, {45, 75, 120}, PATTERN_PLAIN},
        {{225, 232, 238}, {50, 75, 120}, {245, 248, 250}, {45, 70, 110}, PATTERN_PATCHES},
        {{60, 85, 125}, {38, 52, 80}, {150, 185, 215}, {60, 110, 170}, PATTERN_PLAIN},
        {{215, 220, 225}, {70, 68, 70}, {245, 246, 248}, {60, 90, 130}, PATTERN_PATCHES},
    };
    bool is_cat = animal == SCENE_CAT;
    *coat =
        is_cat ? cats[story_choice(random, COUNT(cats))] : dogs[story_choice(random, COUNT(dogs))];
    double tone = story_uniform(random, 0.92, 1.06);
    coat->base = colour_times(coat->base, tone);
    coat->light = colour_times(coat->light, fmin(tone, 1));
}

/* --- the visit -------------------------------------------------------------------------------- */

/* Streams of random numbers that do not depend on each other. */
enum stream { STREAM_ROOM, STREAM_ORDER, STREAM_VISIT };

static struct story_random random_for(int seed, enum stream stream, int number)
{
    struct story_random random = {(uint64_t)(uint32_t)seed << 32 | (uint64_t)(uint32_t)number};
    random.state ^= (uint64_t)stream << 60;
    random.state = story_bits(&random);
    return random;
}

static enum scene_animal visitor(int seed, int visit)
{
    static const enum scene_animal orders[][3] = {{SCENE_CAT, SCENE_DOG, SCENE_NOBODY},
                                                  {SCENE_DOG, SCENE_CAT, SCENE_NOBODY},
                                                  {SCENE_CAT, SCENE_NOBODY, SCENE_DOG},
                                                  {SCENE_DOG, SCENE_NOBODY, SCENE_CAT}};
    struct story_random random = random_for(seed, STREAM_ORDER, visit / 3);
    return orders[story_choice(&random, COUNT(orders))][visit % 3];
}

/* 0 before `from`, 1 after `to`, and a soft step between. */
static double ease(double time, double from, double to)
{
    double share = fmin(fmax((time - from) / (to - from), 0), 1);
    return share * share * (3 - 2 * share);
}

/* Where the animal is and whether it walks, `time` seconds into its visit. */
static void walk(struct scene_pose *pose, double time, double stay_x, double direction)
{
    const double walk_s = 2.6, leave_s = STORY_VISIT_S - walk_s;
    double outside = pose->height * 0.95; /* in widths; more than enough in any picture */
    double from_x = direction > 0 ? -outside : 1 + outside;
    double to_x = direction > 0 ? 1 + outside : -outside;
    double in = fmin(time / walk_s, 1), out = fmax((time - leave_s) / walk_s, 0);
    pose->x = out > 0 ? stay_x + (to_x - stay_x) * out : from_x + (stay_x - from_x) * in;
    pose->gait =
        1 - ease(time, walk_s - 0.2, walk_s + 0.2) + ease(time, leave_s - 0.2, leave_s + 0.2);
    pose->stride = fmod(time * 1.4, 1);
    pose->sit = ease(time, walk_s + 0.4, walk_s + 1.0) - ease(time, leave_s - 0.9, leave_s - 0.3);
    pose->facing = direction;
}

static void express(struct scene_pose *pose, enum scene_animal animal, double time, bool sits)
{
    double beat = animal == SCENE_DOG ? 2.6 : 0.45; /* a dog wags, a cat sways; in Hz */
    pose->tail = sin(TURN * beat * time);
    pose->tilt = 7 * sin(TURN * 0.23 * time) * (1 - pose->gait);
    pose->eyes = fmod(time, 3.1) < 0.14 ? 0 : 1;
    pose->mouth = animal == SCENE_DOG ? 0.75 + 0.25 * sin(TURN * 1.7 * time) : 0;
    if (!sits)
        pose->sit = 0;
}

void story_scene(int seed, double time_s, struct scene *scene)
{
    *scene = (struct scene){0};
    struct story_random random = random_for(seed, STREAM_ROOM, 0);
    story_random_room(&random, &scene->room);
    scene->room.day = 0.55 + 0.45 * sin(TURN * time_s / 90); /* a day takes a minute and a half */
    float sun = (float)(0.72 + 0.28 * scene->room.day);
    scene->room.light.b *= sun;
    scene->room.light.g *= sun;
    scene->room.light.r *= sun;

    int visit = (int)(time_s / STORY_VISIT_S);
    double time = time_s - (double)visit * STORY_VISIT_S;
    random = random_for(seed, STREAM_VISIT, visit);
    scene->animal = visitor(seed, visit);
    if (scene->animal == SCENE_NOBODY)
        return;
    story_random_coat(&random, scene->animal, &scene->coat);
    struct scene_pose *pose = &scene->pose;
    pose->height = story_uniform(&random, 0.42, 0.60) * (scene->animal == SCENE_DOG ? 1.08 : 1);
    pose->y = story_uniform(&random, 0.06, 0.13);
    double stay_x = story_uniform(&random, 0.38, 0.62);
    double direction = story_choice(&random, 2) == 0 ? 1 : -1;
    bool sits = story_choice(&random, 3) != 0;
    walk(pose, time, stay_x, direction);
    express(pose, scene->animal, time, sits);
}
