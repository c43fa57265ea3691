#include "nn/train/kernels_train_private.h"

extern const struct kernels KERNEL(kernels);

const struct train_kernels KERNEL(train_kernels) = {
    .inference = &KERNEL(kernels),
    .pack_conv = KERNEL(train_pack_conv),
    .transpose = KERNEL(train_transpose),
    .winograd = KERNEL(train_winograd),
    .weight_gradient = KERNEL(train_weight_gradient),
    .winograd_gradient = KERNEL(train_winograd_gradient),
    .spread = KERNEL(train_spread),
    .depthwise_gradient = KERNEL(train_depthwise_gradient),
    .dense = KERNEL(train_dense),
    .dense_back = KERNEL(train_dense_back),
    .activate_back = KERNEL(train_activate_back),
    .pool_back = KERNEL(train_pool_back),
    .pool_choose = KERNEL(train_pool_choose),
    .pool_choose_back = KERNEL(train_pool_choose_back),
    .moments = KERNEL(train_moments),
    .products = KERNEL(train_products),
    .combine = KERNEL(train_combine),
    .dropout = KERNEL(train_dropout),
    .prepare = KERNEL(train_prepare),
    .sgd = KERNEL(train_sgd),
    .rmsprop = KERNEL(train_rmsprop),
    .adam = KERNEL(train_adam),
    .average = KERNEL(train_average),
    .add = KERNEL(train_add),
};
