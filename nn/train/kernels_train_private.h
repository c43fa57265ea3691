/* kernels_train_private: what one compilation of the training kernels puts into its table. */
#ifndef PAWCAM_NN_TRAIN_KERNELS_TRAIN_PRIVATE_H
#define PAWCAM_NN_TRAIN_KERNELS_TRAIN_PRIVATE_H

#include "nn/kernels_vector.h"
#include "nn/train/kernels_train.h"

void KERNEL(train_pack_conv)(const struct pack_weights *pack);
void KERNEL(train_transpose)(const struct transpose *transpose);
void KERNEL(train_winograd)(const struct batch_winograd *winograd);
void KERNEL(train_weight_gradient)(const struct weight_gradient *gradient);
void KERNEL(train_winograd_gradient)(const struct winograd_gradient *gradient);
void KERNEL(train_spread)(const struct spread *spread);
void KERNEL(train_depthwise_gradient)(const struct depthwise_gradient *gradient);
void KERNEL(train_dense)(const struct batch_dense *dense);
void KERNEL(train_dense_back)(const struct batch_dense_back *dense);
void KERNEL(train_activate_back)(const struct activate_back *activate);
void KERNEL(train_pool_back)(const struct pool_back *pool);
void KERNEL(train_pool_choose)(const struct pool_choice *pool);
void KERNEL(train_pool_choose_back)(const struct pool_choice_back *pool);
void KERNEL(train_moments)(const struct moments *moments);
void KERNEL(train_products)(const struct products *products);
void KERNEL(train_combine)(const struct combine *combine);
void KERNEL(train_dropout)(const struct dropout *dropout);
struct update_sums KERNEL(train_prepare)(size_t count, float l2, const float *weights,
                                         float *gradient);
void KERNEL(train_sgd)(const struct update *u, size_t count, const float *gradient, float *weights,
                       float *velocity);
void KERNEL(train_rmsprop)(const struct update *u, size_t count, const float *gradient,
                           float *weights, float *squares);
void KERNEL(train_adam)(const struct update *u, size_t count, const float *gradient, float *weights,
                        float *mean, float *squares);
void KERNEL(train_average)(size_t count, float keep, const float *weights, float *average);
void KERNEL(train_add)(size_t count, const float *from, float *to);

/* Where a vector of a view is. */
static ALWAYS_INLINE float *at(const struct view *view, int block, int y, int x)
{
    return view->data + block * view->block + y * view->row + (ptrdiff_t)x * VL;
}

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

static inline int larger(int a, int b)
{
    return a > b ? a : b;
}

/* Sums that an outer product keeps in registers: OUTER_ROWS x 4 vectors. */
enum { OUTER_ROWS = VL == 16 ? 4 : VL == 8 ? 3 : 2 };

/* acc[p][v] += x[p] * y[v] over `count` pixels, p < rows and v < vectors: the core of every
 * gradient of weights. rows and vectors are constants; x and y advance by their steps from pixel to
 * pixel. */
static ALWAYS_INLINE void outer_products(vec acc[OUTER_ROWS][4], const float *x, ptrdiff_t x_step,
                                         const float *y, ptrdiff_t y_step, ptrdiff_t y_block,
                                         int count, const int rows, const int vectors)
{
    for (int i = 0; i < count; i++, x += x_step, y += y_step) {
        vec value[OUTER_ROWS];
        REPEAT4(p, if (p < rows) value[p % OUTER_ROWS] = all(x[p]);)
        REPEAT4(
            v, if (v < vectors) {
                const vec factor = load(y + v * y_block);
                REPEAT4(p, if (p < rows) acc[p % OUTER_ROWS][v] += factor * value[p % OUTER_ROWS];)
            })
    }
}

#endif
