/* int8_kernels_private: what one compilation of the 8-bit kernels puts into its table. */
#ifndef PAWCAM_NN_INT8_KERNELS_PRIVATE_H
#define PAWCAM_NN_INT8_KERNELS_PRIVATE_H

#include "nn/int8_vector.h"

extern const struct int8_tile INT8(tiles)[];
void INT8(winograd)(const struct int8_winograd *winograd);
void INT8(depthwise)(const struct int8_depthwise *depthwise);
void INT8(quantize_row)(const struct int8_row *row);
void INT8(quantize)(const struct int8_quantize *quantize);

#endif
