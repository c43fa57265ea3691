/* transpose: rows become columns, four by four. Private to the kernels. */
#ifndef PAWCAM_NN_TRAIN_TRANSPOSE_H
#define PAWCAM_NN_TRAIN_TRANSPOSE_H

#include "nn/train/kernels_train_private.h"

enum { QUAD = 4 };
typedef float quad __attribute__((vector_size(QUAD * sizeof(float))));

/* 4x4 values, whatever the vector length is: these shuffles are single instructions everywhere. */
static ALWAYS_INLINE void transpose_square(const float *from, ptrdiff_t from_pitch, float *to,
                                           ptrdiff_t to_pitch)
{
    quad in[QUAD];
    REPEAT4(i, in[i] = *(const quad *)(from + i * from_pitch);)
    const quad left_01 = __builtin_shufflevector(in[0], in[1], 0, 4, 1, 5);
    const quad right_01 = __builtin_shufflevector(in[0], in[1], 2, 6, 3, 7);
    const quad left_23 = __builtin_shufflevector(in[2], in[3], 0, 4, 1, 5);
    const quad right_23 = __builtin_shufflevector(in[2], in[3], 2, 6, 3, 7);
    *(quad *)to = __builtin_shufflevector(left_01, left_23, 0, 1, 4, 5);
    *(quad *)(to + to_pitch) = __builtin_shufflevector(left_01, left_23, 2, 3, 6, 7);
    *(quad *)(to + 2 * to_pitch) = __builtin_shufflevector(right_01, right_23, 0, 1, 4, 5);
    *(quad *)(to + 3 * to_pitch) = __builtin_shufflevector(right_01, right_23, 2, 3, 6, 7);
}

/* What is left of a square at the lower or right edge. */
static inline void transpose_rest(const float *from, ptrdiff_t from_pitch, int rows, int columns,
                                  float *to, ptrdiff_t to_pitch)
{
    for (int column = 0; column < columns; column++)
        for (int row = 0; row < rows; row++)
            to[column * to_pitch + row] = from[row * from_pitch + column];
}

/* to[column][row] = from[row][column]; both begin at multiples of 16 bytes, as do their rows. */
static inline void transpose_block(const float *from, ptrdiff_t from_pitch, int rows, int columns,
                                   float *to, ptrdiff_t to_pitch)
{
    for (int column = 0; column < columns; column += QUAD)
        for (int row = 0; row < rows; row += QUAD) {
            const float *square = from + row * from_pitch + column;
            float *turned = to + column * to_pitch + row;
            if (row + QUAD <= rows && column + QUAD <= columns)
                transpose_square(square, from_pitch, turned, to_pitch);
            else
                transpose_rest(square, from_pitch, smaller(QUAD, rows - row),
                               smaller(QUAD, columns - column), turned, to_pitch);
        }
}

#endif
