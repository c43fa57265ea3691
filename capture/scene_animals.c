/* scene_animals: the drawn cat and the drawn dog. Both are drawn twice: first the silhouette, grown
 * by an outline, then the parts. Coordinates are in the animal's height, its head on the right. */
#include "capture/scene.h"

#include <math.h>

static const double TURN = 2 * 3.14159265358979323846;
static const struct colour BLACK = {28, 24, 26};
static const struct colour WHITE = {250, 250, 250};

/* What differs between the bodies of the two. Lengths in the animal's height. */
struct build {
    struct point hip, chest; /* middle of the rump and of the breast, standing */
    double hip_radius, chest_radius;
    double leg_radius, paw_radius;
    struct point head; /* middle of the skull, standing */
    double head_lift;  /* the head rises by this much when the animal sits */
};

static const struct build cat_build = {.hip = {-0.40, 0.40},
                                       .chest = {0.16, 0.40},
                                       .hip_radius = 0.165,
                                       .chest_radius = 0.155,
                                       .leg_radius = 0.055,
                                       .paw_radius = 0.062,
                                       .head = {0.36, 0.68},
                                       .head_lift = 0.06};

static const struct build dog_build = {.hip = {-0.42, 0.46},
                                       .chest = {0.14, 0.46},
                                       .hip_radius = 0.165,
                                       .chest_radius = 0.195,
                                       .leg_radius = 0.062,
                                       .paw_radius = 0.075,
                                       .head = {0.36, 0.76},
                                       .head_lift = 0.04};

static double between(double from, double to, double share)
{
    return from + (to - from) * share;
}

static struct point hip_of(const struct build *build, const struct scene_pose *pose)
{
    return (struct point){between(build->hip.x, -0.20, pose->sit),
                          between(build->hip.y, build->hip_radius + 0.03, pose->sit)};
}

static struct point chest_of(const struct build *build, const struct scene_pose *pose)
{
    double bob = 0.012 * pose->gait * sin(2 * TURN * pose->stride);
    return (struct point){between(build->chest.x, 0.10, pose->sit),
                          build->chest.y + bob + 0.02 * pose->sit};
}

static struct point head_of(const struct build *build, const struct scene_pose *pose)
{
    double bob = 0.018 * pose->gait * sin(2 * TURN * pose->stride);
    return (struct point){between(build->head.x, 0.20, pose->sit),
                          build->head.y + bob + build->head_lift * pose->sit};
}

/* One leg with its paw; `phase` shifts it in the walk, in turns. */
static void draw_leg(struct canvas *canvas, const struct build *build,
                     const struct scene_pose *pose, struct point top, double phase,
                     struct colour fur, struct colour paw)
{
    double swing = sin(TURN * (pose->stride + phase));
    double lift = fmax(0, cos(TURN * (pose->stride + phase)));
    struct point foot = {top.x + 0.13 * pose->gait * swing,
                         build->paw_radius * 0.8 + 0.06 * pose->gait * lift};
    canvas_limb(canvas, top, build->leg_radius * 1.25, foot, build->leg_radius, fur);
    canvas_ellipse(canvas, foot.x + 0.025, foot.y, build->paw_radius * 1.2, build->paw_radius * 0.8,
                   0, paw);
}

static void draw_far_legs(struct canvas *canvas, const struct build *build,
                          const struct scene_pose *pose, const struct scene_coat *coat)
{
    struct point hip = hip_of(build, pose), chest = chest_of(build, pose);
    struct colour fur = colour_times(coat->base, 0.78), paw = colour_times(coat->light, 0.78);
    if (pose->sit < 0.5)
        draw_leg(canvas, build, pose, (struct point){hip.x + 0.10, hip.y - 0.04}, 0.5, fur, paw);
    draw_leg(canvas, build, pose, (struct point){chest.x + 0.10, chest.y - 0.08}, 0.0, fur, paw);
}

static void draw_near_legs(struct canvas *canvas, const struct build *build,
                           const struct scene_pose *pose, const struct scene_coat *coat)
{
    struct point hip = hip_of(build, pose), chest = chest_of(build, pose);
    draw_leg(canvas, build, pose, (struct point){chest.x - 0.02, chest.y - 0.06}, 0.5, coat->base,
             coat->light);
    if (pose->sit < 0.5) {
        draw_leg(canvas, build, pose, (struct point){hip.x - 0.02, hip.y - 0.04}, 0.0, coat->base,
                 coat->light);
        return;
    }
    /* Sitting: the thigh lies on the floor, the foot shows in front of it. */
    canvas_ellipse(canvas, hip.x + 0.02, hip.y - 0.02, build->hip_radius * 0.95,
                   build->hip_radius * 0.85, 20, colour_times(coat->base, 0.93));
    canvas_ellipse(canvas, hip.x + 0.16, build->paw_radius * 0.75, build->paw_radius * 1.7,
                   build->paw_radius * 0.75, 0, coat->light);
}

