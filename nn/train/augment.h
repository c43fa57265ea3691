/*
 * augment: pictures changed at random, so that a network learns what does not matter. Names and
 * meaning of the first group are those of Keras's ImageDataGenerator (keras_preprocessing/image,
 * affine_transformations.py); all geometry is one affine map with linear interpolation.
 *
 * What is done to a picture depends on the random stream alone, not on threads or order.
 */
#ifndef PAWCAM_NN_TRAIN_AUGMENT_H
#define PAWCAM_NN_TRAIN_AUGMENT_H

#include "nn/train/bind.h"
#include "nn/train/random.h"
#include "nn/train/sources.h"

struct augment_settings {
    double rotation_range;                        /* degrees, to either side */
    double width_shift_range, height_shift_range; /* share of the side, or pixels from 1 on */
    double shear_range;                           /* degrees */
    double zoom_range[2];                         /* factors of the shown area's sides */
    bool horizontal_flip, vertical_flip;
    const char *fill_mode;      /* "nearest", "constant", "reflect", "wrap" */
    double cval;                /* grey of "constant" */
    double brightness_range[2]; /* factors */
    double channel_shift_range; /* added to each picture, up to this much */

    double random_crop[2];      /* share of the area that is cut out and enlarged */
    double aspect_range[2];     /* width to height of the cut-out, relative to the picture's */
    double contrast_range[2];   /* factors around the picture's mean */
    double saturation_range[2]; /* factors around the pixel's grey */
    double gamma_range[2];      /* exponents of the brightness */
    double colour_cast;         /* each channel by a factor from 1 - x to 1 + x */
    double grey;                /* probability of a grey picture */
    double erasing;             /* probability of a rectangle of noise (Zhong et al. 2017) */
    double mixup;               /* alpha (Zhang et al. 2017); 0: none */
    double mixup_share;         /* of the batches */

    double cutmix;           /* alpha (Yun et al. 2019, arXiv:1905.04899); 0: none */
    double cutmix_share;     /* of the batches, those with mixup apart */
    double scale_out[2];     /* share of the area that the picture keeps; around it a surround */
    double scale_out_share;  /* probability */
    const char *background;  /* name of the class whose pictures can be the surround; NULL: none */
    double background_share; /* of the pictures that are made smaller */
    double background_crop[2]; /* random_crop's of pictures of that class, which show it however
                                  close one looks; {0, 0}: random_crop */
    double background_oval;    /* share of those on a background that are seen in an oval, so that
                                  the background reaches round what is in their middle */
    double background_feather[2]; /* share of each half side on which they fade in from the edge */

    double degrade;         /* probability of each of what follows (degrade.h) */
    double downscale[2];    /* factors: smaller by the mean and back to the size linearly */
    double resample[2];     /* the same with any interpolations */
    double blur[2];         /* standard deviation in pixels */
    double motion_blur[2];  /* length in pixels */
    double sharpen[2];      /* amount of unsharp masking */
    double low_light[2];    /* part of the light that is left */
    double noise[2];        /* standard deviation */
    double jpeg_quality[2]; /* 1..100 */
};

/* Nothing is changed. */
extern const struct augment_settings augment_none;

/* Rows of the recipe's section [augment]. */
extern const struct fields augment_fields;

/* The same, to be used for pictures of the background's class: with its crop. */
struct augment_settings augment_of_background(const struct augment_settings *settings);

/* Settings that cannot be told by one row: the name of the fill mode. */
bool augment_check(const struct augment_settings *settings, struct error *error);

struct picture_view {
    const uint8_t *pixels; /* [height][width][channels] */
    int height, width, channels;
};

/* What one thread needs to work; zero-initialise, augment_free at the end. */
struct augment_scratch {
    float *floats;
    uint8_t *bytes;
    size_t capacity; /* of each */
};
void augment_free(struct augment_scratch *scratch);

/* Makes a picture of out_height x out_width from the source, values 0..255 as floats. With
 * augment_none it is only resized (and copied where the size is the same), and scratch may be NULL.
 * `background`, of as many channels, is what a picture made smaller may lie on; NULL: there is
 * none.
 */
bool augment_picture(const struct augment_settings *settings, const struct picture_codec *codec,
                     const struct picture_view *source, const struct picture_view *background,
                     int out_height, int out_width, float *out, struct random *random,
                     struct augment_scratch *scratch, struct error *error);

/* The share of the first of two pictures in a mixup: beta(alpha, alpha) distributed. */
double augment_mixup_share(double alpha, struct random *random);

#endif
