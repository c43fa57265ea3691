/* kernels_private: what one compilation of the kernels puts into its table (nn/kernels_table.c). */
#ifndef PAWCAM_NN_KERNELS_PRIVATE_H
#define PAWCAM_NN_KERNELS_PRIVATE_H

#include "nn/kernels_vector.h"

extern const struct conv_kernel KERNEL(conv)[];
void KERNEL(winograd_pixels)(const struct conv *conv);
void KERNEL(winograd)(const struct winograd *winograd);
void KERNEL(depthwise)(const struct depthwise *depthwise);
void KERNEL(dense)(const struct dense *dense);
void KERNEL(pool)(const struct pool *pool);
void KERNEL(activate)(const struct activate *activate);
void KERNEL(add)(const struct add *add);
void KERNEL(pixel_row)(const struct pixel_row *row);

#endif