static void draw_trunk(struct canvas *canvas, const struct build *build,
                       const struct scene_pose *pose, const struct scene_coat *coat)
{
    struct point hip = hip_of(build, pose), chest = chest_of(build, pose);
    struct point head = head_of(build, pose);
    canvas_limb(canvas, hip, build->hip_radius, chest, build->chest_radius, coat->base);
    canvas_limb(canvas, chest, build->chest_radius * 0.85, head, build->chest_radius * 0.7,
                coat->base);
}

static void draw_markings(struct canvas *canvas, const struct build *build,
                          const struct scene_pose *pose, const struct scene_coat *coat)
{
    struct point hip = hip_of(build, pose), chest = chest_of(build, pose);
    double slope = atan2(chest.y - hip.y, chest.x - hip.x) * 360 / TURN;
    if (coat->pattern == PATTERN_PATCHES) {
        canvas_ellipse(canvas, between(hip.x, chest.x, 0.15), between(hip.y, chest.y, 0.15) + 0.04,
                       0.13, 0.09, slope + 12, coat->dark);
        canvas_ellipse(canvas, between(hip.x, chest.x, 0.75), between(hip.y, chest.y, 0.75) + 0.05,
                       0.09, 0.07, slope - 15, coat->dark);
    }
    for (int i = 0; coat->pattern == PATTERN_STRIPES && i < 5; i++) {
        double share = 0.02 + 0.2 * i;
        double radius = between(build->hip_radius, build->chest_radius, share);
        struct point middle = {between(hip.x, chest.x, share), between(hip.y, chest.y, share)};
        double c = cos(slope / 360 * TURN), s = sin(slope / 360 * TURN);
        struct point top = {middle.x - s * radius * 0.93, middle.y + c * radius * 0.93};
        struct point tip = {middle.x + 0.03, middle.y + radius * 0.15};
        canvas_limb(canvas, top, 0.024, tip, 0.008, coat->dark);
    }
}

static void draw_eye(struct canvas *head, double x, double y, double radius, double open,
                     struct colour iris, double pupil_width)
{
    if (open < 0.15) {
        canvas_ribbon(head, (struct point){x - radius, y}, (struct point){x, y - radius * 0.7},
                      (struct point){x + radius, y}, 0.012, 0.012, BLACK);
        return;
    }
    canvas_ellipse(head, x, y, radius * 1.14, radius * 1.14 * open, 0, BLACK);
    canvas_ellipse(head, x, y, radius, radius * open, 0, iris);
    canvas_ellipse(head, x, y, radius * pupil_width, radius * 0.86 * open, 0, BLACK);
    canvas_ellipse(head, x + radius * 0.32, y + radius * 0.36 * open, radius * 0.24,
                   radius * 0.24 * open, 0, WHITE);
}

/* --- cat -------------------------------------------------------------------------------------- */

/* Heads have a canvas of their own: the skull's middle is the origin, its radius about one. */

static void draw_cat_ear(struct canvas *head, double side, const struct scene_coat *coat)
{
    static const struct colour pink = {170, 165, 235};
    canvas_polygon(head,
                   (struct point[]){{side * 0.98, 0.25},
                                    {side * 1.02, 0.95},
                                    {side * 0.92, 1.42},
                                    {side * 0.55, 1.12},
                                    {side * 0.16, 0.72}},
                   5, coat->base);
    if (head->outline > 0)
        return;
    canvas_polygon(
        head,
        (struct point[]){
            {side * 0.86, 0.45}, {side * 0.88, 0.92}, {side * 0.84, 1.20}, {side * 0.36, 0.72}},
        4, pink);
}

static void draw_whiskers(struct canvas *head)
{
    for (int side = -1; side <= 1; side += 2)
        for (int i = -1; i <= 1; i++)
            canvas_ribbon(head, (struct point){side * 0.42, -0.34 + 0.04 * i},
                          (struct point){side * 0.9, -0.25 + 0.12 * i},
                          (struct point){side * 1.42, -0.33 + 0.26 * i}, 0.018, 0.008, WHITE);
}

static void draw_cat_face(struct canvas *head, const struct scene_pose *pose,
                          const struct scene_coat *coat)
{
    static const struct colour nose = {130, 120, 225};
    if (coat->pattern != PATTERN_PLAIN)
        for (int i = -1; i <= 1; i++)
            canvas_limb(head, (struct point){0.24 * i, 0.84 - 0.05 * i * i}, 0.075,
                        (struct point){0.16 * i, 0.46}, 0.02, coat->dark);
    canvas_ellipse(head, -0.22, -0.42, 0.34, 0.27, 0, coat->light);
    canvas_ellipse(head, 0.22, -0.42, 0.34, 0.27, 0, coat->light);
    canvas_ellipse(head, 0, -0.62, 0.24, 0.18, 0, coat->light);
    draw_eye(head, -0.43, 0.10, 0.27, pose->eyes, coat->eyes, 0.34);
    draw_eye(head, 0.43, 0.10, 0.27, pose->eyes, coat->eyes, 0.34);
    canvas_polygon(head, (struct point[]){{-0.13, -0.22}, {0.13, -0.22}, {0, -0.37}}, 3, nose);
    for (int side = -1; side <= 1; side += 2)
        canvas_ribbon(head, (struct point){0, -0.38}, (struct point){side * 0.06, -0.58},
                      (struct point){side * 0.26, -0.50}, 0.025, 0.02, BLACK);
    draw_whiskers(head);
}

static void draw_cat_head(struct canvas *canvas, const struct scene_pose *pose,
                          const struct scene_coat *coat)
{
    struct point at = head_of(&cat_build, pose);
    struct canvas head = canvas_child(canvas, at.x, at.y, 0.205, pose->tilt);
    draw_cat_ear(&head, -1, coat);
    draw_cat_ear(&head, 1, coat);
    canvas_ellipse(&head, 0, 0, 1.12, 0.94, 0, coat->base);
    canvas_ellipse(&head, 0, -0.25, 1.16, 0.66, 0, coat->base); /* cheeks */
    if (head.outline == 0)
        draw_cat_face(&head, pose, coat);
    canvas->failed |= head.failed;
}

static void draw_cat_tail(struct canvas *canvas, const struct scene_pose *pose,
                          const struct scene_coat *coat)
{
    struct point hip = hip_of(&cat_build, pose);
    struct point root = {hip.x - 0.11, hip.y + 0.02};
    double rise = between(0.52, 0.12, pose->sit);
    struct point bend = {root.x - 0.30, root.y + 0.02};
    struct point middle = {root.x - 0.26 + 0.05 * pose->tail, root.y + rise * 0.62};
    struct point tip = {root.x - 0.20 + 0.16 * pose->tail, root.y + rise};
    canvas_ribbon(canvas, root, bend, middle, 0.05, 0.045, coat->base);
    canvas_limb(canvas, middle, 0.045, tip, 0.04,
                coat->pattern == PATTERN_PLAIN ? coat->base : coat->dark);
}

static void draw_cat_parts(struct canvas *canvas, const struct scene_pose *pose,
                           const struct scene_coat *coat)
{
    draw_far_legs(canvas, &cat_build, pose, coat);
    draw_cat_tail(canvas, pose, coat);
    draw_trunk(canvas, &cat_build, pose, coat);
    draw_near_legs(canvas, &cat_build, pose, coat);
    if (canvas->outline == 0)
        draw_markings(canvas, &cat_build, pose, coat);
    draw_cat_head(canvas, pose, coat);
}

/* --- dog -------------------------------------------------------------------------------------- */

static void draw_dog_ear(struct canvas *head, double side, double flap,
                         const struct scene_coat *coat)
{
    canvas_ribbon(head, (struct point){side * 0.62, 0.66}, (struct point){side * 1.42, 0.62},
                  (struct point){side * (1.14 + 0.12 * flap), -0.42 + 0.10 * flap}, 0.24, 0.34,
                  coat->dark);
}

static void draw_tongue(struct canvas *head, double x, double open)
{
    static const struct colour tongue = {140, 120, 240}, shade = {115, 95, 215};
    canvas_limb(head, (struct point){x, -0.62}, 0.17, (struct point){x + 0.02, -0.70 - 0.32 * open},
                0.19, tongue);
    canvas_limb(head, (struct point){x, -0.62}, 0.02, (struct point){x + 0.02, -0.70 - 0.22 * open},
                0.02, shade);
}

static void draw_dog_face(struct canvas *head, const struct scene_pose *pose,
                          const struct scene_coat *coat)
{
    const double muzzle = 0.14; /* turned a little to where the dog walks */
    if (coat->pattern == PATTERN_PATCHES)
        canvas_ellipse(head, -0.36, 0.22, 0.40, 0.44, 15, coat->dark);
    draw_eye(head, -0.34, 0.22, 0.20, pose->eyes, coat->eyes, 0.72);
    draw_eye(head, 0.46, 0.22, 0.20, pose->eyes, coat->eyes, 0.72);
    if (pose->mouth > 0.1)
        draw_tongue(head, muzzle, pose->mouth);
    canvas_ellipse(head, muzzle, -0.40, 0.60, 0.46, 0, colour_times(coat->light, 0.90));
    canvas_ellipse(head, muzzle, -0.36, 0.58, 0.43, 0, coat->light);
    canvas_ellipse(head, muzzle, -0.16, 0.27, 0.19, 0, BLACK);
    canvas_ellipse(head, muzzle + 0.06, -0.09, 0.09, 0.05, 0, (struct colour){150, 145, 145});
    canvas_limb(head, (struct point){muzzle, -0.30}, 0.025, (struct point){muzzle, -0.52}, 0.025,
                BLACK);
    for (int side = -1; side <= 1; side += 2)
        canvas_ribbon(head, (struct point){muzzle, -0.52},
                      (struct point){muzzle + side * 0.12, -0.70},
                      (struct point){muzzle + side * 0.40, -0.54}, 0.028, 0.024, BLACK);
}

static void draw_dog_head(struct canvas *canvas, const struct scene_pose *pose,
                          const struct scene_coat *coat)
{
    struct point at = head_of(&dog_build, pose);
    struct canvas head = canvas_child(canvas, at.x, at.y, 0.215, pose->tilt);
    canvas_ellipse(&head, 0, 0.16, 0.92, 0.84, 0, coat->base);
    canvas_ellipse(&head, 0.10, -0.34, 0.68, 0.54, 0, coat->base);
    if (head.outline == 0)
        draw_dog_face(&head, pose, coat);
    double flap = 0.5 * pose->gait * (1 + sin(2 * TURN * pose->stride));
    draw_dog_ear(&head, -1, flap, coat);
    draw_dog_ear(&head, 1, flap, coat);
    canvas->failed |= head.failed;
}

static void draw_dog_tail(struct canvas *canvas, const struct scene_pose *pose,
                          const struct scene_coat *coat)
{
    struct point hip = hip_of(&dog_build, pose);
    struct point root = {hip.x - 0.10, hip.y + 0.07};
    struct point bend = {root.x - 0.16, root.y + 0.02};
    struct point tip = {root.x - 0.17 + 0.11 * pose->tail, root.y + 0.27};
    canvas_ribbon(canvas, root, bend, tip, 0.05, 0.03, coat->base);
}

static void draw_collar(struct canvas *canvas, const struct scene_pose *pose)
{
    static const struct colour red = {50, 45, 205}, gold = {70, 190, 235};
    struct point chest = chest_of(&dog_build, pose), head = head_of(&dog_build, pose);
    struct point at = {between(chest.x, head.x, 0.42), between(chest.y, head.y, 0.42)};
    canvas_limb(canvas, (struct point){at.x - 0.13, at.y + 0.05}, 0.028,
                (struct point){at.x + 0.15, at.y - 0.05}, 0.028, red);
    canvas_ellipse(canvas, at.x + 0.12, at.y - 0.09, 0.036, 0.036, 0, gold);
}

static void draw_dog_parts(struct canvas *canvas, const struct scene_pose *pose,
                           const struct scene_coat *coat)
{
    draw_far_legs(canvas, &dog_build, pose, coat);
    draw_dog_tail(canvas, pose, coat);
    draw_trunk(canvas, &dog_build, pose, coat);
    draw_near_legs(canvas, &dog_build, pose, coat);
    if (canvas->outline == 0) {
        draw_markings(canvas, &dog_build, pose, coat);
        draw_collar(canvas, pose);
    }
    draw_dog_head(canvas, pose, coat);
}

/* --- both ------------------------------------------------------------------------------------- */

static void draw_outlined(struct canvas *canvas, const struct scene_pose *pose,
                          const struct scene_coat *coat,
                          void (*draw)(struct canvas *canvas, const struct scene_pose *pose,
                                       const struct scene_coat *coat))
{
    struct canvas silhouette = *canvas;
    silhouette.outline = 0.014;
    silhouette.outline_colour = colour_times(coat->dark, 0.45);
    draw(&silhouette, pose, coat);
    canvas->failed |= silhouette.failed;
    draw(canvas, pose, coat);
}

void scene_draw_cat(struct canvas *canvas, const struct scene_pose *pose,
                    const struct scene_coat *coat)
{
    draw_outlined(canvas, pose, coat, draw_cat_parts);
}

void scene_draw_dog(struct canvas *canvas, const struct scene_pose *pose,
                    const struct scene_coat *coat)
{
    draw_outlined(canvas, pose, coat, draw_dog_parts);
}
